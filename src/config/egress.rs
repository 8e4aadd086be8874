//! `[egress]`: bounds of every outbound HTTP request.

use serde::{Deserialize, Serialize};

use super::backends::KeyRef;
use super::sections::Check;

/// Settings of the one HTTP client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EgressConfig {
    /// Milliseconds until a connection (name lookup, TCP and TLS) must stand. Default 10,000.
    /// Shorter gives up sooner on a host that is down; too short fails on slow links.
    pub connect_timeout_ms: u64,
    /// Milliseconds that an unused connection is kept for the next request. Default 90,000.
    pub pool_idle_ms: u64,
    /// Unused connections kept per host. Default 256; more than this many calls at once open new ones.
    pub pool_idle_max: usize,
    /// Bytes of one answer at the most, streamed or whole. Default 64 MiB; a longer one is cut off with an error.
    pub response_bytes_max: u64,
    /// Requests at a time to one host that no setting names: pages, callbacks, discovery. Default 64; a
    /// further one waits its turn within its own time limit.
    pub per_host_max: usize,
    /// Requests at a time to one configured address, such as a backend's. Default 4,096, as above.
    pub per_destination_max: usize,
    /// Hosts on this machine or private networks that may be reached although no other setting names them:
    /// `nas.home.arpa`, `192.168.1.5` or `nas.home.arpa:8443`. Default none. Link-local and metadata addresses
    /// are never reached.
    pub allow_private_hosts: Vec<String>,
    /// The proxy for the internet: `http://HOST:PORT` or `socks5://HOST:PORT`. Default none; variables such as
    /// `HTTPS_PROXY` are not read. The proxy looks names up; one that leads to a private address here is
    /// refused all the same. Private and configured loopback addresses are reached without it.
    pub proxy: Option<String>,
    /// User name for the proxy. Default none.
    pub proxy_user: Option<String>,
    /// Where the proxy's password is, `env:NAME`: it is read before the vault opens. Default none.
    pub proxy_password: Option<KeyRef>,
    /// Hosts that are reached without the proxy: `example.org`, or `.example.org` for every name below it.
    /// Default none.
    pub no_proxy: Vec<String>,
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            pool_idle_ms: 90_000,
            pool_idle_max: 256,
            response_bytes_max: 64 * 1024 * 1024,
            per_host_max: 64,
            per_destination_max: 4_096,
            allow_private_hosts: Vec::new(),
            proxy: None,
            proxy_user: None,
            proxy_password: None,
            no_proxy: Vec::new(),
        }
    }
}

impl EgressConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("egress.connect_timeout_ms", self.connect_timeout_ms, 1, 600_000);
        check.within("egress.pool_idle_ms", self.pool_idle_ms, 1, 3_600_000);
        check.within("egress.pool_idle_max", self.pool_idle_max, 1, 100_000);
        check.within(
            "egress.response_bytes_max",
            self.response_bytes_max,
            64 * 1024,
            16 * 1024 * 1024 * 1024,
        );
        check.within("egress.per_host_max", self.per_host_max, 1, 100_000);
        check.within("egress.per_destination_max", self.per_destination_max, 1, 1_000_000);
        for host in self.allow_private_hosts.iter().filter(|host| !is_host(host)) {
            check.problem("egress.allow_private_hosts", format_args!("has `{host}`, which is not a host"));
        }
        for host in self.no_proxy.iter().filter(|host| !is_host(host)) {
            check.problem("egress.no_proxy", format_args!("has `{host}`, which is not a host"));
        }
        if self.proxy.as_deref().is_some_and(|proxy| !is_proxy(proxy)) {
            check.problem(
                "egress.proxy",
                "must be http://HOST:PORT or socks5://HOST:PORT; a user name goes to egress.proxy_user",
            );
        }
        let needs_proxy = [
            ("egress.proxy_user", self.proxy_user.is_some() && self.proxy.is_none(), "needs egress.proxy"),
            (
                "egress.proxy_password",
                self.proxy_password.is_some() && self.proxy_user.is_none(),
                "needs egress.proxy_user",
            ),
        ];
        if matches!(self.proxy_password, Some(KeyRef::Secret(_))) {
            check.problem("egress.proxy_password", "is read before the vault opens: write env:NAME");
        }
        for (key, _, what) in needs_proxy.into_iter().filter(|(_, wrong, _)| *wrong) {
            check.problem(key, what);
        }
    }
}

/// A name or an address, perhaps with a port: no scheme, no path, no user.
fn is_host(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.bytes().all(fits)
}

fn is_proxy(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("socks5://"));
    let rest = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let port = |rest: &str| rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    rest.is_some_and(|rest| is_host(rest) && port(rest))
}
