//! What happens often is told at once and then counted.

use crate::audit::Bursts;

#[test]
fn the_first_is_told_at_once_and_the_rest_of_its_window_as_one() {
    let mut bursts: Bursts<&str, u64> = Bursts::new(60_000);
    let add = |sum: &mut u64, more| *sum += more;
    let first = bursts.count("wrong password", 5, 1_000, add).unwrap();
    assert_eq!((first.times, first.sum, first.since_ms), (1, 5, 1_000));
    for n in 1..=9 {
        assert!(bursts.count("wrong password", n, 1_000 + n as i64, add).is_none());
    }
    assert!(bursts.count("unknown token", 1, 30_000, add).is_some(), "each thing has its own window");
    assert!(bursts.due(60_999, false).is_empty());
    let rest = bursts.due(61_000, false);
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].key, rest[0].times, rest[0].sum, rest[0].since_ms), ("wrong password", 9, 45, 1_000));
    assert!(bursts.count("wrong password", 1, 61_001, add).is_some(), "a new window begins");
}

#[test]
fn at_the_end_everything_counted_is_told_and_single_ones_are_not_told_twice() {
    let mut bursts: Bursts<u32, u64> = Bursts::new(60_000);
    for key in 0..5_000 {
        assert!(bursts.count(key, 1, 0, |sum, more| *sum += more).is_some());
    }
    assert!(bursts.count(7, 1, 1, |sum, more| *sum += more).is_none());
    let rest = bursts.due(1, true);
    assert_eq!(rest.iter().map(|burst| (burst.key, burst.times)).collect::<Vec<_>>(), [(7, 1)]);
    assert!(bursts.due(1, true).is_empty());
}
