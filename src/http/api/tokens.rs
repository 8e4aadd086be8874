//! `/api/v1/tokens` and `/api/v1/tickets`: credentials for programs and for streams.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, Fresh, May};
use crate::http::conditional::{IdempotencyKey, created};
use crate::http::extract::{Body, Named};
use crate::http::moment::{parse_rfc3339, rfc3339};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{
    CreatedToken, NewToken, NoTicket, Principal, Scopes, TICKET_LIFETIME, TOKEN_LIFE_DEFAULT_MS, TokenError,
    TokenRecord,
};
use crate::protocol::ids::TokenId;

/// An API token without its value.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenView {
    id: String,
    name: String,
    /// Words of `chat`, `read`, `approve`, `processes`, `operate`, `metrics`, `admin`.
    scopes: Vec<&'static str>,
    /// Id of the only assistant that it may use.
    assistant_id: Option<String>,
    /// What it may spend.
    budget_usd: Option<f64>,
    created_at: String,
    expires_at: Option<String>,
    /// To the minute.
    last_used_at: Option<String>,
    /// The address from which it was last used.
    last_used_from: Option<String>,
    /// The member whose device it is for.
    member_id: Option<String>,
    /// The value, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl From<TokenRecord> for TokenView {
    fn from(record: TokenRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            scopes: record.scopes.words().into_iter().map(crate::identity::Scope::as_str).collect(),
            assistant_id: record.assistant.map(|id| id.to_string()),
            budget_usd: record.budget_usd,
            created_at: rfc3339(record.created_ms),
            expires_at: record.expires_ms.map(rfc3339),
            last_used_at: record.last_used_ms.map(rfc3339),
            last_used_from: record.last_used_from,
            member_id: record.member.map(|id| id.to_string()),
            token: None,
        }
    }
}

impl From<CreatedToken> for TokenView {
    fn from(created: CreatedToken) -> Self {
        let token = created.value.map(|value| value.expose().to_owned());
        Self { token, ..created.record.into() }
    }
}

/// A new token.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateToken {
    /// 1–100 characters.
    name: String,
    /// Words of `chat`, `read`, `approve`, `processes`, `operate`, `metrics`, `admin`.
    scopes: Vec<String>,
    /// Name or id of the only assistant that it may use.
    assistant: Option<String>,
    /// What it may spend in US dollars.
    budget_usd: Option<f64>,
    /// When it ends, RFC 3339. Without it a token made in a browser ends after 90 days, another one never.
    expires_at: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, revoke))
        .routes(routes!(ticket))
}

/// Tokens that are not revoked, oldest first.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = Page<TokenView>)), security(("token" = ["admin"]))
)]
async fn list(_by: May<Admin>, State(state): State<AppState>) -> Result<Json<Page<TokenView>>, Problem> {
    let tokens = state.identity.tokens().await?;
    Ok(Json(Page::whole(tokens.into_iter().map(TokenView::from).collect())))
}

/// Makes a token. Its value is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "tokens", request_body = CreateToken,
    responses((status = 201, body = TokenView)),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn create(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateToken>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/tokens", &body);
    let scopes: Scopes =
        body.scopes.join(",").parse().map_err(|error: crate::identity::BadScopes| {
            Problem::invalid_field("/scopes", error.to_string())
        })?;
    let assistant = match &body.assistant {
        None => by.assistant,
        Some(name) => match state.assistants.find(&by.tenant, name).await {
            Ok(assistant) => Some(assistant.id),
            Err(crate::assistants::AssistantError::NotFound) => {
                return Err(Problem::invalid_field("/assistant", "names no assistant"));
            }
            Err(error) => return Err(error.into()),
        },
    };
    let expires_ms = body
        .expires_at
        .as_deref()
        .map(|text| {
            parse_rfc3339(text).ok_or_else(|| Problem::invalid_field("/expires_at", "is no RFC 3339 time"))
        })
        .transpose()?;
    let default = by.is_in_browser().then(|| jiff::Timestamp::now().as_millisecond() + TOKEN_LIFE_DEFAULT_MS);
    let expires_ms = expires_ms.or(default);
    let new = NewToken { name: body.name, scopes, assistant, budget_usd: body.budget_usd, expires_ms };
    let made = state.identity.create_token(&by, new, key).await?;
    Ok(created(made, |_| None, TokenView::from))
}

/// One token.
#[utoipa::path(
    get, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 200, body = TokenView)), security(("token" = ["admin"]))
)]
async fn read(
    _by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<TokenId>,
) -> Result<Json<TokenView>, Problem> {
    let record = state.identity.token(id).await?;
    if record.revoked_ms.is_some() {
        return Err(Problem::not_found());
    }
    Ok(Json(record.into()))
}

/// Revokes a token. Calls with it fail from now on, and its streams end.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["admin"]))
)]
async fn revoke(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<TokenId>,
) -> Result<StatusCode, Problem> {
    state.identity.revoke_token(&by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A one-use value for a stream.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// Goes into `?ticket=`.
    ticket: String,
    /// How long it waits to be used.
    expires_in_s: u64,
}

/// Makes a one-use ticket with the rights of its maker, for a stream that cannot send a header.
#[utoipa::path(
    post, path = "/api/v1/tickets", tag = "tokens", responses((status = 201, body = Ticket)),
    security(("token" = []))
)]
async fn ticket(by: Principal, State(state): State<AppState>) -> Result<(StatusCode, Json<Ticket>), Problem> {
    let ticket = state.identity.issue_ticket(by).map_err(|error| match error {
        NoTicket::TooMany => Problem::too_many("too_many_tickets", error.to_string(), TICKET_LIFETIME),
        NoTicket::Random(_) => Problem::internal(),
    })?;
    let ticket = Ticket { ticket: ticket.expose().to_owned(), expires_in_s: TICKET_LIFETIME.as_secs() };
    Ok((StatusCode::CREATED, Json(ticket)))
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        let detail = error.to_string();
        match error {
            TokenError::Name => Self::invalid_field("/name", detail),
            TokenError::Budget => Self::invalid_field("/budget_usd", detail),
            TokenError::Expiry => Self::invalid_field("/expires_at", detail),
            TokenError::Escalation => Self::new(StatusCode::FORBIDDEN, "forbidden", detail),
            TokenError::TooMany => Self::conflict("too_many_tokens", detail),
            TokenError::NotFound => Self::not_found(),
            TokenError::KeyReused(reused) => reused.into(),
            TokenError::Random(_) => Self::internal(),
            TokenError::Store(error) => error.into(),
        }
    }
}
