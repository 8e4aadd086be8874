//! JSON-RPC 2.0 over the socket: `gateway.status`, `sessions.list`, `sessions.create`, `sessions.sendMessage`.
//!
//! A session's key is the id of its thread; a name of the caller's own does as well. The answer to a message comes as
//! notifications `event` with `chunk`, `done` or `error`.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::talk::{Answering, Manner, submit, thread_of};
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::http::v1::ApiError;
use crate::identity::Principal;
use crate::workspaces::{Thread, ThreadFilter, WorkspaceError};

/// Most sessions of a list; the newest.
const SESSIONS_MAX: usize = 200;
/// The numbers of JSON-RPC, and one of ours for everything that went wrong behind it.
const INVALID_REQUEST: i32 = -32_600;
const METHOD_NOT_FOUND: i32 = -32_601;
const INVALID_PARAMS: i32 = -32_602;
const FAILED: i32 = -32_000;

/// A request; without an `id` it is not answered.
#[derive(Deserialize)]
pub(super) struct Request {
    jsonrpc: String,
    method: String,
    #[serde(default)]
    params: Option<Value>,
    #[serde(default)]
    id: Option<Value>,
}

#[derive(Deserialize)]
struct Create {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct SendMessage {
    #[serde(rename = "sessionKey", alias = "session_key")]
    session_key: String,
    message: String,
}

/// Why a request was refused.
struct Refused {
    code: i32,
    message: String,
    data: Option<Value>,
}

/// As notifications, with the session that they are about.
struct Events(String);

impl Manner for Events {
    fn tell(&self, event: &'static str, mut data: Value) -> Value {
        if let Value::Object(members) = &mut data {
            members.insert("session_key".to_owned(), self.0.as_str().into());
        }
        json!({ "jsonrpc": "2.0", "method": "event", "params": { "event": event, "data": data } })
    }
}

// === impl Request ===

impl Request {
    /// Does what is asked. The response, and what comes after it.
    pub(super) async fn answer(
        self,
        state: &AppState,
        by: &Principal,
        room: bool,
    ) -> (Option<Value>, Option<Answering>) {
        let id = self.id.clone();
        let (outcome, begun) = match self.perform(state, by, room).await {
            Ok((result, begun)) => (Ok(result), begun),
            Err(refused) => (Err(refused), None),
        };
        let response = id.map(|id| match outcome {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(Refused { code, message, data }) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": data } })
            }
        });
        (response, begun)
    }

    async fn perform(
        self,
        state: &AppState,
        by: &Principal,
        room: bool,
    ) -> Result<(Value, Option<Answering>), Refused> {
        if self.jsonrpc != "2.0" {
            return Err(Refused::new(INVALID_REQUEST, "`jsonrpc` must be \"2.0\""));
        }
        match self.method.as_str() {
            "gateway.status" => {
                let uptime = state.started.elapsed().as_secs();
                let live = state.sessions.live();
                Ok((json!({ "status": "ok", "sessions": live, "uptime": uptime }), None))
            }
            "sessions.list" => {
                let filter = ThreadFilter { workspace: None, after: None };
                let threads = state.threads.list(by, filter, SESSIONS_MAX).await.map_err(of_workspace)?;
                let sessions: Vec<_> = threads.iter().map(session).collect();
                Ok((json!({ "sessions": sessions }), None))
            }
            "sessions.create" => {
                let Create { name } = params(self.params)?;
                Ok((create(state, by, name).await?, None))
            }
            "sessions.sendMessage" => {
                let SendMessage { session_key, message } = params(self.params)?;
                let thread = thread_of(state, by, &session_key, None).await?;
                let key = thread.id.to_string();
                let begun = submit(state, by, &thread, message, room, Events(key.clone())).await?;
                Ok((json!({ "status": "sent", "session_key": key }), Some(begun)))
            }
            other => {
                let other: String = other.chars().take(100).collect();
                Err(Refused::new(METHOD_NOT_FOUND, format!("there is no method `{other}`")))
            }
        }
    }
}

async fn create(state: &AppState, by: &Principal, name: Option<String>) -> Result<Value, Refused> {
    let name = name.unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let before = jiff::Timestamp::now().as_millisecond();
    let thread = state.threads.for_session(by, &name, None).await.map_err(of_workspace)?;
    let status = if thread.created_ms >= before { "created" } else { "exists" };
    Ok(json!({ "status": status, "session_key": thread.id, "name": name }))
}

fn session(thread: &Thread) -> Value {
    json!({
        "session_key": thread.id, "name": thread.session_key, "title": thread.title,
        "updated_at": rfc3339(thread.updated_ms),
    })
}

fn params<T: DeserializeOwned>(params: Option<Value>) -> Result<T, Refused> {
    let params = params.unwrap_or_else(|| json!({}));
    serde_json::from_value(params).map_err(|error| Refused::new(INVALID_PARAMS, error.to_string()))
}

fn of_workspace(error: WorkspaceError) -> Refused {
    ApiError::from(Problem::from(error)).into()
}

impl Refused {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let code = if error.status.as_u16() == 400 { INVALID_PARAMS } else { FAILED };
        Self { code, message: error.message, data: Some(json!({ "code": error.code })) }
    }
}
