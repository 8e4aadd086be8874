//! What holds for every source.

use super::super::{Refusal, Source};
use super::schemes::{SCHEMES, Signs};
use super::{NOW, key};

#[test]
fn a_good_request_is_verified_and_says_what_happened_and_which_delivery_it_is() {
    for scheme in SCHEMES {
        let verified =
            scheme.judge(&scheme.request(0)).unwrap_or_else(|why| panic!("{}: {why}", scheme.name));
        assert_eq!(verified.event, scheme.event, "{}", scheme.name);
        assert_eq!(verified.id.as_deref(), scheme.id, "{}", scheme.name);
        assert_eq!(verified.id_is_signed, scheme.id_is_signed, "{}", scheme.name);
        assert_eq!((verified.key, verified.reply), (0, None), "{}", scheme.name);
    }
}

#[test]
fn every_source_has_a_scheme_here() {
    for source in Source::ALL {
        assert!(SCHEMES.iter().any(|scheme| scheme.name == source.as_str()), "{}", source.name());
    }
}

#[test]
fn a_body_with_one_flipped_byte_is_refused() {
    for scheme in SCHEMES.iter().filter(|scheme| scheme.signs != Signs::Nothing) {
        let good = scheme.request(0);
        for at in 0..good.body.len() {
            let mut body = good.body.clone();
            body[at] ^= 1;
            let judged = scheme.judge(&good.clone().body(body));
            assert_eq!(judged, Err(Refusal::Mismatch), "{} at {at}", scheme.name);
        }
    }
}

#[test]
fn a_body_that_is_longer_or_shorter_is_refused() {
    for scheme in SCHEMES.iter().filter(|scheme| scheme.signs != Signs::Nothing) {
        let good = scheme.request(0);
        for more in [" ", "\n", "x", "\0"] {
            let longer = [good.body.as_slice(), more.as_bytes()].concat();
            assert_eq!(scheme.judge(&good.clone().body(longer)), Err(Refusal::Mismatch), "{}", scheme.name);
        }
        for cut in [1, good.body.len() / 2, good.body.len()] {
            let shorter = &good.body[..good.body.len() - cut];
            assert_eq!(scheme.judge(&good.clone().body(shorter)), Err(Refusal::Mismatch), "{}", scheme.name);
        }
    }
}

#[test]
fn a_body_that_was_parsed_and_written_again_is_refused() {
    for scheme in SCHEMES.iter().filter(|scheme| scheme.signs == Signs::Body) {
        let good = scheme.request(0);
        let value: serde_json::Value = serde_json::from_slice(&good.body).unwrap();
        for again in [serde_json::to_vec(&value), serde_json::to_vec_pretty(&value)].map(Result::unwrap) {
            if again != good.body {
                assert_eq!(
                    scheme.judge(&good.clone().body(again)),
                    Err(Refusal::Mismatch),
                    "{}",
                    scheme.name
                );
            }
        }
    }
}

#[test]
fn a_mebibyte_is_verified_and_a_byte_less_is_not() {
    for scheme in SCHEMES {
        let big = scheme.padded(1 << 20);
        let good = scheme.request_of(0, big.as_bytes());
        assert_eq!(
            scheme.judge(&good).map(|verified| verified.event),
            Ok(scheme.event.to_owned()),
            "{}",
            scheme.name
        );
        if scheme.signs != Signs::Nothing {
            let cut = good.clone().body(&big.as_bytes()[..big.len() - 1]);
            assert_eq!(scheme.judge(&cut), Err(Refusal::Mismatch), "{}", scheme.name);
        }
    }
}

#[test]
fn a_needed_header_that_is_missing_or_empty_is_named() {
    for scheme in SCHEMES {
        for name in scheme.needed {
            let missing = scheme.judge(&scheme.request(0).without(name)).unwrap_err();
            assert!(matches!(missing, Refusal::Missing { .. }), "{} without {name}: {missing}", scheme.name);
            for blank in ["", " ", "\t"] {
                let empty = scheme.judge(&scheme.request(0).with(name, blank)).unwrap_err();
                assert_eq!(empty, missing, "{} with an empty {name}", scheme.name);
            }
        }
    }
}

#[test]
fn a_header_that_is_there_twice_is_refused_even_with_equal_values() {
    for scheme in SCHEMES {
        let good = scheme.request(0);
        let read = |name: &&http::HeaderName| *name != http::header::CONTENT_TYPE && *name != "x-webhook-id";
        for name in good.headers.keys().filter(read) {
            let mut twice = good.clone();
            twice.add(name.as_str(), good.headers[name].as_bytes());
            let refusal = scheme.judge(&twice).err();
            let is_named = |part: &str| part.eq_ignore_ascii_case(name.as_str());
            assert!(
                matches!(refusal, Some(Refusal::Repeated { part }) if is_named(part)),
                "{} {name}",
                scheme.name
            );
        }
    }
}

#[test]
fn another_secret_does_not_fit() {
    for scheme in SCHEMES {
        assert_eq!(scheme.judge(&scheme.request(1)), Err(Refusal::Mismatch), "{}", scheme.name);
    }
}

#[test]
fn while_a_secret_is_replaced_both_fit_and_it_is_said_which() {
    for scheme in SCHEMES {
        for (request, keys, place) in [(0, [0, 1], 0), (0, [1, 0], 1), (1, [0, 1], 1), (1, [1, 0], 0)] {
            let keys = keys.map(|at| scheme.key(at));
            let request = scheme.request(request);
            let verified = (scheme.verify)(&request.received(), &keys).unwrap();
            assert_eq!(verified.key, place, "{}", scheme.name);
        }
    }
}

#[test]
fn without_a_secret_nothing_is_verified() {
    for scheme in SCHEMES {
        let request = scheme.request(0);
        assert_eq!((scheme.verify)(&request.received(), &[]), Err(Refusal::NoKey), "{}", scheme.name);
    }
}

#[test]
fn a_key_of_another_kind_fits_nothing() {
    let text = || key(Source::Github, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let signing = || key(Source::Standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let public = || key(Source::Discord, &super::schemes::public_key("seed of the first application!!!"));
    for scheme in SCHEMES {
        let request = scheme.request(0);
        for keys in [[text()], [signing()], [public()]] {
            let own = keys[0].as_signing().is_some() && matches!(scheme.name, "standard" | "svix")
                || keys[0].as_public().is_some() && scheme.name == "discord";
            let judged = (scheme.verify)(&request.received(), &keys);
            assert_eq!(judged.is_ok(), own, "{}", scheme.name);
        }
    }
}

#[test]
fn a_signature_that_is_cut_or_longer_or_one_digit_off_is_refused() {
    for scheme in SCHEMES {
        let good = scheme.request(0);
        let proof = good.headers[scheme.proof()].to_str().unwrap().to_owned();
        for end in 0..proof.len() {
            let cut = good.clone().with(scheme.proof(), &proof[..end]);
            assert!(scheme.judge(&cut).is_err(), "{} cut to {end}", scheme.name);
        }
        for more in ["0", "A", "=", ".", "é", ",", " v1=0"] {
            let longer = good.clone().with(scheme.proof(), &format!("{proof}{more}"));
            // An entry of a list that says nothing is passed over.
            let is_passed = match more {
                "," => ["generic", "stripe", "pagerduty", "circleci"].contains(&scheme.name),
                " v1=0" => ["gitlab signed", "standard", "svix"].contains(&scheme.name),
                _ => false,
            };
            assert_eq!(scheme.judge(&longer).is_ok(), is_passed, "{} and {more:?}", scheme.name);
        }
        let changed = |at: usize| {
            let mut bytes = proof.clone().into_bytes();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            bytes
        };
        for at in proof.len().saturating_sub(20)..proof.len() {
            let mut off = good.clone();
            off.set(scheme.proof(), &changed(at));
            assert!(scheme.judge(&off).is_err(), "{} changed at {at}", scheme.name);
        }
    }
}

#[test]
fn a_signature_has_one_spelling() {
    for scheme in SCHEMES {
        let good = scheme.request(0);
        let proof = good.headers[scheme.proof()].to_str().unwrap();
        let (start, end) = proof.split_at(proof.len() - 20.min(proof.len() / 2));
        let upper = good.clone().with(scheme.proof(), &format!("{start}{}", end.to_ascii_uppercase()));
        assert!(scheme.judge(&upper).is_err(), "{}", scheme.name);
    }
}

#[test]
fn a_signed_time_may_be_as_far_away_as_its_window_and_not_a_second_more() {
    for scheme in SCHEMES.iter().filter(|scheme| scheme.window_s > 0) {
        let good = scheme.request(0);
        for away in [scheme.window_s, -scheme.window_s] {
            assert!(scheme.judge(&good.clone().at(NOW + away)).is_ok(), "{} {away}", scheme.name);
            let over = good.clone().at(NOW + away + away.signum());
            assert!(matches!(scheme.judge(&over), Err(Refusal::Stale { .. })), "{} {away}", scheme.name);
        }
        for now_s in [0, -1, i64::MIN, i64::MAX] {
            let far = scheme.judge(&good.clone().at(now_s));
            assert!(matches!(far, Err(Refusal::Stale { .. })), "{} at {now_s}", scheme.name);
        }
    }
}

#[test]
fn where_no_time_is_signed_age_says_nothing_and_the_content_has_to_be_remembered() {
    for scheme in SCHEMES.iter().filter(|scheme| scheme.window_s == 0) {
        let good = scheme.request(0);
        let now = scheme.judge(&good).unwrap();
        for later in [NOW + 315_360_000, NOW - 315_360_000] {
            assert_eq!(scheme.judge(&good.clone().at(later)).unwrap(), now, "{}", scheme.name);
        }
    }
}

#[test]
fn a_replay_with_another_id_and_event_has_the_same_content() {
    for scheme in SCHEMES.iter().filter(|scheme| !scheme.id_is_signed) {
        let good = scheme.request(0);
        let first = scheme.judge(&good).unwrap();
        let mut replayed = good.clone();
        for name in good
            .headers
            .keys()
            .filter(|name| !scheme.needed.iter().any(|n| n.eq_ignore_ascii_case(name.as_str())))
        {
            if name != http::header::CONTENT_TYPE {
                replayed.set(name.as_str(), b"other");
            }
        }
        let again = scheme.judge(&replayed).unwrap();
        assert_eq!(again.content, first.content, "{}", scheme.name);
        if replayed.headers != good.headers {
            assert_ne!((again.event, again.id), (first.event, first.id), "{}", scheme.name);
        }
    }
}

#[test]
fn another_body_is_another_content() {
    for scheme in SCHEMES {
        let body = (scheme.body)();
        let other = match body.strip_suffix('}') {
            Some(open) => format!("{open} }}"),
            None if body.starts_with('[') => format!("{body} "),
            None => format!("{body}&pad=1"),
        };
        let first = scheme.judge(&scheme.request_of(0, body.as_bytes())).unwrap();
        let second = scheme.judge(&scheme.request_of(0, other.as_bytes())).unwrap();
        assert_ne!(first.content, second.content, "{}", scheme.name);
    }
}

#[test]
fn a_signed_id_or_event_with_control_characters_is_refused_and_a_long_event_is_cut() {
    let scheme = SCHEMES.iter().find(|scheme| scheme.name == "stripe").unwrap();
    let of = |body: &str| scheme.judge(&scheme.request_of(0, body.as_bytes()));
    assert!(matches!(of(r#"{"id":"a\nb","type":"x"}"#), Err(Refusal::Unusable { .. })));
    assert!(matches!(of(r#"{"id":"a","type":"x\u0000"}"#), Err(Refusal::Unusable { .. })));
    let long = "x".repeat(400);
    assert_eq!(of(&format!(r#"{{"type":"{long}"}}"#)).unwrap().event, "x".repeat(255));
    assert!(matches!(of(&format!(r#"{{"id":"{long}"}}"#)), Err(Refusal::Unusable { .. })));
    let nameless = of("not JSON").unwrap();
    assert_eq!((nameless.event.as_str(), nameless.id, nameless.id_is_signed), ("unknown", None, false));
}
