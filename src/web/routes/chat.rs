//! The conversation pages.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use super::super::view::Frame;
use super::super::view::pages::{ChatPage, ThreadView};
use crate::http::auth::ReadChats;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::{MessageId, ThreadId, WorkspaceId};

/// Messages to begin with. The demo answers each of them.
const STARTERS: &[(&str, &str)] = &[
    ("Show me everything you can do", "/tour"),
    ("Answer slowly, so that I can stop or reload you", "/slow 20"),
    ("Remember my name", "My name is Robin."),
    ("What else can I ask?", "/help"),
];
/// The message that waits in the composer after the setup.
const WELCOME: &str = "/tour";

#[derive(Deserialize)]
pub(super) struct NewQuery {
    #[serde(default)]
    welcome: Option<String>,
    /// Where it begins; the default workspace without it.
    #[serde(default)]
    workspace: Option<WorkspaceId>,
}

#[derive(Deserialize)]
pub(super) struct ThreadQuery {
    #[serde(default)]
    before: Option<MessageId>,
}

/// `GET /chat`.
pub(super) async fn new(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<NewQuery>,
) -> Result<Response, Problem> {
    let draft = if query.welcome.is_some() { WELCOME } else { "" };
    let mut shown = chat_page(&state, &by, reader.frame("New chat", "chat"), None, draft.to_owned()).await?;
    if let Some(id) = query.workspace {
        let workspace = state.workspaces.get(&by, id).await.map_err(read::problem)?;
        shown.workspace = Some((id.to_string(), workspace.name));
    }
    Ok(page(StatusCode::OK, &shown))
}

/// `GET /c/{thread}`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
    reader: Reader,
    Params(query): Params<ThreadQuery>,
) -> Result<Response, Problem> {
    let found = state.threads.get(&by, thread).await.map_err(read::problem)?;
    let view = read::turns::conversation(&state, &by, thread, query.before).await?;
    let frame = reader.frame(read::rail::title_of(&found), "chat");
    Ok(page(StatusCode::OK, &chat_page(&state, &by, frame, Some(view), String::new()).await?))
}

/// The page around a conversation, or around none.
pub(super) async fn chat_page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
    thread: Option<ThreadView>,
    draft: String,
) -> Result<ChatPage, Problem> {
    let mut rail = read::rail::rail(state, by).await?;
    rail.current = thread.as_ref().map(|thread| thread.id.clone());
    let assistant = state.assistants.default(&by.tenant).await.map_err(read::assistant_problem)?;
    let own = format!("{}/{}", assistant.backend, assistant.model);
    let greeting = match assistant.backend.as_str() {
        "demo" => "The built-in demo answers for now: offline, without a key, and from a script. \
                   Name a real model in config.toml when you are ready."
            .to_owned(),
        _ => format!("{} answers with {own}.", assistant.name),
    };
    Ok(ChatPage {
        frame,
        rail,
        thread,
        workspace: None,
        greeting,
        starters: if assistant.backend == "demo" { STARTERS } else { &[] },
        models: read::models::choices(state, &own).await,
        key: Uuid::new_v4().to_string(),
        draft,
        content_max: state.config.sessions.message_bytes_max,
        problem: None,
    })
}
