//! `vault status|seal|unseal|rotate|protect`.

use serde_json::{Value, json};

use super::super::client::Client;
use super::super::exit::{Exit, Failure, Outcome};
use super::super::link::Link;
use super::super::{output, typed};
use super::{VAULT, done, text};

pub(super) async fn status(client: &Client, json: bool) -> Outcome {
    let vault = client.get(VAULT).await?;
    if json {
        output::json(&vault);
        return Ok(Exit::Done);
    }
    output::line(format_args!("{} · protected by {}", text(&vault, "state"), protection(&vault)));
    if let Some(reason) = vault.get("reason").and_then(Value::as_str) {
        output::talk(reason);
    }
    let keys = vault.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let number = |name| key.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
            let active = key.get("active").and_then(Value::as_bool).unwrap_or_default();
            let state = if active { "seals" } else { "opens only" };
            [
                text(key, "purpose").to_owned(),
                number("generation"),
                state.to_owned(),
                number("seals"),
                text(key, "created_at").to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        output::table(["DATA KEY", "GENERATION", "STATE", "SEALED", "SINCE"], &rows);
    }
    Ok(Exit::Done)
}

pub(super) async fn seal(client: &Client) -> Outcome {
    client.post(&format!("{VAULT}/seal"), &json!({}), None).await?;
    done("sealed; `capuchin vault unseal` opens it")
}

pub(super) async fn unseal(client: &Client) -> Outcome {
    let vault = client.get(VAULT).await?;
    if text(&vault, "state") == "open" {
        return done("it is open");
    }
    open(client, &vault).await?;
    done("open")
}

/// A daemon inside this command starts with a sealed vault where a passphrase protects it.
pub(super) async fn open_embedded(link: &Link) -> Result<(), Failure> {
    if !link.is_embedded() {
        return Ok(());
    }
    let vault = link.client.get(VAULT).await?;
    if text(&vault, "state") == "open" { Ok(()) } else { open(&link.client, &vault).await }
}

async fn open(client: &Client, vault: &Value) -> Result<(), Failure> {
    let passphrase = match vault.get("protection").and_then(Value::as_str) {
        Some("passphrase") => Some(typed::hidden("Passphrase of the vault: ")?),
        // No key yet: it is made now. Only a passphrase has to be chosen.
        None => Some(typed::hidden_twice("Choose a passphrase for the vault (12 characters or more): ")?),
        Some(_) => None,
    };
    let body = json!({ "passphrase": passphrase.as_ref().map(|text| text.as_str()) });
    client.post(&format!("{VAULT}/unseal"), &body, None).await?;
    Ok(())
}

pub(super) async fn rotate(client: &Client, root: bool) -> Outcome {
    let mut body = json!({ "keys": if root { "root" } else { "data" } });
    if root && text(&client.get(VAULT).await?, "protection") == "passphrase" {
        let passphrase = typed::hidden("Passphrase of the vault: ")?;
        if let Some(body) = body.as_object_mut() {
            body.insert("passphrase".to_owned(), json!(&**passphrase));
        }
    }
    client.post(&format!("{VAULT}/rotate"), &body, None).await?;
    done(if root { "the vault has a new root key" } else { "every value is sealed with new data keys" })
}

pub(super) async fn protect(client: &Client, with: &str) -> Outcome {
    let passphrase = match with {
        "passphrase" => Some(typed::hidden_twice("New passphrase of the vault (12 characters or more): ")?),
        _ => None,
    };
    let body = json!({ "with": with, "passphrase": passphrase.as_ref().map(|text| text.as_str()) });
    let vault = client.post(&format!("{VAULT}/protect"), &body, None).await?;
    if with == "passphrase" {
        output::talk("after every start of the daemon: capuchin vault unseal");
    }
    done(format_args!("the vault has a new root key, protected by {}", protection(&vault)))
}

fn protection(vault: &Value) -> &str {
    match vault.get("protection").and_then(Value::as_str) {
        Some("file") => "a key file",
        Some("passphrase") => "a passphrase",
        Some("keyring") => "the desktop's keyring",
        Some("credential") => "a systemd credential",
        _ => "nothing yet",
    }
}
