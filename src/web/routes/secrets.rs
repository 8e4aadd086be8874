//! Secrets: stored, replaced, granted to hosts and deleted. No answer has a value in it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::vault::{NewSecretForm, SecretPage};
use super::vault::{notice, refused};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::Principal;
use crate::vault::{Hosts, Kind, NewSecret, SecretChange, SecretValue, VaultError, Which};

#[derive(Deserialize)]
pub(super) struct SecretQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct CreateFields {
    name: String,
    value: SecretValue,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    hosts: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
pub(super) struct ReplaceFields {
    value: SecretValue,
    version: i64,
}

#[derive(Deserialize)]
pub(super) struct HostFields {
    version: i64,
    grant: Option<String>,
    revoke: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct DeleteFields {
    #[serde(default)]
    sure: String,
}

/// `POST /vault/secrets`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<CreateFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let form = NewSecretForm {
        name: fields.name.trim().to_owned(),
        hosts: fields.hosts.clone(),
        description: fields.description.clone(),
        ..NewSecretForm::default()
    };
    match store(&state, &by, fields).await {
        Ok(name) => Ok(Redirect::to(&format!("/vault/secrets/{name}?done=stored")).into_response()),
        Err(error) => refused(&state, &by, &reader, error, form).await,
    }
}

async fn store(state: &AppState, by: &Principal, fields: CreateFields) -> Result<String, VaultError> {
    let hosts = words(&fields.hosts);
    let new = NewSecret {
        name: fields.name.trim().to_owned(),
        value: fields.value,
        // A word that is none is recognised like no word.
        kind: fields.kind.parse::<Kind>().ok(),
        description: state.clean(by, "secret", fields.description),
        hosts: if hosts.is_empty() { None } else { Some(Hosts::new(hosts)?) },
    };
    Ok(state.vault.create_secret(by, new, None).await?.thing.name)
}

/// `GET /vault/secrets/{name}`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Params(query): Params<SecretQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let template = secret_page(&state, &by, &reader, &name).await?;
    Ok(page(StatusCode::OK, &SecretPage { notice: notice(&query.done), ..template }))
}

/// `POST /vault/secrets/{name}/value`.
pub(super) async fn replace(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<ReplaceFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let which = Which::from(&*name);
    let outcome = state.vault.replace_secret(&by, which, fields.value, Some(fields.version)).await;
    answer(&state, &by, &reader, &name, outcome.map(|_| "replaced")).await
}

/// `POST /vault/secrets/{name}/hosts`: one more, or one less.
pub(super) async fn hosts(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<HostFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = change_hosts(&state, &by, &name, fields).await;
    answer(&state, &by, &reader, &name, outcome.map(|()| "hosts")).await
}

async fn change_hosts(
    state: &AppState,
    by: &Principal,
    name: &str,
    fields: HostFields,
) -> Result<(), VaultError> {
    let secret = state.vault.secret(&by.tenant, Which::from(name)).await?;
    let kept = secret.hosts.iter().filter(|host| fields.revoke.as_deref() != Some(*host));
    let hosts = Hosts::new(kept.chain(fields.grant.iter().flat_map(|text| words(text))))?;
    let change = SecretChange { hosts: Some(hosts), ..SecretChange::default() };
    state.vault.change_secret(by, Which::Id(secret.id), change, Some(fields.version)).await?;
    Ok(())
}

/// `POST /vault/secrets/{name}/delete`. The page has said who uses it.
pub(super) async fn delete(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<DeleteFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to delete a secret"));
    }
    match state.vault.delete_secret(&by, Which::from(&*name), None, true).await {
        Ok(()) => Ok(Redirect::to("/vault?done=deleted").into_response()),
        Err(error) => answer(&state, &by, &reader, &name, Err(error)).await,
    }
}

/// The page of the secret: with what was done, or with why it was not.
async fn answer(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    name: &str,
    outcome: Result<&'static str, VaultError>,
) -> Result<Response, Problem> {
    let error = match outcome {
        Ok(done) => return Ok(Redirect::to(&format!("/vault/secrets/{name}?done={done}")).into_response()),
        Err(error) => error,
    };
    let text = sentence(&error.to_string());
    let problem = Problem::from(error);
    if reader.json || problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem);
    }
    let template = secret_page(state, by, reader, name).await?;
    Ok(page(problem.status, &SecretPage { error: Some(text), ..template }))
}

async fn secret_page(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    name: &str,
) -> Result<SecretPage, Problem> {
    Ok(SecretPage {
        frame: reader.frame(name, "vault"),
        secret: read::vault::secret(state, by, name).await?,
        sealed: state.vault.sealed_by().is_some(),
        fresh: state.identity.is_fresh(by),
        notice: None,
        error: None,
    })
}

/// Words apart by spaces, commas or lines.
pub(super) fn words(text: &str) -> Vec<&str> {
    text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty()).collect()
}
