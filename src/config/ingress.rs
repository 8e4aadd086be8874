//! `[ingress]`: the listener for webhooks and platform callbacks. Safe to expose: a signature is the
//! authentication of everything behind it.

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;

use super::sections::Check;

/// Port of the ingress unless a setting says otherwise.
const PORT: u16 = 7718;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngressConfig {
    /// Address and port; port 0 takes a free one. Default 127.0.0.1:7718.
    #[serde(deserialize_with = "super::listen::address")]
    pub listen: SocketAddr,
    /// The address that senders see (`https://hooks.example.org`), without a final slash. Default
    /// none: addresses are shown with the listen address.
    pub public_url: Option<String>,
}

impl Default for IngressConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)), public_url: None }
    }
}

impl IngressConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if let Some(url) = &self.public_url {
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if rest.is_none_or(str::is_empty) || url.ends_with('/') {
                check.problem(
                    "ingress.public_url",
                    "must start with https:// or http:// and not end with a slash",
                );
            }
        }
    }
}
