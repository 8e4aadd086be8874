//! What people see of questions: each as it is now.

use super::approval::{Approval, ApprovalFilter, ApprovalState};
use super::decision::is_late;
use super::desk::{Approvals, now_ms};
use super::error::ApprovalError;
use super::store;
use crate::identity::Principal;
use crate::protocol::ids::{ApprovalId, ThreadId, TurnId};

impl Approvals {
    /// One question that this principal may see.
    ///
    /// # Errors
    /// [`ApprovalError::NotFound`], or what the store answers.
    pub async fn get(&self, by: &Principal, id: ApprovalId) -> Result<Approval, ApprovalError> {
        let only = by.assistant;
        let read =
            self.db().read(&by.tenant, move |read| Ok::<_, ApprovalError>(store::by_id(read, only, id)?));
        self.current(&by.tenant, read.await?).await
    }

    /// Up to `limit` questions that this principal may see, in the order of their expiry.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        by: &Principal,
        filter: ApprovalFilter,
        limit: usize,
    ) -> Result<Vec<Approval>, ApprovalError> {
        let (only, now_ms) = (by.assistant, now_ms());
        let read = self.db().read(&by.tenant, move |read| {
            let mut found = store::list(read, only, filter, limit)?;
            // Too late already, though nobody has written it yet: shown as what it is.
            let pending_only = filter.state == Some(ApprovalState::Pending);
            found.retain(|approval| !(pending_only && is_late(approval, now_ms)));
            for late in found.iter_mut().filter(|approval| is_late(approval, now_ms)) {
                late.state = ApprovalState::Expired;
            }
            Ok::<_, ApprovalError>(found)
        });
        read.await
    }

    /// Up to `limit` questions of a thread, or of one turn of it, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn of_thread(
        &self,
        by: &Principal,
        thread: ThreadId,
        turn: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<Approval>, ApprovalError> {
        let (only, now_ms) = (by.assistant, now_ms());
        let read = self.db().read(&by.tenant, move |read| {
            let mut found = store::of_thread(read, only, thread, turn, limit)?;
            for late in found.iter_mut().filter(|approval| is_late(approval, now_ms)) {
                late.state = ApprovalState::Expired;
            }
            Ok::<_, ApprovalError>(found)
        });
        read.await
    }

    /// Up to `limit` questions that have ended, those asked last first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn settled(&self, by: &Principal, limit: usize) -> Result<Vec<Approval>, ApprovalError> {
        let only = by.assistant;
        let read = self
            .db()
            .read(&by.tenant, move |read| Ok::<_, ApprovalError>(store::settled(read, only, limit)?));
        read.await
    }

    /// How many questions that this principal may see can still be decided.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn waiting(&self, by: &Principal) -> Result<usize, ApprovalError> {
        let (only, now_ms) = (by.assistant, now_ms());
        let read = self
            .db()
            .read(&by.tenant, move |read| Ok::<_, ApprovalError>(store::waiting(read, only, now_ms)?));
        read.await
    }
}
