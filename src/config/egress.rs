//! `[egress]`: bounds of every outbound HTTP request.

use serde::{Deserialize, Serialize};

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
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            pool_idle_ms: 90_000,
            pool_idle_max: 256,
            response_bytes_max: 64 * 1024 * 1024,
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
    }
}
