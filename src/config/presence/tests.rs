//! Who is in a home.

use super::{Claim, ClaimError, Occupant, Presence, look, process_start};
use crate::config::Home;

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(folder.path())).unwrap();
    home.prepare().unwrap();
    (folder, home)
}

#[tokio::test(start_paused = true)]
async fn a_home_is_claimed_once_and_free_again_afterwards() {
    let (_folder, home) = home();
    assert_eq!(look(&home).unwrap(), Occupant::None);
    let claim = Claim::take(&home).await.unwrap();
    let me = std::process::id();
    assert!(matches!(Claim::take(&home).await, Err(ClaimError::Taken(Some(pid))) if pid == me));
    assert_eq!(look(&home).unwrap(), Occupant::Unready(Some(me)));
    let presence = Presence::of_this_process(&home, Some("http://127.0.0.1:1".to_owned()), None);
    claim.announce(&presence).unwrap();
    assert_eq!(look(&home).unwrap(), Occupant::Ready(presence));
    drop(claim);
    assert_eq!(look(&home).unwrap(), Occupant::None);
    assert!(Claim::take(&home).await.is_ok());
}

#[tokio::test]
async fn the_note_of_an_earlier_daemon_is_not_believed() {
    let (_folder, home) = home();
    let first = Claim::take(&home).await.unwrap();
    first.announce(&Presence::of_this_process(&home, None, None)).unwrap();
    let note = std::fs::read(home.daemon_file()).unwrap();
    drop(first);
    std::fs::write(home.daemon_file(), &note).unwrap();
    assert_eq!(look(&home).unwrap(), Occupant::None, "nobody holds the lock");
    let _second = Claim::take(&home).await.unwrap();
    assert!(matches!(look(&home).unwrap(), Occupant::Unready(_)), "the new one has not announced itself");
}

#[test]
fn a_process_is_told_from_a_later_one_with_its_number() {
    let (_folder, home) = home();
    let mut presence = Presence::of_this_process(&home, None, None);
    assert!(presence.is_alive());
    assert_eq!(process_start(presence.pid), Some(presence.process_start));
    presence.process_start += 1;
    assert!(!presence.is_alive());
}
