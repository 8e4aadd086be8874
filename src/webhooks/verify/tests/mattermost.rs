//! Mattermost: where its token stands, and what else the body says.

use super::super::{Refusal, Source};
use super::{Request, key};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn judge(
    content_type: &str,
    authorization: Option<&str>,
    body: &str,
) -> Result<(String, Option<String>), Refusal> {
    let mut request = Request::new(&[("Content-Type", content_type)], body);
    if let Some(value) = authorization {
        request.set("Authorization", value.as_bytes());
    }
    let verified = request.judge(Source::Mattermost, &[key(Source::Mattermost, "tok")])?;
    assert!(!verified.id_is_signed);
    Ok((verified.event, verified.id))
}

#[test]
fn the_token_is_found_in_forms_in_json_and_in_the_header() {
    for (content_type, authorization, body, event, id) in [
        (FORM, None, "token=tok&trigger_word=%23build&post_id=p", "#build", Some("p")),
        (JSON, None, r##"{"token":"tok","trigger_word":"#build","post_id":"p"}"##, "#build", Some("p")),
        (JSON, None, r#"{"\u0074oken":"tok"}"#, "unknown", None),
        (FORM, None, "token=tok&trigger_word=&post_id=", "unknown", None),
        (FORM, Some("Token tok"), "token=tok&command=%2Fb&trigger_id=t", "/b", Some("t")),
        (FORM, Some("token tok"), "command=%2Fb", "/b", None),
        (FORM, Some("Basic tok"), "token=tok", "unknown", None),
    ] {
        let found = judge(content_type, authorization, body);
        assert_eq!(found, Ok((event.to_owned(), id.map(str::to_owned))), "{body}");
    }
}

#[test]
fn a_token_that_is_missing_doubled_or_wrong_anywhere_is_refused() {
    for (content_type, authorization, body, refusal) in [
        (FORM, None, "", "missing"),
        (FORM, None, "token=", "missing"),
        (JSON, None, "{}", "missing"),
        (JSON, None, r#"{"token":""}"#, "missing"),
        (JSON, None, r#"{"token":null}"#, "missing"),
        (JSON, None, r#"{"token":["tok"]}"#, "missing"),
        (JSON, None, r#"[{"token":"tok"}]"#, "missing"),
        (JSON, None, r#"{"token":"tok""#, "missing"),
        (JSON, None, r#"{"token":"tok"} x"#, "missing"),
        (JSON, None, "token=tok", "missing"),
        (FORM, None, r#"{"token":"tok"}"#, "missing"),
        (JSON, Some("Bearer tok"), "{}", "missing"),
        (FORM, None, "token=no&token=tok", "repeated"),
        (FORM, None, "token=tok&t%6fken=tok", "repeated"),
        (JSON, None, r#"{"token":"no","token":"tok"}"#, "repeated"),
        (JSON, None, r#"{"token":"tok","\u0074oken":"tok"}"#, "repeated"),
        (FORM, None, "token=to", "mismatch"),
        (FORM, None, "token=tokk", "mismatch"),
        (FORM, None, "token=TOK", "mismatch"),
        (FORM, Some("Token no"), "token=tok", "mismatch"),
        (FORM, Some("Token tok"), "token=no", "mismatch"),
    ] {
        let judged = judge(content_type, authorization, body).map_err(|why| why.as_str());
        assert_eq!(judged, Err(refusal), "{content_type} {authorization:?} {body}");
    }
}

#[test]
fn two_tokens_of_two_keys_do_not_add_up() {
    let keys = ["one", "two"].map(|secret| key(Source::Mattermost, secret));
    let request = Request::new(&[("Content-Type", FORM), ("Authorization", "Token one")], "token=two");
    assert_eq!(request.judge(Source::Mattermost, &keys), Err(Refusal::Mismatch));
}
