//! Sessions that a platform goes on with over connections, kept so that another life of the daemon can.

use super::desk::Channels;
use super::discord::gateway::Session;
use super::error::ChannelError;
use super::store;
use crate::protocol::ids::{ChannelId, TenantId};

impl Channels {
    /// The session that was noted last.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn session(&self, tenant: &TenantId, id: ChannelId) -> Result<Option<Session>, ChannelError> {
        let text = self.db().read(tenant, move |read| store::session::get(read, id)).await?;
        // One that cannot be read is none: another one is begun.
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Notes a session, or that there is none. Its events have to be stored before.
    ///
    /// # Errors
    /// [`ChannelError::Leased`], or what the store answers.
    pub async fn note_session(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        epoch: i64,
        session: Option<&Session>,
    ) -> Result<(), ChannelError> {
        let text = session.and_then(|session| serde_json::to_string(session).ok());
        let write = self.db().write(tenant, move |tx| {
            if store::session::put(tx, id, epoch, text.as_deref())? {
                Ok(())
            } else {
                Err(ChannelError::Leased)
            }
        });
        write.await
    }
}
