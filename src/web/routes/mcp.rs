//! MCP servers: added, taken over, accepted, restarted and removed.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::mcp::{McpDraft, McpPage};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::mcp::{FoundTool, McpImport, NewServer, ServerChange, Transport};
use crate::protocol::ids::McpServerId;

#[derive(Deserialize)]
pub(super) struct McpQuery {
    #[serde(default)]
    done: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct McpFields {
    name: String,
    target: String,
    args: String,
    read: String,
    write: String,
    values: String,
    workspace: String,
    trusted: String,
    network: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ImportFields {
    text: String,
    network: String,
}

#[derive(Deserialize)]
pub(super) struct AcceptFields {
    name: String,
    hash: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ChangeFields {
    version: Option<i64>,
    enabled: String,
    trusted: String,
    sure: String,
}

/// `GET /settings/mcp`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<McpQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = mcp_page(&state, &by, &reader).await?;
    template.notice = match query.done.as_str() {
        "added" => Some("Added. It is being connected; look again in a moment."),
        "imported" => Some("Taken over. Secrets are in the vault now."),
        "accepted" => Some("Accepted. Assistants have the tool from now on."),
        "restarted" => Some("It is being connected anew."),
        "changed" => Some("Changed. It is being connected anew."),
        "removed" => Some("Removed."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/mcp`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<McpFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = McpDraft {
        name: fields.name,
        target: fields.target,
        args: fields.args,
        read: fields.read,
        write: fields.write,
        values: fields.values,
        workspace: fields.workspace,
        trusted: fields.trusted == "yes",
        network: fields.network == "yes",
    };
    let outcome = async {
        let new = described(&draft)?;
        state.mcp.create(&by, new, None).await?;
        Ok("added")
    };
    done(&state, &by, &reader, outcome.await, draft).await
}

/// `POST /settings/mcp/import`.
pub(super) async fn import(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<ImportFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let import = McpImport { text: fields.text, workspace_id: None, network: fields.network == "yes" };
    let outcome = match state.mcp.import(&by, &state.vault, import).await {
        Ok(imported) if imported.refused.is_empty() => Ok("imported"),
        Ok(imported) => {
            let refused = imported.refused.iter().map(|(name, why)| format!("{name}: {why}"));
            let text = format!("not everything was taken over: {}", refused.collect::<Vec<_>>().join("; "));
            Err(Problem::conflict("not_imported", text))
        }
        Err(error) => Err(error.into()),
    };
    done(&state, &by, &reader, outcome, McpDraft::default()).await
}

/// `POST /settings/mcp/{id}/accept`.
pub(super) async fn accept(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<McpServerId>,
    reader: Reader,
    Fields(fields): Fields<AcceptFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = async {
        let hash =
            FoundTool::hash_of(&fields.hash).ok_or_else(|| Problem::invalid_field("hash", "is no hash"))?;
        state.mcp.accept(&by, id, vec![(fields.name, hash)]).await?;
        Ok("accepted")
    };
    done(&state, &by, &reader, outcome.await, McpDraft::default()).await
}

/// `POST /settings/mcp/{id}/restart`.
pub(super) async fn restart(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<McpServerId>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.mcp.restart(&by, id).await;
    done(&state, &by, &reader, outcome.map(|_| "restarted").map_err(Problem::from), McpDraft::default()).await
}

/// `POST /settings/mcp/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<McpServerId>,
    reader: Reader,
    Fields(fields): Fields<ChangeFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let change = ServerChange {
        enabled: Some(fields.enabled == "yes"),
        trusted: Some(fields.trusted == "yes"),
        ..ServerChange::default()
    };
    let outcome = state.mcp.update(&by, id, fields.version, change).await;
    done(&state, &by, &reader, outcome.map(|_| "changed").map_err(Problem::from), McpDraft::default()).await
}

/// `POST /settings/mcp/{id}/remove`.
pub(super) async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<McpServerId>,
    reader: Reader,
    Fields(fields): Fields<ChangeFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove a server"));
    }
    let outcome = state.mcp.delete(&by, id, None).await;
    done(&state, &by, &reader, outcome.map(|()| "removed").map_err(Problem::from), McpDraft::default()).await
}

/// The server that a form describes: an address, or a program.
fn described(draft: &McpDraft) -> Result<NewServer, Problem> {
    let target = draft.target.trim().to_owned();
    let values = pairs(&draft.values)?;
    let transport = if target.starts_with("http://") || target.starts_with("https://") {
        Transport::Http { url: target, headers: values }
    } else {
        Transport::Stdio {
            command: target,
            args: lines(&draft.args),
            env: values,
            cwd: None,
            read: lines(&draft.read),
            write: lines(&draft.write),
            network: draft.network,
        }
    };
    Ok(NewServer {
        name: draft.name.trim().to_owned(),
        workspace_id: super::workspace_of(draft.workspace.trim())?,
        transport,
        enabled: true,
        trusted: draft.trusted,
        allowed_tools: None,
    })
}

/// The lines of a text that say something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn pairs(text: &str) -> Result<BTreeMap<String, String>, Problem> {
    lines(text)
        .iter()
        .map(|line| {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| Problem::invalid_field("values", "is NAME=VALUE, one on each line"))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}

async fn mcp_page(state: &AppState, by: &Principal, reader: &Reader) -> Result<McpPage, Problem> {
    read::mcp::page(state, by, reader.frame("MCP servers", "settings")).await
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, Problem>,
    draft: McpDraft,
) -> Result<Response, Problem> {
    let refused = |page: &mut McpPage, why| (page.error, page.draft) = (Some(why), draft);
    reader.after("/settings/mcp", outcome, mcp_page(state, by, reader), refused).await
}
