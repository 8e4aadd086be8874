//! What opens a breaker, and what closes it.

use super::*;

const BAD: Health = Health::Bad(None);

#[test]
fn every_end_of_a_call_says_something() {
    let of = |kind| Health::of(Err(&ModelError::new(kind, "m")));
    for (kind, health) in [
        (Kind::RateLimited, BAD),
        (Kind::Truncated, BAD),
        (Kind::Protocol, BAD),
        (Kind::Authentication, Health::Broken),
        (Kind::NotFound, Health::Broken),
        (Kind::InvalidRequest, Health::Nothing),
        (Kind::TooLarge, Health::Nothing),
        (Kind::Denied, Health::Nothing),
        (Kind::BudgetExceeded, Health::Nothing),
        (Kind::Halted, Health::Nothing),
    ] {
        assert_eq!(of(kind), health, "{kind:?}");
        assert_eq!(of(kind).fails_over(), health != Health::Nothing);
    }
    assert_eq!(Health::of(Ok(())), Health::Good);
}

#[test]
fn the_third_failure_in_a_row_opens_it_and_a_good_call_between_does_not_count() {
    let closed = |failures| Breaker::Closed { failures };
    let two = closed(0).after(BAD, 0).after(BAD, 0);
    assert_eq!((two, two.admits(0)), (closed(2), true));
    assert_eq!(two.after(Health::Nothing, 0), two);
    assert_eq!(two.after(Health::Good, 0).after(BAD, 0), closed(1));
    let open = two.after(BAD, 1_000);
    assert_eq!(open, Breaker::Open { until_ms: 16_000, trips: 1 });
    assert_eq!((open.admits(15_999), open.admits(16_000)), (false, true));
    assert_eq!(closed(0).after(Health::Broken, 0), Breaker::Open { until_ms: 15_000, trips: 1 });
}

#[test]
fn one_call_tries_it_and_decides() {
    let open = Breaker::Open { until_ms: 100, trips: 1 };
    let trying = open.begun(100);
    assert_eq!((trying.admits(100), trying.admits(120_099), trying.admits(120_100)), (false, false, true));
    assert_eq!(trying.after(Health::Good, 200), Breaker::default());
    assert_eq!(trying.after(BAD, 200), Breaker::Open { until_ms: 30_200, trips: 2 });
    assert_eq!(trying.after(Health::Nothing, 200), Breaker::Open { until_ms: 200, trips: 1 });
    assert_eq!(open.after(BAD, 50), open, "a call of before changes nothing");
    assert_eq!(open.after(Health::Broken, 50), open, "a call of before changes nothing");
    assert_eq!(open.after(Health::Good, 50), Breaker::default(), "but one that was answered does");
}

#[test]
fn pauses_double_up_to_ten_minutes_and_a_provider_may_ask_for_more_of_them() {
    let mut seconds = Vec::new();
    let mut breaker = Breaker::Open { until_ms: 0, trips: 0 };
    for _ in 0..8 {
        breaker = breaker.begun(0).after(BAD, 0);
        let Breaker::Open { until_ms, .. } = breaker else { panic!("{breaker:?}") };
        seconds.push(until_ms / 1_000);
    }
    assert_eq!(seconds, [15, 30, 60, 120, 240, 480, 600, 600]);
    let asked = |seconds| Health::Bad(Some(Duration::from_secs(seconds)));
    let until = |health| Breaker::Closed { failures: 2 }.after(health, 0);
    assert_eq!(until(asked(60)), Breaker::Open { until_ms: 60_000, trips: 1 });
    assert_eq!(until(asked(3_600)), Breaker::Open { until_ms: 3_600_000, trips: 1 });
    assert_eq!(until(asked(100_000)), Breaker::Open { until_ms: 86_400_000, trips: 1 });
    let first = Breaker::default().after(asked(60), 0);
    assert_eq!(
        first,
        Breaker::Open { until_ms: 60_000, trips: 1 },
        "who says how long is left alone at once"
    );
    assert_eq!(
        (Breaker::default().word(0), first.word(0), first.word(60_000), first.begun(60_000).word(60_000)),
        ("closed", "open", "half_open", "half_open")
    );
}
