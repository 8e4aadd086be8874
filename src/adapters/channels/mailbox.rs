//! Implements `Carry` for what came over a channel: who wrote it, whether it was for us, and what becomes of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::carry::{Carry, CarryError, Due};
use capuchin_actors::ports::keep_ledger::AcceptError;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::life::Life;
use super::payer::time_until;
use super::showing::Begun;
use crate::channels::{ChannelError, Command, Letter, Outgoing, Said, Writer};
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::turn::{Inbound, Provenance, TurnOverrides};

/// Shortest and longest wait before a message is tried again.
const AGAIN_MS: (i64, i64) = (1_000, 60_000);

/// See the module.
pub(super) struct Mailbox(pub(super) Arc<Life>);

impl Carry for Mailbox {
    type Lane = String;
    type Job = Letter;

    fn due(&self, busy: &HashSet<String>) -> BoxFuture<'static, Result<Due<Self>, CarryError>> {
        let (life, busy) = (Arc::clone(&self.0), busy.clone());
        async move {
            let letters = life.parts.channels.letters(&life.tenant, life.channel.id).await;
            let letters = letters.map_err(|error| CarryError(error.to_string()))?;
            Ok(first_of_each(letters, busy))
        }
        .boxed()
    }

    fn carry(&self, letter: Letter) -> BoxFuture<'static, ()> {
        let life = Arc::clone(&self.0);
        async move {
            if let Err(error) = life.look_at(&letter).await {
                tracing::warn!(%error, letter = %letter.id, "a message of a channel could not be looked at");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let life = Arc::clone(&self.0);
        async move { life.parts.channels.inbox_changed(life.channel.id).await }.boxed()
    }
}

/// Messages of one conversation are looked at in their order: the first that waits holds up the others.
fn first_of_each(letters: Vec<Letter>, mut busy: HashSet<String>) -> Due<Mailbox> {
    let (now_ms, mut jobs, mut next_ms) = (Timestamp::now().as_millisecond(), Vec::new(), None::<i64>);
    for letter in letters {
        // A stop has to overtake what waits before it.
        let overtakes = is_stop(&letter);
        if !busy.insert(letter.incoming.conversation.clone()) && !overtakes {
            continue;
        }
        if letter.due_ms > now_ms {
            next_ms = Some(next_ms.map_or(letter.due_ms, |next| next.min(letter.due_ms)));
            continue;
        }
        jobs.push((letter.incoming.conversation.clone(), letter));
    }
    Due { jobs, next: next_ms.map(time_until) }
}

fn is_stop(letter: &Letter) -> bool {
    match &letter.incoming.said {
        Said::Text { text, .. } => matches!(Command::parse(text, None), Some(Command::Stop)),
        Said::Press { .. } | Said::Other { .. } => false,
    }
}

impl Life {
    async fn look_at(&self, letter: &Letter) -> Result<(), ChannelError> {
        let channels = &self.parts.channels;
        let decides = match channels.writer(letter, &self.channel).await? {
            Writer::Blocked => return channels.settle(letter, "blocked", None).await,
            Writer::NotForUs => return channels.settle(letter, "not for us", None).await,
            Writer::Stranger => {
                self.tell_of_stranger(letter);
                return channels.greet(letter, "").await;
            }
            Writer::Known { decides } => decides,
        };
        match &letter.incoming.said {
            Said::Other { what } => {
                let words = format!("I got {what}, and can only read words here.");
                channels.settle(letter, "unreadable", Some(words)).await
            }
            Said::Press { data, ack, .. } => {
                let words = self.pressed(letter, data, decides).await?;
                self.acknowledge(letter, ack.as_deref(), words.as_deref()).await;
                channels.settle(letter, "press", words.filter(|_| ack.is_none())).await
            }
            Said::Text { text, with, .. } => match Command::parse(text, Some(&self.us.name)) {
                Some(command) => self.command(letter, command, decides).await,
                None => self.submit(letter, text, with.as_deref()).await,
            },
        }
    }

    /// The platform stops the button from turning.
    async fn acknowledge(&self, letter: &Letter, ack: Option<&str>, words: Option<&str>) {
        let Some(ack) = ack else { return };
        self.comfort(&letter.incoming.conversation, &Outgoing::AckPress { ack, text: words }).await;
    }

    fn tell_of_stranger(&self, letter: &Letter) {
        let title = format!("{} wants to talk on {}", letter.incoming.sender.name, self.channel.name);
        let happening = Happening::new(Pattern::PairingWanted, title);
        let happening =
            happening.to(SourceType::Channel, self.channel.id).told_apart_by(&letter.incoming.sender.id);
        self.parts.notices.raise(&self.tenant, happening.within(self.channel.workspace_id));
    }

    fn came(&self, letter: &Letter) {
        let title = format!("{} wrote on {}", letter.incoming.sender.name, self.channel.name);
        let happening = Happening::new(Pattern::ChannelInbound, title).within(self.channel.workspace_id);
        self.parts.notices.raise(&self.tenant, happening.to(SourceType::Channel, self.channel.id));
    }

    /// Takes a message into the thread of its conversation. The platform's id of it is its key, so nothing is said twice.
    async fn submit(&self, letter: &Letter, text: &str, with: Option<&str>) -> Result<(), ChannelError> {
        let channels = &self.parts.channels;
        let bound = channels.bind(letter, &self.channel).await?;
        let mut overrides = TurnOverrides::default();
        if let Some((backend, model)) = bound.model.as_deref().and_then(|chosen| chosen.split_once('/')) {
            overrides.backend = Some(backend.to_owned());
            overrides.model = Some(model.to_owned()).filter(|model| !model.is_empty());
        }
        let inbound = Inbound {
            tenant: self.tenant.clone(),
            thread: bound.thread,
            content: content(letter, text, with),
            provenance: Provenance::ApprovedSender,
            source: self.channel.door(),
            idempotency_key: Some(letter.incoming.id.clone()),
            overrides,
        };
        match self.parts.sessions.submit(inbound).await {
            Ok(accepted) => {
                channels.submitted(letter, accepted.turn_id).await?;
                self.came(letter);
                self.showing.show(Begun {
                    conversation: letter.incoming.conversation.clone(),
                    thread: bound.thread,
                    turn: accepted.turn_id,
                    cursor: accepted.event_id - 1,
                    message: letter.incoming.message.clone(),
                    direct: letter.incoming.direct,
                });
                Ok(())
            }
            Err(error) => self.not_now(letter, &error).await,
        }
    }

    /// What cannot be taken now waits; who wrote is told once.
    async fn not_now(&self, letter: &Letter, error: &AcceptError) -> Result<(), ChannelError> {
        let channels = &self.parts.channels;
        if matches!(error, AcceptError::KeyReused) {
            return channels.settle(letter, "refused", Some(format!("That did not work: {error}."))).await;
        }
        if letter.attempts == 0 {
            let words = format!("I will answer later: {error}.");
            channels.say(&self.tenant, self.channel.id, &letter.incoming.conversation, words).await?;
        }
        let wait_ms = AGAIN_MS.0.saturating_mul(1 << letter.attempts.min(16)).min(AGAIN_MS.1);
        channels.later(letter, Timestamp::now().as_millisecond() + wait_ms).await
    }
}

/// A message as a model reads it: with who wrote it where several do, and with what could not be read.
fn content(letter: &Letter, text: &str, with: Option<&str>) -> String {
    let mut content = String::new();
    if !letter.incoming.direct {
        content.push_str(&format!("{}: ", letter.incoming.sender.name));
    }
    // A bare mention is a call without a question.
    content.push_str(if text.is_empty() { "(mentions you)" } else { text });
    if let Some(with) = with {
        content.push_str(&format!("\n[It came with {with}, which cannot be read here.]"));
    }
    content
}
