//! Numbers, their noise, and what is refused.

use super::{Direction, Metric, Sample};

fn metric(regex: Option<&str>, pointer: Option<&str>) -> Metric {
    Metric {
        command: vec!["bench".to_owned()],
        timeout_s: 1,
        regex: regex.map(str::to_owned),
        pointer: pointer.map(str::to_owned),
        direction: Direction::Lower,
        repetitions: 3,
        goal: 0.2,
    }
}

fn sample(values: &[f64]) -> Sample {
    Sample::of(values.to_vec()).unwrap()
}

#[test]
fn a_number_is_read_from_a_line_or_from_json() {
    let regex = metric(Some(r"time: ([0-9.,]+) ms"), None);
    assert_eq!(regex.read("warm up\ntime: 10 ms\ntime: 1,234.5 ms\n"), Some(1234.5));
    assert_eq!(regex.read("time: fast"), None);
    let json = metric(None, Some("/runs/0/mean"));
    assert_eq!(json.read("{\"runs\": [{\"mean\": 0.25}]}"), Some(0.25));
    assert_eq!(json.read("a line before\n{\"runs\": [{\"mean\": 0.5}]}\n"), Some(0.5));
    assert_eq!(json.read("{\"runs\": [{\"mean\": \"fast\"}]}"), None);
}

#[test]
fn the_median_counts_and_one_slow_run_does_not() {
    let one = sample(&[10.0, 11.0, 500.0]);
    assert_eq!((one.median, one.spread), (11.0, 1.0));
    assert_eq!(sample(&[1.0, 3.0]).median, 2.0);
    assert_eq!(Sample::of(Vec::new()), None);
}

#[test]
fn a_difference_within_the_noise_is_none() {
    let metric = metric(Some("(.)"), None);
    let noisy = sample(&[90.0, 100.0, 110.0]);
    assert!(!metric.is_better(&sample(&[85.0, 95.0, 105.0]), &noisy), "five percent of a noise of ten");
    assert!(metric.is_better(&sample(&[40.0, 50.0, 60.0]), &noisy));
    assert!(!metric.is_better(&sample(&[140.0, 150.0, 160.0]), &noisy), "apart, but worse");
    let still = sample(&[100.0, 100.0, 100.0]);
    assert!(!metric.is_better(&sample(&[99.5; 3]), &still), "half a percent is nothing, however still");
    assert!(metric.is_better(&sample(&[98.0; 3]), &still));
}

#[test]
fn the_score_is_a_half_as_before_and_one_at_the_goal() {
    let metric = metric(Some("(.)"), None);
    let before = sample(&[100.0]);
    for (now, score) in [(100.0, 0.5), (80.0, 1.0), (50.0, 1.0), (120.0, 0.0), (110.0, 0.25)] {
        assert!((metric.score(&before, &sample(&[now])) - score).abs() < 1e-9, "{now}");
    }
    let higher = Metric { direction: Direction::Higher, ..metric };
    assert!((higher.score(&before, &sample(&[120.0])) - 1.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_read_is_refused_before_anything_runs() {
    for bad in [
        metric(None, None),
        metric(Some("(a)"), Some("/a")),
        metric(Some("no group"), None),
        metric(Some("(broken"), None),
        metric(None, Some("no-slash")),
        Metric { repetitions: 0, ..metric(Some("(.)"), None) },
        Metric { repetitions: 51, ..metric(Some("(.)"), None) },
        Metric { goal: 0.0, ..metric(Some("(.)"), None) },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
    assert!(Metric { repetitions: 50, ..metric(Some("(.)"), None) }.check().is_ok());
}
