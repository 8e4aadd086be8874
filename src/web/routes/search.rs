//! Search: the page, its hits while somebody types, the palette, and the way to a message.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use super::super::view::search::{PaletteFragment, SearchDraft, SearchFragment, SearchPage};
use crate::http::auth::ReadChats;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::protocol::ids::MessageId;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SearchFields {
    q: String,
    kind: String,
    role: String,
    workspace: String,
    after: String,
    before: String,
    sort: String,
    cursor: String,
    /// `hits`: the hits alone, for a query whose last word is not typed to its end.
    part: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PaletteFields {
    q: String,
}

/// `GET /search`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
    Params(fields): Params<SearchFields>,
) -> Result<Response, Problem> {
    let (part, cursor) = (fields.part == "hits", fields.cursor);
    let mut asked = SearchDraft {
        q: fields.q,
        kind: fields.kind,
        role: fields.role,
        workspace: fields.workspace,
        after: fields.after,
        before: fields.before,
        sort: fields.sort,
    };
    if part {
        asked.q = read::search::as_typed(&asked.q);
        let found = read::search::hits(&state, &by, &asked, &cursor).await;
        return Ok(page(StatusCode::OK, &SearchFragment { found: &found }));
    }
    let found = read::search::hits(&state, &by, &asked, &cursor).await;
    let workspaces = read::search::workspaces(&state, &by).await?;
    let frame = reader.frame("Search", "search");
    Ok(page(StatusCode::OK, &SearchPage { frame, asked, workspaces, found }))
}

/// `GET /search/palette`.
pub(super) async fn palette(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(fields): Params<PaletteFields>,
) -> Result<Response, Problem> {
    let text = fields.q.trim();
    let (threads, hits) = match text.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => read::search::palette(&state, &by, text).await?,
    };
    Ok(page(StatusCode::OK, &PaletteFragment { threads: &threads, hits: &hits }))
}

/// `GET /m/{id}`: to a message in its conversation.
pub(super) async fn message(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<MessageId>,
) -> Result<Response, Problem> {
    Ok(Redirect::to(&read::search::place(&state, &by, id).await?).into_response())
}
