//! What kind of place an IP address is. Pure; the ranges are those of the IANA special-purpose registries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How an address may be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressClass {
    /// On the internet.
    Public,
    /// On this machine or its private networks (carrier-grade NAT included, which overlay networks use):
    /// only where the configuration says so.
    Private,
    /// Never: unspecified, link-local, cloud metadata, multicast, reserved.
    Forbidden,
}

/// How addresses are judged: [`AddressClass::of`], except in tests that have only loopback to play with.
pub(super) type Classify = fn(IpAddr) -> AddressClass;

impl AddressClass {
    /// The class of an address. An IPv6 address that carries an IPv4 address has that one's class.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => of_v4(v4),
            IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| of_v6(v6), of_v4),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> AddressClass {
    // Metadata services of Alibaba Cloud and Azure lie in ranges that are otherwise harmless.
    const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
    let [a, b, c, _] = address.octets();
    if METADATA.contains(&address) {
        return AddressClass::Forbidden;
    }
    match (a, b, c) {
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => AddressClass::Private,
        (0 | 224..=255, ..)
        | (169, 254, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => AddressClass::Forbidden,
        _ => AddressClass::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> AddressClass {
    const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if address.is_loopback() {
        return AddressClass::Private;
    }
    if address == AWS_METADATA {
        return AddressClass::Forbidden;
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => AddressClass::Private,
        // An ISATAP address is a tunnel to the IPv4 address at its end.
        [.., 0 | 0x200, 0x5efe, _, _] => AddressClass::Forbidden,
        // 2001::/23 holds Teredo, ORCHID and benchmarking; 2001:db8::/32 and 3fff::/20 are for documents.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => AddressClass::Forbidden,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Forbidden,
    }
}

/// The IPv4 address inside a mapped, compatible, NAT64 or 6to4 address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
