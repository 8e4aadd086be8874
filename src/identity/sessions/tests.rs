//! How long browser sessions live.

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn person(n: u8) -> MemberId {
    MemberId::from_bytes([n; 16])
}

fn session(n: usize) -> WebSession {
    let client = Client::new(IpAddr::from([127, 0, 0, 1]), false, "");
    WebSession::begin(SecretHash::of(&n.to_string()), person(0), Means::Password, &client, NOW + n as i64)
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
    let other = WebSession { member: person(1), ..session(2) };
    let mut table = SessionTable::new(vec![session(0), session(1), other.clone()]);
    table.end(&session(0).hash);
    assert!(table.live(&session(0).hash, NOW).is_none() && table.live(&session(1).hash, NOW).is_some());
    table.end_of(person(0));
    assert_eq!(table.all_live(NOW), [other], "those of other people stay");
}

#[test]
fn a_proof_counts_for_five_minutes() {
    let mut table = SessionTable::new(vec![session(0)]);
    let hash = session(0).hash;
    assert!(table.live(&hash, NOW).unwrap().is_fresh(NOW + PROOF_LIFE_MS - 1));
    assert!(!table.live(&hash, NOW).unwrap().is_fresh(NOW + PROOF_LIFE_MS));
    table.prove(&hash, NOW + PROOF_LIFE_MS);
    assert!(table.live(&hash, NOW).unwrap().is_fresh(NOW + 2 * PROOF_LIFE_MS - 1));
}

#[test]
fn an_address_is_known_where_the_person_is_signed_in() {
    let table = SessionTable::new(vec![session(0)]);
    assert!(table.knows(person(0), IpAddr::from([127, 0, 0, 1]), NOW));
    assert!(!table.knows(person(0), IpAddr::from([10, 0, 0, 1]), NOW));
    assert!(!table.knows(person(1), IpAddr::from([127, 0, 0, 1]), NOW));
}

#[test]
fn every_means_comes_back_from_its_word() {
    for means in Means::ALL {
        assert_eq!(means.as_str().parse(), Ok(means));
    }
}
