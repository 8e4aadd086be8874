//! Passwords at their limits, and their hashes.

use super::*;

fn password(text: &str) -> Password {
    Password::presented(text.to_owned())
}

#[test]
fn length_counts_in_characters_below_and_in_bytes_above() {
    assert_eq!(password("elevenchars").check_strength(), Err(WeakPassword::TooShort));
    assert_eq!(password("twelve chars").check_strength(), Ok(()));
    assert_eq!(password(&"ü".repeat(11)).check_strength(), Err(WeakPassword::TooShort));
    assert_eq!(password(&"x".repeat(PASSWORD_BYTES_MAX)).check_strength(), Ok(()));
    assert_eq!(password(&"x".repeat(PASSWORD_BYTES_MAX + 1)).check_strength(), Err(WeakPassword::TooLong));
}

#[tokio::test]
async fn only_the_password_itself_matches_its_salted_argon2id_hash() {
    let phc = password("correct horse battery").hash().await.unwrap();
    assert!(phc.starts_with("$argon2id$"));
    assert_ne!(phc, password("correct horse battery").hash().await.unwrap());
    assert!(password("correct horse battery").verify(Some(phc.clone())).await.unwrap());
    assert!(!password("correct horse batterz").verify(Some(phc.clone())).await.unwrap());
    assert!(!password("").verify(Some(phc)).await.unwrap());
}

#[tokio::test]
async fn without_a_stored_hash_nothing_matches() {
    assert!(!password("anything at all").verify(None).await.unwrap());
    assert!(!password("anything at all").verify(Some("not a hash".into())).await.unwrap());
}
