//! What the children of a case have done, and who they are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use capuchin_actors::supervision::spec::AutoShutdown;
use ractor::{ActorCell, ActorId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// See the module.
#[derive(Default)]
pub(super) struct World {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    trace: Vec<Value>,
    /// Start attempts by id.
    attempts: HashMap<String, u64>,
    /// Whoever was started last under an id.
    living: HashMap<String, Being>,
    labels: HashMap<ActorId, String>,
    /// Those whose end is in the trace.
    buried: Vec<String>,
    sup_ends_with: Option<Value>,
    dynamic: bool,
    auto_shutdown: AutoShutdown,
}

#[derive(Clone)]
struct Being {
    label: String,
    cell: Option<ActorCell>,
    /// Makes a worker end by itself; supervisors have none.
    die: Option<mpsc::UnboundedSender<Value>>,
}

impl World {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trace(&self) -> Vec<Value> {
        self.lock().trace.clone()
    }

    pub(super) fn note_flags(&self, dynamic: bool, auto_shutdown: AutoShutdown) {
        let mut inner = self.lock();
        inner.dynamic = dynamic;
        inner.auto_shutdown = auto_shutdown;
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.lock().dynamic
    }

    pub(super) fn auto_shutdown(&self) -> AutoShutdown {
        self.lock().auto_shutdown
    }

    /// The number of the next start attempt under this id, from 1.
    pub(super) fn next_attempt(&self, id: &str) -> u64 {
        let mut inner = self.lock();
        let attempt = inner.attempts.entry(id.to_owned()).or_default();
        *attempt += 1;
        *attempt
    }

    pub(super) fn start_failed(&self, label: &str, how: &Value) {
        self.lock().trace.push(json!(["start_failed", label, how]));
    }

    pub(super) fn started(&self, label: &str) {
        self.lock().trace.push(json!(["start", label]));
    }

    /// A supervisor runs, or is about to.
    pub(super) fn born(&self, id: &str, attempt: u64, cell: Option<ActorCell>) {
        let label = if attempt == 0 { id.to_owned() } else { format!("{id}#{attempt}") };
        self.settle_in(id, Being { label, cell, die: None });
    }

    /// A worker runs.
    pub(super) fn born_worker(
        &self,
        id: &str,
        label: &str,
        cell: ActorCell,
        die: mpsc::UnboundedSender<Value>,
    ) {
        self.settle_in(id, Being { label: label.to_owned(), cell: Some(cell), die: Some(die) });
    }

    fn settle_in(&self, id: &str, being: Being) {
        let mut inner = self.lock();
        if let Some(cell) = &being.cell {
            inner.labels.insert(cell.get_id(), being.label.clone());
        }
        inner.living.insert(id.to_owned(), being);
    }

    /// Writes the end of `label` into the trace, unless it is there already.
    pub(super) fn epitaph(&self, label: &str, reason: &Value) {
        let mut inner = self.lock();
        if !inner.buried.iter().any(|buried| buried == label) {
            inner.buried.push(label.to_owned());
            inner.trace.push(json!(["stop", label, reason]));
        }
    }

    pub(super) fn sup_ends_with(&self, reason: Value) {
        self.lock().sup_ends_with = Some(reason);
    }

    pub(super) fn sup_has_ended(&self) -> bool {
        self.lock().buried.iter().any(|buried| buried == super::SUP)
    }

    /// A supervisor has stopped its children in order and ends. One that did not come to life
    /// ends too, but that is the start that failed.
    pub(super) fn supervisor_ended(&self, id: &str) {
        let (label, reason) = {
            let inner = self.lock();
            let Some(being) = inner.living.get(id) else { return };
            let by_request = inner.sup_ends_with.clone().filter(|_| id == super::SUP);
            (being.label.clone(), by_request.unwrap_or_else(|| json!("shutdown")))
        };
        self.epitaph(&label, &reason);
    }

    /// Makes whoever lives under `id` end with `reason`; its process, to wait for the end.
    pub(super) fn kill_or_ask(&self, id: &str, reason: &Value) -> Option<ActorCell> {
        let being = self.lock().living.get(id).cloned()?;
        let cell = being.cell?;
        if reason == "kill" {
            // The victim of a kill cannot write its own epitaph.
            self.epitaph(&being.label, &json!("killed"));
            cell.kill();
        } else {
            being.die?.send(reason.clone()).ok()?;
        }
        Some(cell)
    }

    pub(super) fn label(&self, cell: &ActorCell) -> String {
        self.lock().labels.get(&cell.get_id()).cloned().unwrap_or_else(|| cell.get_id().to_string())
    }
}
