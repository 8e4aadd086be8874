//! What survives the end of a daemon.

use std::sync::atomic::Ordering;

use super::support::{Till, call, home, needs, owner, tokens, turn_call};
use crate::budgets::{BudgetChange, Period, Scope, Subject};
use crate::identity::{Identity, NewToken};
use crate::protocol::chat::Usage;

fn used(input: u64) -> Usage {
    Usage { input_tokens: input, ..Usage::default() }
}

#[tokio::test]
async fn a_turn_that_was_settled_is_spent_and_one_that_ran_is_spent_as_reserved() {
    let till = Till::new().await;
    let budget = till.make("all", Subject::Tenant, Period::Total, tokens(1_000)).await;
    till.budgets.reserve(&turn_call(), needs(200, 100)).await.unwrap().settle(used(150));
    let running = till.budgets.reserve(&turn_call(), needs(60, 40)).await.unwrap();
    std::mem::forget(running);
    let till = till.crash().await;
    assert_eq!(till.tokens_of(&budget).await, (250, 0));
    let till = till.crash().await;
    assert_eq!(till.tokens_of(&budget).await, (250, 0), "it is counted once");
}

#[tokio::test]
async fn stateless_calls_are_kept_with_each_flush_and_the_last_second_is_lost() {
    let till = Till::new().await;
    let budget = till.make("all", Subject::Tenant, Period::Total, tokens(1_000)).await;
    till.budgets.reserve(&call(), needs(100, 0)).await.unwrap().settle(used(90));
    std::mem::forget(till.budgets.reserve(&call(), needs(30, 0)).await.unwrap());
    till.budgets.flush().await.unwrap();
    std::mem::forget(till.budgets.reserve(&call(), needs(500, 0)).await.unwrap());
    till.budgets.reserve(&call(), needs(10, 0)).await.unwrap().settle(used(10));
    let till = till.crash().await;
    assert_eq!(till.tokens_of(&budget).await, (120, 0));
}

#[tokio::test]
async fn windows_that_are_over_are_forgotten_in_memory_and_later_on_disk() {
    let till = Till::new().await;
    let budget = till.make("hour", Subject::Tenant, Period::Hour, tokens(100)).await;
    till.budgets.reserve(&call(), needs(100, 0)).await.unwrap().settle(used(100));
    till.budgets.flush().await.unwrap();
    till.now_ms.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(till.tokens_of(&budget).await, (0, 0));
    assert!(till.budgets.reserve(&call(), needs(100, 0)).await.is_ok());
    till.budgets.flush().await.unwrap();
    let rows = async |till: &Till| {
        let sql = "SELECT count(*) FROM budget_spend WHERE tenant = ?1";
        till.db.read(home(), move |read| read.query_one(sql, &[], |row| row.get::<i64>(0))).await.unwrap()
    };
    assert_eq!(rows(&till).await, 2);
    till.now_ms.fetch_add(70 * 86_400_000, Ordering::SeqCst);
    till.budgets.prune().await.unwrap();
    assert_eq!(rows(&till).await, 0);
}

#[tokio::test]
async fn a_token_has_the_budget_that_it_was_made_with() {
    let till = Till::new().await;
    let identity = Identity::open(till.db.clone(), home().clone()).await.unwrap();
    let new = NewToken {
        name: "phone".to_owned(),
        scopes: "chat".parse().unwrap(),
        assistant: None,
        budget_usd: Some(0.001),
        expires_ms: None,
    };
    let token = identity.create_token(&owner(), new, None).await.unwrap().thing.record.id;
    let scope = Scope::new(home().clone(), token.to_string()).calling("cloud", "priced");
    till.budgets.reserve(&scope, needs(900, 0)).await.unwrap().settle(used(900));
    let refused = till.budgets.reserve(&scope, needs(200, 0)).await.err().unwrap().to_string();
    assert!(refused.contains("the budget `token phone` allows 0.001 USD; 0.0009 USD are spent"), "{refused}");
    assert!(till.budgets.reserve(&call(), needs(200, 0)).await.is_ok(), "the owner has none");
    till.budgets.flush().await.unwrap();
    let till = till.crash().await;
    assert!(till.budgets.reserve(&scope, needs(200, 0)).await.is_err(), "it is spent for good");
    let listed = till.budgets.list(home()).await.unwrap();
    assert_eq!(listed[0].count.unwrap().spent.cost_nano, 900_000);
}

#[tokio::test]
async fn a_larger_limit_keeps_what_was_spent() {
    let till = Till::new().await;
    let budget = till.make("all", Subject::Tenant, Period::Total, tokens(100)).await;
    till.budgets.reserve(&turn_call(), needs(100, 0)).await.unwrap().settle(used(100));
    assert!(till.budgets.reserve(&call(), needs(1, 0)).await.is_err());
    let change = BudgetChange { limits: Some(tokens(150)), ..BudgetChange::default() };
    till.budgets.update(&owner(), budget.id, Some(1), change).await.unwrap();
    assert!(till.budgets.reserve(&call(), needs(51, 0)).await.is_err());
    assert!(till.budgets.reserve(&call(), needs(50, 0)).await.is_ok());
}

#[tokio::test]
async fn what_was_counted_for_a_turn_goes_with_it() {
    let till = Till::new().await;
    till.make("turn", Subject::EachTurn, Period::Total, tokens(100)).await;
    let scope = turn_call();
    let pass = till.budgets.begin_turn(&scope).await.unwrap();
    till.budgets.reserve(&scope, needs(90, 0)).await.unwrap().settle(used(90));
    assert!(till.budgets.reserve(&scope, needs(90, 0)).await.is_err());
    drop(pass);
    till.budgets.flush().await.unwrap();
    let sql = "SELECT count(*) FROM budget_spend WHERE tenant = ?1";
    let rows = till.db.read(home(), move |read| read.query_one(sql, &[], |row| row.get::<i64>(0)));
    assert_eq!(rows.await.unwrap(), 0);
}
