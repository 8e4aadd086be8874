//! `[console]`: the listener for people and their programs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use super::sections::Check;
use super::tls::{ClientAuth, MinTls};

/// Port of the console unless a setting says otherwise.
const PORT: u16 = 7717;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Address and port; port 0 takes a free one. Default 127.0.0.1:7717. Leaving loopback needs TLS.
    #[serde(deserialize_with = "super::listen::address")]
    pub listen: SocketAddr,
    /// PEM file with the certificate chain. Default none: plain HTTP on loopback.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// PEM file with the authorities of client certificates (mutual TLS), `config/certificates/ca/ca.pem` for
    /// our own. Default none: no certificate is asked for. A certificate is no login: people still sign in.
    pub tls_client_ca: Option<PathBuf>,
    /// `required`: no connection without a certificate; `optional`: only a bad one is refused. Default
    /// `required` as soon as `tls_client_ca` is set.
    pub client_auth: Option<ClientAuth>,
    /// The oldest version of TLS, `1.3` or `1.2`. Default 1.3, which every current browser speaks.
    pub min_tls: MinTls,
    /// Further names (`capuchin.example.org`, no port) that `Host` and `Origin` may have. Loopback
    /// names and the listen address are always allowed. Default none; any other name is refused.
    pub allowed_hosts: Vec<String>,
    /// Largest request body in bytes. Default 16 MiB; a larger one gets 413.
    pub body_bytes_max: usize,
    /// Connections at a time. Default 10,000; a further one waits in the kernel's queue.
    pub connections_max: usize,
    /// Seconds in which a client must have sent its request head. Default 10.
    pub header_timeout_s: u64,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            client_auth: None,
            min_tls: MinTls::Tls13,
            allowed_hosts: Vec::new(),
            body_bytes_max: 16 * 1024 * 1024,
            connections_max: 10_000,
            header_timeout_s: 10,
        }
    }
}

impl ConsoleConfig {
    /// Whether the listener speaks TLS.
    #[must_use]
    pub const fn has_tls(&self) -> bool {
        self.tls_cert.is_some() && self.tls_key.is_some()
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), None) => check.problem("console.tls_cert", "needs console.tls_key beside it"),
            (None, Some(_)) => check.problem("console.tls_key", "needs console.tls_cert beside it"),
            _ => {}
        }
        if self.tls_client_ca.is_some() && !self.has_tls() {
            check.problem("console.tls_client_ca", "needs console.tls_cert and console.tls_key");
        }
        if self.client_auth.is_some() && self.tls_client_ca.is_none() {
            check.problem("console.client_auth", "needs console.tls_client_ca");
        }
        if !self.listen.ip().is_loopback() && !self.has_tls() {
            check.problem(
                "console.listen",
                format_args!(
                    "{} leaves this machine without TLS: set console.tls_cert and console.tls_key, \
                     or listen on 127.0.0.1 and put a TLS proxy in front",
                    self.listen
                ),
            );
        }
        for host in &self.allowed_hosts {
            let is_name = !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']'))
                && !host.contains("://");
            if !is_name {
                check
                    .problem("console.allowed_hosts", format_args!("has `{host}`, which is not a host name"));
            }
        }
        check.within("console.body_bytes_max", self.body_bytes_max, 64 * 1024, 1024 * 1024 * 1024);
        check.within("console.connections_max", self.connections_max, 8, 1_000_000);
        check.within("console.header_timeout_s", self.header_timeout_s, 1, 300);
    }
}
