//! What is owed in all channels at once, and where words can be sent: for pages, the API and the command line.

use std::collections::HashMap;

use super::desk::Channels;
use super::error::ChannelError;
use super::outbox::{Obligation, ObligationState};
use super::store;
use crate::protocol::ids::{ChannelId, ObligationId, TenantId};

/// Conversations that are listed of a channel.
const CONVERSATIONS_MAX: usize = 50;

/// What is owed somewhere.
#[derive(Clone, Debug)]
pub struct Owed {
    /// The obligation.
    pub obligation: Obligation,
    /// The name of its channel.
    pub channel_name: String,
}

/// How much of a channel has not arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undelivered {
    /// What is still tried.
    pub waiting: usize,
    /// What is not tried any more.
    pub dead: usize,
}

/// A place of a channel to which words can be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownConversation {
    /// Its address.
    pub address: String,
    /// The title of the thread in which it goes on; empty without one.
    pub title: String,
}

// === impl Channels ===

impl Channels {
    /// What has not arrived in all channels, newest first: in one state, or whatever is still owed or dead.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn owed(
        &self,
        tenant: &TenantId,
        state: Option<ObligationState>,
        before: Option<ObligationId>,
        limit: usize,
    ) -> Result<Vec<Owed>, ChannelError> {
        let read = self.db().read(tenant, move |read| store::outbox::undelivered(read, state, before, limit));
        let found = read.await?.into_iter();
        Ok(found.map(|(obligation, channel_name)| Owed { obligation, channel_name }).collect())
    }

    /// How much has not arrived, by channel. Those where everything did are not in it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn undelivered(
        &self,
        tenant: &TenantId,
    ) -> Result<HashMap<ChannelId, Undelivered>, ChannelError> {
        let mut all: HashMap<ChannelId, Undelivered> = HashMap::new();
        for (channel, state, count) in self.db().read(tenant, store::outbox::counts).await? {
            let one = all.entry(channel).or_default();
            match state {
                ObligationState::Pending => one.waiting = count,
                ObligationState::Dead => one.dead = count,
                ObligationState::Sent => {}
            }
        }
        Ok(all)
    }

    /// Where words can be sent in a channel: conversations that are held there, and those that were answered.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn conversations(
        &self,
        tenant: &TenantId,
        id: ChannelId,
    ) -> Result<Vec<KnownConversation>, ChannelError> {
        let read = self.db().read(tenant, move |read| {
            store::by_id(read, id)?;
            Ok::<_, ChannelError>(store::outbox::conversations(read, id, CONVERSATIONS_MAX)?)
        });
        let found = read.await?.into_iter();
        Ok(found.map(|(address, title)| KnownConversation { address, title }).collect())
    }
}
