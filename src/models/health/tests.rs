//! Which breaker a call moves, and what is remembered of it.

use super::*;

fn error(kind: ModelErrorKind) -> ModelError {
    ModelError::new(kind, "in the provider's words")
}

#[test]
fn a_network_failure_is_the_backends_and_a_rate_limit_is_the_models() {
    let mut breakers = Breakers::default();
    let limited =
        ModelError { retry_after: Some(Duration::from_secs(60)), ..error(ModelErrorKind::RateLimited) };
    breakers.ended(("a", "m"), Err(&limited), None, 0);
    let admits = |breakers: &Breakers, at| [breakers.admits("a", "m", at), breakers.admits("a", "n", at)];
    assert_eq!(admits(&breakers, 0), [false, true]);
    assert_eq!(admits(&breakers, 60_000), [true, true]);
    assert_eq!(breakers.view("a", 0).models_open, ["m"]);
    for _ in 0..3 {
        breakers.ended(("a", "n"), Err(&error(ModelErrorKind::Network)), None, 0);
    }
    assert_eq!(admits(&breakers, 0), [false, false]);
    assert_eq!((breakers.word("a", "n", 0), breakers.word("b", "n", 0)), ("open", "closed"));
    let view = breakers.view("a", 0);
    assert_eq!((view.breaker, view.open_until_ms, view.calls, view.failures), ("open", Some(15_000), 4, 4));
    breakers.begun("a", "n", 15_000);
    assert_eq!(breakers.word("a", "n", 15_000), "half_open");
    assert_eq!(admits(&breakers, 15_000), [false, false], "one tries it");
    breakers.ended(("a", "n"), Ok(()), Some(Duration::from_millis(100)), 16_000);
    assert_eq!(admits(&breakers, 16_000), [false, true], "the other model's limit still holds");
    let view = breakers.view("a", 16_000);
    assert_eq!((view.breaker, view.answered_ms, view.last_failure), ("closed", Some(16_000), None));
}

#[test]
fn a_request_that_is_wrong_says_nothing_and_ends_no_trial_badly() {
    let mut breakers = Breakers::default();
    for _ in 0..10 {
        breakers.ended(("a", "m"), Err(&error(ModelErrorKind::InvalidRequest)), None, 0);
        breakers.ended(("a", "m"), Err(&error(ModelErrorKind::TooLarge)), None, 0);
    }
    assert!(breakers.admits("a", "m", 0));
    assert_eq!((breakers.view("a", 0).failures, breakers.view("a", 0).last_failure), (20, None));
    breakers.ended(("a", "m"), Err(&error(ModelErrorKind::Authentication)), None, 0);
    assert_eq!(breakers.view("a", 0).last_failure.unwrap().kind, ModelErrorKind::Authentication);
    breakers.begun("a", "m", 15_000);
    breakers.ended(("a", "m"), Err(&error(ModelErrorKind::Denied)), None, 15_001);
    assert!(breakers.admits("a", "m", 15_001), "the next may try");
}

#[test]
fn the_time_to_the_first_token_is_smoothed_and_models_are_bounded() {
    let mut breakers = Breakers::default();
    for first in [100, 200] {
        breakers.ended(("a", "m"), Ok(()), Some(Duration::from_millis(first)), 0);
    }
    assert_eq!(breakers.view("a", 0).first_token, Some(Duration::from_millis(120)));
    assert!(breakers.models.is_empty(), "who is well takes no memory");
    for n in 0..MODELS_MAX + 10 {
        breakers.ended(("a", &n.to_string()), Err(&error(ModelErrorKind::NotFound)), None, 0);
    }
    assert_eq!(breakers.models.len(), MODELS_MAX);
}
