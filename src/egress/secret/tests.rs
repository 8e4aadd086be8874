//! What of a secret may survive in a text: nothing of eight characters.

use super::*;

#[test]
fn a_key_is_masked_wherever_it_stands() {
    let secret = Secret::new("abcdefgh12345678\n".to_owned());
    for text in [
        "wrong key: abcdefgh12345678.",
        "wrong key \"abcdefgh12345678\"",
        "wrong key {'k':'abcdefgh12345678'}",
        "Bearer abcdefgh12345678",
        "cut: abcdefgh***",
        "url: http://x/?k=abcdefgh12345678&y",
    ] {
        let masked = secret.mask_in(text);
        assert!(masked.contains(MASK) && !masked.contains("abcdefgh"), "{masked}");
    }
}

#[test]
fn seven_characters_in_a_row_are_no_secret() {
    let secret = Secret::new("abcdefgh12345678".to_owned());
    assert_eq!(secret.mask_in("abcdefg, is fine"), "abcdefg, is fine");
    assert_eq!(secret.mask_in("abcdefgh, is not"), format!("{MASK}, is not"));
}

#[test]
fn a_short_secret_is_masked_whole_and_an_empty_one_masks_nothing() {
    assert_eq!(Secret::new("abc".to_owned()).mask_in("x abc y"), format!("x {MASK} y"));
    assert_eq!(Secret::new(String::new()).mask_in("x abc y"), "x abc y");
}

#[test]
fn the_shape_of_a_foreign_key_is_masked_too() {
    assert_eq!(mask_keys("Incorrect key sk-1234567890abcdef given"), format!("Incorrect key {MASK} given"));
    assert_eq!(mask_keys("model sk-small is unknown"), "model sk-small is unknown");
}
