//! The door closes at the tenth failure, opens again, and remembers a bounded number of addresses.

use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn the_tenth_failure_in_a_minute_closes_the_door_for_five_minutes() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    for _ in 1..FAILURES_MAX {
        table.failed(HERE, Purpose::Password, now);
    }
    assert_eq!(table.locked_for(HERE, Purpose::Password, now), None);
    table.failed(HERE, Purpose::Password, now);
    assert_eq!(table.locked_for(HERE, Purpose::Password, now), Some(LOCKOUT));
    let almost = now + LOCKOUT - Duration::from_millis(1);
    assert!(table.locked_for(HERE, Purpose::Password, almost).is_some());
    assert_eq!(table.locked_for(HERE, Purpose::Password, now + LOCKOUT), None);
}

#[test]
fn failures_older_than_the_window_do_not_count() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    for _ in 1..FAILURES_MAX {
        table.failed(HERE, Purpose::Password, now);
    }
    table.failed(HERE, Purpose::Password, now + WINDOW);
    assert_eq!(table.locked_for(HERE, Purpose::Password, now + WINDOW), None);
}

#[test]
fn one_address_or_purpose_does_not_close_the_door_for_another() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    for _ in 0..FAILURES_MAX {
        table.failed(HERE, Purpose::Token, now);
    }
    assert!(table.locked_for(HERE, Purpose::Token, now).is_some());
    assert_eq!(table.locked_for(HERE, Purpose::Password, now), None);
    assert_eq!(table.locked_for(IpAddr::V6(Ipv6Addr::LOCALHOST), Purpose::Token, now), None);
}

#[test]
fn answers_are_held_back_longer_with_each_failure_up_to_a_limit() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    let delays: Vec<Duration> = (0..8).map(|_| table.failed(HERE, Purpose::Password, now).delay).collect();
    assert!(delays.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(delays[0], Duration::from_millis(50));
    assert_eq!(delays[7], DELAY_MAX);
    table.succeeded(HERE, Purpose::Password);
    assert_eq!(table.failed(HERE, Purpose::Password, now).delay, Duration::from_millis(50));
}

#[test]
fn the_table_does_not_grow_with_the_number_of_addresses() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    for n in 0..(BUCKETS_MAX as u32 + 500) {
        table.failed(IpAddr::V4(Ipv4Addr::from(n)), Purpose::Password, now);
    }
    assert_eq!(table.buckets.len(), BUCKETS_MAX);
    table.failed(HERE, Purpose::Password, now + LOCKOUT);
    assert_eq!(table.buckets.len(), 1, "stale buckets go first");
}

#[test]
fn all_addresses_of_one_network_share_a_bucket() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    for n in 0..FAILURES_MAX as u16 {
        table.failed(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, n, 2, 3, n).into(), Purpose::Password, now);
    }
    let near: IpAddr = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 9, 9, 9, 9).into();
    let far: IpAddr = Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 9, 9, 9, 9).into();
    assert!(table.locked_for(near, Purpose::Password, now).is_some());
    assert!(table.locked_for(far, Purpose::Password, now).is_none());
}

#[test]
fn the_first_failure_and_the_one_that_closes_the_door_are_worth_an_entry() {
    let (mut table, now) = (FailureTable::default(), Instant::now());
    let notable: Vec<bool> =
        (0..FAILURES_MAX).map(|_| table.failed(HERE, Purpose::Token, now).notable).collect();
    assert_eq!(notable.iter().filter(|notable| **notable).count(), 2);
    assert!(notable[0] && notable[9]);
}
