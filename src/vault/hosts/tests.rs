//! Which hosts a grant names.

use super::{HOSTS_MAX, Hosts};

#[test]
fn a_grant_is_for_the_host_itself_or_for_everything_below_a_name() {
    let hosts = Hosts::new(["API.example.com.", "*.example.org", "127.0.0.1", "::1", "localhost"]).unwrap();
    for host in [
        "api.example.com",
        "Api.Example.Com",
        "api.example.com.",
        "a.example.org",
        "a.b.example.org",
        "127.0.0.1",
        "[::1]",
        "localhost",
    ] {
        assert!(hosts.allow(host), "{host}");
    }
    for host in [
        "example.com",
        "x.api.example.com",
        "api.example.com.evil.test",
        "example.org",
        "evilexample.org",
        ".example.org",
        "127.0.0.2",
        "",
    ] {
        assert!(!hosts.allow(host), "{host}");
    }
    assert!(!Hosts::default().allow("api.example.com"));
}

#[test]
fn what_is_no_host_is_refused() {
    for bad in [
        "",
        "*",
        "*.com",
        "*.",
        "a..b",
        "https://a.example",
        "a.example/x",
        "a.example:443",
        "-a.example",
        "a b",
        "*.*.example.org",
        "a.*.example.org",
        "1.2.3.4.5",
        "999.1.1.1",
        "*.1.2.3.4",
        "ex\u{e4}mple.org",
    ] {
        assert!(Hosts::new([bad]).is_err(), "{bad}");
    }
    let many = |count: usize| Hosts::new((0..count).map(|n| format!("h{n}.example.org")));
    assert!(many(HOSTS_MAX).is_ok());
    assert!(many(HOSTS_MAX + 1).is_err());
    assert_eq!(Hosts::new(["a.example", "A.example."]).unwrap().iter().count(), 1);
}
