//! `vault oauth …`: accounts at providers.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::args::{OauthAddArgs, OauthCommand};
use super::super::client::{Client, ClientError};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;
use super::{done, text};

const TOKENS: &str = "/api/v1/oauth-tokens";
/// How often the daemon is asked whether somebody agreed. It asks the provider no more often than it may.
const LOOK_EVERY: Duration = Duration::from_secs(2);

pub(super) async fn run(client: &Client, command: OauthCommand) -> Outcome {
    match command {
        OauthCommand::Add(args) => add(client, args).await,
        OauthCommand::List(args) => list(client, args.json).await,
        OauthCommand::Connect { name, redirect_uri } => connect(client, &name, redirect_uri).await,
        OauthCommand::Refresh { name } => {
            let token = client.post(&path(&name, "/refresh"), &json!({}), None).await?;
            done(format_args!("good until {}", text(&token, "expires_at")))
        }
        OauthCommand::Revoke { name } => {
            client.post(&path(&name, "/revoke"), &json!({}), None).await?;
            done("revoked")
        }
        OauthCommand::Delete { name, force } => {
            client.delete(&format!("{}?force={force}", path(&name, ""))).await?;
            done("deleted")
        }
    }
}

async fn add(client: &Client, args: OauthAddArgs) -> Outcome {
    let body = json!({
        "name": args.name, "client_id": args.client_id, "client_secret": args.client_secret,
        "auth_url": args.auth_url, "token_url": args.token_url, "device_url": args.device_url,
        "revoke_url": args.revoke_url, "issuer": args.issuer, "scopes": args.scope, "hosts": args.host,
    });
    let token = client.post(TOKENS, &body, None).await?;
    let name = text(&token, "name");
    output::talk(format_args!("now somebody has to agree: capuchin vault oauth connect {name}"));
    output::line(text(&token, "reference"));
    Ok(Exit::Done)
}

/// With a device code where the provider has that, else in the browser.
async fn connect(client: &Client, name: &str, redirect_uri: Option<String>) -> Outcome {
    let token = client.get(&path(name, "")).await?;
    if token.get("device_url").and_then(Value::as_str).is_none() || redirect_uri.is_some() {
        let body = json!({ "redirect_uri": redirect_uri });
        let consent = client.post(&path(name, "/authorize"), &body, None).await?;
        output::talk("open this address in a browser on this machine, within ten minutes:");
        output::line(text(&consent, "authorization_url"));
        return Ok(Exit::Done);
    }
    let prompt = client.post(&path(name, "/device"), &json!({}), None).await?;
    let address = prompt.get("verification_uri_complete").and_then(Value::as_str);
    output::talk(format_args!("open {}", address.unwrap_or(text(&prompt, "verification_uri"))));
    output::talk(format_args!("and type  {}", text(&prompt, "user_code")));
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        match client.post(&path(name, "/device/poll"), &json!({}), None).await {
            Ok(flow) if text(&flow, "state") == "pending" => {}
            Ok(_) => break,
            // The daemon asked by itself in the meantime: the token says what came of it.
            Err(ClientError::Refused(problem)) if problem.code == "no_device_flow" => break,
            Err(error) => return Err(error.into()),
        }
    }
    let now = client.get(&path(name, "")).await?;
    if now.get("version") == token.get("version") {
        return Err(Failure::text(Exit::Failed, "nobody agreed; nothing was changed"));
    }
    done(format_args!("connected: use it as {}", text(&now, "reference")))
}

async fn list(client: &Client, json: bool) -> Outcome {
    let items = client.list(TOKENS).await?;
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return Ok(Exit::Done);
    }
    if items.is_empty() {
        return done("there are none; `capuchin vault oauth add` describes a provider");
    }
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            ["reference", "state", "expires_at", "refreshed_at", "failure"]
                .map(|key| text(item, key).to_owned())
        })
        .collect();
    output::table(["TOKEN", "STATE", "EXPIRES", "REFRESHED", "FAILURE"], &rows);
    Ok(Exit::Done)
}

fn path(name: &str, rest: &str) -> String {
    format!("{TOKENS}/{name}{rest}")
}
