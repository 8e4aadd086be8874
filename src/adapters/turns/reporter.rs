//! What a running turn tells its recorder.

use std::time::Duration;

use capuchin_actors::ports::run_turn::{Asking, Decided, ToKeep, TurnReport};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::approvals::Approval;
use crate::protocol::journal::JournalEntry;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// Longest piece of a tool's answer in its event, in bytes; the whole of it is a message of the thread.
const SHOWN_BYTES_MAX: usize = 4_096;

/// The way to the recorder. Cheap to clone.
#[derive(Clone)]
pub(super) struct Reporter {
    reports: mpsc::Sender<TurnReport>,
}

// === impl Reporter ===

impl Reporter {
    pub(super) const fn new(reports: mpsc::Sender<TurnReport>) -> Self {
        Self { reports }
    }

    /// A report that nobody hears any more is no error: the turn was stopped and drops this future.
    pub(super) async fn send(&self, report: TurnReport) {
        // silent-ok: see above
        let _ = self.reports.send(report).await;
    }

    /// Waits until an entry is durable.
    pub(super) async fn keep(&self, entry: JournalEntry) -> Result<(), ModelError> {
        let (kept, durable) = oneshot::channel();
        self.send(TurnReport::Keep(Box::new(ToKeep { entry, kept }))).await;
        durable.await.map_err(|_| {
            ModelError::new(ModelErrorKind::Overloaded, "the turn's journal could not be written")
        })
    }

    pub(super) async fn asking(&self, asked: &Approval) {
        let left = asked.expires_ms.saturating_sub(Timestamp::now().as_millisecond());
        let expires_in = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        let asking = Asking { approval: asked.id, data: asked.event(), expires_in };
        self.send(TurnReport::Asking(asking)).await;
    }

    pub(super) async fn decided(&self, decided: &Approval) {
        let decided = Decided { approval: decided.id, data: decided.event() };
        self.send(TurnReport::Decided(decided)).await;
    }

    /// Tells what a tool does: its call, its state, and more.
    pub(super) async fn tool(&self, call: (&str, &str), state: &str, more: Value) {
        let mut data = Map::new();
        data.insert("id".into(), call.0.into());
        data.insert("name".into(), call.1.into());
        data.insert("state".into(), state.into());
        if let Value::Object(more) = more {
            data.extend(more);
        }
        self.send(TurnReport::Tool(data)).await;
    }

    /// Tells that a tool has answered.
    pub(super) async fn answered(&self, call: (&str, &str), state: &str, output: &str) {
        let end = output.floor_char_boundary(SHOWN_BYTES_MAX);
        let shown = output.get(..end).unwrap_or_default();
        let more = match end < output.len() {
            true => json!({ "output": shown, "output_bytes": output.len() }),
            false => json!({ "output": shown }),
        };
        self.tool(call, state, more).await;
    }
}
