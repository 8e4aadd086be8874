//! Single values of bodies, and the sources whose bodies or headers decide something of their own.

use super::super::body::{Members, first_of_list, form_value};
use super::super::{Refusal, Source, Verified};
use super::schemes::{mac, sha256};
use super::{NOW, Request, hex, key};

const NAMES: &[&str] = &["a", "b"];

#[test]
fn members_are_found_in_objects_and_nowhere_else() {
    for (body, a) in [
        (r#"{"a":"x"}"#, Some("x")),
        (r#" {"z":{"a":"no"},"a":"x","y":[1,{"a":2}]} "#, Some("x")),
        (r#"{"a":"no","a":"x"}"#, Some("x")),
        (r#"{"a":-12}"#, Some("-12")),
        (r#"{"a":1.5}"#, None),
        (r#"{"a":true}"#, None),
        (r#"{"a":null}"#, None),
        (r#"{"a":["x"]}"#, None),
        (r#"["a","x"]"#, None),
        (r#""a""#, None),
        (r#"{"a":"x""#, None),
        (r#"{"a":"x"}{"a":"y"}"#, None),
        ("", None),
    ] {
        assert_eq!(Members::of(body.as_bytes(), NAMES).text("a").as_deref(), a, "{body}");
    }
    assert!(Members::of(b"{\"a\":\"\xff\"}", NAMES).text("a").is_none());
    assert!(Members::of(b"\xef\xbb\xbf{\"a\":\"x\"}", NAMES).text("a").is_none());
}

#[test]
fn deep_and_long_bodies_cost_no_stack() {
    let deep = format!(r#"{{"b":{}{},"a":"x"}}"#, "[".repeat(500_000), "]".repeat(500_000));
    assert!(Members::of(deep.as_bytes(), &["a"]).text("a").is_none_or(|a| a == "x"));
    let open = "{\"a\":".repeat(200_000);
    assert!(Members::of(open.as_bytes(), NAMES).text("a").is_none());
    assert!(first_of_list("[".repeat(500_000).as_bytes()).is_none());
}

#[test]
fn members_of_members_and_entries_of_lists_are_found() {
    let body = Members::of(br#"{"a":{"b":"x"},"b":[1]}"#, NAMES);
    assert_eq!(body.inside("a", NAMES).text("b").as_deref(), Some("x"));
    assert!(body.inside("b", NAMES).text("a").is_none() && body.inside("c", NAMES).text("a").is_none());
    assert!(body.is_object("a") && !body.is_object("b") && !body.is_repeated("a"));
    assert_eq!(first_of_list(br#" [ {"a":1}, 2]"#), Some(&br#"{"a":1}"#[..]));
    assert_eq!(first_of_list(b"[]"), None);
    assert_eq!(first_of_list(b"{}"), None);
}

#[test]
fn a_field_of_a_form_is_there_once() {
    assert_eq!(form_value(b"a=1&b=%2B", "b", "p").unwrap().as_deref(), Some("+"));
    assert_eq!(form_value(b"a=1", "b", "p").unwrap(), None);
    assert_eq!(form_value(b"a=1&%61=1", "a", "p"), Err(Refusal::Repeated { part: "p" }));
}

fn linear(body: &str) -> Result<Verified, &'static str> {
    let request = Request::new(&[("Linear-Signature", &sha256("s", &[body.as_bytes()]))], body);
    request.judge(Source::Linear, &[key(Source::Linear, "s")]).map_err(|why| why.as_str())
}

#[test]
fn linears_time_is_a_number_of_milliseconds_in_the_signed_body() {
    let of =
        |time: &str| linear(&format!(r#"{{"type":"Issue","action":"create","webhookTimestamp":{time}}}"#));
    let event = |judged: Result<Verified, &'static str>| judged.map(|verified| verified.event);
    let good = Ok("Issue.create".to_owned());
    assert_eq!(event(of(&format!("{NOW}000"))), good);
    assert_eq!(event(of(&format!("{}", NOW * 1_000 + 60_000))), good);
    assert_eq!(event(of(&format!("{}", NOW * 1_000 - 60_000))), good);
    for (time, refusal) in [
        (format!("{}", NOW * 1_000 + 60_001), "stale"),
        (format!("{}", NOW * 1_000 - 60_001), "stale"),
        (NOW.to_string(), "stale"),
        ("-1".to_owned(), "stale"),
        (format!("\"{NOW}000\""), "malformed"),
        (format!("{NOW}000.0"), "malformed"),
        ("1.8e12".to_owned(), "malformed"),
        ("null".to_owned(), "malformed"),
        ("99999999999999999999".to_owned(), "malformed"),
    ] {
        assert_eq!(event(of(&time)), Err(refusal), "{time}");
    }
    assert_eq!(event(linear(r#"{"type":"Issue"}"#)), Err("missing"));
    assert_eq!(event(linear("not JSON")), Err("missing"));
}

#[test]
fn the_header_with_linears_time_is_not_read() {
    let body = format!(r#"{{"webhookTimestamp":{}}}"#, (NOW - 3_600) * 1_000);
    let request = Request::new(&[("Linear-Signature", &sha256("s", &[body.as_bytes()]))], body);
    let request = request.with("Linear-Timestamp", &format!("{NOW}000"));
    let judged = request.judge(Source::Linear, &[key(Source::Linear, "s")]);
    assert!(matches!(judged, Err(Refusal::Stale { .. })));
}

#[test]
fn forgejos_ancestors_are_known_and_the_nearest_counts() {
    let body = "{}";
    let (good, wrong) = (sha256("s", &[body.as_bytes()]), sha256("x", &[body.as_bytes()]));
    let hub = format!("sha256={good}");
    let judge = |headers: &[(&str, &str)]| {
        let judged = Request::new(headers, body).judge(Source::Forgejo, &[key(Source::Forgejo, "s")]);
        judged.map(|verified| (verified.event, verified.id)).map_err(|why| why.as_str())
    };
    let all = [("X-Forgejo", &good), ("X-Gitea", &good), ("X-Gogs", &good)];
    for (family, signature) in all {
        let (proof, event, id) =
            (format!("{family}-Signature"), format!("{family}-Event"), format!("{family}-Delivery"));
        let found = judge(&[(&proof, signature), (&event, "push"), (&id, "1")]);
        assert_eq!(found, Ok(("push".to_owned(), Some("1".to_owned()))), "{family}");
    }
    let found =
        judge(&[("X-Hub-Signature-256", &hub), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "1")]);
    assert_eq!(found, Ok(("push".to_owned(), Some("1".to_owned()))));
    assert!(judge(&[("X-Hub-Signature-256", &hub), ("X-Forgejo-Signature", &good)]).is_ok());
    assert_eq!(judge(&[("X-Hub-Signature-256", &hub), ("X-Forgejo-Signature", &wrong)]), Err("mismatch"));
    assert_eq!(judge(&[("X-Hub-Signature-256", &good)]), Err("malformed"));
    assert_eq!(judge(&[("X-Forgejo-Signature", &hub)]), Err("malformed"));
    assert_eq!(judge(&[("X-Hub-Signature", &good)]), Err("missing"));
}

#[test]
fn lists_of_versions_count_their_v1_only() {
    let body = "{}";
    let (good, other) = (sha256("s", &[body.as_bytes()]), sha256("x", &[body.as_bytes()]));
    for (source, name) in
        [(Source::Pagerduty, "X-PagerDuty-Signature"), (Source::Circleci, "circleci-signature")]
    {
        let judge = |value: &str| {
            Request::new(&[(name, value)], body)
                .judge(source, &[key(source, "s")])
                .map(|v| v.key)
                .map_err(|why| why.as_str())
        };
        for value in [
            format!("v1={good}"),
            format!("v1={other},v1={good}"),
            format!("v1={good} , v1={other}"),
            format!("v2=abc,v1={good},v3"),
        ] {
            assert_eq!(judge(&value), Ok(0), "{value}");
        }
        for (value, refusal) in [
            (format!("v1={other}"), "mismatch"),
            (format!("v2={good}"), "malformed"),
            (format!("v1={other},v2={good}"), "mismatch"),
            (good.clone(), "malformed"),
            (format!("v1 ={good}"), "malformed"),
            (format!("v1={good};v1={good}"), "malformed"),
        ] {
            assert_eq!(judge(&value), Err(refusal), "{value}");
        }
    }
}

#[test]
fn prefixes_are_part_of_the_signature() {
    for (source, name) in [(Source::Github, "X-Hub-Signature-256"), (Source::Bitbucket, "X-Hub-Signature")] {
        let good = sha256("s", &[b"{}"]);
        for (value, fits) in [
            (format!("sha256={good}"), true),
            (good.clone(), false),
            (format!("sha1={good}"), false),
            (format!("SHA256={good}"), false),
            (format!("sha256= {good}"), false),
            (format!("sha256=sha256={good}"), false),
            (format!("sha256={good},sha256={good}"), false),
        ] {
            assert_eq!(
                Request::new(&[(name, &value)], "{}").judge(source, &[key(source, "s")]).is_ok(),
                fits,
                "{value}"
            );
        }
    }
}

#[test]
fn a_dot_that_moves_from_the_id_to_the_time_is_no_new_content() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let later = NOW + 1;
    let signed = format!("a.{NOW}.{later}.{{}}");
    let key_bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &secret[6..]).unwrap();
    let signature = mac(&key_bytes, &[signed.as_bytes()]);
    let signature =
        format!("v1,{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, signature));
    let of = |id: &str, time: i64, body: &str| {
        let time = time.to_string();
        let headers = [("webhook-id", id), ("webhook-timestamp", &time), ("webhook-signature", &signature)];
        Request::new(&headers, body).judge(Source::Standard, &[key(Source::Standard, secret)]).unwrap()
    };
    let (one, other) = (of(&format!("a.{NOW}"), later, "{}"), of("a", NOW, &format!("{later}.{{}}")));
    assert_eq!(hex(&one.content), hex(&other.content));
}

#[test]
fn several_signatures_of_the_standard_are_a_list_with_blanks() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let headers = super::schemes::standard(secret, "msg_1", b"{}");
    let good = headers[0].1.clone();
    let other = super::schemes::standard("whsec_dGVzdA==", "msg_1", b"{}")[0].1.clone();
    for (value, judged) in [
        (format!("{other} {good}"), Ok(())),
        (format!("{good} {other}"), Ok(())),
        (format!("v1a,{} {good}", "A".repeat(86)), Ok(())),
        (format!("v1,short {good}"), Ok(())),
        (other.clone(), Err("mismatch")),
        (good.replace("v1,", "v2,"), Err("malformed")),
        (good.replace("v1,", ""), Err("malformed")),
        (good.replace("v1,", "v1="), Err("malformed")),
        (good.trim_end_matches('=').to_owned(), Err("malformed")),
        (format!("{good},{other}"), Err("malformed")),
    ] {
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = Request::new(&pairs, "{}").with("webhook-signature", &value);
        let found = request.judge(Source::Standard, &[key(Source::Standard, secret)]);
        assert_eq!(found.map(|_| ()).map_err(|why| why.as_str()), judged, "{value}");
    }
}
