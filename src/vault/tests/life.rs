//! Opening, closing, moving; and that a kill at any step loses nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::support::{House, gives, home, owner, secret, set};
use crate::egress::{SecretRefusal, SecretSource as _};
use crate::vault::rotation::Step;
use crate::vault::{Passphrase, SealedBy, Source, SourceError, VaultError};

const STEPS: [Step; 5] = [Step::Announced, Step::Kept, Step::Rewrapped, Step::Settled, Step::Forgotten];

#[tokio::test]
async fn a_secret_survives_a_restart_and_goes_to_its_hosts_only() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "value-of-key").await;
    assert!(gives(&vault, "key", "value-of-key").await);
    drop(vault);
    let vault = house.vault().await;
    assert!(gives(&vault, "key", "value-of-key").await);
    let elsewhere = vault.resolve(&home(), "key", "evil.example.com", "a test").await.err().unwrap();
    assert!(matches!(elsewhere, SecretRefusal::NotGranted { .. }), "{elsewhere}");
    let unknown = vault.resolve(&home(), "other", "api.example.com", "a test").await.err().unwrap();
    assert!(matches!(unknown, SecretRefusal::Unknown { .. }), "{unknown}");
}

#[tokio::test]
async fn a_key_is_made_for_its_owner_only_and_refused_when_others_could_read_it() {
    let house = House::new();
    drop(house.vault().await);
    let file = house.key_file();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    for bad in [0o640, 0o604, 0o660] {
        fs::set_permissions(&file, fs::Permissions::from_mode(bad)).unwrap();
        let refused = house.try_vault(None, 100).await.err().unwrap();
        assert!(matches!(refused, VaultError::Source(SourceError::Unsafe { .. })), "{bad:o}: {refused}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(house.try_vault(None, 100).await.is_err());
    fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    let real = file.with_file_name("real");
    fs::rename(&file, &real).unwrap();
    std::os::unix::fs::symlink(&real, &file).unwrap();
    let refused = house.try_vault(None, 100).await.err().unwrap();
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
}

#[tokio::test]
async fn without_its_key_or_with_a_wrong_one_the_vault_is_sealed_and_writes_nothing() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "value-of-key").await;
    drop(vault);
    let file = house.key_file();
    let right = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let vault = house.vault().await;
    assert_eq!(vault.sealed_by(), Some(SealedBy::NoKey));
    assert!(!file.exists(), "no new key for an old vault");
    let refused = vault.create_secret(&owner(), secret("other", "x"), None).await.unwrap_err();
    assert!(matches!(refused, VaultError::Sealed(SealedBy::NoKey)), "{refused}");
    assert!(matches!(
        vault.resolve(&home(), "key", "api.example.com", "a test").await.err(),
        Some(SecretRefusal::Sealed)
    ));
    fs::write(&file, format!("capuchin-vault-key-1 {}\n", "ab".repeat(32))).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(&file).unwrap();
    let wrong = house.vault().await;
    assert_eq!(wrong.sealed_by(), Some(SealedBy::WrongKey));
    assert!(SealedBy::WrongKey.to_string().contains("wrong key"));
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, right).unwrap();
    wrong.unseal(&owner(), None).await.unwrap();
    assert!(gives(&wrong, "key", "value-of-key").await);
}

#[tokio::test]
async fn a_root_rotation_that_stops_anywhere_keeps_every_secret() {
    for step in STEPS {
        let house = House::new();
        let vault = house.vault().await;
        set(&vault, "one", "value-one-1").await;
        let key = fs::read(house.key_file()).unwrap();
        *vault.inner.faults.stop_after.lock() = Some(step);
        assert!(matches!(vault.rotate_root(&owner(), None).await, Err(VaultError::Interrupted)));
        // The life that was not killed goes on with either key.
        assert!(gives(&vault, "one", "value-one-1").await, "{step:?}");
        set(&vault, "two", "value-two-2").await;
        drop(vault);
        let vault = house.vault().await;
        assert_eq!(vault.sealed_by(), None, "{step:?}");
        assert!(gives(&vault, "one", "value-one-1").await, "{step:?}");
        assert!(gives(&vault, "two", "value-two-2").await, "{step:?}");
        assert!(!house.key_file().with_extension("key.new").exists(), "{step:?}");
        let changed = fs::read(house.key_file()).unwrap() != key;
        assert_eq!(changed, !matches!(step, Step::Announced | Step::Kept), "{step:?}");
        vault.rotate_root(&owner(), None).await.unwrap();
        drop(vault);
        assert!(gives(&house.vault().await, "one", "value-one-1").await, "{step:?}");
    }
}

#[tokio::test]
async fn a_change_of_the_source_that_stops_anywhere_keeps_every_secret() {
    let phrase = || Passphrase::new("correct horse battery".to_owned());
    for step in STEPS {
        let house = House::new();
        let vault = house.vault().await;
        set(&vault, "one", "value-one-1").await;
        *vault.inner.faults.stop_after.lock() = Some(step);
        let stopped = vault.protect(&owner(), Source::Passphrase, Some(phrase())).await;
        assert!(matches!(stopped, Err(VaultError::Interrupted)));
        drop(vault);
        let vault = house.vault().await;
        if matches!(step, Step::Announced | Step::Kept) {
            assert_eq!(vault.sealed_by(), None);
        } else {
            assert_eq!(vault.sealed_by(), Some(SealedBy::Passphrase), "{step:?}");
            let wrong = vault.unseal(&owner(), Some(Passphrase::new("wrong horse battery".to_owned()))).await;
            assert!(matches!(wrong, Err(VaultError::Source(SourceError::WrongPassphrase))));
            vault.unseal(&owner(), Some(phrase())).await.unwrap();
            assert!(!house.key_file().exists(), "the former key is gone: {step:?}");
        }
        assert!(gives(&vault, "one", "value-one-1").await, "{step:?}");
    }
}
