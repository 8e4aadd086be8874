//! `/api/v1/webhook-endpoints`: addresses that webhooks come to, their secrets, and what came.

mod bodies;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May, Operate, Read, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Made, Principal};
use crate::protocol::ids::{WebhookDeliveryId, WebhookId};
use crate::webhooks::{EndpointChange, EndpointView, NewEndpoint, Source, WebhookError};

use bodies::{
    ChangeWebhookEndpoint, CreateWebhookEndpoint, DeliveryDetail, DeliveryView, EndpointBody, RotateSecret,
    SourceView,
};

#[derive(Deserialize)]
struct PageOf {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(sources))
        .routes(routes!(read, change, delete))
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(delivery))
        .routes(routes!(replay))
}

/// Endpoints with what happened at them, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints", tag = "webhooks",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<EndpointBody>)),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<EndpointBody>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<WebhookId>::new(query.limit, query.after.as_deref())?;
    let mut found = state.webhooks.list(&by.tenant).await?;
    // There are never more than a few hundred.
    found.retain(|view| paging.after.is_none_or(|after| view.endpoint.id > after));
    found.truncate(paging.fetch());
    let body = |view| EndpointBody::new(view, &state);
    Ok(Json(paging.page(found, |view| view.endpoint.id.to_string(), body)))
}

/// Makes an endpoint. Without `secret` one is made and shown once, for sources whose secret is the receiver's choice.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints", tag = "webhooks", request_body = CreateWebhookEndpoint,
    responses((status = 201, body = EndpointBody), (status = 409, description = "The name is taken")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateWebhookEndpoint>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/webhook-endpoints", &body);
    let (source, ceiling) = (source_of(&body.source)?, bodies::ceiling(body.ceiling.as_deref())?);
    let secret = bodies::secret(source, body.secret)?;
    let new = NewEndpoint {
        name: body.name,
        source,
        workspace_id: body.workspace_id,
        allowed_events: body.allowed_events.unwrap_or_default(),
        rate_per_minute: body.rate_per_minute,
        ceiling,
        instructions: state.clean(&by, "instructions", body.instructions.unwrap_or_default()),
        template: body.template.unwrap_or_default(),
        schedule_id: body.schedule_id,
    };
    let Made { thing, repeated } = state.webhooks.create(&by, new, &secret.text, key).await?;
    let shown = (secret.is_new && !repeated).then(|| secret.text.to_string());
    let view = state.webhooks.get(&by.tenant, thing.id).await?;
    let answer = Made { thing: view, repeated };
    let body = |view| EndpointBody::new(view, &state).with_secret(shown.clone());
    Ok(created(answer, |view| Some(view.endpoint.version), body))
}

/// The sources whose signatures are verified, with what a person has to know to connect them.
#[utoipa::path(
    get, path = "/api/v1/webhook-sources", tag = "webhooks",
    responses((status = 200, body = Page<SourceView>)),
    security(("token" = ["read"]))
)]
async fn sources(_: May<Read>) -> Json<Page<SourceView>> {
    Json(Page::whole(Source::ALL.into_iter().map(SourceView::from).collect()))
}

/// One endpoint.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 200, body = EndpointBody)),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let view = state.webhooks.get(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, view.endpoint.version, EndpointBody::new(view, &state)))
}

/// Changes an endpoint; with `If-Match` only if nobody else did. A revoked one stays as it is.
#[utoipa::path(
    patch, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = String, Path)),
    request_body = ChangeWebhookEndpoint, responses((status = 200, body = EndpointBody)),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    known: IfMatch,
    Body(body): Body<ChangeWebhookEndpoint>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let change = EndpointChange {
        instructions: body.instructions.map(|text| state.clean(&by, "instructions", text)),
        ceiling: bodies::ceiling(body.ceiling.as_deref())?,
        state: bodies::endpoint_state(body.state.as_deref())?,
        name: body.name,
        workspace_id: body.workspace_id,
        allowed_events: body.allowed_events,
        rate_per_minute: body.rate_per_minute,
        template: body.template,
        schedule_id: body.schedule_id,
    };
    let view = state.webhooks.update(&by, id, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, view.endpoint.version, EndpointBody::new(view, &state)))
}

/// Removes an endpoint with everything that came to it. Its thread stays.
#[utoipa::path(
    delete, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.webhooks.delete(&by, id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an endpoint another secret. The old one is good for a while, so that nothing is lost between the change here and
/// the change at the source.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/rotate", tag = "webhooks", params(("id" = String, Path)),
    request_body = RotateSecret, responses((status = 200, body = EndpointBody)),
    security(("token" = ["admin"]))
)]
async fn rotate(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    Body(body): Body<RotateSecret>,
) -> Result<Json<EndpointBody>, Problem> {
    refuse_restricted(&by)?;
    let source = state.webhooks.get(&by.tenant, id).await?.endpoint.source;
    let secret = bodies::secret(source, body.secret)?;
    state.webhooks.rotate(&by, id, &secret.text, body.overlap_s).await?;
    let view = state.webhooks.get(&by.tenant, id).await?;
    let shown = secret.is_new.then(|| secret.text.to_string());
    Ok(Json(EndpointBody::new(view, &state).with_secret(shown)))
}

/// What came to an endpoint, newest first, without the bodies.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    params(
        ("id" = String, Path),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<DeliveryView>)),
    security(("token" = ["read"]))
)]
async fn deliveries(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<WebhookId>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<WebhookDeliveryId>::new(query.limit, query.after.as_deref())?;
    let found = state.webhooks.deliveries(&by.tenant, id, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |one| one.id.to_string(), DeliveryView::from)))
}

/// One delivery with its body, as it is kept: without its secrets, for thirty days.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}/deliveries/{delivery}", tag = "webhooks",
    params(("id" = String, Path), ("delivery" = String, Path)),
    responses((status = 200, body = DeliveryDetail)),
    security(("token" = ["read"]))
)]
async fn delivery(
    by: May<Read>,
    State(state): State<AppState>,
    Named((id, delivery)): Named<(WebhookId, WebhookDeliveryId)>,
) -> Result<Json<DeliveryDetail>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.webhooks.delivery(&by.tenant, id, delivery).await?.into()))
}

/// Works on a delivery once more, as a new one with the body that is kept.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = String, Path), ("delivery" = String, Path)),
    responses((status = 202, body = DeliveryDetail), (status = 409, description = "The body is not kept any more")),
    security(("token" = ["operate"]))
)]
async fn replay(
    by: May<Operate>,
    State(state): State<AppState>,
    Named((id, delivery)): Named<(WebhookId, WebhookDeliveryId)>,
) -> Result<(StatusCode, Json<DeliveryDetail>), Problem> {
    refuse_restricted(&by)?;
    let again = state.webhooks.replay(&by, id, delivery).await?;
    Ok((StatusCode::ACCEPTED, Json(again.into())))
}

fn source_of(word: &str) -> Result<Source, Problem> {
    Source::parse(word).ok_or_else(|| {
        let known: Vec<_> = Source::ALL.into_iter().map(Source::as_str).collect();
        Problem::invalid_field("/source", format!("is one of {}", known.join(", ")))
    })
}

/// A token for one assistant has nothing to do with what comes for all.
fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change webhooks")
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = error.to_string();
        match error {
            WebhookError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            WebhookError::Secret(_) => Self::invalid_field("/secret", detail),
            WebhookError::NoWorkspace => Self::invalid_field("/workspace_id", detail),
            WebhookError::NameTaken => Self::conflict("name_taken", detail),
            WebhookError::TooMany(_) => Self::conflict("too_many", detail),
            WebhookError::Revoked => Self::conflict("revoked", detail),
            WebhookError::BodyGone => Self::conflict("body_gone", detail),
            WebhookError::Stale => stale(),
            WebhookError::NotFound => Self::not_found(),
            WebhookError::Vault(error) => error.into(),
            WebhookError::Thread(error) => error.into(),
            WebhookError::KeyReused(reused) => reused.into(),
            WebhookError::Store(error) => error.into(),
        }
    }
}

impl EndpointBody {
    fn new(view: EndpointView, state: &AppState) -> Self {
        Self::at(view, &state.webhooks.address())
    }
}
