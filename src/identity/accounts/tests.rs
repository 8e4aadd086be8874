//! An account that is tried from many addresses is looked at ever more slowly.

use super::*;

fn account(n: usize) -> SecretHash {
    SecretHash::of(&n.to_string())
}

#[test]
fn ten_failures_are_free_and_each_next_one_doubles_the_wait_up_to_a_minute() {
    let (mut table, now) = (AccountTable::default(), Instant::now());
    for _ in 1..FREE_FAILURES {
        table.failed(account(0), now);
        assert_eq!(table.wait_for(&account(0), now), None);
    }
    let mut waits = Vec::new();
    for _ in 0..8 {
        table.failed(account(0), now);
        waits.push(table.wait_for(&account(0), now).unwrap().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(table.wait_for(&account(0), now + WAIT_MAX), None);
    assert_eq!(table.wait_for(&account(1), now), None, "others do not wait");
    table.succeeded(&account(0));
    assert_eq!(table.wait_for(&account(0), now), None);
}

#[test]
fn failures_are_forgotten_after_a_quarter_of_an_hour() {
    let (mut table, now) = (AccountTable::default(), Instant::now());
    for _ in 0..20 {
        table.failed(account(0), now);
    }
    table.failed(account(0), now + MEMORY);
    assert_eq!(table.wait_for(&account(0), now + MEMORY), None);
}

#[test]
fn the_table_does_not_grow_with_the_names_that_are_tried() {
    let (mut table, now) = (AccountTable::default(), Instant::now());
    for n in 0..ACCOUNTS_MAX + 300 {
        table.failed(account(n), now);
    }
    assert_eq!(table.accounts.len(), ACCOUNTS_MAX);
}
