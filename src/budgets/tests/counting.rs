//! The counts: nothing is reserved over a limit, whatever the order of things.

use proptest::prelude::*;

use crate::budgets::meter::{Key, Meter};
use crate::budgets::{Amounts, Dimension, Limits, Period};
use crate::protocol::ids::BudgetId;

fn key(n: u8) -> Key {
    Key { budget: BudgetId::from_bytes([n; 16]), instance: [0; 16], window: Period::Total.window(0) }
}

const fn tokens(tokens: u64) -> Amounts {
    Amounts { turns: 0, tool_calls: 0, tokens, cost_nano: 0, wall_ms: 0 }
}

fn limit(tokens: u64) -> Limits {
    Limits { tokens: Some(tokens), ..Limits::default() }
}

#[test]
fn exactly_the_limit_fits_and_one_more_does_not() {
    let mut meter = Meter::default();
    let holds = [(key(1), limit(100), true)];
    assert!(meter.reserve(&holds, tokens(100)).is_ok());
    let over = meter.reserve(&holds, tokens(1)).unwrap_err();
    assert_eq!(
        (over.what, over.limit, over.spent, over.reserved, over.asked),
        (Dimension::Tokens, 100, 0, 100, 1)
    );
    assert!(over.first && !meter.reserve(&holds, tokens(1)).unwrap_err().first, "told once");
    meter.settle(&key(1), tokens(100), tokens(40));
    assert!(meter.reserve(&holds, tokens(60)).is_ok());
    assert!(meter.reserve(&holds, tokens(0)).is_ok(), "what needs nothing fits");
}

#[test]
fn a_refusal_by_one_budget_takes_nothing_from_the_others() {
    let mut meter = Meter::default();
    let holds = [(key(1), limit(1_000), true), (key(2), limit(10), true)];
    assert_eq!(meter.reserve(&holds, tokens(11)).unwrap_err().at, 1);
    assert_eq!(meter.get(&key(1)).reserved, Amounts::default());
}

#[test]
fn time_is_reserved_as_far_as_it_is_left_and_some_must_be() {
    let mut meter = Meter::default();
    let holds = [(key(1), Limits { wall_ms: Some(90_000), ..Limits::default() }, true)];
    let ask = Amounts { wall_ms: 60_000, ..Amounts::default() };
    assert_eq!(meter.reserve(&holds, ask).unwrap().wall_ms, 60_000);
    assert_eq!(meter.reserve(&holds, ask).unwrap().wall_ms, 30_000);
    assert_eq!(meter.reserve(&holds, ask).unwrap_err().what, Dimension::Wall);
}

#[test]
fn nearly_spent_is_told_once_for_each_thing() {
    let mut meter = Meter::default();
    let limits = Limits { turns: Some(10), ..limit(100) };
    meter.reserve(&[(key(1), limits, true)], Amounts::default()).unwrap();
    let spend = |meter: &mut Meter, amount| {
        meter.settle(&key(1), Amounts::default(), amount);
        meter.newly_near(&key(1), &limits, 80).map(|(what, spent, _)| (what, spent))
    };
    assert_eq!(spend(&mut meter, tokens(79)), None);
    assert_eq!(spend(&mut meter, tokens(1)), Some((Dimension::Tokens, 80)));
    assert_eq!(spend(&mut meter, tokens(15)), None);
    assert_eq!(spend(&mut meter, Amounts { turns: 9, ..Amounts::default() }), Some((Dimension::Turns, 9)));
}

#[test]
fn only_what_changed_is_unstored_and_a_change_while_it_is_written_is_not_lost() {
    let mut meter = Meter::default();
    let holds = [(key(1), limit(100), true), (key(2), limit(100), false)];
    meter.reserve(&holds, tokens(5)).unwrap();
    let written = meter.unstored();
    assert_eq!(written.len(), 1, "counts in memory only are not stored");
    meter.settle(&key(1), tokens(5), tokens(3));
    meter.stored(&written);
    assert_eq!(meter.unstored()[0].1.spent, tokens(3));
    let written = meter.unstored();
    meter.stored(&written);
    assert!(meter.unstored().is_empty());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve(u64),
    /// Settles the oldest reservation at this many percent of it.
    Settle(u64),
}

proptest! {
    #[test]
    fn spent_and_reserved_never_pass_the_limit_when_something_is_reserved(
        limits in prop::collection::vec(0u64..500, 1..4),
        steps in prop::collection::vec(
            prop_oneof![(0u64..200).prop_map(Step::Reserve), (0u64..101).prop_map(Step::Settle)], 0..80),
    ) {
        let mut meter = Meter::default();
        let holds: Vec<_> = limits.iter().zip(1..).map(|(max, n)| (key(n), limit(*max), true)).collect();
        let mut open: Vec<Amounts> = Vec::new();
        for step in steps {
            match step {
                Step::Reserve(amount) => {
                    let fits = holds.iter().all(|(key, limit, _)| {
                        let counter = meter.get(key);
                        counter.spent.plus(counter.reserved).tokens + amount <= limit.tokens.unwrap()
                    });
                    let reserved = meter.reserve(&holds, tokens(amount));
                    prop_assert_eq!(reserved.is_ok(), fits);
                    open.extend(reserved.ok());
                }
                Step::Settle(percent) if !open.is_empty() => {
                    let reserved = open.remove(0);
                    let spent = tokens(reserved.tokens * percent / 100);
                    holds.iter().for_each(|(key, ..)| meter.settle(key, reserved, spent));
                }
                Step::Settle(_) => {}
            }
            for (key, limit, _) in &holds {
                let counter = meter.get(key);
                prop_assert!(counter.spent.plus(counter.reserved).tokens <= limit.tokens.unwrap());
                prop_assert_eq!(counter.reserved.tokens, open.iter().map(|open| open.tokens).sum::<u64>());
            }
        }
    }
}
