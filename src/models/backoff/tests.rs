//! Pauses, with chance from a seed.

use super::*;

#[test]
fn pauses_double_from_five_seconds_to_five_minutes() {
    let seconds: Vec<u64> = (1..=9).map(|failures| pause(failures, None, 0.0).as_secs()).collect();
    assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 240, 240, 240]);
    assert_eq!(pause(7, None, 1.0), LONGEST);
    assert_eq!(pause(u32::MAX, None, 1.0), LONGEST);
    assert_eq!(pause(0, None, 0.0), FIRST);
}

#[test]
fn chance_spreads_every_pause_and_never_leaves_the_bounds() {
    let mut chance = fastrand::Rng::with_seed(7);
    for failures in 1..=12 {
        let bare = pause(failures, None, 0.0);
        let pauses: Vec<Duration> = (0..200).map(|_| pause(failures, None, chance.f64())).collect();
        assert!(pauses.iter().all(|pause| (FIRST..=LONGEST).contains(pause)));
        assert!(pauses.iter().all(|pause| *pause >= bare && *pause <= bare.mul_f64(1.25)));
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*most > least.mul_f64(1.15), "{failures}: {least:?} {most:?}");
    }
    let sequence = |seed| {
        let mut chance = fastrand::Rng::with_seed(seed);
        (1..6).map(|failures| pause(failures, None, chance.f64())).collect::<Vec<_>>()
    };
    assert_eq!(sequence(3), sequence(3));
    assert_ne!(sequence(3), sequence(4));
}

#[test]
fn what_a_provider_asks_for_is_kept_up_to_an_hour() {
    let asked = |seconds| pause(1, Some(Duration::from_secs(seconds)), 0.0).as_secs();
    assert_eq!([asked(1), asked(5), asked(6), asked(3_600), asked(86_400)], [5, 5, 6, 3_600, 3_600]);
}
