//! `/settings/backends`: how those who answer fare, a try of one, and who answers where another does not.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use crate::assistants::AssistantChange;
use crate::http::auth::{Admin, Fresh, Operate, ReadChats};
use crate::http::extract::{Named, Params};
use crate::http::trial::try_out;
use crate::http::{AppState, May, Problem};
use crate::models::{BadChain, Link, Routing};
use crate::protocol::ids::AssistantId;

const PATH: &str = "/settings/backends";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BackendsQuery {
    done: String,
    tried: String,
}

/// The form of a chain.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RoutingFields {
    version: i64,
    when: String,
    fallbacks: String,
    local_only: String,
}

/// `GET /settings/backends`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<BackendsQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = read::backends::page(&state, &by, reader.frame("Backends", "settings")).await?;
    let tried = template.cards.iter().find(|card| card.name == query.tried);
    template.notice = match (tried, query.done.as_str()) {
        (Some(card), _) => Some(match card.first_token_ms {
            Some(ms) => format!("{} answers. Its first token takes about {ms} ms.", card.name),
            None => format!("{} answers.", card.name),
        }),
        (None, "routing") => Some("Saved. It counts from the next message on.".to_owned()),
        (None, _) => None,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/backends/{name}/test`.
pub(super) async fn test(
    by: May<Operate>,
    State(state): State<AppState>,
    reader: Reader,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let tried = try_out(&state, &by, &name).await?;
    let Some(failure) = tried.failure else {
        return Ok(Redirect::to(&format!("{PATH}?tried={name}")).into_response());
    };
    let mut template = read::backends::page(&state, &by, reader.frame("Backends", "settings")).await?;
    let why = read::backends::words(failure.kind);
    template.error = Some(format!("{name} did not answer. {why} It said: {}", failure.message));
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/assistants/{id}/routing`.
pub(super) async fn route(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
    reader: Reader,
    Fields(fields): Fields<RoutingFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = match routing(&state, &fields) {
        Ok(routing) => {
            let change = AssistantChange { routing: Some(routing), ..AssistantChange::default() };
            let changed = state.assistants.update(&by, id, fields.version, change).await;
            changed.map(|_| "routing").map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    let again = read::backends::page(&state, &by, reader.frame("Backends", "settings"));
    let wanted = id.to_string();
    let refused = |page: &mut crate::web::view::backends::BackendsPage, why: String| {
        page.error = Some(why);
        // What was typed is not lost.
        if let Some(form) = page.chains.iter_mut().find(|form| form.id == wanted) {
            (form.when, form.fallbacks) = (fields.when.clone(), fields.fallbacks.clone());
            form.local_only = !fields.local_only.is_empty();
        }
    };
    reader.after(PATH, outcome, again, refused).await
}

fn routing(state: &AppState, fields: &RoutingFields) -> Result<Routing, Problem> {
    let bad = |error: BadChain| Problem::invalid_field("/fallbacks", error.to_string());
    let lines = fields.fallbacks.lines().map(str::trim).filter(|line| !line.is_empty());
    let fallbacks: Vec<Link> = lines.map(str::parse).collect::<Result<_, _>>().map_err(bad)?;
    if let Some(link) = fallbacks.iter().find(|link| state.backends.get(&link.backend).is_none()) {
        let text = format!("there is no backend `{}`", link.backend);
        return Err(Problem::invalid_field("/fallbacks", text));
    }
    let when = fields.when.parse().map_err(bad)?;
    Ok(Routing { local_only: !fields.local_only.is_empty(), when, fallbacks })
}
