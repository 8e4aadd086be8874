//! What becomes of a message: stored first, then looked at once, in one transaction with what is answered.

use super::channel::{Channel, Groups};
use super::desk::{Channels, now_ms};
use super::error::ChannelError;
use super::incoming::{Incoming, Said};
use super::outbox::Obligation;
use super::people::{self, Person, STRANGERS_MAX, Standing};
use super::store;
use super::store::people::Conversation;
use crate::db::TenantTx;
use crate::guard::TextOf;
use crate::protocol::ids::{ChannelId, InboxId, TenantId, ThreadId, TurnId};
use crate::workspaces::BoundThread;

/// Messages that one look takes.
const LOOK_MAX: usize = 200;

/// A message that waits to be looked at.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whose channel it came over.
    pub tenant: TenantId,
    /// Its place in the inbox.
    pub id: InboxId,
    /// The channel.
    pub channel: ChannelId,
    /// What it says.
    pub incoming: Incoming,
    /// How often it was tried before.
    pub attempts: u32,
    /// When it is looked at, at the earliest.
    pub due_ms: i64,
}

/// Who wrote, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writer {
    /// Nobody knows them.
    Stranger,
    /// They hear nothing.
    Blocked,
    /// They may talk, but this was not for us.
    NotForUs,
    /// They may talk; whether their word decides questions.
    Known {
        /// Whether it does.
        decides: bool,
    },
}

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// The thread of its conversation.
    pub thread: ThreadId,
    /// The model that somebody chose there.
    pub model: Option<String>,
    /// Whether it was made just now.
    pub fresh: bool,
}

// === impl Channels ===

impl Channels {
    /// Stores what came, before anybody is told that it did; how many messages are new. With `polled` the place of the next
    /// poll is noted with them, unless another daemon holds the lease by now.
    ///
    /// # Errors
    /// [`ChannelError::Leased`], or what the store answers; then nothing is stored.
    pub async fn arrived(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        came: Vec<Incoming>,
        polled: Option<(i64, i64)>,
    ) -> Result<usize, ChannelError> {
        let now_ms = now_ms();
        let came: Vec<Incoming> = came.into_iter().map(|one| self.clean(tenant, one)).collect();
        let write = self.db().write(tenant, move |tx| {
            if let Some((epoch, cursor)) = polled
                && !store::advance(tx, id, epoch, cursor)?
            {
                return Err(ChannelError::Leased);
            }
            let mut fresh = 0;
            for incoming in &came {
                fresh += usize::from(store::inbox::insert(tx, id, (InboxId::new(), incoming), now_ms)?);
            }
            Ok(fresh)
        });
        let fresh = write.await?;
        if fresh > 0 {
            self.live().inbox(id).notify_one();
        }
        Ok(fresh)
    }

    /// What people write is kept without the secrets in it.
    fn clean(&self, tenant: &TenantId, mut incoming: Incoming) -> Incoming {
        if let Said::Text { text, .. } = &mut incoming.said {
            let of = TextOf { tenant: tenant.clone(), thread: None };
            *text = self.guard().clean(&of, "message", std::mem::take(text)).text;
        }
        incoming
    }

    /// Resolves once something may have come over this channel.
    pub async fn inbox_changed(&self, id: ChannelId) {
        self.live().inbox(id).notified().await;
    }

    /// The messages of a channel that wait, oldest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn letters(&self, tenant: &TenantId, id: ChannelId) -> Result<Vec<Letter>, ChannelError> {
        let found = self.db().read(tenant, move |read| store::inbox::waiting(read, id, LOOK_MAX)).await?;
        let letter = |one: store::inbox::Waiting| Letter {
            tenant: tenant.clone(),
            id: one.id,
            channel: id,
            incoming: one.incoming,
            attempts: one.attempts,
            due_ms: one.due_ms,
        };
        Ok(found.into_iter().map(letter).collect())
    }

    /// Who wrote a letter.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn writer(&self, letter: &Letter, channel: &Channel) -> Result<Writer, ChannelError> {
        let (id, sender) = (letter.channel, letter.incoming.sender.clone());
        let found = self.db().read(&letter.tenant, move |read| store::people::one(read, id, &sender.id));
        let standing = found.await?.map(|person| (person.standing, person.decides));
        Ok(judged(&letter.incoming, channel, standing))
    }

    /// Gives a stranger a code, or nothing where several people read along.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn greet(&self, letter: &Letter, us: &str) -> Result<(), ChannelError> {
        let (letter, us, now_ms) = (letter.clone(), us.to_owned(), now_ms());
        let (tenant, at) = (letter.tenant.clone(), letter.channel);
        let write = self.db().write(&tenant, move |tx| {
            if !store::inbox::done(tx, letter.id, ("stranger", None))? {
                return Ok(());
            }
            let (channel, sender) = (letter.channel, &letter.incoming.sender);
            let known = store::people::one(tx, channel, &sender.id)?;
            // Who has a code was told; and a crowd of strangers is told nothing.
            let is_told = known.as_ref().is_some_and(|person| person.has_code(now_ms));
            let is_crowd = known.is_none() && store::people::strangers(tx, channel)? >= STRANGERS_MAX;
            if is_told || is_crowd || !letter.incoming.direct {
                return Ok(());
            }
            let Some(person) = Person::stranger(channel, (&sender.id, &sender.name), now_ms) else { return Ok(()) };
            store::people::put(tx, &person, "")?;
            let code = people::shown(person.code.as_deref().unwrap_or_default());
            let words = format!(
                "I do not know you yet. Your pairing code is **{code}**. Whoever runs me approves it on the page Channels, or \
                 with `capuchin channel approve {code}`, within an hour. Then write again{us}."
            );
            answer(tx, &letter, words, now_ms)
        });
        write.await?;
        self.live().outbox(at).notify_one();
        Ok(())
    }

    /// Looks at a letter for good, with an answer or without one, in one transaction.
    ///
    /// # Errors
    /// What the store answers; then it waits on.
    pub async fn settle(
        &self,
        letter: &Letter,
        outcome: &'static str,
        words: Option<String>,
    ) -> Result<(), ChannelError> {
        let (letter, now_ms) = (letter.clone(), now_ms());
        let (tenant, channel) = (letter.tenant.clone(), letter.channel);
        let write = self.db().write(&tenant, move |tx| match words {
            Some(words) if store::inbox::done(tx, letter.id, (outcome, None))? => {
                answer(tx, &letter, words, now_ms)
            }
            Some(_) => Ok(()),
            None => store::inbox::done(tx, letter.id, (outcome, None)).map(drop).map_err(ChannelError::from),
        });
        write.await?;
        self.live().outbox(channel).notify_one();
        Ok(())
    }

    /// The thread of a letter's conversation, made where there is none.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn bind(&self, letter: &Letter, channel: &Channel) -> Result<Bound, ChannelError> {
        let (letter, channel, now_ms) = (letter.clone(), channel.clone(), now_ms());
        let write = self.db().write(&letter.tenant.clone(), move |tx| {
            let address = letter.incoming.conversation.as_str();
            let found = conversation(tx, &letter)?;
            let place = if letter.incoming.direct { letter.incoming.sender.name.as_str() } else { "group" };
            let bound = BoundThread {
                door: channel.door(),
                key: format!("{}#{address}", found.number),
                workspace: channel.workspace_id,
                title: format!("{}: {place}", channel.name),
                brief: brief(&channel, letter.incoming.direct),
                ceiling: channel.settings.ceiling,
            };
            let thread = bound.ensure(tx, now_ms)?;
            let now = Conversation { thread: Some(thread), ..found.clone() };
            if now != found {
                store::people::put_conversation(tx, (channel.id, address), &now)?;
            }
            Ok::<_, ChannelError>(Bound { thread, model: now.model, fresh: found.thread.is_none() })
        });
        let bound = write.await?;
        if bound.fresh {
            self.reload().await?;
        }
        Ok(bound)
    }

    /// The turn of a letter is stored.
    ///
    /// # Errors
    /// What the store answers; then it is looked at again, and its key finds the turn.
    pub async fn submitted(&self, letter: &Letter, turn: TurnId) -> Result<(), ChannelError> {
        let id = letter.id;
        let write =
            self.db().write(&letter.tenant, move |tx| store::inbox::done(tx, id, ("turn", Some(turn))));
        Ok(write.await.map(drop)?)
    }

    /// It is looked at again at this time.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn later(&self, letter: &Letter, due_ms: i64) -> Result<(), ChannelError> {
        let id = letter.id;
        Ok(self.db().write(&letter.tenant, move |tx| store::inbox::postpone(tx, id, due_ms)).await?)
    }

    /// The thread in which a conversation goes on, if it has one.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn thread_of(&self, letter: &Letter) -> Result<Option<Bound>, ChannelError> {
        let (id, address) = (letter.channel, letter.incoming.conversation.clone());
        let read =
            self.db().read(&letter.tenant, move |read| store::people::conversation(read, id, &address));
        let found = read.await?;
        Ok(found.and_then(|one| Some(Bound { thread: one.thread?, model: one.model, fresh: false })))
    }

    /// Begins a conversation anew, or answers it with another model from now on, and says so.
    ///
    /// # Errors
    /// What the store answers; then it waits on.
    pub async fn turn_over(
        &self,
        letter: &Letter,
        model: Option<Option<String>>,
        words: String,
    ) -> Result<(), ChannelError> {
        let (letter, now_ms) = (letter.clone(), now_ms());
        let (tenant, channel) = (letter.tenant.clone(), letter.channel);
        let write = self.db().write(&tenant, move |tx| {
            if !store::inbox::done(tx, letter.id, ("command", None))? {
                return Ok(());
            }
            let found = conversation(tx, &letter)?;
            let changed = match model {
                Some(model) => Conversation { model, ..found },
                None => Conversation { number: found.number + 1, thread: None, ..found },
            };
            store::people::put_conversation(tx, (letter.channel, &letter.incoming.conversation), &changed)?;
            answer(tx, &letter, words, now_ms)
        });
        write.await?;
        self.live().outbox(channel).notify_one();
        Ok(())
    }
}

fn conversation(tx: &TenantTx<'_>, letter: &Letter) -> Result<Conversation, ChannelError> {
    let found = store::people::conversation(tx, letter.channel, &letter.incoming.conversation)?;
    let person = letter.incoming.direct.then(|| letter.incoming.sender.id.clone());
    let fresh = Conversation { number: 0, thread: None, direct: letter.incoming.direct, person, model: None };
    Ok(found.unwrap_or(fresh))
}

fn answer(tx: &mut TenantTx<'_>, letter: &Letter, words: String, now_ms: i64) -> Result<(), ChannelError> {
    let owed = Obligation::words(letter.channel, &letter.incoming.conversation, words, now_ms);
    Ok(store::outbox::insert(tx, &owed)?)
}

/// Pure: who wrote, by what is known of them and where they wrote.
fn judged(incoming: &Incoming, channel: &Channel, known: Option<(Standing, bool)>) -> Writer {
    let is_allowed = incoming.sender.authenticated && channel.settings.allowed.contains(&incoming.sender.id);
    let decides = match known {
        Some((Standing::Blocked, _)) => return Writer::Blocked,
        Some((Standing::Approved, decides)) if incoming.sender.authenticated => decides,
        _ if is_allowed => false,
        _ => return Writer::Stranger,
    };
    let is_for_us = match &incoming.said {
        Said::Text { mentions_us, .. } => *mentions_us || channel.settings.groups == Groups::Always,
        Said::Press { .. } => true,
        Said::Other { .. } => false,
    };
    let is_group = !incoming.direct;
    match is_group && (!is_for_us || channel.settings.groups == Groups::Never) {
        true => Writer::NotForUs,
        false => Writer::Known { decides },
    }
}

/// What a model is told of the thread.
fn brief(channel: &Channel, direct: bool) -> String {
    let place = channel.platform.label();
    match direct {
        true => format!("This conversation is on {place}. Answer as briefly as people write there."),
        false => format!(
            "This conversation is a group on {place}; several people read along, and each message begins with who wrote it. \
             Answer as briefly as people write there."
        ),
    }
}

#[cfg(test)]
mod tests;
