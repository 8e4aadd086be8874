//! Ends in words.

use super::*;

#[test]
fn what_went_over_a_limit_was_killed_and_what_ended_by_itself_was_not() {
    let ended = |by, code| end_of(Ended { code, signal: None, by });
    assert_eq!(ended(EndedBy::Itself, Some(3)).killed, None);
    assert_eq!(ended(EndedBy::Memory, None).killed, Some(KillReason::Limit));
    assert!(ended(EndedBy::Memory, None).reason.contains("memory"));
    assert_eq!(ended(EndedBy::Lost, None).killed, None);
}
