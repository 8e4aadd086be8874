//! Webhooks: made, changed, given another secret, and what came to them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::webhooks::{EndpointDraft, WebhookPage, WebhooksPage};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::policy::Ceiling;
use crate::protocol::ids::{WebhookDeliveryId, WebhookId};
use crate::webhooks::{EndpointChange, EndpointState, NewEndpoint, Source};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WebhookQuery {
    done: String,
    delivery: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WebhookFields {
    name: String,
    source: String,
    secret: String,
    workspace: String,
    events: String,
    rate: String,
    ceiling: String,
    instructions: String,
    template: String,
    state: String,
    version: Option<i64>,
    sure: String,
}

/// `GET /webhooks`.
pub(super) async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<WebhookQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut shown = listed(&state, &by, &reader).await?;
    shown.notice =
        (query.done == "removed").then_some("Removed with its log. Its thread is still in the chats.");
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /webhooks`. A secret that is made here is shown by this very answer, and never again.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<WebhookFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = fields.draft();
    let made = async {
        let source =
            Source::parse(&fields.source).ok_or_else(|| Problem::invalid_field("source", "is not known"))?;
        let (secret, is_new) = secret_of(source, fields.secret)?;
        let new = NewEndpoint {
            name: draft.name.clone(),
            source,
            workspace_id: super::workspace_of(&draft.workspace)?,
            allowed_events: lines(&draft.events),
            rate_per_minute: rate(&draft.rate)?,
            ceiling: ceiling(&draft.ceiling)?,
            instructions: state.clean(&by, "instructions", draft.instructions.clone()),
            template: draft.template.clone(),
            schedule_id: None,
        };
        let made = state.webhooks.create(&by, new, &secret, None).await?.thing;
        Ok::<_, Problem>((made.id, is_new.then_some(secret)))
    };
    match made.await {
        Ok((id, Some(secret))) => show_secret(&state, &by, &reader, (id, &secret)).await,
        Ok((id, None)) => Ok(Redirect::to(&format!("/webhooks/{id}?done=made")).into_response()),
        Err(problem) => {
            let refused = |page: &mut WebhooksPage, why| (page.error, page.draft) = (Some(why), draft);
            reader.after("/webhooks", Err(problem), listed(&state, &by, &reader), refused).await
        }
    }
}

/// `GET /webhooks/{id}`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    reader: Reader,
    Params(query): Params<WebhookQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let open = (!query.delivery.is_empty()).then(|| query.delivery.parse::<WebhookDeliveryId>());
    let open = open.transpose().map_err(|_| Problem::not_found())?;
    let mut shown = shown(&state, &by, &reader, (id, open)).await?;
    shown.notice = match query.done.as_str() {
        "made" => Some("Made. Enter its address at the source."),
        "changed" => Some("Saved."),
        "rotated" => Some("The new secret counts now; the old one still does for a day."),
        "replayed" => Some("It is worked on once more."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /webhooks/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    reader: Reader,
    Fields(fields): Fields<WebhookFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = fields.draft();
    let changed = async {
        let change = EndpointChange {
            name: Some(draft.name.clone()),
            workspace_id: super::workspace_of(&draft.workspace)?,
            state: EndpointState::parse(&fields.state),
            allowed_events: Some(lines(&draft.events)),
            rate_per_minute: rate(&draft.rate)?,
            ceiling: ceiling(&draft.ceiling)?,
            instructions: Some(state.clean(&by, "instructions", draft.instructions.clone())),
            template: Some(draft.template.clone()),
            schedule_id: None,
        };
        state.webhooks.update(&by, id, fields.version, change).await?;
        Ok("changed")
    };
    let outcome = changed.await;
    let refused = |page: &mut WebhookPage, why| (page.error, page.draft) = (Some(why), draft);
    reader.after(&format!("/webhooks/{id}"), outcome, shown(&state, &by, &reader, (id, None)), refused).await
}

/// `POST /webhooks/{id}/rotate`.
pub(super) async fn rotate(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    reader: Reader,
    Fields(fields): Fields<WebhookFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let rotated = async {
        let source = state.webhooks.get(&by.tenant, id).await?.endpoint.source;
        let (secret, is_new) = secret_of(source, fields.secret)?;
        state.webhooks.rotate(&by, id, &secret, None).await?;
        Ok::<_, Problem>(is_new.then_some(secret))
    };
    match rotated.await {
        Ok(Some(secret)) => show_secret(&state, &by, &reader, (id, &secret)).await,
        outcome => {
            let refused = |page: &mut WebhookPage, why| page.error = Some(why);
            let outcome = outcome.map(|_| "rotated");
            reader
                .after(&format!("/webhooks/{id}"), outcome, shown(&state, &by, &reader, (id, None)), refused)
                .await
        }
    }
}

/// `POST /webhooks/{id}/remove`.
pub(super) async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    Fields(fields): Fields<WebhookFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove an endpoint"));
    }
    state.webhooks.delete(&by, id, None).await?;
    Ok(Redirect::to("/webhooks?done=removed").into_response())
}

/// `POST /webhooks/{id}/deliveries/{delivery}/replay`.
pub(super) async fn replay(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, delivery)): Named<(WebhookId, WebhookDeliveryId)>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.webhooks.replay(&by, id, delivery).await.map(|_| "replayed").map_err(Problem::from);
    let refused = |page: &mut WebhookPage, why| page.error = Some(why);
    reader.after(&format!("/webhooks/{id}"), outcome, shown(&state, &by, &reader, (id, None)), refused).await
}

// === impl WebhookFields ===

impl WebhookFields {
    fn draft(&self) -> EndpointDraft {
        EndpointDraft {
            name: self.name.trim().to_owned(),
            source: self.source.clone(),
            workspace: self.workspace.trim().to_owned(),
            events: self.events.clone(),
            rate: self.rate.trim().to_owned(),
            ceiling: self.ceiling.clone(),
            instructions: self.instructions.clone(),
            template: self.template.replace("\r\n", "\n"),
        }
    }
}

/// The secret that was entered, or a new one for an empty field; whether it is new.
fn secret_of(source: Source, entered: String) -> Result<(Zeroizing<String>, bool), Problem> {
    let entered = Zeroizing::new(entered);
    if !entered.is_empty() {
        return Ok((entered, false));
    }
    let made = source.new_secret();
    let needed = || Problem::invalid_field("secret", format!("is needed: {} gives it", source.name()));
    made.map(|made| (made, true)).ok_or_else(needed)
}

fn rate(text: &str) -> Result<Option<u32>, Problem> {
    let number = (!text.is_empty()).then(|| text.parse::<u32>());
    number.transpose().map_err(|_| Problem::invalid_field("rate", "is a whole number"))
}

fn ceiling(word: &str) -> Result<Option<Ceiling>, Problem> {
    let parsed = (!word.is_empty()).then(|| word.parse::<Ceiling>());
    parsed.transpose().map_err(|_| Problem::invalid_field("ceiling", "is no_tools, read_only or supervised"))
}

/// The lines of a text that say something.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

async fn listed(state: &AppState, by: &Principal, reader: &Reader) -> Result<WebhooksPage, Problem> {
    read::webhooks::list(state, by, reader.frame("Webhooks", "webhooks")).await
}

async fn shown(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    which: (WebhookId, Option<WebhookDeliveryId>),
) -> Result<WebhookPage, Problem> {
    read::webhooks::page(state, by, which, |name| reader.frame(name, "webhooks")).await
}

async fn show_secret(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    (id, secret): (WebhookId, &str),
) -> Result<Response, Problem> {
    let mut page_of = shown(state, by, reader, (id, None)).await?;
    page_of.secret = Some(secret.to_owned());
    page_of.notice = Some("Enter address and secret at the source. The secret is shown only now.");
    Ok(page(StatusCode::OK, &page_of))
}
