//! What counts as a secret.

use super::super::signature::hex as unhex;
use super::super::{BadSecret, SECRET_CHARS_MAX, Source, telegram, whatsapp};
use super::key;

fn refused(source: Source, secret: &str) -> Option<BadSecret> {
    source.key(secret).err()
}

#[test]
fn an_empty_or_blank_secret_is_refused_for_every_source() {
    for source in Source::ALL {
        for blank in ["", " ", "\t\n", "\u{a0}", "\u{3000}"] {
            assert_eq!(refused(source, blank), Some(BadSecret::Empty), "{}", source.name());
        }
    }
    assert_eq!(telegram::key("").err(), Some(BadSecret::Empty));
    assert_eq!(whatsapp::key(" ").err(), Some(BadSecret::Empty));
}

#[test]
fn a_secret_that_was_copied_with_a_line_break_is_refused() {
    for source in Source::ALL {
        for copied in ["secret\n", " secret", "secret\t", "\r\nsecret"] {
            assert_eq!(refused(source, copied), Some(BadSecret::Blanks), "{}", source.name());
        }
    }
    assert_eq!(refused(Source::Github, "two words"), None);
}

#[test]
fn a_secret_has_a_longest_length() {
    assert_eq!(refused(Source::Github, &"é".repeat(SECRET_CHARS_MAX)), None);
    assert_eq!(refused(Source::Github, &"é".repeat(SECRET_CHARS_MAX + 1)), Some(BadSecret::TooLong));
}

#[test]
fn a_signing_secret_is_base64_after_its_prefix() {
    for (secret, refusal) in [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
        ("v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None),
        ("whsec_dGVzdA==", None),
        ("whsec_dGVzdA", None),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Some(BadSecret::NoPrefix)),
        ("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Some(BadSecret::NoPrefix)),
        ("whsec_", Some(BadSecret::Empty)),
        ("whsec_not base64!", Some(BadSecret::NotBase64)),
        ("whsec_MfKQ9r8GKYqrT", Some(BadSecret::NotBase64)),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Some(BadSecret::KeyPair)),
        ("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Some(BadSecret::KeyPair)),
    ] {
        assert_eq!(refused(Source::Standard, secret), refusal, "{secret}");
    }
    assert_eq!(refused(Source::Gitlab, "whsec_!"), Some(BadSecret::NotBase64));
    assert_eq!(refused(Source::Gitlab, "plain!"), None);
    // Stripe's secrets begin in the same way and count as they are written.
    assert_eq!(key(Source::Stripe, "whsec_!").as_text(), Some(&b"whsec_!"[..]));
}

#[test]
fn a_public_key_has_64_hexadecimal_digits_of_either_case() {
    let good = super::schemes::public_key("seed of the first application!!!");
    assert_eq!(refused(Source::Discord, &good), None);
    assert_eq!(refused(Source::Discord, &good.to_uppercase()), None);
    for bad in [&good[..63], &format!("{good}0"), &good.replace(&good[..1], "g"), &"é".repeat(32), "0x"] {
        assert_eq!(refused(Source::Discord, bad), Some(BadSecret::NotPublicKey), "{bad}");
    }
}

#[test]
fn a_public_key_for_which_anybody_can_sign_is_refused() {
    let weak = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for text in weak {
        assert_eq!(refused(Source::Discord, text), Some(BadSecret::WeakPublicKey), "{text}");
    }
    // The neutral element "signs" everything: R is it too, and S is 0.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let signature = [neutral, [0; 32]].concat();
    assert!(super::super::discord::is_signed(&neutral, b"anything", &signature), "the refusal is not idle");
}

#[test]
fn hexadecimal_digits_are_lower_case_and_as_many_as_expected() {
    assert_eq!(unhex::<2>("0aff"), Some([0x0a, 0xff]));
    for bad in ["0AFF", "0aF0", "0af", "0aff0", "0aff00", "0agf", "éa", " 0af", "+0af", ""] {
        assert_eq!(unhex::<2>(bad), None, "{bad}");
    }
}

#[test]
fn telegrams_tokens_have_its_alphabet() {
    for (token, fits) in [("aZ09_-", true), ("a b", false), ("a.b", false), ("é", false)] {
        assert_eq!(telegram::key(token).is_ok(), fits, "{token}");
    }
    assert!(telegram::key(&"a".repeat(256)).is_ok());
    assert_eq!(telegram::key(&"a".repeat(257)).err(), Some(BadSecret::NotTelegramToken));
}

#[test]
fn words_about_a_bad_secret_do_not_repeat_it() {
    for secret in ["whsec_not base64!", "hunter2"] {
        let words =
            [Source::Standard, Source::Discord].map(|source| refused(source, secret).unwrap().to_string());
        assert!(words.iter().all(|words| !words.contains(secret)), "{words:?}");
    }
}
