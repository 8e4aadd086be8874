//! `RunTurn`: how a turn reaches models and tools.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::protocol::ids::ApprovalId;
use crate::protocol::journal::JournalEntry;
use crate::protocol::model::{ModelError, ModelEvent};
use crate::protocol::turn::TurnWork;

/// Which backend and model answer, sent before the first [`ModelEvent`] of every round.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The backend's name.
    pub backend: String,
    /// The model's name.
    pub model: String,
    /// Which round of the turn this is, from 1.
    pub round: u32,
}

/// A question to a person, which is kept already.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The question.
    pub approval: ApprovalId,
    /// What its event says; `approval_id` and `state` are among it.
    pub data: Map<String, Value>,
    /// Time until it is denied by itself.
    pub expires_in: Duration,
}

/// The end of a question, however it came.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The question.
    pub approval: ApprovalId,
    /// What its event says.
    pub data: Map<String, Value>,
}

/// Something to keep before the turn goes on.
#[derive(Debug)]
pub struct ToKeep {
    /// The entry. A kept [`JournalEntry::Round`] takes what the model said so far: what it says next is another message.
    pub entry: JournalEntry,
    /// Resolves once it is durable; dropped when it never will be.
    pub kept: oneshot::Sender<()>,
}

/// What a running turn reports.
#[derive(Debug)]
pub enum TurnReport {
    /// A backend was chosen.
    Answering(Answering),
    /// The model produced something.
    Model(ModelEvent),
    /// The turn waits for a person. Its deadline stands still until every question is decided.
    Asking(Asking),
    /// A question is decided, and the turn goes on.
    Decided(Decided),
    /// What a tool does: the data of its event, `id`, `name` and `state` among it.
    Tool(Map<String, Value>),
    /// Something has to be durable before the turn goes on.
    Keep(Box<ToKeep>),
}

/// See the module. Dropping the future stops the work.
pub trait RunTurn: Send + Sync + 'static {
    /// Runs one turn to its end. Reports come in order through `reports`, which is bounded;
    /// a good run reported [`ModelEvent::Stop`] last.
    fn run(
        &self,
        work: TurnWork,
        reports: mpsc::Sender<TurnReport>,
    ) -> BoxFuture<'static, Result<(), ModelError>>;
}
