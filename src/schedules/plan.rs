//! Which slots fire, and which do not and why: a pure function of the rule, the policies and the time.

use super::policies::{CatchUp, ON_TIME_MS, Policies};
use super::rule::Timetable;
use crate::db::fingerprint;
use crate::protocol::ids::ScheduleId;

/// Slots that are counted one by one; of a longer stretch the older half is told as *many*, again and again.
const COUNTED_MAX: usize = 2_000;

/// Slots that were due, and the one after them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Plan {
    /// In the order of their time.
    pub(super) rows: Vec<Planned>,
    /// The first slot after now.
    pub(super) next_ms: Option<i64>,
}

/// What becomes of a slot, or of a stretch of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Planned {
    pub(super) slot_ms: i64,
    pub(super) until_ms: i64,
    /// 0 for more than were counted.
    pub(super) slots: u64,
    pub(super) fate: Fate,
}

/// See [`Planned`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It begins at this time; whether it was missed.
    Fire { due_ms: i64, caught_up: bool },
    /// It does not, for this reason.
    Skip(String),
}

/// What the plan is made of.
pub(super) struct Asked<'a> {
    pub(super) id: ScheduleId,
    pub(super) timetable: &'a Timetable,
    pub(super) policies: &'a Policies,
    /// The next slot, as the store has it.
    pub(super) next_ms: i64,
    pub(super) now_ms: i64,
    /// Slots that may still fire; `None` for any number.
    pub(super) left: Option<u64>,
    /// Why nothing fires now: paused, held, stopped.
    pub(super) hold: Option<String>,
    /// Slots up to now that have their rows since before the clock was set back, in their order.
    pub(super) told: &'a [i64],
}

/// Slots from the first to now, when there are more than are counted.
struct Passed {
    /// Those that were not counted: the first, and a moment before the first that was.
    many: Option<(i64, i64)>,
    slots: Vec<i64>,
}

// === impl Asked ===

impl Asked<'_> {
    /// What becomes of every slot up to now.
    pub(super) fn plan(&self) -> Plan {
        let next_ms = self.timetable.next(self.now_ms.max(self.next_ms.saturating_sub(1)));
        if self.next_ms > self.now_ms {
            return Plan { rows: Vec::new(), next_ms: Some(self.next_ms) };
        }
        let Passed { many, slots } = self.passed();
        let mut rows = Vec::new();
        if let Some((slot_ms, until_ms)) = many {
            let why =
                self.hold.clone().unwrap_or_else(|| was_missed("too many slots were missed to do them all"));
            rows.push(Planned { slot_ms, until_ms, slots: 0, fate: Fate::Skip(why) });
        }
        match &self.hold {
            Some(why) => rows.extend(stretch(&slots, why)),
            None => {
                let on_time = slots.partition_point(|slot| *slot <= self.now_ms - ON_TIME_MS);
                let (missed, on_time) = slots.split_at(on_time);
                self.catch_up(missed, !on_time.is_empty(), &mut rows);
                rows.extend(on_time.iter().map(|slot| Planned {
                    slot_ms: *slot,
                    until_ms: *slot,
                    slots: 1,
                    fate: Fate::Fire { due_ms: slot.saturating_add(self.jitter_ms(*slot)), caught_up: false },
                }));
            }
        }
        self.keep_within_limit(&mut rows);
        Plan { rows, next_ms }
    }

    /// The slots from the next one to now.
    fn passed(&self) -> Passed {
        let (mut first, mut many) = (self.next_ms, None);
        loop {
            let more = self.timetable.after(first.saturating_sub(1)).take_while(|slot| *slot <= self.now_ms);
            let untold = more.filter(|slot| self.told.binary_search(slot).is_err());
            let slots: Vec<i64> = untold.take(COUNTED_MAX + 1).collect();
            if slots.len() <= COUNTED_MAX {
                return Passed { many, slots };
            }
            let from_ms = many.map(|(from_ms, _)| from_ms).or(slots.first().copied()).unwrap_or(first);
            first = first.saturating_add(self.now_ms.saturating_sub(first) / 2 + 1);
            many = Some((from_ms, first.saturating_sub(1)));
        }
    }

    fn catch_up(&self, missed: &[i64], is_followed: bool, rows: &mut Vec<Planned>) {
        let late =
            missed.partition_point(|slot| *slot < self.now_ms.saturating_sub(self.policies.delay_max_ms()));
        let (late, missed) = missed.split_at(late);
        rows.extend(stretch(late, &was_missed("it would have been done too late")));
        let (count, why) = match self.policies.catch_up {
            CatchUp::Skip => (0, "missed slots are skipped"),
            CatchUp::Once if is_followed => (0, "a later slot stands for it"),
            CatchUp::Once => (1, "a later slot stands for it"),
            CatchUp::Run => (
                usize::try_from(self.policies.catch_up_limit).unwrap_or(usize::MAX),
                "too many slots were missed to do them all",
            ),
        };
        let (left_out, done) = missed.split_at(missed.len().saturating_sub(count));
        rows.extend(stretch(left_out, &was_missed(why)));
        rows.extend(done.iter().map(|slot| Planned {
            slot_ms: *slot,
            until_ms: *slot,
            slots: 1,
            fate: Fate::Fire { due_ms: self.now_ms, caught_up: true },
        }));
    }

    /// Nothing fires after the last slot that may.
    fn keep_within_limit(&self, rows: &mut [Planned]) {
        let Some(mut left) = self.left else { return };
        for row in rows.iter_mut().filter(|row| matches!(row.fate, Fate::Fire { .. })) {
            match left.checked_sub(1) {
                Some(fewer) => left = fewer,
                None => row.fate = Fate::Skip("the schedule has fired as often as it may".to_owned()),
            }
        }
    }

    /// How long after its time a slot begins: always as long.
    fn jitter_ms(&self, slot_ms: i64) -> i64 {
        if self.policies.jitter_s == 0 {
            return 0;
        }
        let digest = fingerprint(&[self.id.as_bytes(), &slot_ms.to_be_bytes()]);
        let drawn = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let most = self.policies.jitter_s.saturating_mul(1_000);
        i64::try_from(drawn % most.saturating_add(1)).unwrap_or_default()
    }
}

/// One row for slots that share a reason.
fn stretch(slots: &[i64], why: &str) -> Option<Planned> {
    let (first, last) = (slots.first()?, slots.last()?);
    let count = u64::try_from(slots.len()).unwrap_or(u64::MAX);
    Some(Planned { slot_ms: *first, until_ms: *last, slots: count, fate: Fate::Skip(why.to_owned()) })
}

fn was_missed(why: &str) -> String {
    format!("the daemon did not run at that time (or the machine slept, or its clock jumped); {why}")
}
