//! The cookie and its flags.

use super::*;

#[test]
fn over_tls_the_cookie_is_bound_to_its_host_and_secure() {
    let value = SecretText::random("").unwrap();
    let cookie = set(&value, true).unwrap();
    let text = cookie.to_str().unwrap();
    assert!(text.starts_with(&format!("__Host-capuchin_session={}; Path=/;", value.expose())), "{text}");
    for flag in ["HttpOnly", "SameSite=Strict", "Secure", "Max-Age=7776000"] {
        assert!(text.contains(flag), "{text}");
    }
    assert!(!text.contains("Domain"));
    assert!(cookie.is_sensitive(), "it does not print");
}

#[test]
fn over_plain_loopback_it_has_neither_prefix_nor_secure() {
    let text = set(&SecretText::random("").unwrap(), false).unwrap();
    assert!(text.to_str().unwrap().starts_with("capuchin_session="));
    assert!(!text.to_str().unwrap().contains("Secure"));
    assert!(clear(false).unwrap().to_str().unwrap().contains("Max-Age=0"));
}

#[test]
fn the_bound_cookie_wins_and_look_alikes_are_not_read() {
    let mut headers = HeaderMap::new();
    let value = "a=b; capuchin_session=plain; xcapuchin_session=no";
    headers.insert(header::COOKIE, HeaderValue::from_static(value));
    assert_eq!(session(&headers, false), Some("plain"));
    assert_eq!(session(&headers, true), None, "a page without encryption could have set it");
    headers.append(header::COOKIE, HeaderValue::from_static("__Host-capuchin_session=bound"));
    assert_eq!(session(&headers, false), Some("bound"));
    assert_eq!(session(&headers, true), Some("bound"));
    headers.clear();
    headers.insert(header::COOKIE, HeaderValue::from_static("capuchin_session=; capuchin_sessions=x"));
    assert_eq!(session(&headers, false), None);
}
