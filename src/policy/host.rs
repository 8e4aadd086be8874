//! Hosts as rules see them: one spelling for each.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::error::BadPattern;

/// A pattern of hosts: a name or an address, `*.example.com` (every name below it, not itself), or `*`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HostPattern {
    /// Every host.
    Any,
    /// Every name below this one.
    Below(String),
    /// This host.
    Exactly(String),
}

// === impl HostPattern ===

impl HostPattern {
    /// Whether a canonical host matches.
    pub(super) fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(name) => host == name,
            Self::Below(name) => {
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = BadPattern;

    fn try_from(text: String) -> Result<Self, BadPattern> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        let name = canonical_host(name).ok_or(BadPattern::Host)?;
        match (below, name.parse::<IpAddr>().is_ok()) {
            (true, true) => Err(BadPattern::Host),
            (true, false) => Ok(Self::Below(name)),
            (false, _) => Ok(Self::Exactly(name)),
        }
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Exactly(name) => f.write_str(name),
        }
    }
}

/// The one spelling of a host, or `None` when it is none. Names are ASCII (others are written in punycode);
/// what a URL parser would read as an IPv4 address must be written as one, so that `0x7f.1` is refused.
#[must_use]
pub fn canonical_host(text: &str) -> Option<String> {
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some(match address.to_ipv4_mapped() {
            Some(inner) => inner.to_string(),
            None => address.to_string(),
        });
    }
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return None;
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = |rest: &str| rest.bytes().all(|b| b.is_ascii_hexdigit());
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.strip_prefix("0x").is_some_and(hex);
    if number {
        return name.parse::<Ipv4Addr>().ok().map(|address| address.to_string());
    }
    Some(name)
}

#[cfg(test)]
mod tests;
