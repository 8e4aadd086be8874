//! `/api/v1/vault`: the state of the vault, its keys, and who used what.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::secrets::refuse_restricted;
use crate::http::auth::{Admin, Fresh, May};
use crate::http::extract::{Body, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::vault::{KeyView, Passphrase, Source, UseRecord};

/// The vault.
#[derive(Serialize, ToSchema)]
#[schema(as = Vault)]
pub(super) struct VaultView {
    /// `open` or `sealed`.
    state: &'static str,
    /// Why it is sealed, and what to do.
    reason: Option<String>,
    /// What protects the root key: `file`, `passphrase`, `keyring`, `credential`; `null` before there is one.
    protection: Option<&'static str>,
    /// Since when this root key protects it.
    root_key_since: Option<String>,
    /// The data keys.
    keys: Vec<DataKeyView>,
}

/// A data key: never the key itself.
#[derive(Serialize, ToSchema)]
#[schema(as = DataKey)]
pub(super) struct DataKeyView {
    purpose: &'static str,
    generation: u32,
    /// Whether it still seals; else it only opens, until no value needs it.
    active: bool,
    /// Values that it sealed, ever.
    seals: u64,
    created_at: String,
}

impl From<KeyView> for DataKeyView {
    fn from(key: KeyView) -> Self {
        Self {
            purpose: key.purpose.as_str(),
            generation: key.generation,
            active: key.active,
            seals: key.seals,
            created_at: rfc3339(key.created_ms),
        }
    }
}

/// Opens the vault.
#[derive(Deserialize, ToSchema)]
pub(super) struct Unseal {
    /// Where a passphrase protects it. The first one of a new vault is chosen here.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    passphrase: Option<Passphrase>,
}

/// Which keys change.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Keys {
    /// New data keys: every value is sealed anew.
    Data,
    /// A new root key: every data key is wrapped anew.
    Root,
}

/// Changes keys.
#[derive(Deserialize, ToSchema)]
pub(super) struct Rotate {
    keys: Keys,
    /// For the root key, where a passphrase protects it.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    passphrase: Option<Passphrase>,
}

/// Puts the vault behind something else.
#[derive(Deserialize, ToSchema)]
pub(super) struct Protect {
    /// `file`, `passphrase`, `keyring` or `credential`.
    with: String,
    /// The new passphrase.
    #[schema(value_type = Option<String>, format = Password, write_only)]
    passphrase: Option<Passphrase>,
}

/// A line of the access log: uses of one secret by one user for one host, within about a minute.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretUse)]
pub(super) struct UseView {
    id: String,
    secret: String,
    /// Where it was to be sent.
    host: String,
    /// For what: `backend anthropic`.
    used_by: String,
    /// `given`, `unknown`, `not_granted` or `broken`.
    outcome: &'static str,
    /// How often.
    count: u64,
    first_at: String,
    last_at: String,
}

impl From<UseRecord> for UseView {
    fn from(record: UseRecord) -> Self {
        Self {
            id: record.id.to_string(),
            secret: record.name,
            host: record.used.host,
            used_by: record.used.used_by,
            outcome: record.used.outcome.as_str(),
            count: record.used.count,
            first_at: rfc3339(record.used.first_ms),
            last_at: rfc3339(record.used.last_ms),
        }
    }
}

#[derive(Deserialize)]
struct ListUses {
    secret: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(state))
        .routes(routes!(seal))
        .routes(routes!(unseal))
        .routes(routes!(rotate))
        .routes(routes!(protect))
        .routes(routes!(access))
}

/// The state of the vault.
#[utoipa::path(
    get, path = "/api/v1/vault", tag = "vault",
    responses((status = 200, body = VaultView)), security(("token" = ["admin"]))
)]
async fn state(by: May<Admin>, State(state): State<AppState>) -> Result<Json<VaultView>, Problem> {
    refuse_restricted(&by)?;
    view(&by, &state).await
}

/// Wipes every key and value from memory until somebody unseals the vault.
#[utoipa::path(
    post, path = "/api/v1/vault/seal", tag = "vault",
    responses((status = 200, body = VaultView)), security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn seal(by: Fresh<Admin>, State(state): State<AppState>) -> Result<Json<VaultView>, Problem> {
    refuse_restricted(&by)?;
    state.vault.seal_all(&by).await?;
    view(&by, &state).await
}

/// Opens a sealed vault.
#[utoipa::path(
    post, path = "/api/v1/vault/unseal", tag = "vault", request_body = Unseal,
    responses((status = 200, body = VaultView), (status = 423, description = "Its key is still missing")),
    security(("token" = ["admin"]))
)]
async fn unseal(
    by: May<Admin>,
    State(state): State<AppState>,
    Body(body): Body<Unseal>,
) -> Result<Json<VaultView>, Problem> {
    refuse_restricted(&by)?;
    state.vault.unseal(&by, body.passphrase).await?;
    view(&by, &state).await
}

/// Changes keys while everything runs. Returns when nothing is left to do.
#[utoipa::path(
    post, path = "/api/v1/vault/rotate", tag = "vault", request_body = Rotate,
    responses(
        (status = 200, body = VaultView),
        (status = 409, description = "The place of the root key refused"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn rotate(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Body(body): Body<Rotate>,
) -> Result<Json<VaultView>, Problem> {
    refuse_restricted(&by)?;
    match body.keys {
        Keys::Data => state.vault.rotate_data_keys(&by).await?,
        Keys::Root => state.vault.rotate_root(&by, body.passphrase).await?,
    }
    view(&by, &state).await
}

/// Puts the vault behind another protection, with a new root key.
#[utoipa::path(
    post, path = "/api/v1/vault/protect", tag = "vault", request_body = Protect,
    responses(
        (status = 200, body = VaultView),
        (status = 409, description = "The place of the root key refused"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn protect(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Body(body): Body<Protect>,
) -> Result<Json<VaultView>, Problem> {
    refuse_restricted(&by)?;
    let unknown = || Problem::invalid_field("/with", "is file, passphrase, keyring or credential");
    let source = Source::parse(&body.with).ok_or_else(unknown)?;
    state.vault.protect(&by, source, body.passphrase).await?;
    view(&by, &state).await
}

/// Who used which secret for which host, newest first.
#[utoipa::path(
    get, path = "/api/v1/vault/access", tag = "vault",
    params(
        ("secret" = Option<String>, Query, description = "Only this one, by its name"),
        ("limit" = Option<usize>, Query),
        ("after" = Option<String>, Query),
    ),
    responses((status = 200, body = Page<UseView>)), security(("token" = ["admin"]))
)]
async fn access(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<ListUses>,
) -> Result<Json<Page<UseView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<i64>::new(query.limit, query.after.as_deref())?;
    let found = state.vault.uses(&by.tenant, query.secret, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |used| used.id.to_string(), UseView::from)))
}

async fn view(by: &Principal, state: &AppState) -> Result<Json<VaultView>, Problem> {
    let sealed = state.vault.sealed_by();
    let protection = state.vault.protection().await?;
    let keys = state.vault.keys(&by.tenant).await?;
    Ok(Json(VaultView {
        state: if sealed.is_some() { "sealed" } else { "open" },
        reason: sealed.map(|by| by.to_string()),
        protection: protection.map(|(source, _)| source.as_str()),
        root_key_since: protection.map(|(_, since_ms)| rfc3339(since_ms)),
        keys: keys.into_iter().map(DataKeyView::from).collect(),
    }))
}
