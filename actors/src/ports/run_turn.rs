//! `RunTurn`: how a turn reaches models and tools.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::protocol::ids::ApprovalId;
use crate::protocol::model::{ModelError, ModelEvent};
use crate::protocol::turn::TurnWork;

/// Which backend and model answer, sent before the first [`ModelEvent`].
#[derive(Clone, Debug)]
pub struct Answering {
    /// The backend's name.
    pub backend: String,
    /// The model's name.
    pub model: String,
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

/// What a running turn reports.
#[derive(Clone, Debug)]
pub enum TurnReport {
    /// A backend was chosen.
    Answering(Answering),
    /// The model produced something.
    Model(ModelEvent),
    /// The turn waits for a person. Its deadline stands still until every question is decided.
    Asking(Asking),
    /// A question is decided, and the turn goes on.
    Decided(Decided),
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
