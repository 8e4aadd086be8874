//! Which hosts the proxy covers.

use super::*;

fn rule(no_proxy: &[&str]) -> ProxyRule {
    let no_proxy = no_proxy.iter().map(|&host| host.to_owned()).collect();
    let proxy = Some("socks5://[::1]:1080".to_owned());
    ProxyRule::of(&EgressConfig { proxy, no_proxy, ..EgressConfig::default() }).unwrap()
}

#[test]
fn without_a_setting_there_is_no_proxy() {
    assert!(ProxyRule::of(&EgressConfig::default()).is_none());
}

#[test]
fn the_proxy_looks_names_up() {
    assert_eq!(rule(&[]).url, "socks5h://[::1]:1080");
    assert_eq!(rule(&[]).host(), "[::1]");
}

#[test]
fn hosts_and_zones_are_excepted() {
    let rule = rule(&["Direct.example", ".zone.example"]);
    for (host, covered) in [
        ("direct.example", false),
        ("direct.example.", false),
        ("x.direct.example", true),
        ("zone.example", false),
        ("a.b.zone.example", false),
        ("otherzone.example", true),
        ("example", true),
    ] {
        assert_eq!(rule.covers(host), covered, "{host}");
    }
}
