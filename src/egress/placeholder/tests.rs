//! Placeholders in every place, and what stays as it was.

use reqwest::header::AUTHORIZATION;

use super::*;

const AWKWARD: &str = "a\"b\\c&d=e+f g%h/ä";

fn texts(url: &str, content_type: &'static str, body: &str) -> Texts {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Texts { url: Url::parse(url).unwrap(), headers, body: Some(Bytes::copy_from_slice(body.as_bytes())) }
}

fn named() -> Named {
    let pairs = [("key", AWKWARD), ("a-b_c", "plain")];
    pairs.map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned()))).into()
}

fn body(texts: &Texts) -> &str {
    std::str::from_utf8(texts.body.as_deref().unwrap()).unwrap()
}

#[test]
fn names_are_found_in_every_place_and_each_once() {
    let mut texts = texts(
        "https://h.example/p?a=%40secret%3Ain_query&b=@secret:twice",
        "application/json",
        r#"{"x":"@secret:in_body.","y":["@secret:twice"]}"#,
    );
    texts.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer @secret:in_header"));
    let (names, beyond) = texts.names(true).unwrap();
    assert_eq!(names, ["in_body", "in_header", "in_query", "twice"]);
    assert!(beyond);
    assert_eq!(texts.names(false).unwrap(), (vec!["in_header".to_owned()], false));
}

#[test]
fn a_value_in_json_stays_inside_its_string() {
    let mut texts =
        texts("https://h.example/", "application/vnd.x+json; charset=utf-8", r#"{"k":"<@secret:key>"}"#);
    texts.fill(&named(), true).unwrap();
    let value: serde_json::Value = serde_json::from_str(body(&texts)).unwrap();
    assert_eq!(value["k"], format!("<{AWKWARD}>"));
}

#[test]
fn a_value_in_a_form_or_a_query_stays_inside_its_field() {
    let url = "https://h.example/?z=%7e+1&k=%40secret%3Akey&last";
    let mut texts = texts(url, "application/x-www-form-urlencoded", "z=%7e+1&k=@secret:key&@secret:key=1");
    texts.fill(&named(), true).unwrap();
    let fields: Vec<_> = form_urlencoded::parse(body(&texts).as_bytes()).into_owned().collect();
    assert_eq!(fields[1], ("k".to_owned(), AWKWARD.to_owned()));
    assert_eq!(fields[2], (AWKWARD.to_owned(), "1".to_owned()));
    assert_eq!(texts.url.query_pairs().nth(1).unwrap().1, AWKWARD);
    for text in [body(&texts), texts.url.query().unwrap()] {
        assert!(text.starts_with("z=%7e+1&k="), "{text}: what holds no placeholder stays as it was");
    }
    assert!(texts.url.query().unwrap().ends_with("&last"));
}

#[test]
fn a_value_in_a_header_is_sensitive_and_must_fit() {
    let mut texts = texts("https://h.example/", "text/plain", "");
    texts.headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer @secret:a-b_c."));
    texts.fill(&named(), false).unwrap();
    let value = &texts.headers[AUTHORIZATION];
    assert_eq!(value, "Bearer plain.");
    assert!(value.is_sensitive());
    texts.headers.insert(AUTHORIZATION, HeaderValue::from_static("@secret:nl"));
    let split = [("nl".to_owned(), Secret::new("a\r\nX-Injected: 1".to_owned()))].into();
    assert!(matches!(texts.fill(&split, false), Err(EgressError::SecretPlace { .. })));
}

#[test]
fn paths_and_other_bodies_take_no_secret() {
    for (url, content_type, text) in [
        ("https://h.example/@secret:key", "text/plain", ""),
        ("https://h.example/%40secret%3akey/x", "text/plain", ""),
        ("https://h.example/", "text/plain", "@secret:key"),
        ("https://h.example/", "multipart/form-data; boundary=x", "@secret:key"),
    ] {
        let refused = texts(url, content_type, text).names(true);
        assert!(matches!(refused, Err(EgressError::SecretPlace { .. })), "{url} {content_type}");
    }
}

#[test]
fn a_value_that_looks_like_a_placeholder_is_not_filled_again() {
    let mut texts = texts("https://h.example/", "application/json", r#"["@secret:a","@secret:"]"#);
    let nested = [("a", "@secret:b"), ("b", "never")];
    texts
        .fill(&nested.map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned()))).into(), true)
        .unwrap();
    assert_eq!(body(&texts), r#"["@secret:b","@secret:"]"#);
}

#[test]
fn only_headers_are_touched_when_only_headers_are_asked_for() {
    let text = r#"{"chat":"what is @secret:key?"}"#;
    let mut texts = texts("https://h.example/?q=@secret:key", "application/json", text);
    texts.fill(&named(), false).unwrap();
    assert_eq!(body(&texts), text);
    assert_eq!(texts.url.query(), Some("q=@secret:key"));
}
