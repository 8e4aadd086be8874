//! Accounts at providers as rows.

use super::rfc3339;
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::vault::{OauthRecord, SECRETS_MAX};
use crate::web::view::tokens::{Asked, NewTokenForm, TokenRow, TokensView};

/// The tab, with what was typed and what somebody has to do now.
pub(in crate::web) async fn tokens(
    state: &AppState,
    by: &Principal,
    form: NewTokenForm,
    asked: Option<Asked>,
) -> Result<TokensView, Problem> {
    let mut rows = Vec::new();
    for record in state.oauth.list(&by.tenant, None, SECRETS_MAX).await? {
        let used_in = state.vault.users_of(&by.tenant, &record.name).await?;
        rows.push(row(record, used_in));
    }
    let secrets = state.vault.secrets(&by.tenant, None, SECRETS_MAX).await?;
    let secrets = secrets.into_iter().map(|secret| secret.name).collect();
    Ok(TokensView { rows, form: NewTokenForm { secrets, ..form }, callback: state.oauth_callback(), asked })
}

fn row(record: OauthRecord, used_in: Vec<String>) -> TokenRow {
    TokenRow {
        provider: record.provider(),
        name: record.name,
        state: record.state.as_str(),
        granted: record.scopes,
        hosts: record.hosts.iter().map(str::to_owned).collect(),
        expires: record.expires_ms.map(rfc3339),
        refreshed: record.refreshed_ms.map(rfc3339),
        failure: record.failure,
        used: record.last_used_ms.map(rfc3339),
        used_by: record.last_used_by.unwrap_or_default(),
        used_in,
    }
}
