//! `member`, `session`, `recovery-key`, `user`: people and their access, through the running daemon.
//! Whoever may open the home's folder is its owner: nothing here can be locked out.

use std::io::{self, BufRead as _};

use serde_json::{Value, json};

use crate::config::Occupant;

use super::args::{MemberCommand, SessionCommand, UserCommand};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const MEMBERS: &str = "/api/v1/members";
const SESSIONS: &str = "/api/v1/sessions";

pub(super) async fn member(place: &Place, command: MemberCommand) -> Outcome {
    let client = place.running()?;
    match command {
        MemberCommand::List(args) => {
            let items = client.list(MEMBERS).await?;
            let rows = ["id", "name", "role", "state", "created_at"];
            show(["ID", "NAME", "ROLE", "STATE", "SINCE"], &items, rows, args.json);
        }
        MemberCommand::Invite { name, json } => {
            let invited = client.post(MEMBERS, &json!({ "name": name }), None).await?;
            if json {
                output::json(&invited);
                return Ok(Exit::Done);
            }
            let path = invited.pointer("/invite/path").and_then(Value::as_str).unwrap_or_default();
            output::line(format_args!("{}{path}", console(place)?));
            output::talk("give this link to the person; it works once, for a day");
        }
        MemberCommand::Disable { id } => disable(&client, &id, true).await?,
        MemberCommand::Enable { id } => disable(&client, &id, false).await?,
        MemberCommand::Remove { id } => {
            client.delete(&format!("{MEMBERS}/{id}")).await?;
            output::talk("removed; their sessions and tokens ended");
        }
    }
    Ok(Exit::Done)
}

pub(super) async fn session(place: &Place, command: SessionCommand) -> Outcome {
    let client = place.running()?;
    match command {
        SessionCommand::List(args) => {
            let items = client.list(SESSIONS).await?;
            let rows = ["id", "name", "agent", "address", "means", "last_seen_at"];
            show(["ID", "WHO", "BROWSER", "ADDRESS", "BY", "LAST SEEN"], &items, rows, args.json);
        }
        SessionCommand::Revoke { id: Some(id), .. } => {
            client.delete(&format!("{SESSIONS}/{id}")).await?;
            output::talk("signed out there");
        }
        SessionCommand::Revoke { id: None, .. } => {
            client.delete(SESSIONS).await?;
            output::talk("the owner is signed out everywhere");
        }
    }
    Ok(Exit::Done)
}

/// The key alone on stdout, so that a script can take it.
pub(super) async fn recovery_key(place: &Place) -> Outcome {
    let made = place.running()?.post("/api/v1/recovery-key", &json!({}), None).await?;
    output::line(made.get("recovery_key").and_then(Value::as_str).unwrap_or_default());
    output::talk("keep it: it cannot be shown again, and the one of before is void");
    Ok(Exit::Done)
}

pub(super) async fn user(place: &Place, command: UserCommand) -> Outcome {
    let UserCommand::ResetPassword = command;
    let client = place.running()?;
    output::talk("type the owner's new password, at least 12 characters, and press Enter");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    client.put("/api/v1/password", &json!({ "new": password }), None).await?;
    output::talk("the password is set; every browser of the owner is signed out");
    Ok(Exit::Done)
}

async fn disable(client: &Client, id: &str, disabled: bool) -> Result<(), Failure> {
    client.patch(&format!("{MEMBERS}/{id}"), &json!({ "disabled": disabled })).await?;
    output::talk(if disabled { "shut out; their sessions and tokens ended" } else { "let in again" });
    Ok(())
}

/// The address at which browsers of this machine find the console.
fn console(place: &Place) -> Result<String, Failure> {
    if let Some(server) = place.server() {
        return Ok(server.trim_end_matches('/').to_owned());
    }
    let Occupant::Ready(presence) = place.occupant()? else { return Ok(String::new()) };
    let url = presence.console.unwrap_or_default();
    Ok(url.trim_end_matches('/').replace("127.0.0.1", "localhost"))
}

fn show<const N: usize>(heading: [&str; N], items: &[Value], keys: [&str; N], json: bool) {
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return;
    }
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let rows: Vec<_> = items.iter().map(|item| keys.map(|key| text(item, key))).collect();
    output::table(heading, &rows);
}
