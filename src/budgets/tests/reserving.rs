//! Calls reserve before and settle after.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::support::{Till, call, dollars, home, needs, tokens, turn_call};
use crate::audit::{Audit, Filter};
use crate::budgets::{Dimension, Estimate, Limits, Period, Refusal, Scope, Subject};
use crate::config::BudgetsConfig;
use crate::db::DbError;
use crate::protocol::chat::{ChatMessage, Part, Role, Usage};
use crate::protocol::ids::{ThreadId, TurnId};
use crate::protocol::model::{ModelEvent, ModelRequest};

fn used(input: u64, output: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, ..Usage::default() }
}

#[tokio::test]
async fn a_hundred_calls_at_once_on_a_budget_for_ten_are_ten() {
    let till = Till::new().await;
    let budget = till.make("day", Subject::Tenant, Period::Day, tokens(1_000)).await;
    let calls = (0..100).map(|n| {
        let till = &till;
        async move {
            let scope = if n % 2 == 0 { call() } else { turn_call() };
            let reservation = till.budgets.reserve(&scope, needs(60, 40)).await.ok()?;
            tokio::task::yield_now().await;
            Some(reservation)
        }
    });
    let reservations: Vec<_> = futures::future::join_all(calls).await.into_iter().flatten().collect();
    assert_eq!(reservations.len(), 10);
    assert_eq!(till.tokens_of(&budget).await, (0, 1_000));
    for reservation in reservations {
        reservation.settle(used(50, 25));
    }
    assert_eq!(till.tokens_of(&budget).await, (750, 0));
}

#[tokio::test]
async fn parallel_threads_do_not_pass_a_limit_together() {
    let till = Till::new().await;
    let budget = till.make("day", Subject::Tenant, Period::Day, tokens(10_000)).await;
    let spent: usize = std::thread::scope(|scope| {
        let one = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut fitted = 0;
                for _ in 0..100 {
                    if let Ok(reservation) = till.budgets.reserve(&call(), needs(50, 50)).await {
                        reservation.settle(used(50, 50));
                        fitted += 1;
                    }
                }
                fitted
            })
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(spent, 100);
    assert_eq!(till.tokens_of(&budget).await, (10_000, 0));
}

#[tokio::test]
async fn a_refusal_says_which_budget_how_much_until_when_and_what_to_do() {
    let till = Till::new().await;
    till.make("household", Subject::Tenant, Period::Day, dollars(0.001)).await;
    till.budgets.reserve(&call(), needs(400, 200)).await.unwrap().settle(used(400, 200));
    let refused = till.budgets.reserve(&call(), needs(100, 100)).await.err().unwrap();
    assert_eq!(
        refused.to_string(),
        "the budget `household` allows 0.001 USD per day; 0.0008 USD are spent, and this needs up to 0.0003 USD; \
         it begins again at 2026-11-22T00:00:00Z; `capuchin budget set 'household'` raises it"
    );
    let Refusal::Exceeded(exceeded) = refused else { panic!("{refused}") };
    assert_eq!((exceeded.what, exceeded.limit, exceeded.spent), (Dimension::Cost, 1_000_000, 800_000));
    let text = till.metrics.encode();
    assert!(text.contains("capuchin_budget_refusals_total{outcome=\"cost_usd\"} 1"), "{text}");
    till.now_ms.fetch_add(12 * 3_600_000, Ordering::SeqCst);
    assert!(till.budgets.reserve(&call(), needs(100, 100)).await.is_ok(), "a new day");
}

#[tokio::test]
async fn a_model_without_a_price_is_refused_by_a_budget_in_dollars_only() {
    let till = Till::new().await;
    let unknown = Scope { model: "new-one".to_owned(), ..call() };
    till.make("tokens", Subject::Tenant, Period::Day, tokens(1_000)).await;
    till.budgets.reserve(&unknown, needs(1, 1)).await.unwrap().release();
    till.make("money", Subject::Tenant, Period::Day, dollars(1.0)).await;
    let refused = till.budgets.reserve(&unknown, needs(1, 1)).await.err().unwrap();
    assert!(matches!(refused, Refusal::NoPrice { .. }));
    assert!(refused.to_string().contains("add [backends.cloud.prices.\"new-one\"]"), "{refused}");
    let demo = Scope { backend: "demo".to_owned(), ..unknown };
    till.budgets.reserve(&demo, needs(1, 1)).await.unwrap().release();
}

#[tokio::test]
async fn each_subject_counts_what_is_its_own() {
    let till = Till::new().await;
    let (one, other) = (turn_call(), turn_call());
    till.make("each thread", Subject::EachThread, Period::Total, tokens(100)).await;
    till.make("each turn", Subject::EachTurn, Period::Total, tokens(60)).await;
    till.budgets.reserve(&one, needs(50, 0)).await.unwrap().settle(used(50, 0));
    assert!(till.budgets.reserve(&one, needs(20, 0)).await.is_err(), "the turn has 10 left");
    assert!(till.budgets.reserve(&other, needs(20, 0)).await.is_ok());
    let next_turn = Scope { turn: Some(TurnId::new()), ..one.clone() };
    till.budgets.reserve(&next_turn, needs(50, 0)).await.unwrap().settle(used(50, 0));
    let third = Scope { turn: Some(TurnId::new()), ..one };
    assert!(till.budgets.reserve(&third, needs(1, 0)).await.is_err(), "the thread has nothing left");
    assert!(till.budgets.reserve(&call(), needs(500, 0)).await.is_ok(), "a stateless call is in no thread");
    till.make("thread", Subject::EachThread, Period::Hour, Limits { turns: Some(1), ..Limits::default() })
        .await;
    let scope = Scope { thread: Some(ThreadId::new()), ..turn_call() };
    let pass = till.budgets.begin_turn(&scope).await.unwrap();
    assert!(till.budgets.begin_turn(&scope).await.is_err());
    pass.release();
    assert!(till.budgets.begin_turn(&scope).await.is_ok());
}

#[tokio::test]
async fn what_is_settled_is_the_best_that_is_known() {
    let till = Till::new().await;
    let budget = till.make("all", Subject::Tenant, Period::Total, tokens(1_000_000)).await;
    let spent = async || {
        let (spent, reserved) = till.tokens_of(&budget).await;
        assert_eq!(reserved, 0);
        spent
    };
    till.budgets.reserve(&call(), needs(100, 100)).await.unwrap().settle(used(7, 3));
    assert_eq!(spent().await, 10, "the provider's figures");
    drop(till.budgets.reserve(&call(), needs(100, 100)).await.unwrap());
    assert_eq!(spent().await, 210, "a call that vanished counts as it was reserved");
    let mut cut = till.budgets.reserve(&call(), needs(100, 100)).await.unwrap();
    cut.observe(&ModelEvent::Text("thirty bytes of an answer, say".to_owned()));
    drop(cut);
    assert_eq!(spent().await, 320, "an answer that was cut off counts as far as it came");
    let mut told = till.budgets.reserve(&call(), needs(100, 100)).await.unwrap();
    told.observe(&ModelEvent::Text("x".repeat(3_000)));
    told.observe(&ModelEvent::Usage(used(20, 5)));
    told.settle(Usage::default());
    assert_eq!(spent().await, 345, "what was observed counts when nothing else is known");
    till.budgets.reserve(&call(), needs(100, 100)).await.unwrap().release();
    assert_eq!(spent().await, 345, "a call that did not reach its provider costs nothing");
    till.budgets.reserve(&call(), needs(1, 1)).await.unwrap().settle(used(100, 100));
    assert_eq!(spent().await, 545, "more than was reserved is counted too");
}

#[tokio::test]
async fn the_settings_limit_each_turn_in_memory() {
    let till =
        Till::with(BudgetsConfig { turn_wall_s: 5, turn_tool_calls: 2, ..BudgetsConfig::default() }).await;
    let scope = turn_call();
    let pass = till.budgets.begin_turn(&scope).await.unwrap();
    assert_eq!(pass.wall_left(), Some(Duration::from_secs(5)));
    till.budgets.tool_call(&scope).await.unwrap();
    till.budgets.tool_call(&scope).await.unwrap();
    let refused = till.budgets.tool_call(&scope).await.unwrap_err();
    assert!(refused.to_string().ends_with("the setting budgets.turn_tool_calls raises it"), "{refused}");
    till.budgets.tool_call(&turn_call()).await.unwrap();
    drop(pass);
    till.budgets.tool_call(&scope).await.unwrap();
}

#[tokio::test]
async fn nearly_and_quite_spent_are_in_the_audit_once() {
    let till = Till::new().await;
    till.make("day", Subject::Tenant, Period::Day, tokens(100)).await;
    till.budgets.reserve(&call(), needs(85, 0)).await.unwrap().settle(used(85, 0));
    for _ in 0..5 {
        assert!(till.budgets.reserve(&call(), needs(50, 0)).await.is_err());
    }
    // The entries are queued; behind this write they are there.
    till.db.write(home(), |_| Ok::<_, DbError>(())).await.unwrap();
    let audit = Audit::new(till.db.clone());
    let entries = audit.oldest(home(), Filter::default(), 0, 100).await.unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.outcome.as_str())).collect();
    assert_eq!(
        told,
        [("budget.created", "done"), ("budget.nearly_spent", "done"), ("budget.exceeded", "denied")]
    );
    assert_eq!(entries[1].reason, "85 tokens of 100 tokens are spent");
}

#[tokio::test]
async fn without_budgets_a_stateless_call_costs_microseconds() {
    let till = Till::with(BudgetsConfig::default()).await;
    let began = Instant::now();
    for _ in 0..10_000 {
        till.budgets.reserve(&call(), needs(1, 1)).await.unwrap().settle(used(1, 1));
    }
    assert!(began.elapsed() < Duration::from_millis(500), "{:?} for 10,000", began.elapsed());
}

#[test]
fn an_estimate_is_a_token_for_three_bytes_and_something_per_message() {
    let message = |part| ChatMessage { role: Role::User, parts: vec![part] };
    let request = ModelRequest {
        system: "s".repeat(30),
        messages: vec![
            message(Part::Text { text: "x".repeat(300) }),
            message(Part::Image { url: "data:image/png;base64,AAAA".repeat(1_000) }),
        ],
        max_tokens: Some(55),
        ..ModelRequest::default()
    };
    assert_eq!(Estimate::of(&request), needs(10 + 8 + 100 + 8 + 1_600 + 8, 55));
    assert_eq!(Estimate::of(&ModelRequest::default()).output_tokens, None);
}
