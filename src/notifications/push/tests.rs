//! The example of RFC 8291 (appendix A), and what a message may be.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::{PublicKey, SecretKey};

use super::seal::{BrowserKeys, PLAIN_BYTES_MAX, seal, seal_with};
use super::*;
use crate::notifications::sending::LetterKind;
use crate::protocol::ids::LetterId;

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn browser() -> BrowserKeys {
    let point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    BrowserKeys {
        point: PublicKey::from_sec1_bytes(&decoded(point)).unwrap(),
        auth: decoded("BTBZMqHH6r4Tts7J_aSIgg").try_into().unwrap(),
    }
}

#[test]
fn the_example_of_the_standard_is_sealed_as_it_says() {
    let ours = SecretKey::from_slice(&decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
    let salt = decoded("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
    let sealed = seal_with(&browser(), b"When I grow up, I want to be a watermelon", &ours, salt).unwrap();
    let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    assert_eq!(URL_SAFE_NO_PAD.encode(sealed), expected);
}

#[test]
fn a_message_fits_into_one_record_and_no_more() {
    let longest = seal(&browser(), &[b'x'; PLAIN_BYTES_MAX]).unwrap();
    assert_eq!(longest.len(), 4_096);
    assert!(seal(&browser(), &[b'x'; PLAIN_BYTES_MAX + 1]).is_err());
    let letter = Letter {
        id: LetterId::new(),
        kind: LetterKind::Notice,
        target: None,
        notification: None,
        pattern: String::new(),
        severity: Severity::Error,
        title: "🍌".repeat(255),
        body: "\u{1}🍌".repeat(2_500),
        at_ms: 0,
        possible_duplicate: false,
    };
    assert!(payload(&letter).len() <= PLAIN_BYTES_MAX);
}
