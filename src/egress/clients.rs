//! The connection pools, one per [`Route`], each made at its first use.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;

use super::AddressClass;
use super::resolver::JudgingResolver;
use crate::config::egress::EgressConfig;

/// How far requests may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// The internet only.
    Public,
    /// This machine and private networks too.
    Private,
}

/// Which pool a destination uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Route {
    pub(super) tls: bool,
    pub(super) reach: Reach,
}

/// See the module.
pub(super) struct Clients {
    config: EgressConfig,
    plain_public: OnceLock<reqwest::Client>,
    plain_private: OnceLock<reqwest::Client>,
    tls_public: OnceLock<reqwest::Client>,
    tls_private: OnceLock<reqwest::Client>,
}

impl Reach {
    pub(super) const fn allows(self, class: AddressClass) -> bool {
        match class {
            AddressClass::Public => true,
            AddressClass::Private => matches!(self, Self::Private),
            AddressClass::Forbidden => false,
        }
    }
}

impl Clients {
    pub(super) const fn new(config: EgressConfig) -> Self {
        Self {
            config,
            plain_public: OnceLock::new(),
            plain_private: OnceLock::new(),
            tls_public: OnceLock::new(),
            tls_private: OnceLock::new(),
        }
    }

    pub(super) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.config.connect_timeout_ms)
    }

    pub(super) const fn response_bytes_max(&self) -> u64 {
        self.config.response_bytes_max
    }

    /// The pool of a route. A pool that cannot be made (no TLS roots) is tried again with the next call.
    pub(super) fn get(&self, route: Route) -> Result<&reqwest::Client, reqwest::Error> {
        let cell = match (route.tls, route.reach) {
            (false, Reach::Public) => &self.plain_public,
            (false, Reach::Private) => &self.plain_private,
            (true, Reach::Public) => &self.tls_public,
            (true, Reach::Private) => &self.tls_private,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.build(route)?;
        Ok(cell.get_or_init(|| client))
    }

    fn build(&self, route: Route) -> Result<reqwest::Client, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("capuchin/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .dns_resolver(Arc::new(JudgingResolver { reach: route.reach }))
            .connect_timeout(self.connect_timeout())
            .pool_idle_timeout(Duration::from_millis(self.config.pool_idle_ms))
            .pool_max_idle_per_host(self.config.pool_idle_max)
            .tcp_nodelay(true);
        // Without TLS there is nothing to verify, so the machine's roots stay on the disk.
        if route.tls { builder.https_only(true).build() } else { builder.tls_certs_only([]).build() }
    }
}
