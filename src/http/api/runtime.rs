//! `/api/v1/runtime`: the live supervision tree, and what an operator may do to it.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use capuchin_actors::supervision::report::Report;
use capuchin_actors::supervision::{ActorPath, CallError, NodeView, SnapshotLimits, TreeHandle};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{May, Operate, SeeRuntime};
use crate::http::extract::{Named, Params};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::sandbox::Layers;

/// Time that a drained actor gets to finish what is queued.
const DRAIN: Duration = Duration::from_secs(30);
/// Most dynamic children that a request may ask for per supervisor.
const CHILDREN_MAX: usize = 1_000;

#[derive(Deserialize)]
struct See {
    children: Option<usize>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Acted {
    /// The actor.
    path: String,
    /// `restart`, `stop`, `drain` or `release`.
    action: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(tree))
        .routes(routes!(reports))
        .routes(routes!(sandbox))
        .routes(routes!(act))
}

/// The tree as it is now.
#[utoipa::path(
    get, path = "/api/v1/runtime/tree", tag = "runtime",
    params(("children" = Option<usize>, Query, description = "Dynamic children to list per supervisor, 50 without it")),
    responses((status = 200, description = "The root with its children", body = Object)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn tree(
    by: May<SeeRuntime>,
    State(state): State<AppState>,
    Params(query): Params<See>,
) -> Result<Json<NodeView>, Problem> {
    refuse_restricted(by.assistant.is_some())?;
    let limits = match query.children {
        Some(children) => SnapshotLimits { dynamic_children_max: children.min(CHILDREN_MAX) },
        None => SnapshotLimits::default(),
    };
    running(&state)?.snapshot(limits).map(Json).ok_or_else(starting)
}

/// The last things that supervisors had to say, oldest first.
#[utoipa::path(
    get, path = "/api/v1/runtime/reports", tag = "runtime",
    responses((status = 200, description = "Crashes, restarts, quarantines", body = Page<Object>)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn reports(by: May<SeeRuntime>, State(state): State<AppState>) -> Result<Json<Page<Report>>, Problem> {
    refuse_restricted(by.assistant.is_some())?;
    Ok(Json(Page::whole(running(&state)?.reports())))
}

/// What the self-test of the sandbox found: every layer, whether it held, and what was tried.
#[utoipa::path(
    get, path = "/api/v1/runtime/sandbox", tag = "runtime",
    responses((status = 200, description = "`states` of every layer, and the layers that the settings do without", body = Object)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn sandbox(by: May<SeeRuntime>, State(state): State<AppState>) -> Result<Json<Layers>, Problem> {
    refuse_restricted(by.assistant.is_some())?;
    Ok(Json((*state.sandbox.layers().await).clone()))
}

/// Restarts, stops, drains or releases the actor at a path of the tree.
#[utoipa::path(
    post, path = "/api/v1/runtime/actors/{*target}", tag = "runtime",
    params(
        ("path" = String, Path, description = "Path in the tree, with its slashes"),
        ("action" = String, Path, description = "restart, stop, drain or release"),
    ),
    responses(
        (status = 200, body = Acted),
        (status = 409, description = "The actor's state does not allow it"),
    ),
    security(("token" = ["operate"]))
)]
async fn act(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(target): Named<String>,
) -> Result<Json<Acted>, Problem> {
    refuse_restricted(by.assistant.is_some())?;
    let (path, action) = target.rsplit_once('/').ok_or_else(Problem::not_found)?;
    let (tree, actor) = (running(&state)?, ActorPath::from(path));
    match action {
        "restart" => state.operate(&by, "actor.restart", &actor, tree.restart(&actor)).await,
        "stop" => state.operate(&by, "actor.stop", &actor, tree.stop(&actor)).await,
        "drain" => state.operate(&by, "actor.drain", &actor, tree.drain(&actor, DRAIN)).await,
        "release" => state.operate(&by, "actor.release", &actor, tree.release(&actor)).await,
        _ => return Err(Problem::not_found()),
    }?;
    tracing::info!(path, action, by = by.source(), "an operator acted on the tree");
    Ok(Json(Acted { path: path.to_owned(), action: action.to_owned() }))
}

/// The tree is the whole daemon's: a token for one assistant has no part in it.
fn refuse_restricted(restricted: bool) -> Result<(), Problem> {
    if !restricted {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "a token for one assistant cannot see or operate the daemon",
    ))
}

fn running(state: &AppState) -> Result<&TreeHandle, Problem> {
    state.tree.get().ok_or_else(starting)
}

fn starting() -> Problem {
    Problem::unavailable("the daemon is starting or stopping")
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let detail = error.to_string();
        match error {
            CallError::NotFound => Self::not_found(),
            CallError::Gone | CallError::Timeout(_) => Self::unavailable(detail),
            CallError::Start(_) | CallError::Leaked => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "actor_failed", detail)
            }
            _ => Self::conflict("actor_state", detail),
        }
    }
}
