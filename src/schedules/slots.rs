//! The slots of a timetable: a pure function of the rule, its zone and a moment. No clock is read here.

use croner::Cron;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::local;
use super::rule::{Times, Timetable};

/// Local times of a pattern that are looked at for one slot: those of the longest change of clocks, second by second.
const LOOKED_AT_MAX: usize = 100_000;
/// Changes of clocks that are looked at for one slot.
const CHANGES_MAX: usize = 10_000;

// === impl Timetable ===

impl Timetable {
    /// The slots after a moment, in order, in milliseconds since 1970. None is there twice.
    pub fn after(&self, after_ms: i64) -> impl Iterator<Item = i64> + use<> {
        let after = Timestamp::from_millisecond(after_ms).unwrap_or(Timestamp::MAX);
        let slots: Box<dyn Iterator<Item = Timestamp> + Send> = match &self.times {
            Times::Once(at) => {
                Box::new(local::moment(&self.zone, *at).filter(|slot| *slot > after).into_iter())
            }
            Times::Every { step_ms, anchor_ms } => {
                let (step_ms, anchor_ms) = (*step_ms, *anchor_ms);
                let next = move |after: &Timestamp| every(step_ms, anchor_ms, *after);
                Box::new(std::iter::successors(every(step_ms, anchor_ms, after), next))
            }
            Times::Cron { cron, every_hour } => {
                let (zone, cron, every_hour) = (self.zone.clone(), cron.clone(), *every_hour);
                let next = move |after: &Timestamp| match every_hour {
                    true => passing(&cron, &zone, *after),
                    false => fixed(&cron, &zone, *after),
                };
                Box::new(std::iter::successors(next(&after), next))
            }
            Times::Rrule(rule) => {
                let (zone, mut last) = (self.zone.clone(), after);
                Box::new(rule.times().filter_map(move |time| {
                    let slot = local::moment(&zone, time).filter(|slot| *slot > last)?;
                    last = slot;
                    Some(slot)
                }))
            }
        };
        slots.map(Timestamp::as_millisecond)
    }

    /// The first slot after a moment.
    #[must_use]
    pub fn next(&self, after_ms: i64) -> Option<i64> {
        self.after(after_ms).next()
    }

    /// Slots among these that are at another local time than the rule says, because clocks do not show that one.
    #[must_use]
    pub fn is_moved(&self, slot_ms: i64) -> bool {
        let Ok(slot) = Timestamp::from_millisecond(slot_ms) else { return false };
        let shown = local::shown(&self.zone, slot);
        match &self.times {
            Times::Once(at) => local::is_in_gap(&self.zone, *at),
            Times::Every { .. } | Times::Cron { every_hour: true, .. } => false,
            Times::Cron { cron, every_hour: false } => !cron.is_time_matching(&shown).unwrap_or(true),
            Times::Rrule(rule) => !rule.times().take_while(|time| *time <= shown).any(|time| time == shown),
        }
    }
}

/// The next slot of an interval.
fn every(step_ms: i64, anchor_ms: i64, after: Timestamp) -> Option<Timestamp> {
    let passed = after.as_millisecond().checked_sub(anchor_ms)?;
    let next = passed.div_euclid(step_ms).checked_add(1)?.checked_mul(step_ms)?.checked_add(anchor_ms)?;
    Timestamp::from_millisecond(next).ok()
}

/// The next slot of a pattern with fixed hours: each local time that it names happens once.
fn fixed(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut time = local::shown(zone, after);
    for _ in 0..LOOKED_AT_MAX {
        time = cron.find_next_occurrence(&time, false).ok()?;
        // Those of the hour that is shown twice are over when it is shown for the second time.
        if let Some(slot) = local::moment(zone, time).filter(|slot| *slot > after) {
            return Some(slot);
        }
    }
    None
}

/// The next slot of a pattern that runs through every hour: each moment at which the clock shows a time that fits, also when
/// it shows it for the second time. What clocks never show does not happen.
fn passing(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let (mut from, mut inclusive) = (after, false);
    for _ in 0..CHANGES_MAX {
        let offset = zone.to_offset(from);
        let time: DateTime = cron.find_next_occurrence(&offset.to_datetime(from), inclusive).ok()?;
        let slot = offset.to_timestamp(time).ok()?;
        match zone.following(from).next().map(|change| change.timestamp()) {
            Some(change) if change <= slot => (from, inclusive) = (change, true),
            _ => return Some(slot),
        }
    }
    None
}
