//! Messages of JSON-RPC, one a line, and questions to the editor that wait for an answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::cli::client::ClientError;

/// Lines that wait to be written.
const WAITING_MAX: usize = 64;
/// The numbers of JSON-RPC.
const NOT_JSON: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;
const METHOD_NOT_FOUND: i32 = -32_601;
const INVALID_PARAMS: i32 = -32_602;
const INTERNAL: i32 = -32_603;

/// Something that an editor said.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    Notice {
        method: String,
        params: Value,
    },
    /// To a question of ours; `None` for an error.
    Answer {
        id: u64,
        outcome: Option<Value>,
    },
}

#[derive(Deserialize)]
struct WireLine {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    params: Option<Value>,
    #[serde(default)]
    result: Option<Value>,
}

/// Why a request has no result.
#[derive(Debug)]
pub(super) struct Wrong {
    code: i32,
    message: String,
    /// The daemon's word for it.
    word: Option<String>,
}

/// The editor at the other end. A cheap clone.
#[derive(Clone)]
pub(super) struct Editor {
    out: mpsc::Sender<String>,
    /// Questions that wait, by the id of their request.
    asked: Arc<Mutex<HashMap<u64, oneshot::Sender<Option<Value>>>>>,
    next: Arc<AtomicU64>,
}

// === impl Line ===

impl Line {
    pub(super) fn read(line: &[u8]) -> Result<Self, Wrong> {
        let wire: WireLine = serde_json::from_slice(line).map_err(|error| {
            let code = if error.is_data() { INVALID_REQUEST } else { NOT_JSON };
            Wrong { code, message: error.to_string(), word: None }
        })?;
        let params = wire.params.unwrap_or(Value::Null);
        match (wire.method, wire.id) {
            (Some(method), Some(id)) => Ok(Self::Request { id, method, params }),
            (Some(method), None) => Ok(Self::Notice { method, params }),
            (None, Some(id)) => {
                let unknown =
                    || Wrong { code: INVALID_REQUEST, message: "nothing was asked".to_owned(), word: None };
                Ok(Self::Answer { id: id.as_u64().ok_or_else(unknown)?, outcome: wire.result })
            }
            (None, None) => {
                Err(Wrong { code: INVALID_REQUEST, message: "`method` is missing".to_owned(), word: None })
            }
        }
    }
}

/// The line of a result.
pub(super) fn answer(id: &Value, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

/// The line of an error.
pub(super) fn refusal(id: &Value, wrong: &Wrong) -> String {
    let Wrong { code, message, word } = wrong;
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": word } })
        .to_string()
}

// === impl Wrong ===

impl Wrong {
    pub(super) fn no_method(method: &str) -> Self {
        let method: String = method.chars().take(100).collect();
        Self { code: METHOD_NOT_FOUND, message: format!("there is no method `{method}`"), word: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: INVALID_PARAMS, message: message.into(), word: None }
    }

    pub(super) fn failed(message: impl Into<String>, word: Option<String>) -> Self {
        Self { code: INTERNAL, message: message.into(), word }
    }
}

impl From<ClientError> for Wrong {
    fn from(error: ClientError) -> Self {
        let word = match &error {
            ClientError::Refused(problem) => Some(problem.code.clone()),
            ClientError::Unreachable(_) | ClientError::Strange => None,
        };
        Self::failed(error.to_string(), word)
    }
}

// === impl Editor ===

impl Editor {
    /// An editor, and what is to be written to it.
    pub(super) fn new() -> (Self, mpsc::Receiver<String>) {
        let (out, written) = mpsc::channel(WAITING_MAX);
        (Self { out, asked: Arc::default(), next: Arc::default() }, written)
    }

    pub(super) async fn write(&self, line: String) {
        // silent-ok: nobody reads any more, and the end of the input ends the rest
        let _ = self.out.send(line).await;
    }

    /// Shows something of a session.
    pub(super) async fn update(&self, session: &str, update: Value) {
        let params = json!({ "sessionId": session, "update": update });
        self.write(json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }).to_string())
            .await;
    }

    /// Asks, and waits for the answer; `None` if there is none.
    pub(super) async fn ask(&self, method: &str, params: Value) -> Option<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.asked.lock().insert(id, sender);
        self.write(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string())
            .await;
        answer.await.ok().flatten()
    }

    pub(super) fn answered(&self, id: u64, outcome: Option<Value>) {
        if let Some(waits) = self.asked.lock().remove(&id) {
            // silent-ok: the turn that asked has ended
            let _ = waits.send(outcome);
        }
    }
}

#[cfg(test)]
mod tests;
