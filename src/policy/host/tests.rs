//! Hosts.

use super::*;

#[test]
fn each_host_has_one_spelling_or_none() {
    for (text, wanted) in [
        ("Example.COM", Some("example.com")),
        ("example.com.", Some("example.com")),
        ("localhost", Some("localhost")),
        ("127.0.0.1", Some("127.0.0.1")),
        ("[::1]", Some("::1")),
        ("::ffff:127.0.0.1", Some("127.0.0.1")),
        ("0:0:0:0:0:0:0:1", Some("::1")),
        ("127.1", None),
        ("0x7f.0.0.1", None),
        ("2130706433", None),
        ("0177.0.0.1", None),
        ("1.2.3.4.5", None),
        ("a.0x10", None),
        ("", None),
        (".", None),
        ("a..b", None),
        ("a b", None),
        ("user@host", None),
        ("host:80", None),
        ("bücher.example", None),
        ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
    ] {
        assert_eq!(canonical_host(text).as_deref(), wanted, "{text}");
    }
    assert!(canonical_host(&"a".repeat(63)).is_some() && canonical_host(&"a".repeat(64)).is_none());
}

#[test]
fn a_wildcard_ends_at_a_label() {
    let below = HostPattern::try_from("*.example.com".to_owned()).unwrap();
    for (host, wanted) in [
        ("a.example.com", true),
        ("a.b.example.com", true),
        ("example.com", false),
        (".example.com", false),
        ("evilexample.com", false),
        ("example.com.evil", false),
    ] {
        assert_eq!(below.matches(host), wanted, "{host}");
    }
    for text in ["*.1.2.3.4", "*example.com", "a.*.b", "**", "*.", ""] {
        assert!(HostPattern::try_from(text.to_owned()).is_err(), "{text}");
    }
}
