//! Secrets are long, different, and do not print.

use std::collections::HashSet;

use super::*;

#[test]
fn a_token_has_its_prefix_and_256_bits() {
    let token = SecretText::random(TOKEN_PREFIX).unwrap();
    let body = token.expose().strip_prefix("cap_").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(body).unwrap().len(), 32);
}

#[test]
fn no_two_secrets_are_alike() {
    let made: HashSet<String> =
        (0..1_000).map(|_| SecretText::random("").unwrap().expose().to_owned()).collect();
    assert_eq!(made.len(), 1_000);
}

#[test]
fn neither_the_secret_nor_its_hash_prints() {
    let secret = SecretText::random(TOKEN_PREFIX).unwrap();
    let printed = format!("{secret:?} {:?}", secret.hash());
    assert_eq!(printed, "… #…");
}

#[test]
fn only_the_same_text_matches() {
    let hash = SecretHash::of("cap_one");
    assert!(hash.matches(&SecretHash::of("cap_one")));
    assert!(!hash.matches(&SecretHash::of("cap_onf")));
    assert!(!hash.matches(&SecretHash::of("")));
}
