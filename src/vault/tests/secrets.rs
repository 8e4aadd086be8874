//! Secrets: what is refused, what is told, what is counted; and data keys under them.

use super::support::{House, gives, home, owner, secret, set};
use crate::egress::SecretSource as _;
use crate::identity::{Principal, RequestKey};
use crate::vault::{
    Hosts, Purpose, SecretChange, SecretValue, UseOutcome, VALUE_BYTES_MAX, VaultError, Which,
};

#[tokio::test]
async fn names_and_values_are_taken_at_their_limits_and_refused_beyond() {
    let house = House::new();
    let vault = house.vault().await;
    for (name, value, field) in [
        (String::new(), "v".to_owned(), "name"),
        ("a".repeat(101), "v".to_owned(), "name"),
        ("a b".to_owned(), "v".to_owned(), "name"),
        ("é".to_owned(), "v".to_owned(), "name"),
        ("0192f000-0000-7000-8000-000000000000".to_owned(), "v".to_owned(), "name"),
        ("ok".to_owned(), " \n".to_owned(), "value"),
        ("ok".to_owned(), "v".repeat(VALUE_BYTES_MAX + 1), "value"),
    ] {
        let refused = vault.create_secret(&owner(), secret(&name, &value), None).await.unwrap_err();
        assert!(
            matches!(refused, VaultError::Field { field: found, .. } if found == field),
            "{name}: {refused}"
        );
    }
    set(&vault, &"a".repeat(100), "v").await;
    set(&vault, "large", &"v".repeat(VALUE_BYTES_MAX)).await;
    let taken = vault.create_secret(&owner(), secret("large", "other"), None).await.unwrap_err();
    assert!(matches!(taken, VaultError::NameTaken));
}

#[tokio::test]
async fn a_new_value_counts_at_once_and_an_old_version_changes_nothing() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "first-value").await;
    let which = || Which::Name("key".to_owned());
    let value = |text: &str| SecretValue::new(text.to_owned());
    let replaced = vault.replace_secret(&owner(), which(), value("second-value"), Some(1)).await.unwrap();
    assert_eq!((replaced.version, replaced.rotated_by.as_deref()), (2, Some("owner")));
    assert!(gives(&vault, "key", "second-value").await);
    let stale = vault.replace_secret(&owner(), which(), value("third-value"), Some(1)).await.unwrap_err();
    assert!(matches!(stale, VaultError::Stale));
    let change = SecretChange { hosts: Some(Hosts::default()), ..SecretChange::default() };
    vault.change_secret(&owner(), which(), change, Some(2)).await.unwrap();
    assert!(!gives(&vault, "key", "second-value").await, "a grant that was taken back counts at once");
}

#[tokio::test]
async fn a_secret_that_something_uses_goes_only_by_force() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "the-value").await;
    vault.note_users([("key".to_owned(), "backend claude".to_owned())]);
    let which = || Which::Name("key".to_owned());
    let refused = vault.delete_secret(&owner(), which(), None, false).await.unwrap_err();
    assert!(refused.to_string().contains("backend claude"), "{refused}");
    vault.delete_secret(&owner(), which(), None, true).await.unwrap();
    assert!(!gives(&vault, "key", "the-value").await);
    assert!(matches!(vault.secret(&home(), which()).await, Err(VaultError::NotFound)));
}

#[tokio::test]
async fn uses_are_counted_in_memory_and_written_once_a_minute() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "the-value").await;
    let ask = async |host: &str| vault.resolve(&home(), "key", host, "backend claude").await.is_ok();
    for _ in 0..5 {
        assert!(ask("api.example.com").await);
    }
    assert!(!ask("evil.example.com").await);
    vault.write_uses().await.unwrap();
    let record = vault.secret(&home(), Which::Name("key".to_owned())).await.unwrap();
    assert_eq!((record.uses, record.last_used_by.as_deref()), (5, Some("backend claude")));
    let log = vault.uses(&home(), Some("key".to_owned()), None, 100).await.unwrap();
    let given: u64 =
        log.iter().filter(|line| line.used.outcome == UseOutcome::Given).map(|line| line.used.count).sum();
    assert_eq!(given, 5);
    assert!(log.len() <= 3, "one write now, one later, one for the refusal");
    assert!(
        log.iter()
            .any(|line| line.used.outcome == UseOutcome::NotGranted && line.used.host == "evil.example.com")
    );
}

#[tokio::test]
async fn the_redactor_knows_exact_values_while_the_vault_is_open() {
    let house = House::new();
    let vault = house.vault().await;
    set(&vault, "key", "completely-plain-value").await;
    let text = "is it completely-plain-value?";
    let redactor = vault.inner.redactor.clone();
    assert!(!redactor.redact(text).text.contains("completely-plain-value"));
    vault.seal_all(&owner()).await.unwrap();
    assert_eq!(redactor.known().count(), 0);
    vault.unseal(&owner(), None).await.unwrap();
    assert!(!redactor.redact(text).text.contains("completely-plain-value"));
}

#[tokio::test]
async fn a_repeated_request_stores_once_and_the_same_key_with_another_value_is_refused() {
    let house = House::new();
    let vault = house.vault().await;
    let key = |value: &str| {
        let print = SecretValue::new(value.to_owned()).fingerprint(&vault, "key").unwrap();
        Some(RequestKey::new(&owner(), "POST", "k-1", &print))
    };
    let first = vault.create_secret(&owner(), secret("key", "one"), key("one")).await.unwrap();
    let again = vault.create_secret(&owner(), secret("key", "one"), key("one")).await.unwrap();
    assert!(again.repeated && again.thing.id == first.thing.id);
    let other = vault.create_secret(&owner(), secret("key", "two"), key("two")).await.unwrap_err();
    assert!(matches!(other, VaultError::KeyReused(_)));
}

#[tokio::test]
async fn a_rotation_of_data_keys_that_stops_anywhere_is_completed_later() {
    for stop_after in 0..5 {
        let house = House::new();
        let vault = house.vault().await;
        for n in 0..120 {
            set(&vault, &format!("key-{n}"), &format!("value-of-{n}-x")).await;
        }
        *vault.inner.faults.batches_left.lock() = Some(stop_after);
        let outcome = vault.rotate_data_keys(&owner()).await;
        assert_eq!(outcome.is_err(), stop_after < 4, "{stop_after}");
        drop(vault);
        let vault = house.vault().await;
        assert!(
            gives(&vault, "key-0", "value-of-0-x").await && gives(&vault, "key-119", "value-of-119-x").await
        );
        vault.finish_rotations().await.unwrap();
        let keys = vault.keys(&home()).await.unwrap();
        let key = (keys[0].purpose, keys[0].generation, keys[0].active);
        assert_eq!((keys.len(), key), (1, (Purpose::Secrets, 2, true)));
        drop(vault);
        let vault = house.vault().await;
        for n in 0..120 {
            assert!(gives(&vault, &format!("key-{n}"), &format!("value-of-{n}-x")).await, "{n}");
        }
    }
}

#[tokio::test]
async fn a_key_that_sealed_enough_is_followed_by_the_next_one() {
    let house = House::new();
    let vault = house.try_vault(None, 3).await.unwrap();
    for n in 0..7 {
        set(&vault, &format!("key-{n}"), &format!("value-of-{n}")).await;
    }
    let keys = vault.keys(&home()).await.unwrap();
    assert!(keys.iter().all(|key| key.seals <= 3), "{keys:?}");
    assert_eq!(keys.iter().filter(|key| key.active).count(), 1);
    for n in 0..7 {
        assert!(gives(&vault, &format!("key-{n}"), &format!("value-of-{n}")).await);
    }
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    let house = House::new();
    let add = house.db.write_system(|tx| {
        tx.execute("INSERT INTO tenants (id, name, created_ms) VALUES ('other', 'Other', 0)", &[])
    });
    add.await.unwrap();
    let vault = house.vault().await;
    let other = Principal::owner("other".parse().unwrap());
    set(&vault, "key", "value-of-home").await;
    vault.create_secret(&other, secret("key", "value-of-other"), None).await.unwrap();
    let given = vault.resolve(&other.tenant, "key", "api.example.com", "a test").await.ok().unwrap();
    assert_eq!(given.mask_in("value-of-other"), "[redacted]");
    assert!(gives(&vault, "key", "value-of-home").await);
    // A value that is copied to the other tenant's row does not open there.
    let swap = house.db.write_system(|tx| {
        tx.execute(
            "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE tenant = 'home') WHERE tenant = 'other'",
            &[],
        )
    });
    swap.await.unwrap();
    let vault = house.vault().await;
    let refused = vault.resolve(&other.tenant, "key", "api.example.com", "a test").await.err().unwrap();
    assert!(refused.to_string().contains("cannot be opened"), "{refused}");
    assert!(gives(&vault, "key", "value-of-home").await);
}
