//! Name lookup that judges every address before a connection is tried.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Classify;
use super::clients::Reach;

/// Finds the addresses of a name.
pub trait Lookup: Send + Sync + 'static {
    /// All of them, in the order in which they should be tried.
    fn lookup(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's own lookup.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

/// The lookup found an address that is out of reach.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
pub(super) struct Refusal;

/// The lookup found nothing.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be looked up")]
pub(super) struct LookupFailed(#[source] io::Error);

/// A lookup behind a check. One address out of reach refuses the name as a whole: an honest name does not
/// lead to both sides of a firewall. The connection is made to an address of this answer, without a second
/// lookup in between.
pub(super) struct JudgingResolver {
    pub(super) reach: Reach,
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) classify: Classify,
}

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        }
        .boxed()
    }
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, classify) = (self.reach, self.classify);
        let found = self.lookup.lookup(name.as_str());
        Box::pin(async move {
            let found = found.await.map_err(LookupFailed)?;
            if !found.iter().all(|address| reach.allows(classify(*address))) {
                return Err(Refusal.into());
            }
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
