//! Obligations: messages that must reach a conversation, recorded in the transaction of what they tell.
//!
//! A part is marked before it is handed to the platform and after the platform has answered. What was marked and never
//! answered may stand there already: it is sent again with the words *possible duplicate*, and never lost.

use super::channel::DOOR;
use super::store;
use crate::db::{DbError, TenantTx};
use crate::protocol::ids::{ApprovalId, ChannelId, ObligationId, ThreadId, TurnId};
use crate::protocol::turn::{TurnFailure, TurnState};

/// What stands before a message that may stand there already.
pub const DUPLICATE: &str = "(possible duplicate)";

/// What an obligation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Words.
    Say,
    /// A question of an assistant, with buttons where there are any.
    Question,
    /// The end of a question: what was decided, in its place.
    Close,
}

/// Where an obligation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObligationState {
    /// It is still owed.
    Pending,
    /// The platform took all of it.
    Sent,
    /// It will not reach anybody, unless a person tries it again.
    Dead,
}

/// A message that is owed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obligation {
    /// Its id, which also names each part to the platform.
    pub id: ObligationId,
    /// The channel.
    pub channel: ChannelId,
    /// The conversation.
    pub conversation: String,
    /// What it is.
    pub kind: Kind,
    /// Markdown; of questions what is told besides the question.
    pub body: String,
    /// The question.
    pub approval: Option<ApprovalId>,
    /// The turn that it answers.
    pub turn: Option<TurnId>,
    /// Parts that the platform took.
    pub sent_parts: usize,
    /// Whether the next part was handed over and nobody knows what became of it.
    pub in_flight: bool,
    /// Whether some of it may stand there twice.
    pub doubtful: bool,
    /// The platform's ids of the parts.
    pub messages: Vec<String>,
    /// Where it is.
    pub state: ObligationState,
    /// Tries of the part that is next.
    pub attempts: u32,
    /// When it is tried, at the earliest.
    pub due_ms: i64,
    /// Why it waits or is dead.
    pub reason: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

/// How a turn ended, as far as its conversation is told.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// Its thread.
    pub thread: ThreadId,
    /// The turn.
    pub turn: TurnId,
    /// Who caused it: a channel's door, or somebody else.
    pub source: &'a str,
    /// How it ended.
    pub state: TurnState,
    /// Its answer, as far as it came.
    pub text: &'a str,
    /// Why it has no whole answer.
    pub failure: Option<&'a TurnFailure>,
}

// === impl Kind ===

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Question => "question",
            Self::Close => "close",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Say, Self::Question, Self::Close].into_iter().find(|kind| kind.as_str() == word)
    }
}

// === impl ObligationState ===

impl ObligationState {
    /// The word used in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Sent, Self::Dead].into_iter().find(|state| state.as_str() == word)
    }
}

// === impl Obligation ===

impl Obligation {
    /// Words for a conversation.
    pub(super) fn words(channel: ChannelId, conversation: &str, body: String, now_ms: i64) -> Self {
        Self {
            id: ObligationId::new(),
            channel,
            conversation: conversation.to_owned(),
            kind: Kind::Say,
            body,
            approval: None,
            turn: None,
            sent_parts: 0,
            in_flight: false,
            doubtful: false,
            messages: Vec::new(),
            state: ObligationState::Pending,
            attempts: 0,
            due_ms: now_ms,
            reason: String::new(),
            created_ms: now_ms,
        }
    }
}

/// Owes the answer of a turn to the conversation that its message came from, in the transaction that ends it. Turns that came
/// from elsewhere owe nothing here. Whether something is owed now.
///
/// # Errors
/// What the store answers.
pub fn owe_answer(tx: &mut TenantTx<'_>, ended: &Ended<'_>, now_ms: i64) -> Result<bool, DbError> {
    let Some((channel, conversation)) = origin(tx, ended.source, ended.thread)? else { return Ok(false) };
    let owed = Obligation {
        turn: Some(ended.turn),
        ..Obligation::words(channel, &conversation, words(ended), now_ms)
    };
    store::outbox::insert(tx, &owed)?;
    Ok(true)
}

/// Owes a question to the conversation of the turn that asks it. Whether something is owed now.
///
/// # Errors
/// What the store answers.
pub fn owe_question(
    tx: &mut TenantTx<'_>,
    (source, thread, turn): (&str, ThreadId, TurnId),
    approval: ApprovalId,
    now_ms: i64,
) -> Result<bool, DbError> {
    if store::outbox::question(tx, approval)?.is_some() {
        return Ok(false);
    }
    let Some((channel, conversation)) = origin(tx, source, thread)? else { return Ok(false) };
    let owed = Obligation {
        kind: Kind::Question,
        approval: Some(approval),
        turn: Some(turn),
        ..Obligation::words(channel, &conversation, String::new(), now_ms)
    };
    store::outbox::insert(tx, &owed)?;
    Ok(true)
}

/// Owes what was decided to the conversation in which it was asked. Whether something is owed now.
///
/// # Errors
/// What the store answers.
pub fn owe_decision(tx: &mut TenantTx<'_>, approval: ApprovalId, now_ms: i64) -> Result<bool, DbError> {
    let Some(question) = store::outbox::question(tx, approval)? else { return Ok(false) };
    let owed = Obligation {
        kind: Kind::Close,
        approval: Some(approval),
        ..Obligation::words(question.channel, &question.conversation, String::new(), now_ms)
    };
    store::outbox::insert(tx, &owed)?;
    Ok(true)
}

/// Where a turn with this cause is answered.
fn origin(tx: &TenantTx<'_>, source: &str, thread: ThreadId) -> Result<Option<(ChannelId, String)>, DbError> {
    if source.starts_with(DOOR) { store::people::of_thread(tx, thread) } else { Ok(None) }
}

/// What a conversation is told at the end of a turn. It is never nothing: silence looks like a crash.
fn words(ended: &Ended<'_>) -> String {
    let text = ended.text.trim();
    let why = ended.failure.map_or("", |failure| failure.message.as_str());
    match ended.state {
        TurnState::Done if text.is_empty() => "(I have nothing to say to that.)".to_owned(),
        TurnState::Done => text.to_owned(),
        TurnState::Stopped if text.is_empty() => "Stopped.".to_owned(),
        TurnState::Stopped => format!("{text}\n\n*Stopped here.*"),
        _ if text.is_empty() => format!("That did not work: {why}"),
        _ => format!("{text}\n\n*It ends here: {why}*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_turn_is_never_silence() {
        let failure = TurnFailure::new("overloaded", "the model is overloaded", true);
        let said = |state, text, failure| {
            let (thread, turn) = (ThreadId::new(), TurnId::new());
            words(&Ended { thread, turn, source: "channel:x", state, text, failure })
        };
        let table = [
            (TurnState::Done, " hello ", None, "hello"),
            (TurnState::Done, "", None, "(I have nothing to say to that.)"),
            (TurnState::Stopped, "", None, "Stopped."),
            (TurnState::Stopped, "half", None, "half\n\n*Stopped here.*"),
            (TurnState::Failed, "", Some(&failure), "That did not work: the model is overloaded"),
            (
                TurnState::Interrupted,
                "half",
                Some(&failure),
                "half\n\n*It ends here: the model is overloaded*",
            ),
        ];
        for (state, text, failure, expected) in table {
            assert_eq!(said(state, text, failure), expected, "{state:?}");
        }
    }
}
