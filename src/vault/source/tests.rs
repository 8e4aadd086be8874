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
