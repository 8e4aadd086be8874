//! What a time on a wall clock means where clocks are changed: the one place that says so, for every kind of calendar.
//!
//! A local time that does not exist, because clocks were put forward over it, is the moment after the gap. One that exists
//! twice, because clocks were put back, is the first of the two. So several local times may be one moment, and a
//! schedule has one slot then; later local times are never earlier moments.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The moment of a local time; `None` outside of what a calendar holds.
pub(super) fn moment(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            // With the offset of after the change it is a moment before it, and the change is the next one.
            let before_it = after.to_timestamp(local).ok()?;
            zone.following(before_it).next().map(|change| change.timestamp())
        }
    }
}

/// Whether clocks never show this time.
pub(super) fn is_in_gap(zone: &TimeZone, local: DateTime) -> bool {
    matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
}

/// What a wall clock shows at a moment.
pub(super) fn shown(zone: &TimeZone, moment: Timestamp) -> DateTime {
    zone.to_datetime(moment)
}
