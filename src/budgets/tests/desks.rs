//! Budgets are made, changed, deleted and shown.

use super::support::{Till, call, dollars, home, needs, owner, tokens};
use crate::budgets::{BudgetChange, BudgetError, Limits, NewBudget, Origin, Period, Subject};
use crate::config::BudgetsConfig;
use crate::protocol::ids::{BudgetId, TokenId};

fn new(name: &str, subject: Subject, period: Period, limits: Limits) -> NewBudget {
    NewBudget { name: name.to_owned(), subject, period, limits }
}

#[tokio::test]
async fn what_makes_no_sense_is_not_made() {
    let till = Till::new().await;
    let refused = async |new| till.budgets.create(&owner(), new, None).await.err().unwrap();
    let tenant = Subject::Tenant;
    assert!(matches!(
        refused(new("a", tenant, Period::Day, Limits::default())).await,
        BudgetError::Field { field: "limits", .. }
    ));
    assert!(matches!(
        refused(new(" ", tenant, Period::Day, tokens(1))).await,
        BudgetError::Field { field: "name", .. }
    ));
    assert!(matches!(
        refused(new("a", Subject::EachTurn, Period::Day, tokens(1))).await,
        BudgetError::Field { field: "period", .. }
    ));
    let too_many = Limits { tokens: Some(u64::MAX), ..Limits::default() };
    assert!(matches!(
        refused(new("a", tenant, Period::Day, too_many)).await,
        BudgetError::Field { field: "limits", .. }
    ));
    let nobody = Subject::Token(TokenId::new());
    assert!(matches!(refused(new("a", nobody, Period::Day, tokens(1))).await, BudgetError::NoSubject));
    till.make("a", tenant, Period::Day, tokens(1)).await;
    assert!(matches!(refused(new("a", tenant, Period::Hour, tokens(1))).await, BudgetError::NameTaken));
}

#[tokio::test]
async fn a_stale_version_changes_nothing_and_a_deleted_budget_limits_nothing() {
    let till = Till::new().await;
    let budget = till.make("a", Subject::Tenant, Period::Day, tokens(10)).await;
    let change = BudgetChange { limits: Some(tokens(20)), name: Some("b".to_owned()) };
    let changed = till.budgets.update(&owner(), budget.id, Some(1), change.clone()).await.unwrap().budget;
    assert_eq!((changed.version, changed.name.as_str(), changed.limits), (2, "b", tokens(20)));
    let stale = till.budgets.update(&owner(), budget.id, Some(1), change).await;
    assert!(matches!(stale, Err(BudgetError::Stale)));
    assert!(till.budgets.reserve(&call(), needs(21, 0)).await.is_err());
    let running = till.budgets.reserve(&call(), needs(20, 0)).await.unwrap();
    till.budgets.delete(&owner(), budget.id, None).await.unwrap();
    drop(running);
    assert!(till.budgets.reserve(&call(), needs(21, 0)).await.is_ok());
    assert!(matches!(till.budgets.get(home(), budget.id).await, Err(BudgetError::NotFound)));
    assert!(matches!(till.budgets.delete(&owner(), BudgetId::new(), None).await, Err(BudgetError::NotFound)));
}

#[tokio::test]
async fn the_settings_own_limits_are_shown_and_changed_elsewhere() {
    let till = Till::with(BudgetsConfig::default()).await;
    let listed = till.budgets.list(home()).await.unwrap();
    assert_eq!(listed.len(), 1);
    let own = &listed[0];
    assert_eq!((own.budget.origin, own.count), (Origin::Settings, None));
    let change = BudgetChange { limits: Some(dollars(1.0)), ..BudgetChange::default() };
    let refused = till.budgets.update(&owner(), own.budget.id, None, change).await.unwrap_err();
    assert!(refused.to_string().contains("section [budgets]"), "{refused}");
}

#[test]
fn subjects_are_read_as_they_are_written() {
    let id = TokenId::new();
    for text in [
        "tenant",
        "each_thread",
        "each_turn",
        &format!("token:{id}"),
        &format!("assistant:{id}"),
        &format!("thread:{id}"),
    ] {
        assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
    }
    for text in ["", "tenants", "token", "token:", "token:x", "member:1"] {
        assert!(text.parse::<Subject>().is_err(), "{text}");
    }
}
