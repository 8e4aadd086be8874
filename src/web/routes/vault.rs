//! The vault: its tabs, and what opens, closes and rekeys it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::tokens::NewTokenForm;
use super::super::view::vault::{NewSecretForm, VaultPage, VaultShown};
use crate::http::auth::Admin;
use crate::http::extract::Params;
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::Principal;
use crate::redaction::LeakId;
use crate::vault::{Passphrase, VaultError};

#[derive(Deserialize)]
pub(super) struct VaultQuery {
    #[serde(default)]
    tab: String,
    before: Option<String>,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct UnsealFields {
    passphrase: Option<Passphrase>,
}

/// Which keys change.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keys {
    Data,
    Root,
}

#[derive(Deserialize)]
pub(super) struct RotateFields {
    keys: Keys,
    passphrase: Option<Passphrase>,
}

/// What the last form did.
pub(super) fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "stored" => "Stored. Nothing shows its value again.",
        "replaced" => "Replaced. The next request takes the new value.",
        "hosts" => "The hosts are changed.",
        "deleted" => "Deleted.",
        "unsealed" => "The vault is open.",
        "sealed" => "The vault is sealed: every key and value is wiped from memory.",
        "described" => "Kept. Now connect it.",
        "refreshed" => "Refreshed.",
        "revoked" => "Taken back at the provider, and its tokens are forgotten here.",
        "rotated" => "The keys are rotated.",
        _ => return None,
    })
}

/// `GET /vault`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<VaultQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let (tab, shown) = match query.tab.as_str() {
        "access" => {
            let before = query.before.and_then(|text| text.parse().ok());
            let (rows, next) = read::vault::uses(&state, &by, before).await?;
            ("access", VaultShown::Access(rows, next.map(|id| format!("/vault?tab=access&before={id}"))))
        }
        "leaks" => {
            let after: Option<LeakId> = query.before.and_then(|text| text.parse().ok());
            let (rows, next) = read::vault::leaks(&state, &by, after).await?;
            ("leaks", VaultShown::Leaks(rows, next.map(|id| format!("/vault?tab=leaks&before={id}"))))
        }
        "tokens" => {
            let tokens = read::tokens::tokens(&state, &by, NewTokenForm::default(), None).await?;
            ("tokens", VaultShown::Tokens(Box::new(tokens)))
        }
        "keys" => ("keys", VaultShown::Keys(read::vault::keys(&state, &by).await?)),
        _ => {
            let rows = read::vault::secrets(&state, &by).await?;
            ("secrets", VaultShown::Secrets(rows, read::vault::new_secret()))
        }
    };
    let template = VaultPage {
        frame: reader.frame("Vault", "vault"),
        tab,
        sealed: read::vault::sealed(&state).await?,
        notice: notice(&query.done),
        error: None,
        shown,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /vault/unseal`.
pub(super) async fn unseal(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<UnsealFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    match state.vault.unseal(&by, fields.passphrase).await {
        Ok(()) => Ok(Redirect::to("/vault?done=unsealed").into_response()),
        Err(error) => refused(&state, &by, &reader, error, NewSecretForm::default()).await,
    }
}

/// `POST /vault/seal`.
pub(super) async fn seal(by: Fresh<Admin>, State(state): State<AppState>) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    state.vault.seal_all(&by).await?;
    Ok(Redirect::to("/vault?done=sealed").into_response())
}

/// `POST /vault/rotate`. Answers when nothing is left to do.
pub(super) async fn rotate(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<RotateFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = match fields.keys {
        Keys::Data => state.vault.rotate_data_keys(&by).await,
        Keys::Root => state.vault.rotate_root(&by, fields.passphrase).await,
    };
    match outcome {
        Ok(()) => Ok(Redirect::to("/vault?tab=keys&done=rotated").into_response()),
        Err(error) => refused(&state, &by, &reader, error, NewSecretForm::default()).await,
    }
}

/// The vault's page with the reason why a form was refused, and what of it may be shown again.
pub(super) async fn refused(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    error: VaultError,
    form: NewSecretForm,
) -> Result<Response, Problem> {
    let text = sentence(&error.to_string());
    let problem = Problem::from(error);
    if reader.json || problem.status.is_server_error() {
        return Err(problem);
    }
    let form = NewSecretForm { kinds: read::vault::new_secret().kinds, ..form };
    let template = VaultPage {
        frame: reader.frame("Vault", "vault"),
        tab: "secrets",
        sealed: read::vault::sealed(state).await?,
        notice: None,
        error: Some(text),
        shown: VaultShown::Secrets(read::vault::secrets(state, by).await?, form),
    };
    Ok(page(problem.status, &template))
}
