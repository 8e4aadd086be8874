//! Which redirects are followed, and what the next hop sees.

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderValue};

use super::*;

fn asked<'a>(method: &'a Method, url: &'a Url, has_body: bool) -> Asked<'a> {
    Asked { method, url, has_body, holds_secret: false }
}

fn hop(method: &Method, status: u16, location: &str) -> Option<Hop> {
    let url = Url::parse("https://a.example/x/y?q").unwrap();
    next(asked(method, &url, *method == Method::POST), status, Some(location)).unwrap()
}

fn refusal(from: &str, location: &str) -> &'static str {
    let url = Url::parse(from).unwrap();
    next(asked(&Method::GET, &url, false), 302, Some(location)).unwrap_err()
}

#[test]
fn only_five_statuses_with_an_address_are_redirects() {
    for status in [200, 201, 300, 304, 305, 306, 309, 404] {
        assert_eq!(hop(&Method::GET, status, "/z"), None, "{status}");
    }
    let url = Url::parse("http://a.example/").unwrap();
    assert_eq!(next(asked(&Method::GET, &url, false), 302, None), Ok(None));
}

#[test]
fn the_method_and_the_body_follow_the_standard() {
    for (method, status, then, keeps_body) in [
        (Method::GET, 301, Method::GET, false),
        (Method::HEAD, 303, Method::HEAD, false),
        (Method::POST, 301, Method::GET, false),
        (Method::POST, 302, Method::GET, false),
        (Method::POST, 303, Method::GET, false),
        (Method::PUT, 303, Method::GET, false),
        (Method::POST, 307, Method::POST, true),
        (Method::POST, 308, Method::POST, true),
    ] {
        let hop = hop(&method, status, "z").unwrap();
        assert_eq!((hop.method, hop.keeps_body), (then, keeps_body), "{method} {status}");
        assert_eq!(hop.url.as_str(), "https://a.example/x/z");
        assert!(hop.same_origin);
    }
}

#[test]
fn tls_is_not_left_and_other_schemes_are_not_entered() {
    assert!(refusal("https://a.example/", "http://a.example/").contains("https to http"));
    for location in
        ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "javascript:1", "data:,x"]
    {
        assert!(refusal("http://a.example/", location).contains("not http"), "{location}");
    }
    assert!(refusal("http://a.example/", "http://[").contains("no address"));
}

#[test]
fn a_body_or_a_secret_does_not_go_on_to_another_origin() {
    let url = Url::parse("https://a.example/").unwrap();
    for elsewhere in ["https://b.example/", "https://a.example:8443/"] {
        assert!(next(asked(&Method::POST, &url, true), 307, Some(elsewhere)).is_err());
        let with_secret = Asked { holds_secret: true, ..asked(&Method::GET, &url, false) };
        assert!(next(with_secret, 302, Some(elsewhere)).is_err());
    }
    let with_secret = Asked { holds_secret: true, ..asked(&Method::GET, &url, false) };
    assert!(next(with_secret, 302, Some("/same")).unwrap().is_some());
}

#[test]
fn another_origin_sees_no_credential_and_no_header_of_ours() {
    let headers = || {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        headers.insert(COOKIE, HeaderValue::from_static("a=b"));
        headers.insert("x-api-key", HeaderValue::from_static("k"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/html"));
        let mut hidden = HeaderValue::from_static("h");
        hidden.set_sensitive(true);
        headers.insert(RANGE, hidden);
        headers
    };
    let mut same = headers();
    strip(&mut same, &hop(&Method::GET, 302, "/z").unwrap());
    assert_eq!(same.len(), 5);
    let mut other = headers();
    strip(&mut other, &hop(&Method::GET, 302, "https://b.example/").unwrap());
    assert_eq!(other.keys().collect::<Vec<_>>(), [ACCEPT]);
}

#[test]
fn nobody_follows_more_than_the_limit() {
    assert_eq!(Follow::never().max, 0);
    assert_eq!(Follow::up_to(200).max, REDIRECTS_MAX);
}
