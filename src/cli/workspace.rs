//! Workspaces by the names that people type.

use serde_json::Value;

use super::client::{Client, ClientError};
use super::exit::{Exit, Failure};

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
