//! The supervision tree and what can be done to it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use capuchin_actors::supervision::{ActorPath, CallError};
use serde::Deserialize;
use serde_json::json;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::pages::{ConfirmPage, RuntimePage};
use crate::http::auth::{Operate, SeeRuntime};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};

/// What can be done to an actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    Restart,
    Stop,
    Release,
}

#[derive(Deserialize)]
pub(super) struct ConfirmQuery {
    action: Action,
    path: String,
}

#[derive(Deserialize)]
pub(super) struct ActFields {
    path: String,
    /// A supervisor's own name.
    #[serde(default)]
    typed: String,
}

#[derive(Deserialize)]
pub(super) struct RuntimeQuery {
    #[serde(default)]
    done: Option<Action>,
}

impl Action {
    const fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Stop => "stop",
            Self::Release => "release",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Restart => "Restart",
            Self::Stop => "Stop",
            Self::Release => "Release",
        }
    }

    const fn effect(self) -> &'static str {
        match self {
            Self::Restart | Self::Release => "is started again with it",
            Self::Stop => "stops with it, and stays down until somebody restarts it",
        }
    }

    const fn past(self) -> &'static str {
        match self {
            Self::Restart => "Restarted.",
            Self::Stop => "Stopped. It stays down until you restart it.",
            Self::Release => "Released from quarantine.",
        }
    }
}

/// `GET /runtime`.
pub(super) async fn show(
    by: May<SeeRuntime>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<RuntimeQuery>,
) -> Response {
    let may_operate = by.authorize(<Operate as crate::http::auth::Need>::ANY_OF).is_ok();
    let tree = read::tree::tree(&state, may_operate);
    let sandbox = read::sandbox::walls(&state).await;
    let frame = reader.frame("Runtime", "runtime");
    let notice = query.done.map(|action| action.past().to_owned());
    page(StatusCode::OK, &RuntimePage { frame, tree, sandbox, notice })
}

/// `GET /runtime/confirm`.
pub(super) async fn confirm(
    _by: May<Operate>,
    reader: Reader,
    Params(query): Params<ConfirmQuery>,
) -> Response {
    let path = ActorPath::from(query.path.as_str());
    confirm_page(&reader, StatusCode::OK, query.action, &path, None)
}

/// `POST /runtime/{action}`.
pub(super) async fn act(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(action): Named<Action>,
    reader: Reader,
    Fields(fields): Fields<ActFields>,
) -> Result<Response, Problem> {
    let path = ActorPath::from(fields.path.as_str());
    if read::tree::is_supervisor(&state, &path) && fields.typed != path.id() {
        let error = format!("Type {} exactly as it stands here.", path.id());
        return Ok(confirm_page(&reader, StatusCode::UNPROCESSABLE_ENTITY, action, &path, Some(error)));
    }
    let tree = state.tree.get().ok_or_else(|| Problem::unavailable("the daemon is still starting"))?;
    let outcome = match action {
        Action::Restart => state.operate(&by, "actor.restart", &path, tree.restart(&path)).await,
        Action::Stop => state.operate(&by, "actor.stop", &path, tree.stop(&path)).await,
        Action::Release => state.operate(&by, "actor.release", &path, tree.release(&path)).await,
    };
    outcome.map_err(|error| refused(&error))?;
    tracing::info!(path = path.as_str(), action = action.word(), "an operator acted on an actor");
    let page = format!("/runtime?done={}", action.word());
    Ok(reader.answer(StatusCode::OK, json!({ "path": path.as_str(), "done": action.word() }), &page))
}

fn confirm_page(
    reader: &Reader,
    status: StatusCode,
    action: Action,
    path: &ActorPath,
    error: Option<String>,
) -> Response {
    let name = path.id().to_owned();
    let frame = reader.frame(format!("{} {name}", action.label()), "runtime");
    let (action, label, effect) = (action.word(), action.label(), action.effect());
    page(status, &ConfirmPage { frame, action, label, effect, path: path.as_str().to_owned(), name, error })
}

fn refused(error: &CallError) -> Problem {
    match error {
        CallError::NotFound => Problem::not_found(),
        CallError::Timeout(_) | CallError::Gone => Problem::unavailable(sentence(&error.to_string())),
        other => Problem::conflict("refused", sentence(&other.to_string())),
    }
}
