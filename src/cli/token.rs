//! `token create|list|revoke`: through the running daemon, or in the home's own store when none runs.
//! Whoever may open the home's folder is its owner: that is the proof that a token needs.

pub(super) mod expiry;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::assistants::Assistants;
use crate::config::{Claim, ClaimError, Occupant};
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::{Identity, NewToken, Principal, Scopes, TokenRecord};
use crate::protocol::ids::{AssistantId, TenantId};

use super::args::{TokenCommand, TokenCreateArgs};
use super::client::Client;
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

const TOKENS: &str = "/api/v1/tokens";

pub(super) async fn run(place: &Place, command: TokenCommand) -> Outcome {
    if let Some(client) = place.elsewhere()? {
        return through(&client, command).await;
    }
    match place.occupant()? {
        Occupant::Ready(presence) => through(&Client::new(presence.control), command).await,
        Occupant::Unready(pid) => Err(place.unready(pid)),
        Occupant::None => {
            let desk = Desk::open(place).await?;
            let outcome = desk.run(command).await;
            desk.close().await?;
            outcome
        }
    }
}

/// What a person typed, checked.
struct Wish {
    name: String,
    scopes: Scopes,
    assistant: Option<String>,
    budget_usd: Option<f64>,
    expires: Option<Timestamp>,
}

impl Wish {
    fn of(args: TokenCreateArgs) -> Result<Self, Failure> {
        let scopes: Scopes = args.scope.join(",").parse()?;
        let expires =
            args.expires.as_deref().map(|text| expiry::parse(text, Timestamp::now())).transpose()?;
        Ok(Self { name: args.name, scopes, assistant: args.assistant, budget_usd: args.budget_usd, expires })
    }
}

// === Through the daemon ===

async fn through(client: &Client, command: TokenCommand) -> Outcome {
    match command {
        TokenCommand::Create(args) => {
            let json = args.json;
            let wish = Wish::of(args)?;
            let scopes: Vec<&str> = wish.scopes.words().into_iter().map(|scope| scope.as_str()).collect();
            let mut body = json!({ "name": wish.name, "scopes": scopes });
            for (key, value) in [
                ("assistant", wish.assistant.map(Value::from)),
                ("budget_usd", wish.budget_usd.map(Value::from)),
                ("expires_at", wish.expires.map(|at| Value::from(at.to_string()))),
            ] {
                if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
                    body.insert(key.to_owned(), value);
                }
            }
            let created = client.post(TOKENS, &body, None).await?;
            show_created(&created, json)
        }
        TokenCommand::List(args) => {
            let items = client.list(TOKENS).await?;
            show_list(&items, args.json);
            Ok(Exit::Done)
        }
        TokenCommand::Revoke { id } => {
            client.delete(&format!("{TOKENS}/{id}")).await?;
            output::talk("revoked");
            Ok(Exit::Done)
        }
    }
}

// === Without the daemon ===

/// The store of a home in which nobody runs.
struct Desk {
    identity: Identity,
    assistants: Assistants,
    tenant: TenantId,
    writer: WriterRun,
    _claim: Claim,
}

impl Desk {
    async fn open(place: &Place) -> Result<Self, Failure> {
        place.prepare()?;
        let claim = Claim::take(&place.home).await.map_err(|error| match error {
            ClaimError::Taken(pid) => place.unready(pid),
            ClaimError::Io { .. } => error.into(),
        })?;
        let db = Db::open(place.home.database(), DbOptions::default())?;
        let writer = db.start_writer()?;
        let tenant = TenantId::home();
        let identity = Identity::open(db.clone(), tenant.clone()).await?;
        Ok(Self { identity, assistants: Assistants::new(db), tenant, writer, _claim: claim })
    }

    async fn run(&self, command: TokenCommand) -> Outcome {
        match command {
            TokenCommand::Create(args) => {
                let json = args.json;
                let wish = Wish::of(args)?;
                let new = NewToken {
                    name: wish.name,
                    scopes: wish.scopes,
                    assistant: self.assistant(wish.assistant).await?,
                    budget_usd: wish.budget_usd,
                    expires_ms: wish.expires.map(Timestamp::as_millisecond),
                };
                let owner = Principal::owner(self.tenant.clone());
                let made = self.identity.create_token(&owner, new, None).await?;
                let value = made.thing.value.as_ref().map(|value| Value::from(value.expose()));
                let mut created = record(&made.thing.record);
                if let (Some(value), Some(created)) = (value, created.as_object_mut()) {
                    created.insert("token".to_owned(), value);
                }
                show_created(&created, json)
            }
            TokenCommand::List(args) => {
                let items: Vec<Value> = self.identity.tokens().await?.iter().map(record).collect();
                show_list(&items, args.json);
                Ok(Exit::Done)
            }
            TokenCommand::Revoke { id } => {
                let owner = Principal::owner(self.tenant.clone());
                self.identity.revoke_token(&owner, id.parse()?).await?;
                output::talk("revoked");
                Ok(Exit::Done)
            }
        }
    }

    async fn assistant(&self, name: Option<String>) -> Result<Option<AssistantId>, Failure> {
        let Some(name) = name else { return Ok(None) };
        Ok(Some(self.assistants.find(&self.tenant, &name).await?.id))
    }

    async fn close(self) -> Result<(), Failure> {
        Ok(self.writer.stop().await?)
    }
}

fn record(token: &TokenRecord) -> Value {
    let time = |ms: Option<i64>| ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.words().into_iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "assistant_id": token.assistant,
        "budget_usd": token.budget_usd,
        "created_at": time(Some(token.created_ms)),
        "expires_at": time(token.expires_ms),
        "last_used_at": time(token.last_used_ms),
    })
}

// === Output ===

/// The token alone on stdout, so that a script can take it.
fn show_created(created: &Value, json: bool) -> Outcome {
    if json {
        output::json(created);
        return Ok(Exit::Done);
    }
    let Some(token) = created.get("token").and_then(Value::as_str) else {
        return Err(Failure::text(Exit::Failed, "the daemon made a token and did not show it"));
    };
    output::line(token);
    output::talk("keep it now: it is not stored and cannot be shown again");
    Ok(Exit::Done)
}

fn show_list(items: &[Value], json: bool) {
    if json {
        output::json(&json!({ "items": items, "next": null }));
        return;
    }
    if items.is_empty() {
        output::talk("there are no tokens; `capuchin token create --name N --scope chat` makes one");
        return;
    }
    let text = |item: &Value, key: &str| match item.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => "-".to_owned(),
    };
    let rows: Vec<_> = items
        .iter()
        .map(|item| ["id", "name", "scopes", "expires_at", "last_used_at"].map(|key| text(item, key)))
        .collect();
    output::table(["ID", "NAME", "SCOPES", "EXPIRES", "LAST USED"], &rows);
}
