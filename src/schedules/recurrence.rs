//! Recurrence rules of iCalendar (RFC 5545) on floating dates: local times without a zone, which [`super::local`] gives one.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use rrule::RRuleSet;

use super::error::ScheduleError;
use super::local;
use super::rule::TEXT_CHARS_MAX;

/// A rule with its first local time. The crate's dates are in UTC, and stand for local ones.
#[derive(Clone, Debug)]
pub(super) struct Recurrence(Box<RRuleSet>);

/// Reads a rule.
pub(super) fn read(rule: &str, start: DateTime, zone: &TimeZone) -> Result<Recurrence, ScheduleError> {
    let wrong = |why: String| ScheduleError::field("rrule", why);
    let text = rule.trim();
    let text = text.strip_prefix("RRULE:").unwrap_or(text).to_ascii_uppercase();
    if text.chars().count() > TEXT_CHARS_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong(format!("is one rule of at most {TEXT_CHARS_MAX} characters on one line")));
    }
    if text.contains("FREQ=SECONDLY") || text.contains("FREQ=MINUTELY") {
        return Err(wrong("is hourly or less often; use an interval for what is more often".to_owned()));
    }
    let parts: Result<Vec<String>, ScheduleError> =
        text.split(';').map(|part| floating(part, zone)).collect();
    let lines = format!("DTSTART:{}\nRRULE:{}", basic(start), parts?.join(";"));
    let read: RRuleSet = lines.parse().map_err(|error: rrule::RRuleError| {
        wrong(format!("is a rule such as FREQ=WEEKLY;BYDAY=MO,TH: {error}"))
    })?;
    // A rule that never has a date ends its search.
    Ok(Recurrence(Box::new(read.limit())))
}

/// A part of a rule whose `UNTIL` is a local time, as all others are.
fn floating(part: &str, zone: &TimeZone) -> Result<String, ScheduleError> {
    let Some(until) = part.strip_prefix("UNTIL=") else { return Ok(part.to_owned()) };
    let wrong = || ScheduleError::field("rrule", "has an UNTIL such as 20271231T235959Z");
    let text = if until.len() == 8 { format!("{until}T235959") } else { until.to_owned() };
    let local = match text.strip_suffix('Z') {
        None => DateTime::strptime("%Y%m%dT%H%M%S", &text).map_err(|_| wrong())?,
        Some(in_utc) => {
            let utc = DateTime::strptime("%Y%m%dT%H%M%S", in_utc).map_err(|_| wrong())?;
            let moment = Offset::UTC.to_timestamp(utc).map_err(|_| wrong())?;
            local::shown(zone, moment)
        }
    };
    Ok(format!("UNTIL={}", basic(local)))
}

fn basic(local: DateTime) -> String {
    format!("{}Z", local.strftime("%Y%m%dT%H%M%S"))
}

// === impl Recurrence ===

impl Recurrence {
    /// Its local times, from the first one.
    pub(super) fn times(&self) -> impl Iterator<Item = DateTime> + use<> {
        let dates = self.0.as_ref().into_iter();
        dates.filter_map(|date| {
            let moment = Timestamp::from_second(date.timestamp()).ok()?;
            Some(Offset::UTC.to_datetime(moment))
        })
    }
}
