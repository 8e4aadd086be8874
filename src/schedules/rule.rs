//! When a schedule has its slots, as people say it.

use std::str::FromStr as _;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use super::error::ScheduleError;
use super::{local, recurrence};

/// Shortest and longest time between two slots of an interval, in seconds: a second, and ten years.
pub const EVERY_S: (u64, u64) = (1, 10 * 366 * 86_400);
/// Most characters of a pattern or a rule.
pub(super) const TEXT_CHARS_MAX: usize = 500;
/// Most characters of the name of a time zone.
const ZONE_CHARS_MAX: usize = 64;

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// One slot.
    Once {
        /// What the wall clock shows then.
        at: DateTime,
    },
    /// Slots on real time, counted from a moment: no change of clocks moves them.
    Every {
        /// Seconds between two slots; [`EVERY_S`].
        seconds: u64,
        /// The moment from which they are counted, in milliseconds since 1970.
        anchor_ms: i64,
    },
    /// A cron pattern with 5 or 6 fields, or a word such as `@daily`, on the wall clock.
    Cron {
        /// The pattern.
        pattern: String,
    },
    /// A recurrence rule of iCalendar, on the wall clock.
    Rrule {
        /// `FREQ=…;…`
        rule: String,
        /// The first local time, from which the rule counts.
        start: DateTime,
    },
}

/// A rule that was read, in its time zone: ready to be asked for its slots.
#[derive(Clone, Debug)]
pub struct Timetable {
    pub(super) zone: TimeZone,
    pub(super) times: Times,
}

#[derive(Clone, Debug)]
pub(super) enum Times {
    Once(DateTime),
    Every {
        step_ms: i64,
        anchor_ms: i64,
    },
    /// A pattern whose hours are free runs through every hour that really passes.
    Cron {
        cron: Box<Cron>,
        every_hour: bool,
    },
    Rrule(recurrence::Recurrence),
}

// === impl Rule ===

impl Rule {
    /// The word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Once { .. } => "once",
            Self::Every { .. } => "every",
            Self::Cron { .. } => "cron",
            Self::Rrule { .. } => "rrule",
        }
    }

    /// Reads the rule in the zone with this IANA name.
    ///
    /// # Errors
    /// [`ScheduleError::Field`], which says what is wrong with it.
    pub fn read(&self, zone: &str) -> Result<Timetable, ScheduleError> {
        let zone = read_zone(zone)?;
        let times = match self {
            Self::Once { at } => Times::Once(*at),
            Self::Every { seconds, anchor_ms } => {
                if !(EVERY_S.0..=EVERY_S.1).contains(seconds) {
                    let why = format!("is between {} and {} seconds", EVERY_S.0, EVERY_S.1);
                    return Err(ScheduleError::field("every", why));
                }
                let step_ms = i64::try_from(*seconds).unwrap_or(i64::MAX).saturating_mul(1_000);
                Times::Every { step_ms, anchor_ms: *anchor_ms }
            }
            Self::Cron { pattern } => read_cron(pattern)?,
            Self::Rrule { rule, start } => Times::Rrule(recurrence::read(rule, *start, &zone)?),
        };
        Ok(Timetable { zone, times })
    }
}

/// The zone with this IANA name.
pub(super) fn read_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    let unknown =
        || ScheduleError::field("zone", "is the IANA name of a time zone, such as Europe/Berlin or UTC");
    if name.chars().count() > ZONE_CHARS_MAX {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|_| unknown())
}

fn read_cron(pattern: &str) -> Result<Times, ScheduleError> {
    let wrong = |why: String| ScheduleError::field("cron", why);
    if pattern.chars().count() > TEXT_CHARS_MAX {
        return Err(wrong(format!("has at most {TEXT_CHARS_MAX} characters")));
    }
    let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
    let cron = parser.parse(&written_out(pattern)).map_err(|error| {
        wrong(format!("is a cron pattern such as `0 9 * * 1-5`: {}", error.to_string().to_lowercase()))
    })?;
    let every_hour = cron.pattern.hours.from_wildcard && cron.pattern.hours.step == 1;
    Ok(Times::Cron { cron: Box::new(cron), every_hour })
}

/// The fields that a word stands for.
fn written_out(pattern: &str) -> String {
    let fields = match pattern.trim().to_ascii_lowercase().as_str() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => return pattern.trim().to_owned(),
    };
    fields.to_owned()
}

/// A moment as people write it: a local time (`2026-12-01T09:00`, `2026-12-01 09:00`), a date, or a time with its own offset,
/// which becomes the local time of the zone.
///
/// # Errors
/// [`ScheduleError::Field`] with this name.
pub fn local_time(field: &'static str, text: &str, zone: &str) -> Result<DateTime, ScheduleError> {
    let zone = read_zone(zone)?;
    let text = text.trim();
    if let Ok(moment) = Timestamp::from_str(text) {
        return Ok(local::shown(&zone, moment));
    }
    if let Ok(zoned) = Zoned::from_str(text) {
        return Ok(local::shown(&zone, zoned.timestamp()));
    }
    let date = || Date::from_str(text).map(|date| date.at(0, 0, 0, 0));
    DateTime::from_str(text)
        .or_else(|_| date())
        .map_err(|_| ScheduleError::field(field, "is a time such as 2026-12-01T09:00"))
}

/// The zone of the machine, `UTC` where it has no name.
#[must_use]
pub fn system_zone() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// A span as people write it, in seconds: `90s`, `15m`, `2h`, `1d`, `1w`, or a number of seconds.
#[must_use]
pub fn seconds_of(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let of = match unit.trim() {
        "" | "s" | "sec" | "seconds" => 1,
        "m" | "min" | "minutes" => 60,
        "h" | "hours" => 3_600,
        "d" | "days" => 86_400,
        "w" | "weeks" => 604_800,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(of)
}
