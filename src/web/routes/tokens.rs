//! Accounts at providers: described, connected, refreshed, taken back and deleted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::tokens::{Asked, NewTokenForm};
use super::super::view::vault::{VaultPage, VaultShown};
use super::secrets::words;
use crate::http::auth::Admin;
use crate::http::extract::Named;
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::Principal;
use crate::vault::{Hosts, NewOauthToken, OauthSettings, VaultError, Which};

#[derive(Deserialize)]
pub(super) struct TokenFields {
    name: String,
    client_id: String,
    token_url: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    auth_url: String,
    #[serde(default)]
    device_url: String,
    #[serde(default)]
    revoke_url: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    scopes: String,
    #[serde(default)]
    hosts: String,
}

#[derive(Deserialize)]
pub(super) struct DeleteFields {
    #[serde(default)]
    sure: String,
}

/// `POST /vault/tokens`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<TokenFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let form = fields.form();
    let outcome = store(&state, &by, &form).await;
    answer(&state, &by, &reader, form, outcome.map(|()| "described")).await
}

async fn store(state: &AppState, by: &Principal, form: &NewTokenForm) -> Result<(), VaultError> {
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let settings = OauthSettings {
        client_id: form.client_id.clone(),
        client_secret: some(&form.client_secret),
        auth_url: some(&form.auth_url),
        token_url: form.token_url.clone(),
        device_url: some(&form.device_url),
        revoke_url: some(&form.revoke_url),
        issuer: some(&form.issuer),
        scopes: words(&form.scopes).into_iter().map(str::to_owned).collect(),
    };
    let new = NewOauthToken { name: form.name.clone(), settings, hosts: Hosts::new(words(&form.hosts))? };
    state.oauth.create(by, new, None).await?;
    Ok(())
}

/// `POST /vault/tokens/{name}/connect`: says what somebody has to do at the provider.
pub(super) async fn connect(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let record = state.oauth.get(&by.tenant, Which::from(&*name)).await?;
    let asked = match record.settings.auth_url.is_some() {
        true => consent(&state, &by, name).await?,
        false => code(&state, &by, name).await,
    };
    match asked {
        Ok(asked) => {
            let shown = read::tokens::tokens(&state, &by, NewTokenForm::default(), Some(asked)).await?;
            show(&state, &reader, StatusCode::OK, None, VaultShown::Tokens(Box::new(shown))).await
        }
        Err(error) => answer(&state, &by, &reader, NewTokenForm::default(), Err(error)).await,
    }
}

async fn consent(
    state: &AppState,
    by: &Principal,
    name: String,
) -> Result<Result<Asked, VaultError>, Problem> {
    let callback = state.oauth_callback().ok_or_else(|| {
        Problem::conflict(
            "no_fixed_port",
            "the console's port is not fixed, so no provider can send a browser back",
        )
    })?;
    let begun = state.oauth.begin(by, Which::from(&*name), &callback).await;
    Ok(begun.map(|address| Asked::Browser { name, address }))
}

async fn code(state: &AppState, by: &Principal, name: String) -> Result<Asked, VaultError> {
    let prompt = state.oauth.begin_device(by, Which::from(&*name)).await?;
    let address = prompt.verification_uri_complete.unwrap_or(prompt.verification_uri);
    Ok(Asked::Device { name, address, code: prompt.user_code })
}

/// `POST /vault/tokens/{name}/refresh`.
pub(super) async fn refresh(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.oauth.refresh(&by, Which::from(&*name)).await;
    answer(&state, &by, &reader, NewTokenForm::default(), outcome.map(|_| "refreshed")).await
}

/// `POST /vault/tokens/{name}/revoke`: the provider is told.
pub(super) async fn revoke(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.oauth.revoke(&by, Which::from(&*name)).await;
    answer(&state, &by, &reader, NewTokenForm::default(), outcome.map(|_| "revoked")).await
}

/// `POST /vault/tokens/{name}/delete`. The page has said who uses it.
pub(super) async fn delete(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<DeleteFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to delete a token"));
    }
    let outcome = state.oauth.delete(&by, Which::from(&*name), None, true).await;
    answer(&state, &by, &reader, NewTokenForm::default(), outcome.map(|()| "deleted")).await
}

/// The tab again: with what was done, or with why it was not and what was typed.
async fn answer(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    form: NewTokenForm,
    outcome: Result<&'static str, VaultError>,
) -> Result<Response, Problem> {
    let error = match outcome {
        Ok(done) => return Ok(Redirect::to(&format!("/vault?tab=tokens&done={done}")).into_response()),
        Err(error) => error,
    };
    let text = match &error {
        VaultError::Field { field, problem } => sentence(&format!("{} {problem}", label(field))),
        error => sentence(&error.to_string()),
    };
    let problem = Problem::from(error);
    if reader.json || problem.status == StatusCode::NOT_FOUND {
        return Err(problem);
    }
    let shown = VaultShown::Tokens(Box::new(read::tokens::tokens(state, by, form, None).await?));
    show(state, reader, problem.status, Some(text), shown).await
}

/// A field by its label in the form.
fn label(field: &str) -> &str {
    match field {
        "client_id" => "client id",
        "client_secret" => "client secret",
        "auth_url" => "the address where people agree",
        "token_url" => "token address",
        "device_url" => "device address",
        "revoke_url" => "the address where tokens are taken back",
        other => other,
    }
}

async fn show(
    state: &AppState,
    reader: &Reader,
    status: StatusCode,
    error: Option<String>,
    shown: VaultShown,
) -> Result<Response, Problem> {
    let template = VaultPage {
        frame: reader.frame("Vault", "vault"),
        tab: "tokens",
        sealed: read::vault::sealed(state).await?,
        notice: None,
        error,
        shown,
    };
    Ok(page(status, &template))
}

// === impl TokenFields ===

impl TokenFields {
    fn form(self) -> NewTokenForm {
        let trimmed = |text: String| text.trim().to_owned();
        NewTokenForm {
            name: trimmed(self.name),
            client_id: trimmed(self.client_id),
            client_secret: trimmed(self.client_secret),
            auth_url: trimmed(self.auth_url),
            token_url: trimmed(self.token_url),
            device_url: trimmed(self.device_url),
            revoke_url: trimmed(self.revoke_url),
            issuer: trimmed(self.issuer),
            scopes: self.scopes,
            hosts: self.hosts,
            secrets: Vec::new(),
        }
    }
}
