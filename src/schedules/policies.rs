//! What happens to slots that are missed, that meet a run, and to runs that fail.

use serde::{Deserialize, Serialize};

use super::error::ScheduleError;

/// A slot that is looked at no later than so long after its time is on time: a minute, in milliseconds.
pub const ON_TIME_MS: i64 = 60_000;
/// Most missed slots that are done late, one by one.
pub(super) const CATCH_UP_MAX: u32 = 100;
/// Longest delay with which a slot is still done: a year, in seconds.
pub(super) const DELAY_S_MAX: u64 = 366 * 86_400;
/// Longest jitter: a day, in seconds.
pub(super) const JITTER_S_MAX: u64 = 86_400;
/// Shortest and longest time of a run: a second, and a day, in seconds.
pub(super) const TIMEOUT_S: (u64, u64) = (1, 86_400);
/// Most times that a failed run is tried again.
pub(super) const RETRIES_MAX: u32 = 10;
/// Longest wait before the first retry: a day, in seconds. Every further one waits twice as long, a day at the most.
pub(super) const BACKOFF_S_MAX: u64 = 86_400;

/// What becomes of slots that nobody was there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The newest are done, oldest first, as many as the limit says.
    Run,
    /// None is done.
    Skip,
    /// One run stands for all of them.
    #[default]
    Once,
}

/// What becomes of a slot while a run of the same schedule goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped.
    #[default]
    Skip,
    /// It waits.
    Queue,
    /// The run is stopped, and it begins when that has ended.
    Replace,
}

/// See the module. All times are in seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// What becomes of missed slots.
    pub catch_up: CatchUp,
    /// How many of them are done at most; for [`CatchUp::Run`].
    pub catch_up_limit: u32,
    /// How late a slot is still done, whatever it waited for.
    pub delay_max_s: u64,
    /// What becomes of a slot while a run goes on.
    pub overlap: Overlap,
    /// A slot begins up to so long after its time, always as long as it did.
    pub jitter_s: u64,
    /// How long a run may work. Time in which it waits for a person does not count.
    pub timeout_s: u64,
    /// How often a run that failed is tried again.
    pub retries: u32,
    /// Wait before the first retry.
    pub backoff_s: u64,
    /// The schedule ends after so many slots have fired; `None` for no end.
    pub runs_max: Option<u64>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            catch_up: CatchUp::Once,
            catch_up_limit: 10,
            delay_max_s: 7 * 86_400,
            overlap: Overlap::Skip,
            jitter_s: 0,
            timeout_s: 3_600,
            retries: 0,
            backoff_s: 60,
            runs_max: None,
        }
    }
}

// === impl Policies ===

impl Policies {
    /// Whether every number is within its bounds.
    pub(super) fn check(&self) -> Result<(), ScheduleError> {
        let within = |field, value: u64, (least, most): (u64, u64)| {
            let fits = (least..=most).contains(&value);
            fits.then_some(())
                .ok_or_else(|| ScheduleError::field(field, format!("is between {least} and {most}")))
        };
        within("catch_up_limit", self.catch_up_limit.into(), (1, CATCH_UP_MAX.into()))?;
        within("delay_max_s", self.delay_max_s, (1, DELAY_S_MAX))?;
        within("jitter_s", self.jitter_s, (0, JITTER_S_MAX))?;
        within("timeout_s", self.timeout_s, TIMEOUT_S)?;
        within("retries", self.retries.into(), (0, RETRIES_MAX.into()))?;
        within("backoff_s", self.backoff_s, (1, BACKOFF_S_MAX))?;
        within("runs_max", self.runs_max.unwrap_or(1), (1, u64::MAX))
    }

    /// How late a slot is still done, in milliseconds.
    pub(super) fn delay_max_ms(&self) -> i64 {
        ms(self.delay_max_s)
    }

    /// How long a run may work, in milliseconds.
    pub(super) fn timeout_ms(&self) -> i64 {
        ms(self.timeout_s)
    }

    /// The wait before the try after this one, in milliseconds.
    pub(super) fn backoff_ms(&self, attempt: u32) -> i64 {
        let doubled = self.backoff_s.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        ms(doubled.min(BACKOFF_S_MAX))
    }
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}

/// The words of these enumerations, and back.
macro_rules! words {
    ($name:ident, ($field:literal, $list:literal), $($variant:ident = $word:literal),+) => {
        impl $name {
            /// Its word in the APIs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ScheduleError;

            fn from_str(word: &str) -> Result<Self, ScheduleError> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(ScheduleError::field($field, $list)),
                }
            }
        }
    };
}

words!(CatchUp, ("catch_up", "is run, skip or once"), Run = "run", Skip = "skip", Once = "once");
words!(
    Overlap,
    ("overlap", "is skip, queue or replace"),
    Skip = "skip",
    Queue = "queue",
    Replace = "replace"
);
