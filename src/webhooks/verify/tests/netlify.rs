//! Netlify's token: every way in which a JWS can lie.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::super::{Source, Verified};
use super::schemes::{jws, mac};
use super::{NOW, Request, hex, key};

const BODY: &str = r#"{"id":"5e0e","state":"ready"}"#;
const HEAD: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn judge(token: &str) -> Result<Verified, &'static str> {
    let request = Request::new(&[("X-Webhook-Signature", token)], BODY);
    request.judge(Source::Netlify, &[key(Source::Netlify, "s")]).map_err(|why| why.as_str())
}

fn claims(more: &str) -> String {
    format!(r#"{{"iss":"netlify","sha256":"{}"{more}}}"#, hex(&Sha256::digest(BODY)))
}

#[test]
fn a_token_with_more_claims_holds() {
    let verified = judge(&jws("s", HEAD, &claims(""))).unwrap();
    assert_eq!((verified.event.as_str(), verified.id.as_deref()), ("ready", Some("5e0e.ready")));
    for more in [
        format!(r#","exp":{},"nbf":{NOW},"iat":1"#, NOW + 1),
        r#","aud":["x"],"other":{"sha256":"0"}"#.to_owned(),
    ] {
        assert!(judge(&jws("s", HEAD, &claims(&more))).is_ok(), "{more}");
    }
}

#[test]
fn the_algorithm_is_pinned() {
    let good = claims("");
    for head in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS384"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","b64":false}"#,
        "{}",
        "[]",
        "",
    ] {
        assert_eq!(judge(&jws("s", head, &good)), Err("malformed"), "{head}");
    }
}

#[test]
fn a_token_that_is_not_three_parts_of_base64url_is_refused() {
    let good = jws("s", HEAD, &claims(""));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = signed.split_once('.').unwrap();
    let padded = STANDARD.encode(URL_SAFE_NO_PAD.decode(signature).unwrap());
    for token in [
        signed.to_owned(),
        format!("{signed}."),
        format!("{good}."),
        format!(".{good}"),
        format!(".{payload}.{signature}"),
        format!("{signed}.{padded}"),
        format!("{signed}.{}", &signature[..42]),
        format!("{good}=",),
        good.replace('.', ".."),
        format!("Bearer {good}"),
        "x".repeat(4_097),
    ] {
        assert_eq!(judge(&token), Err("malformed"), "{token}");
    }
}

#[test]
fn a_token_of_somebody_else_or_about_something_else_is_refused() {
    let of = |text: &str| hex(&Sha256::digest(text));
    for (claims, refusal) in [
        (claims("").replace("netlify", "nettlify"), "malformed"),
        (claims("").replace(r#""iss":"netlify","#, ""), "malformed"),
        (claims("").replace(r#""netlify""#, r#"["netlify"]"#), "malformed"),
        (r#"{"iss":"netlify"}"#.to_owned(), "malformed"),
        (claims("").replace(&of(BODY), &of("other")), "mismatch"),
        (claims("").replace(&of(BODY), &of(BODY).to_uppercase()), "malformed"),
        (claims("").replace(&of(BODY), &of(BODY)[..63]), "malformed"),
        (claims(&format!(r#","sha256":"{}""#, of(BODY))), "repeated"),
        (claims(r#","iss":"netlify""#), "repeated"),
        (claims(&format!(r#","exp":{NOW}"#)), "stale"),
        (claims(r#","exp":0"#), "stale"),
        (claims(r#","exp":-1"#), "stale"),
        (claims(r#","exp":"9999999999""#), "malformed"),
        (claims(r#","exp":null"#), "malformed"),
        (claims(r#","exp":9999999999.5"#), "malformed"),
        (claims(&format!(r#","nbf":{}"#, NOW + 1)), "stale"),
        ("not JSON".to_owned(), "malformed"),
    ] {
        assert_eq!(judge(&jws("s", HEAD, &claims)), Err(refusal), "{claims}");
    }
}

#[test]
fn claims_that_were_exchanged_after_signing_do_not_fit() {
    let signature = mac(b"s", &[b"x.y"]);
    let token = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(HEAD),
        URL_SAFE_NO_PAD.encode(claims("")),
        URL_SAFE_NO_PAD.encode(signature)
    );
    assert_eq!(judge(&token), Err("mismatch"));
    let (head, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    assert_eq!(judge(&format!("{head}..{signature}")), Err("mismatch"));
}
