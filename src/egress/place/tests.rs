//! Hostile addresses, none of which may be reached by a request that no setting allows.

use std::sync::Arc;

use super::*;
use crate::config::egress::EgressConfig;
use crate::egress::SystemLookup;

fn clients(allow: &[&str]) -> Clients {
    let allow_private_hosts = allow.iter().map(|&host| host.to_owned()).collect();
    let config = EgressConfig { allow_private_hosts, ..EgressConfig::default() };
    Clients::new(config, Arc::new(SystemLookup), AddressClass::of)
}

fn judge(url: &str, clients: &Clients) -> Result<Place, EgressError> {
    Place::judge(Url::parse(url).map_err(|_| EgressError::BadUrl { why: "it is not a URL" })?, clients)
}

/// Addresses that are refused by what is written in them, before any lookup.
const HOSTILE: &[&str] = &[
    // Loopback, in every spelling.
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.255.255.254/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0x7F.0.0.0x1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://%31%32%37.0.0.1/",
    "http://127。0。0。1/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://a.localhost/",
    "http://ｌocalhost/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:0:53aa:64c:0:fbff:80ff:fffe]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[2a00:1450::5efe:7f00:1]/",
    "http://[fe80::5efe:7f00:1]/",
    // Unspecified.
    "http://0/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://[::]/",
    "http://[::ffff:0.0.0.0]/",
    // Private networks.
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://0xa.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://3232235521/",
    "http://100.64.0.1/",
    "http://100.127.255.255/",
    "http://[fc00::1]/",
    "http://[fd12:3456::1]/",
    "http://[fec0::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    // Link-local and metadata.
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.169.254./",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    // Multicast, broadcast, reserved, documentation, benchmarking.
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://192.88.99.1/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    // Not http, no host, credentials, smuggled hosts.
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "ws://example.com/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "http://",
    "http://./",
    "http://user@example.com/",
    "http://user:pw@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com%40127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://exa mple.com/",
    "http://example.com%00.evil.test/",
    "http://[::1%25eth0]/",
    "http://[127.0.0.1]/",
    "http:///127.0.0.1/",
    "http:127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http://256.256.256.256/",
    "http://1.2.3.4.5/",
    "http://example.com:99999/",
    // Ports that are not the web's.
    "http://example.com:0/",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:53/",
    "http://example.com:445/",
    "https://example.com:993/",
    "http://example.com:6379/",
    "http://example.com:11211/",
    "http://example.com:5432/",
    "http://example.com:6667/",
];

#[test]
fn hostile_addresses_are_refused_as_they_are_written() {
    let clients = clients(&[]);
    assert!(HOSTILE.len() >= 100);
    let reached: Vec<_> = HOSTILE.iter().filter(|url| judge(url, &clients).is_ok()).collect();
    assert!(reached.is_empty(), "{reached:?}");
}

#[test]
fn addresses_of_the_internet_are_let_through() {
    for url in [
        "http://example.com/",
        "https://example.com:8443/a?b#c",
        "http://1.1.1.1/",
        "http://[2606:4700::1111]/",
        "https://münchen.example/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://[64:ff9b::101:101]/",
        "http://example.com:1024/",
    ] {
        let place = judge(url, &clients(&[])).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!((place.reach, place.url.fragment()), (Reach::Public, None), "{url}");
    }
}

#[test]
fn a_listed_host_may_be_private_and_nothing_else_may() {
    let clients = clients(&[
        "nas.home.arpa",
        "192.168.1.5",
        "127.0.0.1:8080",
        "fd00::5",
        "localhost:9000",
        "169.254.169.254",
    ]);
    for (url, reached) in [
        ("http://nas.home.arpa/", true),
        ("http://NAS.home.arpa.:8080/", true),
        ("http://x.nas.home.arpa/", true), // a name of the internet until it is looked up
        ("http://192.168.1.5:9000/", true),
        ("http://192.168.1.6/", false),
        ("http://127.0.0.1:8080/", true),
        ("http://2130706433:8080/", true),
        ("http://127.0.0.1/", false),
        ("http://[fd00::5]/", true),
        ("http://[fd00::6]/", false),
        ("http://localhost:9000/", true),
        ("http://localhost:9001/", false),
        ("http://169.254.169.254/", false),
    ] {
        assert_eq!(judge(url, &clients).is_ok(), reached, "{url}");
    }
    assert_eq!(judge("http://x.nas.home.arpa/", &clients).unwrap().reach, Reach::Public);
    assert_eq!(judge("http://nas.home.arpa/", &clients).unwrap().reach, Reach::Private);
}
