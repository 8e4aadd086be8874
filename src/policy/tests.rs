//! The policy and the kill switch against their store.

use super::*;
use crate::db::{Db, DbOptions, WriterRun};
use crate::protocol::ids::TenantId;

async fn store() -> (Db, WriterRun, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
    let writer = db.start_writer().unwrap();
    (db, writer, home)
}

fn by() -> Author {
    Author::at_console("owner".to_owned())
}

fn deny_all() -> NewRule {
    NewRule::of_person(Effect::Deny, ActionPattern::Any)
}

async fn add(db: &Db, policies: &Policies, new: NewRule) -> Result<Rule, PolicyError> {
    let policies = policies.clone();
    db.write(&TenantId::home(), move |tx| policies.add(tx, &by(), new)).await
}

#[tokio::test]
async fn a_change_is_seen_at_once_counts_and_is_there_after_a_restart() {
    let (db, _writer, _home) = store().await;
    let (tenant, policies) = (TenantId::home(), Policies::new(db.clone()));
    let before = policies.current(&tenant).await.unwrap();
    assert_eq!((before.version, before.preset()), (1, Preset::Balanced));
    let rule = add(&db, &policies, deny_all()).await.unwrap();
    let after = policies.current(&tenant).await.unwrap();
    assert_eq!((after.version, after.rules.as_slice()), (2, std::slice::from_ref(&rule)));
    let change =
        PolicyChange { approvals: Some(ApprovalMode::Always), autonomy_max: Some(Autonomy::Supervised) };
    assert!(matches!(policies.change(&tenant, by(), 1, change).await, Err(PolicyError::Stale)));
    policies.change(&tenant, by(), 2, change).await.unwrap();
    let again = Policies::new(db.clone()).current(&tenant).await.unwrap();
    assert_eq!((again.version, again.preset(), again.rules.len()), (3, Preset::Careful, 1));
    assert_eq!(again, policies.current(&tenant).await.unwrap());
    policies.remove_rule(&tenant, by(), Some(3), rule.id).await.unwrap();
    assert!(matches!(policies.remove_rule(&tenant, by(), None, rule.id).await, Err(PolicyError::NotFound)));
    assert!(policies.current(&tenant).await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn rules_that_say_nothing_clear_are_refused() {
    let (db, _writer, _home) = store().await;
    let policies = Policies::new(db.clone());
    let field = async |new| match add(&db, &policies, new).await {
        Err(PolicyError::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(NewRule { even_untrusted: true, ..deny_all() }).await, "even_untrusted");
    let words = Some("never".to_owned());
    let allow = NewRule { effect: Effect::Allow, standing: words, ..deny_all() };
    assert_eq!(field(allow).await, "standing");
    assert_eq!(field(NewRule { standing: Some(" ".into()), ..deny_all() }).await, "standing");
    assert_eq!(field(NewRule { note: "a\nb".into(), ..deny_all() }).await, "note");
    assert_eq!(field(NewRule { expires_ms: Some(1), ..deny_all() }).await, "expires_at");
    for program in ["", "a/b", "git*", "/usr/bin/"] {
        let command = CommandPattern { program: Some(program.into()), ..CommandPattern::default() };
        let new = NewRule { action: ActionPattern::RunCommand(command), ..deny_all() };
        assert_eq!(field(new).await, "action", "{program}");
    }
    assert!(policies.current(&TenantId::home()).await.unwrap().rules.is_empty());
}

#[tokio::test]
async fn every_change_leaves_its_entry_with_the_hash_before_and_after() {
    let (db, _writer, _home) = store().await;
    let policies = Policies::new(db.clone());
    let before = policies.current(&TenantId::home()).await.unwrap().hash();
    add(&db, &policies, deny_all()).await.unwrap();
    let after = policies.current(&TenantId::home()).await.unwrap().hash();
    assert_ne!(before, after);
    let details = db.read(&TenantId::home(), |read| {
        read.query_all(
            "SELECT detail FROM audit WHERE tenant = ?1 AND action = 'policy.rule_added'",
            &[],
            |row| row.get::<String>(0),
        )
    });
    let details: Vec<String> = details.await.map_err(|error: crate::db::DbError| error).unwrap();
    assert!(details.len() == 1 && details[0].contains(&before) && details[0].contains(&after), "{details:?}");
}

#[tokio::test]
async fn a_switch_that_is_engaged_stays_so_until_it_is_released() {
    let (db, _writer, _home) = store().await;
    let (tenant, switches) = (TenantId::home(), KillSwitches::open(db.clone()).await.unwrap());
    assert!(!switches.is_engaged(&tenant));
    let (engaged, seen) =
        tokio::join!(switches.engage(&tenant, by(), "fire"), switches.until_engaged(&tenant));
    assert_eq!(engaged.unwrap(), seen);
    assert!(seen.to_string().contains("by owner (fire)") && seen.to_string().contains("kill-switch off"));
    let again = switches.engage(&tenant, Author::at_console("other".into()), "").await.unwrap();
    assert_eq!(again, seen, "the first one counts");
    let restarted = KillSwitches::open(db.clone()).await.unwrap();
    assert_eq!(restarted.all(), [(tenant.clone(), seen)]);
    assert!(restarted.release(&tenant, by()).await.unwrap());
    assert!(!restarted.is_engaged(&tenant) && !restarted.release(&tenant, by()).await.unwrap());
}
