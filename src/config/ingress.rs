//! `[ingress]`: the listener for webhooks and platform callbacks. Safe to expose: a signature is the
//! authentication of everything behind it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::sections::Check;
use super::tls::MinTls;

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
    /// PEM file with the certificate chain. Default none: plain HTTP, for a TLS proxy in front.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// The oldest version of TLS, `1.3` or `1.2`. Default 1.2: not every sender of webhooks is new.
    pub min_tls: MinTls,
}

impl Default for IngressConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            min_tls: MinTls::Tls12,
        }
    }
}

impl IngressConfig {
    /// Whether the listener speaks TLS.
    #[must_use]
    pub const fn has_tls(&self) -> bool {
        self.tls_cert.is_some() && self.tls_key.is_some()
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => check.problem("ingress.tls_cert", "needs ingress.tls_key beside it"),
            (None, Some(_)) => check.problem("ingress.tls_key", "needs ingress.tls_cert beside it"),
            _ => {}
        }
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
