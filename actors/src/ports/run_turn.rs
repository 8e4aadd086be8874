//! `RunTurn`: how a turn reaches models and tools.

use futures::future::BoxFuture;
use tokio::sync::mpsc;

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

/// What a running turn reports.
#[derive(Clone, Debug)]
pub enum TurnReport {
    /// A backend was chosen.
    Answering(Answering),
    /// The model produced something.
    Model(ModelEvent),
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
