//! Holding a tenant: what runs is stopped, nothing is started, and nothing that waits is lost.

use dashmap::DashMap;

use super::SessionDirectory;
use super::lane::LaneMsg;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::TurnFailure;

/// The tenants that are held, with the reason for whoever is refused.
#[derive(Default)]
pub(crate) struct Holds {
    held: DashMap<TenantId, String>,
}

impl Holds {
    /// Why a tenant is held, if it is.
    pub(crate) fn reason(&self, tenant: &TenantId) -> Option<String> {
        self.held.get(tenant).map(|reason| reason.clone())
    }

    /// The failure of a turn that was stopped: by a person, or because its tenant is held.
    pub(crate) fn stopped(&self, tenant: &TenantId) -> TurnFailure {
        match self.reason(tenant) {
            Some(reason) => TurnFailure::new("stopped", format!("stopped: {reason}"), false),
            None => TurnFailure::new("stopped", "stopped", false),
        }
    }
}

impl SessionDirectory {
    /// Holds a tenant: every turn that runs is stopped out of band, further messages are refused with this
    /// reason, and turns that wait stay where they are. How many turns were stopped.
    pub fn hold(&self, tenant: &TenantId, reason: impl Into<String>) -> usize {
        self.shared().holds.held.insert(tenant.clone(), reason.into());
        let stopped = self.shared().stops.raise_all(tenant);
        self.tell(tenant, || LaneMsg::Hold);
        stopped
    }

    /// Lets a tenant go on: turns that wait begin.
    pub fn release(&self, tenant: &TenantId) {
        self.shared().holds.held.remove(tenant);
        self.tell(tenant, || LaneMsg::Release);
    }
}
