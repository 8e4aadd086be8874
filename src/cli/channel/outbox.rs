//! `channel outbox|retry`: what has not arrived.

use serde_json::{Value, json};

use super::super::client::Client;
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;
use super::{path, printed, text, told};

/// Most characters of a text in a table.
const TEXT_CHARS_MAX: usize = 40;
/// Messages of one channel that are listed.
const ROWS: usize = 200;

pub(super) async fn list(client: &Client, name: Option<&str>, json: bool) -> Outcome {
    let items = match name {
        None => client.list("/api/v1/obligations").await?,
        Some(name) => {
            let found =
                client.get(&format!("{}/obligations?limit={ROWS}", path(client, name).await?)).await?;
            found.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
        }
    };
    if json {
        return printed(&items);
    }
    if items.is_empty() {
        return told("everything has arrived");
    }
    let rows: Vec<_> = items.iter().map(row).collect();
    output::table(["ID", "STATE", "CHANNEL", "TO", "WHY", "TEXT"], &rows);
    Ok(Exit::Done)
}

fn row(one: &Value) -> [String; 6] {
    let [id, state, channel, to, why] =
        ["id", "state", "channel", "conversation", "reason"].map(|key| text(one, key).to_owned());
    let line = text(one, "text").lines().next().unwrap_or_default();
    [id, state, channel, to, why, line.chars().take(TEXT_CHARS_MAX).collect()]
}

pub(super) async fn retry(client: &Client, name: &str, obligation: Option<&str>) -> Outcome {
    let path = path(client, name).await?;
    let wanted = match obligation {
        Some(id) => vec![id.to_owned()],
        None => {
            let dead = client.list("/api/v1/obligations?state=dead").await?;
            let of_channel = |one: &&Value| path.ends_with(text(one, "channel_id"));
            dead.iter().filter(of_channel).map(|one| text(one, "id").to_owned()).collect()
        }
    };
    if wanted.is_empty() {
        return Err(Failure::text(Exit::Failed, format_args!("nothing of `{name}` is dead")));
    }
    for id in &wanted {
        client.post(&format!("{path}/obligations/{id}/retry"), &json!({}), None).await?;
    }
    told(&format!("{} on the way again", wanted.len()))
}
