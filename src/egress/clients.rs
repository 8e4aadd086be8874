//! What all requests share: the connection pools, one per [`Route`], each made at its first use.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::redirect::Policy;

use super::address::{AddressClass, Classify};
use super::proxy::ProxyRule;
use super::resolver::{JudgingResolver, Lookup};
use super::slots::HostSlots;
use super::{EgressError, Secret, SecretSource};
use crate::config::egress::EgressConfig;
use crate::protocol::ids::TenantId;

/// Pools that connect themselves: TLS, reach, decompression and sockets.
const DIRECT_POOLS: usize = 16;
/// Pools behind the proxy: TLS, decompression and sockets.
const PROXIED_POOLS: usize = 8;

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
    /// Whether compressed answers are asked for, and opened.
    pub(super) decode: bool,
    pub(super) proxied: bool,
    /// Whether the connection becomes a WebSocket, which only HTTP/1.1 begins.
    pub(super) socket: bool,
}

/// See the module.
pub(super) struct Clients {
    pub(super) config: EgressConfig,
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) classify: Classify,
    pub(super) proxy: Option<ProxyRule>,
    pub(super) slots: HostSlots,
    pub(super) source: OnceLock<Arc<dyn SecretSource>>,
    direct: [OnceLock<reqwest::Client>; DIRECT_POOLS],
    /// Made again after a failure, in case the proxy's password has changed.
    proxied: Mutex<[Option<reqwest::Client>; PROXIED_POOLS]>,
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

impl Route {
    fn direct_index(self) -> usize {
        usize::from(self.tls)
            | usize::from(self.reach == Reach::Private) << 1
            | usize::from(self.decode) << 2
            | usize::from(self.socket) << 3
    }

    fn proxied_index(self) -> usize {
        usize::from(self.tls) | usize::from(self.decode) << 1 | usize::from(self.socket) << 2
    }
}

// === impl Clients ===

impl Clients {
    pub(super) fn new(config: EgressConfig, lookup: Arc<dyn Lookup>, classify: Classify) -> Self {
        Self {
            proxy: ProxyRule::of(&config),
            slots: HostSlots::new(config.per_host_max),
            lookup,
            classify,
            source: OnceLock::new(),
            direct: Default::default(),
            proxied: Mutex::default(),
            config,
        }
    }

    pub(super) const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.config.connect_timeout_ms)
    }

    /// The pool of a route that connects itself. A pool that cannot be made (no TLS roots) is tried again
    /// with the next call.
    pub(super) fn direct(&self, route: Route) -> Result<reqwest::Client, reqwest::Error> {
        let cell = self.direct.get(route.direct_index());
        if let Some(client) = cell.and_then(OnceLock::get) {
            return Ok(client.clone());
        }
        let client = self.builder(route, route.reach).build()?;
        Ok(cell.map_or_else(|| client.clone(), |cell| cell.get_or_init(|| client.clone()).clone()))
    }

    /// The pool of a route behind the proxy.
    pub(super) async fn behind_proxy(
        &self,
        route: Route,
        rule: &ProxyRule,
    ) -> Result<reqwest::Client, EgressError> {
        let index = route.proxied_index();
        if let Some(client) = self.proxied.lock().get(index).cloned().flatten() {
            return Ok(client);
        }
        let of = |error| EgressError::of(error, rule.host(), self.connect_timeout());
        let proxy = rule.proxy(rule.password()).map_err(of)?;
        // This pool connects to the proxy alone, which the configuration names.
        let client = self.builder(route, Reach::Private).proxy(proxy).build().map_err(of)?;
        if let Some(place) = self.proxied.lock().get_mut(index) {
            *place = Some(client.clone());
        }
        Ok(client)
    }

    pub(super) fn forget_proxied(&self) {
        *self.proxied.lock() = Default::default();
    }

    /// Refuses a name that leads to a private address from here, although the proxy would look it up itself.
    /// A name that only the proxy knows is left to it, unless its form says that it is a private one.
    pub(super) async fn judge_for_proxy(&self, host: &str) -> Result<(), EgressError> {
        let refused = || EgressError::Refused { host: host.to_owned() };
        match self.lookup.lookup(host).await {
            Ok(found) if found.iter().all(|address| Reach::Public.allows((self.classify)(*address))) => {
                if found.is_empty() && is_private_name(host) {
                    Err(refused())
                } else {
                    Ok(())
                }
            }
            Ok(_) => Err(refused()),
            Err(_) if is_private_name(host) => Err(refused()),
            Err(_) => Ok(()),
        }
    }

    /// The value of a secret for a request to this host.
    pub(super) async fn secret(
        &self,
        tenant: &TenantId,
        name: &str,
        host: &str,
        used_by: &str,
    ) -> Result<Secret, EgressError> {
        let source = self.source.get().ok_or(EgressError::NoVault)?;
        Ok(source.resolve(tenant, name, host, used_by).await?)
    }

    fn builder(&self, route: Route, reach: Reach) -> reqwest::ClientBuilder {
        let resolver = JudgingResolver { reach, lookup: Arc::clone(&self.lookup), classify: self.classify };
        let builder = reqwest::Client::builder()
            .user_agent(concat!("capuchin/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(route.decode)
            .dns_resolver(Arc::new(resolver))
            .connect_timeout(self.connect_timeout())
            .pool_idle_timeout(Duration::from_millis(self.config.pool_idle_ms))
            .pool_max_idle_per_host(self.config.pool_idle_max)
            .tcp_nodelay(true);
        let builder = if route.socket { builder.http1_only() } else { builder };
        // Without TLS there is nothing to verify, so the machine's roots stay on the disk.
        if route.tls { builder.https_only(true) } else { builder.tls_certs_only([]) }
    }
}

/// Names that no public zone has.
fn is_private_name(host: &str) -> bool {
    const PRIVATE_ZONES: [&str; 7] =
        ["localhost", "local", "internal", "intranet", "lan", "home", "home.arpa"];
    let host = host.trim_end_matches('.');
    !host.contains('.')
        || PRIVATE_ZONES
            .iter()
            .any(|zone| host.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
