//! What the table finds.

use super::*;

const NOW: i64 = 1_000_000_000;

fn record(change: impl FnOnce(&mut TokenRecord)) -> TokenRecord {
    let mut record = TokenRecord {
        id: TokenId::new(),
        tenant: TenantId::home(),
        name: "phone".into(),
        scopes: "chat".parse().unwrap(),
        assistant: None,
        budget_usd: None,
        created_ms: NOW,
        expires_ms: None,
        last_used_ms: None,
        last_used_from: None,
        member: None,
        revoked_ms: None,
    };
    change(&mut record);
    record
}

fn table_of(record: TokenRecord) -> (TokenTable, SecretHash) {
    let hash = SecretHash::of("cap_value");
    (TokenTable::new(vec![(hash, record)]), hash)
}

#[test]
fn a_live_token_is_found_with_what_its_record_says_and_nothing_more() {
    let assistant = AssistantId::new();
    let (table, hash) = table_of(record(|r| r.assistant = Some(assistant)));
    let Found::Live { principal, .. } = table.find(&hash, NOW) else { panic!("not found") };
    assert_eq!(principal.scopes.to_string(), "chat");
    assert_eq!(principal.assistant, Some(assistant));
    assert_eq!(table.find(&SecretHash::of("cap_valuf"), NOW), Found::Unknown);
}

#[test]
fn a_token_is_dead_from_the_moment_of_its_end_or_revocation() {
    let (table, hash) = table_of(record(|r| r.expires_ms = Some(NOW)));
    assert!(matches!(table.find(&hash, NOW - 1), Found::Live { .. }));
    assert_eq!(table.find(&hash, NOW), Found::Dead);
    let revoked = record(|r| r.revoked_ms = Some(NOW));
    let id = revoked.id;
    let (table, hash) = table_of(revoked);
    assert_eq!(table.find(&hash, NOW), Found::Dead);
    assert!(!table.is_live(id, NOW));
}

#[test]
fn a_use_is_written_down_once_a_minute() {
    let (table, hash) = table_of(record(|_| ()));
    let notes = |now| matches!(table.find(&hash, now), Found::Live { note: true, .. });
    assert!(notes(NOW));
    assert!(!notes(NOW + LAST_USED_STEP_MS - 1));
    assert!(notes(NOW + LAST_USED_STEP_MS));
}
