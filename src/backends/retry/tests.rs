//! The table of pauses.

use super::*;
use crate::protocol::model::{ModelError, ModelErrorKind};

const TWICE: RetryPolicy = RetryPolicy { retries: 2 };

fn failure(kind: ModelErrorKind) -> Failure {
    Failure::from(ModelError::new(kind, "x"))
}

fn asking(delay: Duration) -> Failure {
    let mut failure = failure(ModelErrorKind::RateLimited);
    failure.error.retry_after = Some(delay);
    failure
}

#[test]
fn a_passing_failure_is_tried_again_as_often_as_allowed() {
    let failure = failure(ModelErrorKind::Overloaded);
    assert_eq!(TWICE.pause(&failure, 1, 0.0), Some(Duration::from_millis(500)));
    assert_eq!(TWICE.pause(&failure, 2, 0.0), Some(Duration::from_secs(1)));
    assert_eq!(TWICE.pause(&failure, 3, 0.0), None);
    assert_eq!(RetryPolicy { retries: 0 }.pause(&failure, 1, 0.0), None);
}

#[test]
fn our_own_pause_is_bounded_and_varies() {
    let many = RetryPolicy { retries: 100 };
    let failure = failure(ModelErrorKind::Network);
    assert_eq!(many.pause(&failure, 90, 0.0), Some(PAUSE_MAX));
    assert_eq!(many.pause(&failure, 90, 1.0), Some(Duration::from_secs(6)));
}

#[test]
fn a_lasting_failure_is_not_tried_again() {
    for kind in [ModelErrorKind::InvalidRequest, ModelErrorKind::Authentication, ModelErrorKind::Protocol] {
        assert_eq!(TWICE.pause(&failure(kind), 1, 0.0), None, "{kind:?}");
    }
}

#[test]
fn the_provider_decides_when_it_says_so() {
    let mut no = failure(ModelErrorKind::Overloaded);
    no.should_retry = Some(false);
    assert_eq!(TWICE.pause(&no, 1, 0.0), None);
    let mut yes = failure(ModelErrorKind::InvalidRequest);
    yes.should_retry = Some(true);
    assert_eq!(TWICE.pause(&yes, 1, 0.0), Some(PAUSE_FIRST));
}

#[test]
fn the_providers_delay_is_kept_up_to_thirty_seconds() {
    assert_eq!(TWICE.pause(&asking(Duration::from_millis(7)), 2, 0.9), Some(Duration::from_millis(7)));
    assert_eq!(TWICE.pause(&asking(PROVIDER_PAUSE_MAX), 1, 0.9), Some(PROVIDER_PAUSE_MAX));
    assert_eq!(TWICE.pause(&asking(PROVIDER_PAUSE_MAX + Duration::from_millis(1)), 1, 0.9), None);
}
