//! Workspaces by the names that people type.

use std::path::Path;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Client, ClientError};
use super::exit::{Exit, Failure};

/// Most characters of a workspace's name.
const NAME_CHARS: usize = 100;

/// The id of the workspace with this name or id.
pub(super) async fn id(client: &Client, wanted: &str) -> Result<String, Failure> {
    let all = client.list("/api/v1/workspaces").await?;
    let of = |workspace: &'_ Value, key: &str| workspace.get(key).and_then(Value::as_str).map(str::to_owned);
    let is_wanted =
        |workspace: &&Value| ["name", "id"].map(|key| of(workspace, key)).contains(&Some(wanted.to_owned()));
    match all.iter().find(is_wanted) {
        Some(found) => Ok(of(found, "id").ok_or(ClientError::Strange)?),
        None => {
            let names: Vec<String> = all.iter().filter_map(|workspace| of(workspace, "name")).collect();
            Err(Failure::text(Exit::Failed, format_args!("there is no workspace `{wanted}`"))
                .hint(format!("there are: {}", names.join(", "))))
        }
    }
}

/// The id of the workspace that works in this folder, made where there is none.
pub(super) async fn of_folder(client: &Client, folder: &Path) -> Result<String, Failure> {
    let folder = std::fs::canonicalize(folder)?;
    let text = |workspace: &Value, key: &str| workspace.get(key).and_then(Value::as_str).map(str::to_owned);
    let all = client.list("/api/v1/workspaces").await?;
    let path = folder.display().to_string();
    if let Some(found) = all.iter().find(|one| text(one, "root").as_ref() == Some(&path)) {
        return Ok(text(found, "id").ok_or(ClientError::Strange)?);
    }
    let name = folder.file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
    let taken = all.iter().any(|one| text(one, "name").as_ref() == Some(&name));
    let last = path.char_indices().nth_back(NAME_CHARS - 1).map_or(0, |(at, _)| at);
    let name = if taken { path.get(last..).unwrap_or_default().to_owned() } else { name };
    let made = client.post("/api/v1/workspaces", &json!({ "name": name }), None).await?;
    let id = text(&made, "id").ok_or(ClientError::Strange)?;
    let path = json!({ "path": path });
    client.change(Method::PUT, &format!("/api/v1/workspaces/{id}/folder"), &path, None).await?;
    Ok(id)
}
