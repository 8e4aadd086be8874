//! What a conversation sees while its answer is written: the sign for "is writing", and where a message can be changed a draft
//! that grows. Both are comforts: the answer is owed by the store and takes the draft's place.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{OwnedMutexGuard, mpsc};
use tokio::time::MissedTickBehavior;

use super::life::Life;
use crate::channels::{Draft, Outcome, Outgoing, Post, markup};
use crate::protocol::event::EventKind;
use crate::protocol::ids::{ThreadId, TurnId};

/// How often a draft grows: platforms take about a change a second, in groups one in three.
const EVERY: Duration = Duration::from_millis(1_500);
/// Which of those ticks count in groups, and which renew the sign: it fades after some five seconds.
const GROUP_TICKS: u32 = 2;
const SIGN_TICKS: u32 = 3;
/// Answers that are shown at a time; further ones come when they are whole.
const AT_ONCE_MAX: usize = 256;

/// An answer that is being written.
pub(super) struct Begun {
    pub(super) conversation: String,
    pub(super) thread: ThreadId,
    pub(super) turn: TurnId,
    /// The event after which it begins.
    pub(super) cursor: i64,
    /// The message that it answers.
    pub(super) message: Option<String>,
    /// Whether nobody else reads along.
    pub(super) direct: bool,
}

/// See the module.
pub(super) struct Showing {
    begun: mpsc::Sender<Begun>,
    /// Held while a draft is changed, and while the answer takes its place.
    drafts: Mutex<HashMap<TurnId, Arc<tokio::sync::Mutex<()>>>>,
}

/// How far a draft has come.
struct Growing {
    /// The answer so far.
    text: String,
    round: u64,
    /// Bytes of it that stand there.
    shown: usize,
    /// Whether the platform refused it, or nobody knows.
    is_over: bool,
}

// === impl Showing ===

impl Showing {
    pub(super) fn new() -> (Self, mpsc::Receiver<Begun>) {
        let (begun, receiver) = mpsc::channel(AT_ONCE_MAX);
        (Self { begun, drafts: Mutex::default() }, receiver)
    }

    /// Shows an answer from now on, if there is room.
    pub(super) fn show(&self, begun: Begun) {
        if self.begun.try_send(begun).is_err() {
            tracing::debug!("an answer is not shown before it is whole");
        }
    }

    /// Keeps the draft of a turn from being changed.
    pub(super) async fn hold(&self, turn: TurnId) -> Option<OwnedMutexGuard<()>> {
        let lock = self.drafts.lock().get(&turn).cloned();
        match lock {
            Some(lock) => Some(lock.lock_owned().await),
            None => None,
        }
    }
}

// === impl Growing ===

impl Growing {
    const fn new() -> Self {
        Self { text: String::new(), round: 1, shown: 0, is_over: false }
    }

    /// Takes a piece of the answer. What was said before tools were used is not part of it.
    fn take(&mut self, data: &str) {
        let Ok(data) = serde_json::from_str::<Value>(data) else { return };
        let round = data.get("round").and_then(Value::as_u64).unwrap_or(1);
        if round != self.round {
            (self.round, self.shown) = (round, 0);
            self.text.clear();
        }
        self.text.push_str(data.get("text").and_then(Value::as_str).unwrap_or_default());
    }

    fn wants_more(&self) -> bool {
        !self.is_over && self.text.len() != self.shown && !self.text.trim().is_empty()
    }
}

// === impl Life ===

impl Life {
    /// Shows the answers that are begun, each until it ends.
    pub(super) async fn show_answers(&self, mut begun: mpsc::Receiver<Begun>) {
        let mut showing = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(one) = begun.recv() => if showing.len() < AT_ONCE_MAX {
                    showing.push(self.show_answer(one));
                },
                Some(()) = showing.next() => {}
            }
        }
    }

    async fn show_answer(&self, one: Begun) {
        self.showing.drafts.lock().insert(one.turn, Arc::default());
        self.follow(&one).await;
        self.showing.drafts.lock().remove(&one.turn);
    }

    async fn follow(&self, one: &Begun) {
        let limits = self.channel.platform.limits();
        let drafts = limits.can_edit && !self.channel.settings.whole_answers;
        let mut events = self.parts.turns.stream(&self.tenant, one.thread, one.cursor);
        let mut growing = Growing::new();
        let (mut tick, mut ticks) = (tokio::time::interval(EVERY), 0_u32);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Ok(event) if event.turn != one.turn => {}
                    Ok(event) if event.kind.ends_turn() => return,
                    Ok(event) if event.kind == EventKind::Delta => growing.take(&event.data),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "an answer is not shown any more");
                        return;
                    }
                },
                _ = tick.tick() => {
                    if ticks.is_multiple_of(SIGN_TICKS) {
                        let typing = Outgoing::Typing { message: one.message.as_deref() };
                        self.comfort(&one.conversation, &typing).await;
                    }
                    let is_turn = one.direct || ticks.is_multiple_of(GROUP_TICKS);
                    if drafts && is_turn && growing.wants_more() {
                        self.grow(one, &mut growing).await;
                    }
                    ticks = ticks.wrapping_add(1);
                }
            }
        }
    }

    /// Puts what there is of an answer into its draft, unless the answer is there.
    async fn grow(&self, one: &Begun, growing: &mut Growing) {
        let Some(_held) = self.showing.hold(one.turn).await else { return };
        let ended = self.parts.turns.turn(&self.tenant, one.turn).await;
        if !ended.is_ok_and(|turn| turn.is_some_and(|turn| !turn.state.is_terminal())) {
            growing.is_over = true;
            return;
        }
        let Some(part) = markup::draft(self.channel.platform, &growing.text) else { return };
        growing.shown = growing.text.len();
        let draft = self.parts.channels.draft(&self.tenant, one.turn).await;
        let drafted = match draft {
            Ok(Draft::None) => self.begin_draft(one, &part).await,
            Ok(Draft::Stands(message)) => {
                let edit = Outgoing::Edit { message: &message, part: &part, plain: false };
                self.comfort(&one.conversation, &edit).await;
                Ok(true)
            }
            Ok(Draft::Unknown) => Ok(false),
            Err(error) => Err(error),
        };
        growing.is_over = !drafted.unwrap_or(false);
    }

    /// Whether a draft stands there now, or may be begun another time.
    async fn begin_draft(
        &self,
        one: &Begun,
        part: &markup::Part,
    ) -> Result<bool, crate::channels::ChannelError> {
        let channels = &self.parts.channels;
        self.wait_for_room().await;
        channels.note_draft(&self.tenant, one.turn, Draft::Unknown).await?;
        let reply_to = one.message.as_deref().filter(|_| !one.direct);
        let key = format!("{}-draft", one.turn);
        let post = Post { part, plain: false, reply_to, buttons: &[], key: &key };
        let (stands, goes_on) = match self.tell(&one.conversation, &Outgoing::Say(post)).await {
            Ok(Outcome::Sent { message }) => (Draft::Stands(message), true),
            Ok(Outcome::Wait { .. } | Outcome::Again { .. }) => (Draft::None, true),
            Ok(Outcome::Unknown { .. } | Outcome::Done) => return Ok(false),
            Ok(_) | Err(_) => (Draft::None, false),
        };
        channels.note_draft(&self.tenant, one.turn, stands).await?;
        Ok(goes_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_grows_with_its_round_and_begins_anew_after_tools() {
        let mut growing = Growing::new();
        assert!(!growing.wants_more());
        growing.take(r#"{"text":"Let me "}"#);
        growing.take(r#"{"text":"look."}"#);
        assert_eq!((growing.text.as_str(), growing.wants_more()), ("Let me look.", true));
        growing.shown = growing.text.len();
        assert!(!growing.wants_more());
        growing.take(r#"{"text":"It is ","round":2}"#);
        growing.take("not json");
        growing.take(r#"{"text":"seven.","round":2}"#);
        assert_eq!((growing.text.as_str(), growing.wants_more()), ("It is seven.", true));
        growing.is_over = true;
        assert!(!growing.wants_more());
    }
}
