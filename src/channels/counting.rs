//! Where the next look at a mailbox begins.
//!
//! A mailbox numbers its mail (UID), and may number it anew: then it says so by another UIDVALIDITY (RFC 3501). So a number is
//! kept with what gave it, and means nothing beside anything else.

use super::desk::Channels;
use super::error::ChannelError;
use super::incoming::Incoming;
use super::store;
use crate::protocol::ids::{ChannelId, TenantId};

/// How far a mailbox was looked through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// What gave the number; empty before the first look.
    pub by: String,
    /// The last number that was looked at.
    pub cursor: i64,
    /// When the last message came, or the channel was made: nothing before it is news. In milliseconds since 1970.
    pub since_ms: i64,
}

// === impl Channels ===

impl Channels {
    /// How far a channel's mailbox was looked through.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn counted(&self, tenant: &TenantId, id: ChannelId) -> Result<Counted, ChannelError> {
        let read = self.db().read(tenant, move |read| {
            let (by, cursor) = store::counted(read, id)?;
            let (made_ms, last_ms) = (store::by_id(read, id)?.created_ms, store::inbox::last_ms(read, id)?);
            Ok::<_, ChannelError>(Counted { by, cursor, since_ms: last_ms.unwrap_or(made_ms).max(made_ms) })
        });
        read.await
    }

    /// Counts anew, from after this number of what `by` counts.
    ///
    /// # Errors
    /// [`ChannelError::Leased`] when another daemon holds the lease by now, or what the store answers.
    pub async fn count_anew(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        epoch: i64,
        (by, cursor): (String, i64),
    ) -> Result<(), ChannelError> {
        let write =
            self.db().write(tenant, move |tx| match store::count_anew(tx, id, epoch, (&by, cursor))? {
                true => Ok(()),
                false => Err(ChannelError::Leased),
            });
        write.await
    }

    /// The newest message of a conversation, which an answer belongs to that answers nothing in particular.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn newest_of(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        conversation: &str,
    ) -> Result<Option<Incoming>, ChannelError> {
        let conversation = conversation.to_owned();
        let read = self.db().read(tenant, move |read| store::inbox::newest(read, id, &conversation));
        Ok(read.await?)
    }
}
