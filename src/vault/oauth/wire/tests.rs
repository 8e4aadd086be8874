//! Which addresses a provider may have.

use super::{check_url, loopback};

#[test]
fn addresses_are_https_or_on_this_machine() {
    for good in [
        "https://auth.example.com/token",
        "http://127.0.0.1:9/token",
        "http://localhost/token?x=1",
        "http://[::1]:9/t",
    ] {
        assert!(check_url("token_url", good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "http://auth.example.com/token",
        "ftp://127.0.0.1/",
        "https://",
        "https:///x",
        "https://a b/",
        "http://127.0.0.1.evil.test/",
        "http://localhost.evil.test/",
        "http://user@127.0.0.1/",
        "https://x/#y",
        "http://192.168.1.1/",
    ] {
        assert!(check_url("token_url", bad).is_err(), "{bad}");
    }
    assert_eq!(loopback("http://127.0.0.1:9?x"), Some(("http://127.0.0.1:9", "?x")));
    assert_eq!(loopback("http://[::1]:9"), Some(("http://[::1]:9", "/")));
}
