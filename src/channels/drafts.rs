//! Drafts: the message in which an answer grows, until the answer takes its place.

use super::desk::Channels;
use super::error::ChannelError;
use super::store;
use crate::protocol::ids::{TenantId, TurnId};

/// What stands there of an answer before it is whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Draft {
    /// Nothing.
    None,
    /// It was handed over, and nobody knows what became of it.
    Unknown,
    /// The platform's id of it.
    Stands(String),
}

// === impl Channels ===

impl Channels {
    /// The draft of a turn's answer.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn draft(&self, tenant: &TenantId, turn: TurnId) -> Result<Draft, ChannelError> {
        let found = self.db().read(tenant, move |read| store::inbox::draft(read, turn)).await?;
        Ok(match found {
            None => Draft::None,
            Some(place) if place.is_empty() => Draft::Unknown,
            Some(place) => Draft::Stands(place),
        })
    }

    /// Notes what stands there: before a draft is handed over that nobody knows, and after it what the platform said.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn note_draft(
        &self,
        tenant: &TenantId,
        turn: TurnId,
        draft: Draft,
    ) -> Result<(), ChannelError> {
        let noted = match draft {
            Draft::None => None,
            Draft::Unknown => Some(String::new()),
            Draft::Stands(place) => Some(place),
        };
        let write = self.db().write(tenant, move |tx| store::inbox::set_draft(tx, turn, noted.as_deref()));
        Ok(write.await?)
    }
}
