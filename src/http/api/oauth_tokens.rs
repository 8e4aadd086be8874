//! `/api/v1/oauth-tokens`: accounts at providers. Tokens come from the provider and never go out here.

mod view;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::secrets::refuse_restricted;
use crate::http::auth::{Admin, May};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::{AppState, OAUTH_CALLBACK};
use crate::protocol::ids::OauthTokenId;
use crate::vault::{DevicePrompt, DeviceState, Hosts, NewOauthToken, OauthError, OauthSettings, Which};
use view::{BeginConsent, Consent, CreateOauthToken, DeviceView, OauthView};

#[derive(Deserialize)]
struct ListTokens {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct DeleteToken {
    #[serde(default)]
    force: bool,
}

#[derive(Deserialize)]
struct ProviderAnswer {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, delete))
        .routes(routes!(authorize))
        .routes(routes!(callback))
        .routes(routes!(begin_device))
        .routes(routes!(poll_device))
        .routes(routes!(refresh))
        .routes(routes!(revoke))
}

/// OAuth tokens in the order in which they were made, without their values.
#[utoipa::path(
    get, path = "/api/v1/oauth-tokens", tag = "vault",
    params(("limit" = Option<usize>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<OauthView>)), security(("token" = ["admin"]))
)]
async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<ListTokens>,
) -> Result<Json<Page<OauthView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<OauthTokenId>::new(query.limit, query.after.as_deref())?;
    let found = state.oauth.list(&by.tenant, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |token| token.id.to_string(), OauthView::from)))
}

/// Stores a provider's settings. After that somebody agrees: in a browser, or with a device code.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens", tag = "vault", request_body = CreateOauthToken,
    responses((status = 201, body = OauthView), (status = 409, description = "The name is taken, or there are too many")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateOauthToken>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/oauth-tokens", &body);
    let settings = OauthSettings {
        client_id: body.client_id,
        client_secret: body.client_secret,
        auth_url: body.auth_url,
        token_url: body.token_url,
        device_url: body.device_url,
        revoke_url: body.revoke_url,
        issuer: body.issuer,
        scopes: body.scopes.unwrap_or_default(),
    };
    let hosts = Hosts::new(body.hosts.unwrap_or_default())?;
    let made = state.oauth.create(&by, NewOauthToken { name: body.name, settings, hosts }, key).await?;
    Ok(created(made, |token| Some(token.version), OauthView::from))
}

/// One OAuth token, by its id or its name, without its values.
#[utoipa::path(
    get, path = "/api/v1/oauth-tokens/{id}", tag = "vault", params(("id" = String, Path)),
    responses((status = 200, body = OauthView)), security(("token" = ["admin"]))
)]
async fn read(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let token = state.oauth.get(&by.tenant, Which::from(&*id)).await?;
    Ok(tagged(StatusCode::OK, token.version, OauthView::from(token)))
}

/// Deletes an OAuth token here, without telling its provider. While something uses it: 409, unless `force=true`.
#[utoipa::path(
    delete, path = "/api/v1/oauth-tokens/{id}", tag = "vault",
    params(("id" = String, Path), ("force" = Option<bool>, Query)),
    responses((status = 204), (status = 409, description = "Something uses it")),
    security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
    Params(query): Params<DeleteToken>,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.oauth.delete(&by, Which::from(&*id), known.version(), query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins a consent: open the address in a browser.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens/{id}/authorize", tag = "vault", params(("id" = String, Path)),
    request_body = BeginConsent,
    responses((status = 200, body = Consent), (status = 423, description = "The vault is sealed")),
    security(("token" = ["admin"]))
)]
async fn authorize(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    Body(body): Body<BeginConsent>,
) -> Result<Json<Consent>, Problem> {
    refuse_restricted(&by)?;
    let redirect = match body.redirect_uri {
        Some(uri) if uri.ends_with(OAUTH_CALLBACK) => uri,
        Some(_) => {
            return Err(Problem::invalid_field("/redirect_uri", format!("ends with {OAUTH_CALLBACK}")));
        }
        None => state.oauth_callback().ok_or_else(|| {
            Problem::invalid_field("/redirect_uri", "is needed: the console's port is not fixed")
        })?,
    };
    let authorization_url = state.oauth.begin(&by, Which::from(&*id), &redirect).await?;
    Ok(Json(Consent { authorization_url }))
}

/// Where a provider sends the browser back. The random `state` of the consent is the credential; it works once.
#[utoipa::path(
    get, path = "/api/v1/oauth/callback", tag = "vault", security(()),
    params(
        ("state" = Option<String>, Query),
        ("code" = Option<String>, Query),
        ("iss" = Option<String>, Query),
        ("error" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "The account is connected", body = String, content_type = "text/plain"),
        (status = 409, description = "The answer belongs to no consent that waits"),
        (status = 423, description = "The vault is sealed"),
        (status = 502, description = "The provider refused, or could not be asked"),
    )
)]
async fn callback(
    State(state): State<AppState>,
    Params(answer): Params<ProviderAnswer>,
) -> Result<&'static str, Problem> {
    let ProviderAnswer { state: named, code, iss, error } = answer;
    state.oauth.complete(&named, code, iss.as_deref(), error.as_deref()).await?;
    Ok("The account is connected. You can close this page.\n")
}

/// Begins a device flow: somebody types the code at the provider's page, on any device.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens/{id}/device", tag = "vault", params(("id" = String, Path)),
    responses(
        (status = 200, body = DeviceView),
        (status = 409, description = "The provider has no device flow"),
        (status = 423, description = "The vault is sealed"),
        (status = 502, description = "The provider refused, or could not be asked"),
    ),
    security(("token" = ["admin"]))
)]
async fn begin_device(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<DeviceView>, Problem> {
    refuse_restricted(&by)?;
    let prompt: DevicePrompt = state.oauth.begin_device(&by, Which::from(&*id)).await?;
    Ok(Json(DeviceView {
        state: "pending",
        user_code: Some(prompt.user_code),
        verification_uri: Some(prompt.verification_uri),
        verification_uri_complete: prompt.verification_uri_complete,
        expires_at: Some(rfc3339(prompt.expires_ms)),
        next_at: None,
    }))
}

/// How far a device flow is. It goes on by itself; this only looks sooner.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens/{id}/device/poll", tag = "vault", params(("id" = String, Path)),
    responses(
        (status = 200, body = DeviceView),
        (status = 409, description = "No device flow waits"),
        (status = 423, description = "The vault is sealed"),
        (status = 502, description = "The provider refused"),
    ),
    security(("token" = ["admin"]))
)]
async fn poll_device(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<DeviceView>, Problem> {
    refuse_restricted(&by)?;
    let token = state.oauth.get(&by.tenant, Which::from(&*id)).await?;
    let (word, next_at) = match state.oauth.poll_device(&by.tenant, token.id).await? {
        DeviceState::Pending { next_ms } => ("pending", Some(rfc3339(next_ms))),
        DeviceState::Ready(_) => ("ready", None),
    };
    Ok(Json(DeviceView {
        state: word,
        user_code: None,
        verification_uri: None,
        verification_uri_complete: None,
        expires_at: None,
        next_at,
    }))
}

/// Refreshes an access token now.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens/{id}/refresh", tag = "vault", params(("id" = String, Path)),
    responses(
        (status = 200, body = OauthView),
        (status = 409, description = "There is no refresh token"),
        (status = 423, description = "The vault is sealed"),
        (status = 502, description = "The provider refused, or could not be asked"),
    ),
    security(("token" = ["admin"]))
)]
async fn refresh(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<OauthView>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.oauth.refresh(&by, Which::from(&*id)).await?.into()))
}

/// Takes a token back at its provider and forgets its values.
#[utoipa::path(
    post, path = "/api/v1/oauth-tokens/{id}/revoke", tag = "vault", params(("id" = String, Path)),
    responses(
        (status = 200, body = OauthView),
        (status = 423, description = "The vault is sealed"),
        (status = 502, description = "The provider could not be asked"),
    ),
    security(("token" = ["admin"]))
)]
async fn revoke(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Json<OauthView>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.oauth.revoke(&by, Which::from(&*id)).await?.into()))
}

impl From<OauthError> for Problem {
    fn from(error: OauthError) -> Self {
        let detail = error.to_string();
        match error {
            OauthError::BadUrl { field } => Self::invalid_field(format!("/{field}"), detail),
            OauthError::NotConfigured { .. } => Self::conflict("not_configured", detail),
            OauthError::UnknownState | OauthError::WrongIssuer => Self::conflict("unknown_consent", detail),
            OauthError::NoDevice => Self::conflict("no_device_flow", detail),
            OauthError::NoRefreshToken => Self::conflict("no_refresh_token", detail),
            OauthError::TooMany => Self::conflict("too_many", detail),
            OauthError::Refused { .. } => Self::new(StatusCode::BAD_GATEWAY, "provider_refused", detail),
            OauthError::Unreachable { .. } => {
                Self::new(StatusCode::BAD_GATEWAY, "provider_unreachable", detail)
            }
        }
    }
}
