//! The waits, one by one.

use super::*;

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(200),
    max: Duration::from_secs(3),
    jitter_percent: 50,
    healthy_after: Duration::from_secs(60),
};

#[test]
fn the_wait_starts_at_zero_doubles_and_ends_at_its_maximum() {
    let waits: Vec<_> = (0..8).map(|n| BACKOFF.delay(n, 0.0).as_millis()).collect();
    assert_eq!(waits, [0, 0, 200, 400, 800, 1600, 3000, 3000]);
    assert_eq!(BACKOFF.delay(u32::MAX, 0.0), BACKOFF.max);
}

#[test]
fn jitter_only_shortens_and_never_below_its_share() {
    assert_eq!(BACKOFF.delay(3, 0.5).as_millis(), 300);
    assert_eq!(BACKOFF.delay(3, 1.0).as_millis(), 200);
    let none = Backoff { jitter_percent: 0, ..BACKOFF };
    assert_eq!(none.delay(3, 1.0).as_millis(), 400);
    let more_than_all = Backoff { jitter_percent: 255, ..BACKOFF };
    assert_eq!(more_than_all.delay(3, 1.0).as_millis(), 0);
}
