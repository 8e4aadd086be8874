//! `/api/v1/secrets`: what is known about secrets. Values come in and never go out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, Fresh, May, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Principal, RequestKey};
use crate::protocol::ids::SecretId;
use crate::vault::{
    Hosts, Kind, NewSecret, SecretChange, SecretRecord, SecretValue, SourceError, VaultError, Which,
};

/// A secret without its value, which nobody can read again.
#[derive(Serialize, ToSchema)]
#[schema(as = Secret)]
pub(super) struct SecretView {
    id: String,
    name: String,
    /// What requests name: `@secret:NAME`.
    reference: String,
    /// Whose credential it is: `anthropic`, `github`, …, or `generic`.
    kind: &'static str,
    description: String,
    /// Where it may be sent.
    hosts: Vec<String>,
    version: i64,
    created_at: String,
    created_by: String,
    /// When its value was replaced last.
    rotated_at: Option<String>,
    rotated_by: Option<String>,
    /// To the minute.
    last_used_at: Option<String>,
    last_used_by: Option<String>,
    uses: u64,
    /// What names it in the settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_in: Option<Vec<String>>,
}

impl From<SecretRecord> for SecretView {
    fn from(record: SecretRecord) -> Self {
        Self {
            id: record.id.to_string(),
            reference: format!("@secret:{}", record.name),
            name: record.name,
            kind: record.kind.as_str(),
            description: record.description,
            hosts: record.hosts.iter().map(str::to_owned).collect(),
            version: record.version,
            created_at: rfc3339(record.created_ms),
            created_by: record.created_by,
            rotated_at: record.rotated_ms.map(rfc3339),
            rotated_by: record.rotated_by,
            last_used_at: record.last_used_ms.map(rfc3339),
            last_used_by: record.last_used_by,
            uses: record.uses,
            used_in: None,
        }
    }
}

/// A new secret.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateSecret {
    /// 1–100 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`.
    name: String,
    /// 1 byte to 64 KiB. It cannot be read again.
    #[schema(value_type = String, format = Password, write_only)]
    value: SecretValue,
    /// Recognised by the value's first characters without it.
    kind: Option<String>,
    description: Option<String>,
    /// Hosts that it may be sent to: `api.example.com`, `*.example.com`. Those of its kind without it.
    hosts: Option<Vec<String>>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeSecret {
    kind: Option<String>,
    description: Option<String>,
    /// All hosts that it may be sent to.
    hosts: Option<Vec<String>>,
}

/// A new value.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewValue {
    /// 1 byte to 64 KiB. It cannot be read again.
    #[schema(value_type = String, format = Password, write_only)]
    value: SecretValue,
}

#[derive(Deserialize)]
struct ListSecrets {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct DeleteSecret {
    #[serde(default)]
    force: bool,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, change, delete))
        .routes(routes!(replace))
}

/// Secrets in the order in which they were made, without their values.
#[utoipa::path(
    get, path = "/api/v1/secrets", tag = "vault",
    params(("limit" = Option<usize>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<SecretView>)), security(("token" = ["admin"]))
)]
async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<ListSecrets>,
) -> Result<Json<Page<SecretView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<SecretId>::new(query.limit, query.after.as_deref())?;
    let found = state.vault.secrets(&by.tenant, paging.after, paging.fetch()).await?;
    let page = paging.page(found, |secret| secret.id.to_string(), SecretView::from);
    let mut items = Vec::with_capacity(page.items.len());
    for view in page.items {
        let used_in = state.vault.users_of(&by.tenant, &view.name).await?;
        items.push(SecretView { used_in: Some(used_in), ..view });
    }
    Ok(Json(Page { items, next: page.next }))
}

/// Stores a secret. Nothing shows its value again.
#[utoipa::path(
    post, path = "/api/v1/secrets", tag = "vault", request_body = CreateSecret,
    responses(
        (status = 201, body = SecretView),
        (status = 409, description = "The name is taken, or there are too many"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateSecret>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = match key.0 {
        None => None,
        Some(key) => {
            let request = body.value.fingerprint(&state.vault, &body.name)?;
            Some(RequestKey::new(&by, "POST /api/v1/secrets", &key, &request))
        }
    };
    let new = NewSecret {
        name: body.name,
        value: body.value,
        kind: body.kind.as_deref().map(kind).transpose()?,
        description: body.description.unwrap_or_default(),
        hosts: body.hosts.map(Hosts::new).transpose()?,
    };
    let made = state.vault.create_secret(&by, new, key).await?;
    Ok(created(made, |secret| Some(secret.version), SecretView::from))
}

/// One secret, by its id or its name, without its value.
#[utoipa::path(
    get, path = "/api/v1/secrets/{id}", tag = "vault", params(("id" = String, Path)),
    responses((status = 200, body = SecretView)), security(("token" = ["admin"]))
)]
async fn read(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let secret = state.vault.secret(&by.tenant, Which::from(&*id)).await?;
    let used_in = state.vault.users_of(&by.tenant, &secret.name).await?;
    let version = secret.version;
    Ok(tagged(StatusCode::OK, version, SecretView { used_in: Some(used_in), ..secret.into() }))
}

/// Changes what is known about a secret that still has the version of `If-Match`.
#[utoipa::path(
    patch, path = "/api/v1/secrets/{id}", tag = "vault", params(("id" = String, Path)),
    request_body = ChangeSecret,
    responses(
        (status = 200, body = SecretView),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn change(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
    Body(body): Body<ChangeSecret>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let version = known.required()?;
    let change = SecretChange {
        kind: body.kind.as_deref().map(kind).transpose()?,
        description: body.description,
        hosts: body.hosts.map(Hosts::new).transpose()?,
    };
    let secret = state.vault.change_secret(&by, Which::from(&*id), change, Some(version)).await?;
    Ok(tagged(StatusCode::OK, secret.version, SecretView::from(secret)))
}

/// Replaces the value. With `If-Match`, only if nobody else changed the secret.
#[utoipa::path(
    put, path = "/api/v1/secrets/{id}/value", tag = "vault", params(("id" = String, Path)),
    request_body = NewValue,
    responses(
        (status = 200, body = SecretView),
        (status = 412, description = "Somebody else changed it"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn replace(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
    Body(body): Body<NewValue>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let secret = state.vault.replace_secret(&by, Which::from(&*id), body.value, known.version()).await?;
    Ok(tagged(StatusCode::OK, secret.version, SecretView::from(secret)))
}

/// Deletes a secret. While something uses it: 409 with the users, unless `force=true`.
#[utoipa::path(
    delete, path = "/api/v1/secrets/{id}", tag = "vault",
    params(("id" = String, Path), ("force" = Option<bool>, Query)),
    responses((status = 204), (status = 409, description = "Something uses it")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn delete(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(id): Named<String>,
    known: IfMatch,
    Params(query): Params<DeleteSecret>,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.vault.delete_secret(&by, Which::from(&*id), known.version(), query.force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A token for one assistant has nothing to do with everybody's secrets.
pub(super) fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "reach the vault")
}

fn kind(word: &str) -> Result<Kind, Problem> {
    word.parse().map_err(|_| {
        let known: Vec<&str> = Kind::words().collect();
        Problem::invalid_field("/kind", format!("is one of {}", known.join(", ")))
    })
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let detail = error.to_string();
        match error {
            VaultError::Sealed(_) => Self::new(StatusCode::LOCKED, "vault_sealed", detail),
            VaultError::Field { field, .. } => Self::invalid_field(format!("/{field}"), detail),
            VaultError::NotFound => Self::not_found(),
            VaultError::NameTaken => Self::conflict("name_taken", detail),
            VaultError::Stale => stale(),
            VaultError::InUse { .. } => Self::conflict("in_use", detail),
            VaultError::TooMany => Self::conflict("too_many", detail),
            VaultError::KeyReused(reused) => reused.into(),
            VaultError::Source(source) => source.into(),
            VaultError::Oauth(error) => error.into(),
            VaultError::Store(error) => error.into(),
            other => {
                tracing::error!(error = %other, "a request met a vault that refused");
                Self::internal()
            }
        }
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        let detail = error.to_string();
        match error {
            SourceError::WeakPassphrase | SourceError::NeedsPassphrase | SourceError::WrongPassphrase => {
                Self::invalid_field("/passphrase", detail)
            }
            SourceError::Unsafe { .. }
            | SourceError::NotAKey { .. }
            | SourceError::Io { .. }
            | SourceError::Keyring { .. }
            | SourceError::NoCredential
            | SourceError::Foreign
            | SourceError::SameCredential => Self::conflict("key_source", detail),
        }
    }
}
