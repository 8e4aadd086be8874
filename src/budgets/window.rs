//! Over which time a budget counts: calendar hours, days and months in UTC, or for good. Pure.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// After what the count begins again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// With each full hour.
    Hour,
    /// At midnight, UTC.
    Day,
    /// With the first day of a month, UTC.
    Month,
    /// Never.
    Total,
}

/// The time over which one count is kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Window {
    /// Its first millisecond since 1970; 0 for all time.
    pub start_ms: i64,
    /// The first one after it; `None` when it never ends.
    pub end_ms: Option<i64>,
}

// === impl Period ===

impl Period {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The period of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Month, Self::Total].into_iter().find(|period| period.as_str() == word)
    }

    /// The window that this moment lies in.
    #[must_use]
    pub fn window(self, now_ms: i64) -> Window {
        let fixed = |length_ms: i64| {
            let start_ms = now_ms - now_ms.rem_euclid(length_ms);
            Window { start_ms, end_ms: Some(start_ms.saturating_add(length_ms)) }
        };
        match self {
            Self::Hour => fixed(HOUR_MS),
            Self::Day => fixed(DAY_MS),
            Self::Month => month(now_ms).unwrap_or_else(|| fixed(30 * DAY_MS)),
            Self::Total => Window { start_ms: 0, end_ms: None },
        }
    }
}

fn month(now_ms: i64) -> Option<Window> {
    let day = Timestamp::from_millisecond(now_ms).ok()?.to_zoned(TimeZone::UTC).date();
    let first = day.first_of_month();
    let next = first.checked_add(1.month()).ok()?;
    let ms = |date: jiff::civil::Date| {
        date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_millisecond())
    };
    Some(Window { start_ms: ms(first)?, end_ms: Some(ms(next)?) })
}
