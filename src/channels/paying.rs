//! How obligations are paid: which are due, and what became of a part.

use std::collections::HashSet;
use std::time::Duration;

use super::channel::Channel;
use super::desk::{Channels, now_ms, told};
use super::error::ChannelError;
use super::incoming::Incoming;
use super::lease::until;
use super::outbox::Obligation;
use super::store;
use crate::audit;
use crate::identity::Principal;
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::ids::{ApprovalId, ChannelId, ObligationId, TenantId};

/// Conversations that one look takes.
const LOOK_MAX: usize = 256;

/// What is due, and when the next is.
#[derive(Debug, Default)]
pub struct DueNow {
    /// The oldest obligation of each conversation, if it is due.
    pub due: Vec<Obligation>,
    /// When the first of the others is due, in milliseconds since 1970.
    pub next_ms: Option<i64>,
}

// === impl Channels ===

impl Channels {
    /// Resolves once something may be owed by this channel.
    pub async fn outbox_changed(&self, id: ChannelId) {
        self.live().outbox(id).notified().await;
    }

    /// What a channel has to pay now, in no busy conversation.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn due(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        busy: &HashSet<String>,
    ) -> Result<DueNow, ChannelError> {
        let found =
            self.db().read(tenant, move |read| store::outbox::first_of_each(read, id, LOOK_MAX)).await?;
        let (now_ms, mut all) = (now_ms(), DueNow::default());
        for owed in found.into_iter().filter(|owed| !busy.contains(&owed.conversation)) {
            if owed.due_ms <= now_ms {
                all.due.push(owed);
            } else {
                all.next_ms = Some(all.next_ms.map_or(owed.due_ms, |next| next.min(owed.due_ms)));
            }
        }
        Ok(all)
    }

    /// A part is about to be handed to the platform; the obligation as it is then.
    ///
    /// # Errors
    /// What the store answers; then nothing may be handed over.
    pub async fn hand_over(&self, tenant: &TenantId, id: ObligationId) -> Result<Obligation, ChannelError> {
        let write = self.db().write(tenant, move |tx| {
            store::outbox::hand_over(tx, id)?;
            Ok::<_, ChannelError>(store::outbox::by_id(tx, id)?)
        });
        write.await
    }

    /// A part stands there, by this id.
    ///
    /// # Errors
    /// What the store answers; then it may be sent again, and says so.
    pub async fn part_sent(
        &self,
        tenant: &TenantId,
        id: ObligationId,
        message: Option<String>,
        is_last: bool,
    ) -> Result<(), ChannelError> {
        let write = self.db().write(tenant, move |tx| {
            store::outbox::part_sent(tx, id, (message.as_deref(), is_last, now_ms()))
        });
        Ok(write.await?)
    }

    /// It is tried again after a while. `unknown`: the part may stand there.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn owe_later(
        &self,
        tenant: &TenantId,
        id: ObligationId,
        (unknown, wait): (bool, Duration),
        reason: String,
    ) -> Result<(), ChannelError> {
        let due_ms = until(wait);
        let write =
            self.db().write(tenant, move |tx| store::outbox::postpone(tx, id, (unknown, due_ms, &reason)));
        Ok(write.await?)
    }

    /// It will not reach anybody.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn bury(
        &self,
        tenant: &TenantId,
        id: ObligationId,
        reason: String,
    ) -> Result<(), ChannelError> {
        let write = self.db().write(tenant, move |tx| store::outbox::bury(tx, id, (&reason, now_ms())));
        Ok(write.await?)
    }

    /// The platform took these messages and says now that it did not deliver them: they are dead, and somebody is told.
    ///
    /// # Errors
    /// What the store answers; then nothing is noted.
    pub(super) async fn taken_back(
        &self,
        tenant: &TenantId,
        channel: &Channel,
        failures: Vec<(String, String)>,
    ) -> Result<(), ChannelError> {
        let (id, now_ms) = (channel.id, now_ms());
        for (message, why) in failures {
            let reason = why.clone();
            let write = self
                .db()
                .write(tenant, move |tx| store::outbox::failed(tx, id, (&message, &reason, now_ms)))
                .await?;
            if write {
                self.notices().raise(tenant, dead_letter(channel, why));
            }
        }
        Ok(())
    }

    /// A conversation has another address now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn moved(
        &self,
        tenant: &TenantId,
        channel: ChannelId,
        (from, to): (String, String),
    ) -> Result<(), ChannelError> {
        let write = self.db().write(tenant, move |tx| store::people::moved(tx, channel, (&from, &to)));
        Ok(write.await?)
    }

    /// The message that an obligation answers.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn answered_by(
        &self,
        tenant: &TenantId,
        owed: &Obligation,
    ) -> Result<Option<Incoming>, ChannelError> {
        let Some(turn) = owed.turn else { return Ok(None) };
        Ok(self.db().read(tenant, move |read| store::inbox::of_turn(read, turn)).await?)
    }

    /// Where a question stands: its obligation.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn question(
        &self,
        tenant: &TenantId,
        approval: ApprovalId,
    ) -> Result<Option<Obligation>, ChannelError> {
        Ok(self.db().read(tenant, move |read| store::outbox::question(read, approval)).await?)
    }

    /// What is owed by a channel and what was, newest first.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn obligations(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        before: Option<ObligationId>,
        limit: usize,
    ) -> Result<Vec<Obligation>, ChannelError> {
        let read = self.db().read(tenant, move |read| {
            store::by_id(read, id)?;
            Ok::<_, ChannelError>(store::outbox::list(read, id, before, limit)?)
        });
        read.await
    }

    /// Tries a dead obligation again.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`] for one that is not dead, or what the store answers.
    pub async fn retry(
        &self,
        by: &Principal,
        id: ChannelId,
        owed: ObligationId,
    ) -> Result<Obligation, ChannelError> {
        let (now_ms, retrier) = (now_ms(), by.clone());
        let write = self.db().write(&by.tenant, move |tx| {
            let channel = store::by_id(tx, id)?;
            if !store::outbox::revive(tx, owed, now_ms)? {
                return Err(ChannelError::NotFound);
            }
            let entry = told(&retrier, "channel.retried", &channel).with("obligation", owed.to_string());
            audit::append(tx, entry)?;
            Ok(store::outbox::by_id(tx, owed)?)
        });
        let revived = write.await?;
        self.live().outbox(id).notify_one();
        Ok(revived)
    }

    /// Owes words to a conversation of a channel: a test, or a notice.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn say(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        conversation: &str,
        words: String,
    ) -> Result<(), ChannelError> {
        let owed = Obligation::words(id, conversation, words, now_ms());
        let write = self.db().write(tenant, move |tx| {
            store::by_id(tx, id)?;
            Ok::<_, ChannelError>(store::outbox::insert(tx, &owed)?)
        });
        write.await?;
        self.live().outbox(id).notify_one();
        Ok(())
    }
}

/// A message that will not reach anybody, for people.
#[must_use]
pub fn dead_letter(channel: &Channel, why: String) -> Happening {
    let title = format!("A message on {} could not be delivered", channel.name);
    let happening = Happening::new(Pattern::ChannelDead, title).saying(why);
    happening.to(SourceType::Channel, channel.id).within(channel.workspace_id)
}
