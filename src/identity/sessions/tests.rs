//! How long browser sessions live.

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn session(n: usize) -> WebSession {
    WebSession::begin(SecretHash::of(&n.to_string()), NOW + n as i64)
}

#[test]
fn a_session_ends_after_thirty_idle_days() {
    let session = session(0);
    assert!(session.is_live(NOW + SESSION_IDLE_MS - 1));
    assert!(!session.is_live(NOW + SESSION_IDLE_MS));
}

#[test]
fn a_busy_session_ends_after_ninety_days() {
    let mut session = session(0);
    session.last_seen_ms = NOW + SESSION_LIFE_MS - 1;
    assert!(session.is_live(NOW + SESSION_LIFE_MS - 1));
    assert!(!session.is_live(NOW + SESSION_LIFE_MS));
}

#[test]
fn a_request_is_written_down_every_ten_minutes() {
    let mut table = SessionTable::new(vec![session(0)]);
    let hash = session(0).hash;
    assert!(!table.touch(&hash, NOW + LAST_SEEN_STEP_MS - 1));
    assert!(table.touch(&hash, NOW + LAST_SEEN_STEP_MS));
    assert!(!table.touch(&hash, NOW + LAST_SEEN_STEP_MS + 1));
}

#[test]
fn the_longest_idle_session_makes_room_when_the_table_is_full() {
    let mut table = SessionTable::default();
    for n in 0..SESSIONS_MAX {
        assert_eq!(table.add(session(n)), None);
    }
    assert_eq!(table.add(session(SESSIONS_MAX)), Some(session(0).hash));
    assert_eq!(table.sessions.len(), SESSIONS_MAX);
}

#[test]
fn an_ended_session_is_not_live() {
    let mut table = SessionTable::new(vec![session(0), session(1)]);
    table.end(&session(0).hash);
    assert!(!table.is_live(&session(0).hash, NOW) && table.is_live(&session(1).hash, NOW));
    table.end_all();
    assert!(table.sessions.is_empty());
}
