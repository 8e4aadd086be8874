//! Entries, their chain, and what is kept out of them.

use serde_json::{Map, Value, json};

use super::support::{Trail, entry, home};
use crate::audit::{Audit, Entry, Filter, append};
use crate::db::DbError;

async fn all(audit: &Audit) -> Vec<crate::audit::Record> {
    audit.oldest(home(), Filter::default(), 0, 1_000).await.unwrap()
}

#[tokio::test]
async fn entries_are_numbered_without_gaps_and_each_points_to_the_one_before() {
    let trail = Trail::of(30).await;
    let records = all(&trail.audit).await;
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), (1..=30).collect::<Vec<i64>>());
    assert_eq!(records[0].prev, [0; 32]);
    for pair in records.windows(2) {
        assert_eq!(pair[1].prev, pair[0].hash);
        assert_eq!(pair[1].hash, pair[1].expected_hash());
    }
    assert_eq!(trail.audit.head(home()).await.unwrap(), Some(records[29].head()));
    assert!(trail.verdict().broken.is_none());
}

#[tokio::test]
async fn an_entry_and_what_it_tells_are_stored_together_or_not_at_all() {
    let trail = Trail::of(1).await;
    let failed = trail.db.write(home(), |tx| {
        append(tx, entry(2))?;
        append(tx, entry(3))?;
        Err::<(), _>(DbError::NoRow)
    });
    // In the same batch, behind the one that fails.
    let fine = trail.audit.record(home(), entry(4));
    assert!(failed.await.is_err());
    fine.await.unwrap();
    let targets: Vec<_> =
        all(&trail.audit).await.into_iter().map(|record| (record.seq, record.target)).collect();
    assert_eq!(targets, [(1, "github 1".to_owned()), (2, "github 4".to_owned())]);
    assert!(trail.verdict().broken.is_none());
}

#[tokio::test]
async fn two_tenants_have_two_chains() {
    let trail = Trail::of(3).await;
    let sql = "INSERT INTO tenants (id, name, created_ms) VALUES ('other', 'Other', 0)";
    trail.db.write_system(|tx| tx.execute(sql, &[])).await.unwrap();
    let other = "other".parse().unwrap();
    trail.audit.record(&other, entry(1)).await.unwrap();
    trail.audit.record(home(), entry(4)).await.unwrap();
    let verdict = trail.verdict();
    assert_eq!(verdict.broken, None);
    let ends: Vec<_> = verdict.chains.iter().map(|end| (end.tenant.as_str(), end.head.seq)).collect();
    assert_eq!(ends, [("home", 4), ("other", 1)]);
    let seen = trail.audit.oldest(&other, Filter::default(), 0, 10).await.unwrap();
    assert_eq!(seen.len(), 1, "nobody sees the entries of another tenant");
}

#[tokio::test]
async fn the_table_refuses_changes_and_deletions_of_our_own_mistakes() {
    let trail = Trail::of(2).await;
    for sql in [
        "UPDATE audit SET reason = '' WHERE tenant = ?1",
        "DELETE FROM audit WHERE tenant = ?1",
        "DELETE FROM audit_heads WHERE tenant = ?1",
        "UPDATE audit_heads SET seq = 1 WHERE tenant = ?1",
    ] {
        let refused = trail.db.write(home(), move |tx| tx.execute(sql, &[])).await;
        assert!(matches!(refused, Err(DbError::Constraint(_))), "{sql}: {refused:?}");
    }
    assert_eq!(all(&trail.audit).await.len(), 2);
}

#[tokio::test]
async fn detail_is_canonical_and_texts_are_cut_to_their_limits() {
    let trail = Trail::new();
    let detail: Map<String, Value> =
        json!({ "z": 1, "a": { "y": [true, null], "b": "x" } }).as_object().unwrap().clone();
    let long = Entry { detail, ..entry(1) }.because("é".repeat(5_000)).on("t".repeat(5_000));
    trail.audit.record(home(), long).await.unwrap();
    let huge: Vec<String> = (0..2_000).map(|n| format!("text number {n}")).collect();
    trail.audit.record(home(), entry(2).with("all", huge)).await.unwrap();
    let records = all(&trail.audit).await;
    assert_eq!(records[0].detail, r#"{"a":{"b":"x","y":[true,null]},"z":1}"#);
    assert_eq!(records[0].reason.chars().count(), 2_001);
    assert_eq!(records[0].target.chars().count(), 301);
    assert!(records[1].detail.starts_with(r#"{"left_out_bytes":"#), "{}", records[1].detail);
    assert!(trail.verdict().broken.is_none());
}

#[tokio::test]
async fn filters_find_an_action_with_those_below_it_and_pages_follow_each_other() {
    let trail = Trail::new();
    for action in ["sign_in", "sign_in.failed", "sign_in_twice", "secret.set"] {
        trail.audit.record(home(), Entry::done("http", "owner", action)).await.unwrap();
    }
    let found = |filter: Filter, before| {
        let newest = trail.audit.newest(home(), filter, before, 2);
        async move { newest.await.unwrap().into_iter().map(|record| record.action).collect::<Vec<_>>() }
    };
    let sign_ins = Filter { action: Some("sign_in".to_owned()), ..Filter::default() };
    assert_eq!(found(sign_ins, None).await, ["sign_in.failed", "sign_in"]);
    assert_eq!(found(Filter::default(), None).await, ["secret.set", "sign_in_twice"]);
    assert_eq!(found(Filter::default(), Some(3)).await, ["sign_in.failed", "sign_in"]);
    let nobody = Filter { principal: Some("nobody".to_owned()), ..Filter::default() };
    assert!(found(nobody, None).await.is_empty());
    let later = Filter { since_ms: Some(i64::MAX), ..Filter::default() };
    assert!(found(later, None).await.is_empty());
}
