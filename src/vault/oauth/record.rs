//! What is known about a token, and the sealed pair of access and refresh token.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::protocol::ids::OauthTokenId;
use crate::vault::record::Place;
use crate::vault::sealing::SealedColumn;
use crate::vault::{Hosts, OpenError, Purpose};

/// How far a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OauthState {
    /// Nobody agreed yet.
    New,
    /// It can be used.
    Ready,
    /// The provider refused to refresh it: consent is needed again.
    Failed,
    /// It was taken back.
    Revoked,
}

/// The provider, in its own addresses: `https`, or `http` on this machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OauthSettings {
    /// Who we are there.
    pub client_id: String,
    /// The secret of the vault that proves it, by its name; public clients have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// Where a person agrees in a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_url: Option<String>,
    /// Where codes become tokens.
    pub token_url: String,
    /// Where a device flow begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_url: Option<String>,
    /// Where a token is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    /// The provider's name for itself, compared with `iss` of its answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A token to be got.
#[derive(Clone, Debug)]
pub struct NewOauthToken {
    /// Shares the names of secrets.
    pub name: String,
    /// The provider.
    pub settings: OauthSettings,
    /// Where the access token may be sent.
    pub hosts: Hosts,
}

/// A token as it is stored, without its values.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OauthRecord {
    /// Its id.
    pub id: OauthTokenId,
    /// Its name, as in `@secret:NAME`.
    pub name: String,
    /// The provider.
    pub settings: OauthSettings,
    /// Where the access token may be sent.
    pub hosts: Hosts,
    /// How far it is.
    pub state: OauthState,
    /// Why the last refresh failed.
    pub failure: Option<String>,
    /// Failed refreshes in a row.
    pub failures: u32,
    /// No refresh before, in milliseconds since 1970.
    pub retry_ms: Option<i64>,
    /// What was granted.
    pub scopes: String,
    /// When the access token ends; `None` for never, or before there is one.
    pub expires_ms: Option<i64>,
    /// When it was got or refreshed last.
    pub refreshed_ms: Option<i64>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_ms: i64,
    /// By whom.
    pub created_by: String,
    /// When it was used last.
    pub last_used_ms: Option<i64>,
    /// For what.
    pub last_used_by: Option<String>,
    /// How often.
    pub uses: u64,
}

/// Access and refresh token. No `Debug`, wiped when dropped.
pub(in crate::vault) struct TokenPair {
    pub(in crate::vault) access: Zeroizing<String>,
    pub(in crate::vault) refresh: Option<Zeroizing<String>>,
}

/// The column that holds the pairs.
pub(in crate::vault) const PAIRS: SealedColumn =
    SealedColumn { purpose: Purpose::Oauth, table: "oauth_tokens", name: "sealed", row: "id" };

// === impl OauthState ===

impl OauthState {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Revoked => "revoked",
        }
    }

    pub(in crate::vault) fn parse(word: &str) -> Self {
        [Self::New, Self::Ready, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == word)
            .unwrap_or(Self::Failed)
    }
}

// === impl OauthRecord ===

impl OauthRecord {
    /// The provider's host.
    #[must_use]
    pub fn provider(&self) -> String {
        let url = oauth2::url::Url::parse(&self.settings.token_url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

// === impl TokenPair ===

impl TokenPair {
    /// As it is sealed: the length of the access token, the access token, the refresh token.
    pub(in crate::vault) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let refresh = self.refresh.as_ref().map_or("", |refresh| refresh.as_str());
        let length = u32::try_from(self.access.len()).unwrap_or(u32::MAX);
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 + self.access.len() + refresh.len()));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.access.as_bytes());
        bytes.extend_from_slice(refresh.as_bytes());
        bytes
    }

    pub(in crate::vault) fn of(bytes: &[u8]) -> Result<Self, OpenError> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(OpenError::Truncated)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| OpenError::Truncated)?;
        let (access, refresh) = rest.split_at_checked(length).ok_or(OpenError::Truncated)?;
        let text = |bytes: &[u8]| {
            std::str::from_utf8(bytes)
                .map(|text| Zeroizing::new(text.to_owned()))
                .map_err(|_| OpenError::Refused)
        };
        let refresh = if refresh.is_empty() { None } else { Some(text(refresh)?) };
        Ok(Self { access: text(access)?, refresh })
    }
}

/// Where the pair of a token is.
pub(in crate::vault) fn place(id: &OauthTokenId) -> Place<'_> {
    PAIRS.place(id.as_bytes())
}
