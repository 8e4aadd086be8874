//! A budget from the first failure to quarantine.

use super::*;

fn budget(restarts: u32) -> Budget {
    Budget {
        limit: Intensity { restarts, within: Duration::from_secs(60) },
        backoff: Some(Backoff {
            first: Duration::from_millis(100),
            max: Duration::from_secs(5),
            jitter_percent: 0,
            healthy_after: Duration::from_secs(30),
        }),
        release_after: None,
    }
}

#[test]
fn failures_in_a_row_wait_longer_and_end_in_quarantine() {
    let (budget, now) = (budget(3), Instant::now());
    let mut spending = Spending::new(&budget);
    let mut fail = || spending.failed(&budget, Duration::from_millis(1), now, 0.0);
    assert_eq!(fail(), Verdict::RestartNow);
    assert_eq!(fail(), Verdict::RestartAfter(Duration::from_millis(100)));
    assert_eq!(fail(), Verdict::RestartAfter(Duration::from_millis(200)));
    assert_eq!(fail(), Verdict::Quarantine);
    assert_eq!(spending.count(now), 3);
}

#[test]
fn a_healthy_run_makes_the_next_failure_a_first_one() {
    let (budget, now) = (budget(10), Instant::now());
    let mut spending = Spending::new(&budget);
    spending.failed(&budget, Duration::ZERO, now, 0.0);
    spending.failed(&budget, Duration::ZERO, now, 0.0);
    let healthy = Duration::from_secs(30);
    assert_eq!(spending.failed(&budget, healthy, now, 0.0), Verdict::RestartNow);
    let nearly = healthy - Duration::from_millis(1);
    assert_ne!(spending.failed(&budget, nearly, now, 0.0), Verdict::RestartNow);
}

#[test]
fn failures_that_left_the_window_are_forgiven() {
    let (budget, start) = (budget(1), Instant::now());
    let mut spending = Spending::new(&budget);
    assert_eq!(spending.failed(&budget, Duration::ZERO, start, 0.0), Verdict::RestartNow);
    let later = start + Duration::from_secs(61);
    assert_ne!(spending.failed(&budget, Duration::ZERO, later, 0.0), Verdict::Quarantine);
    assert_eq!(spending.failed(&budget, Duration::ZERO, later, 0.0), Verdict::Quarantine);
}

#[test]
fn a_budget_of_nothing_quarantines_the_first_failure() {
    let budget = budget(0);
    let mut spending = Spending::new(&budget);
    assert_eq!(spending.failed(&budget, Duration::ZERO, Instant::now(), 0.0), Verdict::Quarantine);
}
