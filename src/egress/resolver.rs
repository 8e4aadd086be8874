//! Name lookup that judges every address before a connection is tried.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::AddressClass;
use super::clients::Reach;

/// The lookup found an address that is out of reach.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
pub(super) struct Refusal;

/// The lookup found nothing.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be looked up")]
pub(super) struct LookupFailed(#[source] std::io::Error);

/// The system's resolver behind a check. One address out of reach refuses the name as a whole: an honest
/// name does not lead to both sides of a firewall.
pub(super) struct JudgingResolver {
    pub(super) reach: Reach,
}

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(LookupFailed)?;
            let addresses: Vec<_> = found.collect();
            if !addresses.iter().all(|address| reach.allows(AddressClass::of(address.ip()))) {
                return Err(Refusal.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
