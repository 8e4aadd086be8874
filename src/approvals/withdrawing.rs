//! Questions that whoever asked takes back, because nothing depends on them any more.

use super::approval::{Approval, ApprovalState};
use super::desk::{Approvals, now_ms};
use super::error::ApprovalError;
use super::store;
use crate::protocol::ids::{ApprovalId, TenantId};

// === impl Approvals ===

impl Approvals {
    /// Denies a question in the name of the system, if nobody decided it.
    ///
    /// # Errors
    /// [`ApprovalError::NotFound`], or what the store answers.
    pub async fn withdraw(
        &self,
        tenant: &TenantId,
        id: ApprovalId,
        why: &'static str,
    ) -> Result<Approval, ApprovalError> {
        let desk = self.clone();
        let write = self.db().write(tenant, move |tx| {
            let found = store::by_id(tx, None, id)?;
            if found.state != ApprovalState::Pending {
                return Ok(found);
            }
            let ended = Approval {
                state: ApprovalState::Denied,
                decided_by: Some("system".to_owned()),
                decided_ms: Some(now_ms()),
                reason: why.to_owned(),
                ..found
            };
            desk.settle(tx, ended, ("approvals", "system"))
        });
        write.await
    }
}
