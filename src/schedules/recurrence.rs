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
    let whole = rule.trim().to_ascii_uppercase();
    let mut lines = whole.split_whitespace();
    let text = lines.next().unwrap_or_default();
    let text = text.strip_prefix("RRULE:").unwrap_or(text);
    if whole.chars().count() > TEXT_CHARS_MAX {
        return Err(wrong(format!("is one rule of at most {TEXT_CHARS_MAX} characters")));
    }
    if text.contains("FREQ=SECONDLY") || text.contains("FREQ=MINUTELY") {
        return Err(wrong("is hourly or less often; use an interval for what is more often".to_owned()));
    }
    let parts: Result<Vec<String>, ScheduleError> =
        text.split(';').map(|part| floating(part, zone)).collect();
    let mut set = format!("DTSTART:{}\nRRULE:{}", basic(start), parts?.join(";"));
    for line in lines {
        set.push_str(&excluded(line, start, zone)?);
    }
    let read: RRuleSet = set.parse().map_err(|error: rrule::RRuleError| {
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
    Ok(format!("UNTIL={}", basic(local_of(&text, zone).ok_or_else(wrong)?)))
}

/// A line of times that are left out, as local times. A date alone is its time at which the rule begins.
fn excluded(line: &str, start: DateTime, zone: &TimeZone) -> Result<String, ScheduleError> {
    let wrong =
        || ScheduleError::field("rrule", "is followed by nothing but EXDATE:20271224T090000,20271225T090000");
    let times = line.strip_prefix("EXDATE:").ok_or_else(wrong)?;
    let mut lines = String::new();
    for time in times.split(',') {
        let text =
            if time.len() == 8 { format!("{time}T{}", start.strftime("%H%M%S")) } else { time.to_owned() };
        lines.push_str(&format!("\nEXDATE:{}", basic(local_of(&text, zone).ok_or_else(wrong)?)));
    }
    Ok(lines)
}

/// A time of iCalendar as a local one; with a `Z` it is in UTC.
fn local_of(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let Some(in_utc) = text.strip_suffix('Z') else { return DateTime::strptime("%Y%m%dT%H%M%S", text).ok() };
    let utc = DateTime::strptime("%Y%m%dT%H%M%S", in_utc).ok()?;
    Some(local::shown(zone, Offset::UTC.to_timestamp(utc).ok()?))
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
