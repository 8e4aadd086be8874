//! How sure a fact is: a fraction for programs, a word for people and models.

use serde::{Deserialize, Serialize};

use crate::db::{FromValue, ToValue, Value};

/// How sure a fact is, in whole percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(u16);

// === impl Confidence ===

impl Confidence {
    /// Nobody doubts it: what a person writes, unless they say otherwise.
    pub const CERTAIN: Self = Self(100);
    /// What says of itself nothing that can be read.
    pub const DOUBTED: Self = Self(0);
    /// What a model keeps, unless it says otherwise.
    pub const OF_A_MODEL: Self = Self(80);

    /// The confidence of a fraction; `None` outside 0 to 1.
    #[must_use]
    pub fn of(fraction: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&fraction) {
            return None;
        }
        (0..=100).find(|percent| f64::from(*percent) + 0.5 > fraction * 100.0).map(Self)
    }

    /// From 0 to 1, in hundredths.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// From 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u16 {
        self.0
    }

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.0 {
            95.. => "certain",
            70..=94 => "likely",
            40..=69 => "unsure",
            _ => "doubtful",
        }
    }

    /// Whether who reads the fact should be told that it may be wrong.
    #[must_use]
    pub const fn is_doubted(self) -> bool {
        self.0 < 70
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::CERTAIN
    }
}

impl ToValue for Confidence {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(self.0))
    }
}

impl FromValue for Confidence {
    const EXPECTED: &'static str = "a confidence in percent";

    fn from_value(value: Value<'_>) -> Option<Self> {
        u16::from_value(value).filter(|percent| *percent <= 100).map(Self)
    }
}
