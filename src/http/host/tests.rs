//! DNS rebinding, odd hosts, and pages of other origins.

use super::*;

const LOCAL: &str = "127.0.0.1:7717";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name: header::HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    map
}

fn judge(
    names: &[&str],
    host: &[&str],
    target: &str,
    local: &str,
    tls: bool,
) -> Result<ServedHost, HostRefused> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let hosts: Vec<(&str, &str)> = host.iter().map(|host| ("host", *host)).collect();
    HostRules::new(&names).judge(&headers(&hosts), &target.parse().unwrap(), local.parse().unwrap(), tls)
}

#[test]
fn our_own_names_with_our_own_port_are_served() {
    for host in ["127.0.0.1:7717", "localhost:7717", "LOCALHOST:7717"] {
        assert!(judge(&[], &[host], "/", LOCAL, false).is_ok(), "{host}");
    }
    assert!(judge(&[], &["[::1]:7717"], "/", "[::1]:7717", false).is_ok());
    assert!(judge(&[], &["127.0.0.1:7717"], "/", "[::ffff:127.0.0.1]:7717", false).is_ok());
    assert!(judge(&[], &["localhost"], "/", "127.0.0.1:80", false).is_ok());
    assert!(judge(&[], &["localhost"], "/", "127.0.0.1:443", true).is_ok());
}

#[test]
fn every_other_name_is_misdirected() {
    for host in [
        "evil.test",
        "evil.test:7717",
        "localhost.evil.test:7717",
        "127.0.0.1.evil.test:7717",
        "sub.localhost:7717",
        "localhost:7718",
        "localhost",
        "127.0.0.1",
        "127.0.0.2:7717",
        "0.0.0.0:7717",
        "[::1]:7717",
        "127.1:7717",
        "2130706433:7717",
    ] {
        assert_eq!(judge(&[], &[host], "/", LOCAL, false), Err(HostRefused::Unknown), "{host}");
    }
}

#[test]
fn a_host_that_is_absent_doubled_or_malformed_is_refused() {
    for host in [
        "",
        ":7717",
        "localhost:",
        "localhost:x",
        "localhost:+7717",
        "localhost:99999",
        "localhost.:7717",
        "user@localhost:7717",
        "localhost:7717/x",
        "[::1",
        "[::1]x:7717",
        "[localhost]:7717",
        "local host:7717",
    ] {
        let outcome = judge(&[], &[host], "/", LOCAL, false);
        // `localhost:` has an empty port, which is no number.
        assert_eq!(outcome, Err(HostRefused::Malformed), "{host:?}");
    }
    assert_eq!(judge(&[], &[], "/", LOCAL, false), Err(HostRefused::Malformed));
    let twice = ["localhost:7717", "localhost:7717"];
    assert_eq!(judge(&[], &twice, "/", LOCAL, false), Err(HostRefused::Malformed));
}

#[test]
fn an_absolute_target_must_agree_with_the_host() {
    assert!(judge(&[], &["localhost:7717"], "http://localhost:7717/x", LOCAL, false).is_ok());
    for target in ["http://evil.test/x", "http://localhost:7718/x", "http://127.0.0.1:7717/x"] {
        let outcome = judge(&[], &["localhost:7717"], target, LOCAL, false);
        assert_eq!(outcome, Err(HostRefused::Malformed), "{target}");
    }
}

#[test]
fn configured_names_are_served_on_the_usual_ports_or_on_the_one_they_name() {
    let names = ["Claw.Example.org", "other.example.org:8443"];
    for host in
        ["claw.example.org", "claw.example.org:443", "claw.example.org:7717", "other.example.org:8443"]
    {
        assert!(judge(&names, &[host], "/", LOCAL, false).is_ok(), "{host}");
    }
    for host in ["claw.example.org:8080", "other.example.org", "example.org", "x.claw.example.org"] {
        assert_eq!(judge(&names, &[host], "/", LOCAL, false), Err(HostRefused::Unknown), "{host}");
    }
}

fn same_origin(pairs: &[(&str, &str)], tls: bool, guarded: bool) -> bool {
    let local = if tls { "127.0.0.1:443" } else { LOCAL };
    let host = if tls { "localhost" } else { "localhost:7717" };
    judge(&[], &[host], "/", local, tls).unwrap().is_same_origin(&headers(pairs), tls, guarded)
}

#[test]
fn only_our_own_origin_and_programs_without_one_may_change_anything() {
    assert!(same_origin(&[], false, true), "a program");
    assert!(same_origin(&[("origin", "http://localhost:7717")], false, true));
    assert!(same_origin(&[("origin", "https://localhost")], true, true));
    for origin in [
        "https://evil.test",
        "null",
        "",
        "http://localhost:9",
        "http://localhost",
        "http://127.0.0.1:7717",
        "http://127.0.0.1.evil.test",
        "https://localhost:7717",
        "http://localhost:7717/",
        "http://localhost:7717.evil.test",
    ] {
        assert!(!same_origin(&[("origin", origin)], false, true), "{origin:?}");
        assert!(!same_origin(&[("origin", origin)], false, false), "reads too: {origin:?}");
    }
    assert!(!same_origin(&[("origin", "http://localhost")], true, true), "a downgraded page");
    let twice = [("origin", "http://localhost:7717"), ("origin", "http://localhost:7717")];
    assert!(!same_origin(&twice, false, true));
}

#[test]
fn what_the_browser_says_about_the_page_counts_even_without_an_origin() {
    for own in ["same-origin", "none"] {
        assert!(same_origin(&[("sec-fetch-site", own)], false, true), "{own}");
    }
    for foreign in ["cross-site", "same-site", "anything"] {
        assert!(!same_origin(&[("sec-fetch-site", foreign)], false, true), "{foreign}");
        assert!(!same_origin(&[("sec-fetch-site", foreign)], false, false), "an image or script: {foreign}");
    }
    let link =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert!(same_origin(&link, false, false), "a link on another page leads here");
    assert!(!same_origin(&link, false, true), "a form on another page does not");
    let frame =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert!(!same_origin(&frame, false, false));
}

#[test]
fn a_tls_proxy_in_front_of_a_configured_name_is_our_own_origin() {
    let host = judge(&["claw.example.org"], &["claw.example.org"], "/", LOCAL, false).unwrap();
    assert!(host.is_same_origin(&headers(&[("origin", "https://claw.example.org")]), false, true));
    assert!(!host.is_same_origin(&headers(&[("origin", "https://other.example.org")]), false, true));
}

#[test]
fn streams_and_changes_are_guarded() {
    assert!(opens_stream(&headers(&[("accept", "text/event-stream")])));
    assert!(opens_stream(&headers(&[("upgrade", "websocket")])));
    assert!(!opens_stream(&headers(&[("accept", "application/json")])));
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::CONNECT] {
        assert!(changes_state(&method), "{method}");
    }
    assert!(!changes_state(&Method::GET) && !changes_state(&Method::HEAD));
}
