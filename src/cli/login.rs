//! `login` and `logout`: this machine comes in at a daemon elsewhere with a code (RFC 8628), and keeps a token.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::args::LoginArgs;
use super::client::{Client, ClientError, refused};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;
use super::server::{Server, Tokens};

/// What a daemon answers to a device that wants to come in.
#[derive(Deserialize)]
struct Authorized {
    device_code: String,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: u64,
}

/// The grant of RFC 8628.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How much longer a device waits that asked too often.
const SLOWER: Duration = Duration::from_secs(5);

pub(super) async fn login(place: &Place, args: LoginArgs) -> Outcome {
    let server = Server::new(place.server().ok_or_else(no_server)?)?;
    let name = args.name.unwrap_or_else(machine);
    let scope = args.scope.join(" ");
    let fields = [("client_id", name.as_str()), ("scope", scope.as_str())];
    let (status, body) = server.form("/api/v1/device/authorize", &fields).await?;
    if !status.is_success() {
        return Err(said(&body).unwrap_or_else(|| refused(status, &body).into()));
    }
    let begun: Authorized = serde_json::from_slice(&body).map_err(|_| ClientError::Strange)?;
    output::talk(format_args!("open   {}", begun.verification_uri));
    output::talk(format_args!("type   {}", begun.user_code));
    output::talk(format_args!("and decide there; the code works for {} minutes", begun.expires_in / 60));
    let token = wait(&server, &begun).await?;
    let mut tokens = Tokens::read(place)?;
    tokens.0.insert(server.url().to_owned(), token);
    tokens.write(place)?;
    let who = Client::at(Server::known(place, server.url())?).get("/api/v1/session").await?;
    let may = who.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    output::talk(format_args!("signed in as `{name}`; may {}", may.collect::<Vec<_>>().join(", ")));
    output::talk(format_args!("commands with `--server {}` go there now", server.url()));
    Ok(Exit::Done)
}

pub(super) fn logout(place: &Place) -> Outcome {
    let server = Server::new(place.server().ok_or_else(no_server)?)?;
    let mut tokens = Tokens::read(place)?;
    if tokens.0.remove(server.url()).is_none() {
        return Err(Failure::text(Exit::Failed, format_args!("nobody is signed in at {}", server.url())));
    }
    tokens.write(place)?;
    output::talk("the token is forgotten here; revoke it there too, on the page of security");
    Ok(Exit::Done)
}

/// Asks until somebody has decided.
async fn wait(server: &Server, begun: &Authorized) -> Result<String, Failure> {
    let mut pause = Duration::from_secs(begun.interval.max(1));
    let fields = [("grant_type", GRANT), ("device_code", begun.device_code.as_str())];
    loop {
        tokio::time::sleep(pause).await;
        let (status, body) = server.form("/api/v1/device/token", &fields).await?;
        let answer: Value = serde_json::from_slice(&body).map_err(|_| ClientError::Strange)?;
        if let Some(token) = answer.get("access_token").and_then(Value::as_str) {
            return Ok(token.to_owned());
        }
        match answer.get("error").and_then(Value::as_str) {
            Some("authorization_pending") => {}
            Some("slow_down") => pause += SLOWER,
            Some(_) => return Err(said(&body).unwrap_or_else(|| ClientError::Strange.into())),
            None => return Err(refused(status, &body).into()),
        }
    }
}

/// What the server said in the words of OAuth.
fn said(body: &[u8]) -> Option<Failure> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let text = answer.get("error_description").and_then(Value::as_str)?.to_owned();
    Some(Failure::text(Exit::Denied, text))
}

fn no_server() -> Failure {
    Failure::text(Exit::Failed, "which daemon?")
        .hint("name its console: `--server https://capuchin.example.org`")
}

/// What this machine is called.
fn machine() -> String {
    match std::fs::read_to_string("/etc/hostname") {
        Ok(name) if !name.trim().is_empty() => format!("capuchin on {}", name.trim()),
        Ok(_) | Err(_) => "capuchin".to_owned(), // silent-ok: only a name to recognise it by
    }
}
