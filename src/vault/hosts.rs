//! Where a secret may be sent: exact hosts, or everything below a name (`*.example.com`).

use serde::{Deserialize, Serialize};

use super::error::VaultError;
use crate::db::{FromValue, Value};

/// Most hosts of one secret.
pub const HOSTS_MAX: usize = 32;
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// The hosts of one secret. None: it is stored, and sent nowhere.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hosts(Vec<String>);

// === impl Hosts ===

impl Hosts {
    /// Checks the hosts and writes them in one way.
    ///
    /// # Errors
    /// [`VaultError::Field`].
    pub fn new<T: AsRef<str>>(hosts: impl IntoIterator<Item = T>) -> Result<Self, VaultError> {
        let mut checked: Vec<String> = Vec::new();
        for host in hosts {
            let host = normal(host.as_ref());
            if !is_pattern(&host) {
                return Err(VaultError::field(
                    "hosts",
                    "a host is a name (api.example.com), an address, or *.example.com for all names below; without \
                     scheme, port and path",
                ));
            }
            if !checked.contains(&host) {
                checked.push(host);
            }
        }
        if checked.len() > HOSTS_MAX {
            return Err(VaultError::field("hosts", "a secret has at most 32 hosts"));
        }
        Ok(Self(checked))
    }

    /// Whether a request may carry the secret to this host.
    #[must_use]
    pub fn allow(&self, host: &str) -> bool {
        let host = normal(host);
        self.0.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(below) => host.len() > below.len() && host.ends_with(below),
            None => *pattern == host,
        })
    }

    /// As it is stored.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default() // silent-ok: a list of texts always has a JSON form
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromValue for Hosts {
    const EXPECTED: &'static str = "a list of hosts";

    fn from_value(value: Value<'_>) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        // silent-ok: the caller names the column and what it expects
        serde_json::from_str(text).ok()
    }
}

/// Small letters, no dot at the end, no brackets around an address.
fn normal(host: &str) -> String {
    host.trim().trim_end_matches('.').trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

fn is_pattern(host: &str) -> bool {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let (name, labels_min) = host.strip_prefix("*.").map_or((host, 1), |name| (name, 2));
    let label = |label: &str| {
        (1..=LABEL_BYTES_MAX).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = name.split('.').count();
    // `999.1.1.1` is neither an address nor the name of anything.
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    name.len() <= HOST_BYTES_MAX && labels >= labels_min && !numeric && name.split('.').all(label)
}

#[cfg(test)]
mod tests;
