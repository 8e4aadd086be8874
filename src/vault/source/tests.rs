//! Keys as text, and systemd's credential.

use super::{Found, Source, Sources, from_text, to_text};
use crate::vault::keys::RootKey;

#[test]
fn a_key_is_read_as_it_was_written_and_in_the_forms_that_people_make() {
    let key = RootKey::random().unwrap();
    let text = to_text(&key);
    assert_eq!(text.len(), 86);
    let hex = text.trim().rsplit(' ').next().unwrap();
    for form in [text.as_bytes(), hex.as_bytes(), &key.bytes()[..]] {
        assert!(from_text(form).unwrap().id == key.id);
    }
    for bad in
        [&b""[..], b"x", &hex.as_bytes()[1..], &[b'g'; 64], b"capuchin-vault-key-2 00", &[0; 31], &[0; 33]]
    {
        assert!(from_text(bad).is_none(), "{}", bad.len());
    }
}

#[tokio::test]
async fn a_credential_is_preferred_where_systemd_gives_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys/vault.key");
    let sources = || Sources::new(file.clone(), Some(folder.path()));
    assert_eq!(sources().best(), Source::File);
    let key = RootKey::random().unwrap();
    std::fs::write(folder.path().join("capuchin.vault-key"), to_text(&key).as_bytes()).unwrap();
    assert_eq!(sources().best(), Source::Credential);
    assert!(sources().begin(Source::Credential).await.unwrap().id == key.id);
    assert!(matches!(sources().find(Source::Credential, key.id).await, Ok(Found::Key(_))));
    let other = RootKey::random().unwrap().id;
    assert!(matches!(sources().find(Source::Credential, other).await, Ok(Found::Wrong)));
    assert!(sources().next(Source::Credential, key.id).is_err(), "the same credential is no rotation");
    assert!(sources().next(Source::Credential, other).is_ok());
    assert!(!file.exists());
}

#[tokio::test]
async fn half_a_key_that_a_killed_daemon_left_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let sources = Sources::new(keys.join("vault.key"), None);
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(&keys).unwrap();
    let leave_half = |name: &str| std::fs::write(keys.join(name), "capuchin-vault-key-1 00").unwrap();
    leave_half("vault.key.part");
    let key = sources.begin(Source::File).await.unwrap();
    leave_half("vault.key.new.part");
    assert!(matches!(sources.find(Source::File, key.id).await, Ok(Found::Key(_))));
    sources.settle(Source::File, key.id).await.unwrap();
    leave_half("vault.key.new.part");
    let next = sources.next(Source::File, key.id).unwrap();
    sources.keep(Source::File, &next).await.unwrap();
    sources.settle(Source::File, next.id).await.unwrap();
    assert!(matches!(sources.find(Source::File, next.id).await, Ok(Found::Key(_))));
    let names: Vec<_> = std::fs::read_dir(&keys).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["vault.key"], "{names:?}");
}
