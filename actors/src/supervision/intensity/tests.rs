//! The sliding window at its edges.

use super::*;

fn window(restarts: u32, within_ms: u64) -> RestartWindow {
    RestartWindow::new(Intensity { restarts, within: Duration::from_millis(within_ms) })
}

/// Records restarts at the given milliseconds and says which were tolerated.
fn tolerated(restarts: u32, within_ms: u64, at_ms: &[u64]) -> Vec<bool> {
    let (start, mut window) = (Instant::now(), window(restarts, within_ms));
    at_ms.iter().map(|at| window.record(start + Duration::from_millis(*at))).collect()
}

#[test]
fn a_window_tolerates_its_limit_and_not_one_more() {
    let table: &[(u32, u64, &[u64], &[bool])] = &[
        (0, 1000, &[0], &[false]),
        (1, 1000, &[0, 0], &[true, false]),
        (2, 1000, &[0, 10, 20], &[true, true, false]),
        (1, 1000, &[0, 1000], &[true, false]),
        (1, 1000, &[0, 1001], &[true, true]),
        (2, 1000, &[0, 600, 1100, 1500], &[true, true, true, false]),
    ];
    for (restarts, within, at, expected) in table {
        assert_eq!(tolerated(*restarts, *within, at), *expected, "{restarts} in {within} ms at {at:?}");
    }
}

#[test]
fn the_count_forgets_what_left_the_window() {
    let (start, mut window) = (Instant::now(), window(5, 1000));
    window.record(start);
    window.record(start + Duration::from_millis(500));
    assert_eq!(window.count(start + Duration::from_millis(900)), 2);
    assert_eq!(window.count(start + Duration::from_millis(1200)), 1);
    assert_eq!(window.count(start + Duration::from_millis(1600)), 0);
}

#[test]
fn a_window_never_holds_more_than_its_limit() {
    let (start, mut window) = (Instant::now(), window(3, 1_000_000));
    for ms in 0..100 {
        window.record(start + Duration::from_millis(ms));
    }
    assert_eq!(window.at.len(), 3);
}

#[test]
fn limits_are_checked_in_otps_terms() {
    assert_eq!(Intensity::new(0, Duration::from_secs(1)).map(|i| i.restarts), Ok(0));
    assert_eq!(Intensity::new(-1, Duration::from_secs(5)), Err(SpecError::InvalidIntensity(-1)));
    assert_eq!(Intensity::new(1, Duration::ZERO), Err(SpecError::InvalidPeriod("0".into())));
}
