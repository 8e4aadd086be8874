//! What a record is bound to, and what any change of it does.

use std::collections::HashSet;

use super::{DataKey, KeyHome, Purpose, RootKey};
use crate::protocol::ids::TenantId;
use crate::vault::error::OpenError;
use crate::vault::primitives::{KeyBytes, gcm_seal};
use crate::vault::record::{KeyId, Parts, Place, associated_data};

const PLACE: Place<'static> = Place { table: "secrets", column: "sealed", row: b"row-1" };

fn home(tenant: &str, purpose: Purpose, generation: u32) -> KeyHome {
    KeyHome { tenant: tenant.parse().unwrap(), purpose, generation }
}

fn key_with(id: u32, material: u8, home: KeyHome) -> DataKey {
    DataKey::derive(KeyId(id), home, &KeyBytes::new([material; 32])).unwrap()
}

fn key() -> DataKey {
    key_with(7, 1, home("home", Purpose::Secrets, 1))
}

fn open(key: &DataKey, place: &Place<'_>, record: &[u8]) -> Result<Vec<u8>, OpenError> {
    key.open(place, &Parts::of(record)?).map(|plain| plain.bytes().to_vec())
}

#[test]
fn a_record_opens_in_its_place_with_its_key_and_nowhere_else() {
    let record = key().seal(&PLACE, b"value").unwrap();
    assert_eq!(open(&key(), &PLACE, &record).unwrap(), b"value");
    assert_eq!(record.len(), b"value".len() + 65);
    for place in [
        Place { row: b"row-2", ..PLACE },
        Place { column: "description", ..PLACE },
        Place { table: "oauth_tokens", ..PLACE },
        // The same bytes in a row, cut elsewhere.
        Place { table: "secretsr", row: b"ow-1", ..PLACE },
    ] {
        assert_eq!(open(&key(), &place, &record), Err(OpenError::Refused), "{place:?}");
    }
    for other in [
        key_with(7, 2, home("home", Purpose::Secrets, 1)),
        key_with(7, 1, home("other", Purpose::Secrets, 1)),
        key_with(7, 1, home("home", Purpose::Oauth, 1)),
        key_with(7, 1, home("home", Purpose::Secrets, 2)),
    ] {
        assert_eq!(open(&other, &PLACE, &record), Err(OpenError::Refused), "{:?}", other.home);
    }
}

#[test]
fn every_bit_counts_and_every_length_is_a_typed_error() {
    let record = key().seal(&PLACE, b"a value of some length").unwrap();
    for bit in 0..record.len() * 8 {
        let mut flipped = record.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = open(&key(), &PLACE, &flipped).unwrap_err();
        let expected = match bit {
            0..8 => OpenError::Version { found: flipped[0] },
            _ => OpenError::Refused,
        };
        assert_eq!(refused, expected, "bit {bit}");
    }
    for length in 0..record.len() {
        let refused = open(&key(), &PLACE, &record[..length]).unwrap_err();
        let expected = if length < 65 { OpenError::Truncated } else { OpenError::Refused };
        assert_eq!(refused, expected, "{length} bytes");
    }
}

#[test]
fn what_opens_under_a_key_but_was_not_committed_to_it_is_refused() {
    // As a ciphertext that was made to authenticate under two keys does under the second one.
    let (key, nonce) = (key(), [9; 12]);
    let aad = associated_data(&PLACE, &"home".parse::<TenantId>().unwrap(), key.id);
    let sealed = gcm_seal(&key.encryption, nonce, &aad, b"value").unwrap();
    let right = Parts { key: key.id, commitment: key.commit(&nonce, &aad), nonce, sealed: &sealed };
    assert_eq!(open(&key, &PLACE, &right.to_record()).unwrap(), b"value");
    let other = key_with(7, 2, key.home.clone());
    let foreign = Parts { commitment: other.commit(&nonce, &aad), ..right };
    assert_eq!(open(&key, &PLACE, &foreign.to_record()), Err(OpenError::Refused));
    assert_eq!(open(&other, &PLACE, &foreign.to_record()), Err(OpenError::Refused));
}

#[test]
fn no_nonce_comes_twice_in_a_hundred_thousand_seals() {
    let key = key();
    let nonces: HashSet<[u8; 12]> =
        (0..100_000).map(|_| Parts::of(&key.seal(&PLACE, b"v").unwrap()).unwrap().nonce).collect();
    assert_eq!(nonces.len(), 100_000);
}

#[test]
fn a_wrapped_key_opens_with_its_root_key_for_its_own_home_only() {
    let (root, other) = (RootKey::random().unwrap(), RootKey::random().unwrap());
    let (material, own) = (KeyBytes::new([5; 32]), home("home", Purpose::Secrets, 1));
    let wrapped = root.wrap(&own, &material).unwrap();
    assert_eq!(root.unwrap(&own, &wrapped).unwrap(), material);
    assert_eq!(other.unwrap(&own, &wrapped).unwrap_err(), OpenError::Refused);
    for foreign in
        [home("x", Purpose::Secrets, 1), home("home", Purpose::Mail, 1), home("home", Purpose::Secrets, 2)]
    {
        assert_eq!(root.unwrap(&foreign, &wrapped).unwrap_err(), OpenError::Refused);
    }
    for length in 0..wrapped.len() {
        assert!(root.unwrap(&own, &wrapped[..length]).is_err());
    }
    assert!(root.has_check_value(root.check_value()) && !root.has_check_value(other.check_value()));
    assert_ne!(root.id, other.id);
}
