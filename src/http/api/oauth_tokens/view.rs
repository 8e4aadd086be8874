//! What the routes of OAuth tokens take and answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::moment::rfc3339;
use crate::vault::OauthRecord;

/// A token without its values, which nobody can read.
#[derive(Serialize, ToSchema)]
#[schema(as = OauthToken)]
pub(in crate::http::api) struct OauthView {
    pub(super) id: String,
    pub(super) name: String,
    /// What requests name: `@secret:NAME`.
    pub(super) reference: String,
    /// `new`, `ready`, `failed` or `revoked`.
    pub(super) state: &'static str,
    pub(super) client_id: String,
    /// The secret that proves the client, by its name.
    pub(super) client_secret: Option<String>,
    pub(super) auth_url: Option<String>,
    pub(super) token_url: String,
    pub(super) device_url: Option<String>,
    pub(super) revoke_url: Option<String>,
    pub(super) issuer: Option<String>,
    /// What is asked for.
    pub(super) scopes: Vec<String>,
    /// What was granted.
    pub(super) granted: String,
    /// Where the access token may be sent.
    pub(super) hosts: Vec<String>,
    pub(super) version: i64,
    pub(super) created_at: String,
    pub(super) created_by: String,
    /// When the access token ends.
    pub(super) expires_at: Option<String>,
    pub(super) refreshed_at: Option<String>,
    /// Why the last refresh failed.
    pub(super) failure: Option<String>,
    pub(super) last_used_at: Option<String>,
    pub(super) last_used_by: Option<String>,
    uses: u64,
}

impl From<OauthRecord> for OauthView {
    fn from(record: OauthRecord) -> Self {
        let settings = record.settings;
        Self {
            id: record.id.to_string(),
            reference: format!("@secret:{}", record.name),
            name: record.name,
            state: record.state.as_str(),
            client_id: settings.client_id,
            client_secret: settings.client_secret,
            auth_url: settings.auth_url,
            token_url: settings.token_url,
            device_url: settings.device_url,
            revoke_url: settings.revoke_url,
            issuer: settings.issuer,
            scopes: settings.scopes,
            granted: record.scopes,
            hosts: record.hosts.iter().map(str::to_owned).collect(),
            version: record.version,
            created_at: rfc3339(record.created_ms),
            created_by: record.created_by,
            expires_at: record.expires_ms.map(rfc3339),
            refreshed_at: record.refreshed_ms.map(rfc3339),
            failure: record.failure,
            last_used_at: record.last_used_ms.map(rfc3339),
            last_used_by: record.last_used_by,
            uses: record.uses,
        }
    }
}

/// A provider, before anybody agreed.
#[derive(Deserialize, Serialize, ToSchema)]
pub(in crate::http::api) struct CreateOauthToken {
    /// As the name of a secret, with which it shares the names.
    pub(super) name: String,
    pub(super) client_id: String,
    /// The name of a secret of the vault that is granted to the provider's host; public clients have none.
    pub(super) client_secret: Option<String>,
    pub(super) auth_url: Option<String>,
    pub(super) token_url: String,
    pub(super) device_url: Option<String>,
    pub(super) revoke_url: Option<String>,
    /// The provider's name for itself, compared with `iss` of its answers.
    pub(super) issuer: Option<String>,
    pub(super) scopes: Option<Vec<String>>,
    /// Where the access token may be sent.
    pub(super) hosts: Option<Vec<String>>,
}

/// A consent in the browser.
#[derive(Deserialize, ToSchema)]
pub(in crate::http::api) struct BeginConsent {
    /// An address of this console as the browser sees it, with the path `/api/v1/oauth/callback`. Default: on
    /// `localhost`, at the console's port.
    pub(super) redirect_uri: Option<String>,
}

/// Where a person agrees, within ten minutes.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct Consent {
    pub(super) authorization_url: String,
}

/// How far a device flow is.
#[derive(Serialize, ToSchema)]
pub(in crate::http::api) struct DeviceView {
    /// `pending` or `ready`.
    pub(super) state: &'static str,
    /// What the person types.
    pub(super) user_code: Option<String>,
    /// Where.
    pub(super) verification_uri: Option<String>,
    pub(super) verification_uri_complete: Option<String>,
    pub(super) expires_at: Option<String>,
    /// When to look again.
    pub(super) next_at: Option<String>,
}
