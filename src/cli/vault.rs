//! `vault …`: through the running daemon, or one inside this command. Values come from stdin or from a prompt
//! that shows nothing, never from the command line; none comes back.

mod keys;
mod oauth;
mod secrets;

use serde_json::Value;

use super::args::{NamedArgs, VaultCommand};
use super::exit::{Exit, Failure, Outcome};
use super::link::Link;
use super::output;
use super::place::Place;

const VAULT: &str = "/api/v1/vault";
const SECRETS: &str = "/api/v1/secrets";

pub(super) async fn run(place: &Place, command: VaultCommand) -> Outcome {
    let link = Link::open(place).await?;
    let outcome = through(&link, command).await;
    link.close().await;
    outcome
}

async fn through(link: &Link, command: VaultCommand) -> Outcome {
    let client = &link.client;
    match command {
        VaultCommand::Set(args) => {
            keys::open_embedded(link).await?;
            secrets::set(client, args).await
        }
        VaultCommand::List(args) => secrets::list(client, args.json).await,
        VaultCommand::Delete(args) => secrets::delete(client, &args).await,
        VaultCommand::Grant(args) => secrets::grant(client, &args, true).await,
        VaultCommand::Revoke(args) => secrets::grant(client, &args, false).await,
        VaultCommand::UsedBy(NamedArgs { name, json }) => secrets::used_by(client, &name, json).await,
        VaultCommand::Log(args) => secrets::log(client, args.json).await,
        VaultCommand::Status(args) => keys::status(client, args.json).await,
        VaultCommand::Seal | VaultCommand::Unseal if link.is_embedded() => {
            Err(Failure::text(Exit::Unavailable, "no daemon runs; its vault is closed")
                .hint("`capuchin start` runs it in the background"))
        }
        VaultCommand::Seal => keys::seal(client).await,
        VaultCommand::Unseal => keys::unseal(client).await,
        VaultCommand::Rotate { root } => {
            keys::open_embedded(link).await?;
            keys::rotate(client, root).await
        }
        VaultCommand::Oauth(command) => {
            keys::open_embedded(link).await?;
            oauth::run(client, command).await
        }
        VaultCommand::Protect { with } => {
            keys::open_embedded(link).await?;
            keys::protect(client, &with).await
        }
    }
}

/// A text of an answer.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("-")
}

/// Texts of an answer.
fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = value.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn secret_path(name: &str) -> String {
    format!("{SECRETS}/{name}")
}

fn done(talk: impl std::fmt::Display) -> Outcome {
    output::talk(talk);
    Ok(Exit::Done)
}
