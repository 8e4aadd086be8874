//! Recovery keys as people type them.

use super::*;

#[test]
fn a_key_has_eight_groups_and_is_found_again_however_it_is_typed() {
    let key = new_key().unwrap();
    let text = key.expose();
    assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [4; 8]);
    let kept = hash(text).unwrap();
    for typed in [text.to_lowercase(), text.replace('-', " "), text.replace('-', ""), format!("  {text}\n")] {
        assert_eq!(hash(&typed), Some(kept), "{typed}");
    }
    assert_eq!(hash(&text.replace('O', "0").replace('I', "1").replace('B', "8")), Some(kept));
    assert_ne!(hash(new_key().unwrap().expose()), Some(kept));
}

#[test]
fn what_cannot_be_a_key_is_not_looked_up() {
    let key = new_key().unwrap();
    let text = key.expose();
    for bad in [
        String::new(),
        text[1..].to_owned(),
        format!("{text}A"),
        text.replacen(&text[..1], "ß", 1),
        "9".repeat(32),
    ] {
        assert_eq!(hash(&bad), None, "{bad}");
    }
}

#[test]
fn every_bit_of_the_random_bytes_is_in_the_key() {
    assert_eq!(quintets(&[0xff; 5]), [31; 8]);
    assert_eq!(quintets(&[0, 0, 0, 0, 1]), [0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(quintets(&[0x80, 0, 0, 0, 0]), [16, 0, 0, 0, 0, 0, 0, 0]);
}
