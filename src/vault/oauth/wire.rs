//! Requests to a provider, through the product's own client. A client secret is named in the form and put in by
//! egress, for hosts that it is granted to.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError};
use oauth2::http::{HeaderValue, Response, header};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, RequestTokenError, TokenUrl,
};

use super::record::OauthSettings;
use crate::egress::{Egress, EgressError, Method, Request};
use crate::protocol::ids::TenantId;

/// Time for one exchange with a provider.
const EXCHANGE: Duration = Duration::from_secs(20);
/// Most bytes of a provider's answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Most characters of a provider's text that are kept.
const TEXT_CHARS_MAX: usize = 200;

/// A client whose token address is known.
pub(super) type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why no token came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OauthError {
    /// The settings have no address for this.
    #[error("this provider has no {what}; add it to the token's settings")]
    NotConfigured {
        /// What is missing.
        what: &'static str,
    },
    /// An address that is not safe.
    #[error("{field} is an https address, or http on this machine")]
    BadUrl {
        /// The setting.
        field: &'static str,
    },
    /// The answer belongs to no consent that waits: used, expired, or never begun here.
    #[error("this answer belongs to no request that waits here; begin again")]
    UnknownState,
    /// The answer came from somebody else.
    #[error("the answer came from another provider than the one that was asked")]
    WrongIssuer,
    /// Nobody waits for a device.
    #[error("no device flow waits; begin one")]
    NoDevice,
    /// There is nothing to refresh with.
    #[error("the provider gave no refresh token; ask for consent again")]
    NoRefreshToken,
    /// The provider said no.
    #[error("the provider refused: {error}")]
    Refused {
        /// Its words.
        error: String,
        /// Whether asking again is of no use.
        for_good: bool,
    },
    /// No answer, or none that can be read.
    #[error("the provider could not be asked: {why}")]
    Unreachable {
        /// What happened.
        why: String,
    },
    /// Too many wait.
    #[error("too many requests for consent wait; they end after ten minutes")]
    TooMany,
}

/// One provider as one tenant speaks to it.
pub(super) struct Wire {
    egress: Egress,
    tenant: TenantId,
    used_by: String,
}

// === impl Wire ===

impl Wire {
    pub(super) fn new(egress: Egress, tenant: TenantId, name: &str) -> Self {
        Self { egress, tenant, used_by: format!("oauth {name}") }
    }

    /// One request as the library makes it.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, EgressError> {
        let (parts, body) = request.into_parts();
        let mut out = self.request(parts.method, &parts.uri.to_string())?;
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        out = out.body(content_type.unwrap_or("application/x-www-form-urlencoded"), Bytes::from(body))?;
        for (name, value) in parts.headers.iter().filter(|(name, _)| **name != header::CONTENT_TYPE) {
            if let Ok(value) = value.to_str() {
                out = out.with_header(name.as_str(), value)?;
            }
        }
        let out = out.secrets_everywhere(self.tenant.clone(), self.used_by.clone());
        let reply = out.send(EXCHANGE).await?;
        let status = reply.status();
        let content_type = reply.header("content-type").and_then(|text| HeaderValue::from_str(text).ok());
        let body = reply.whole(ANSWER_BYTES_MAX, EXCHANGE).await?;
        let mut response = Response::new(body.to_vec());
        *response.status_mut() = status.try_into().unwrap_or_default();
        if let Some(content_type) = content_type {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        Ok(response)
    }

    /// A POST of form fields; status and body.
    pub(super) async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<(u16, Bytes), OauthError> {
        let request = self.request(Method::POST, url)?.form(fields.iter().copied());
        let request = request.header("accept", "application/json");
        let request = request.secrets_everywhere(self.tenant.clone(), self.used_by.clone());
        let reply = request.send(EXCHANGE).await?;
        let status = reply.status();
        Ok((status, reply.whole(ANSWER_BYTES_MAX, EXCHANGE).await?))
    }

    /// A provider on this machine was put there by whoever wrote its settings; any other one is a stranger.
    fn request(&self, method: Method, url: &str) -> Result<Request, EgressError> {
        match loopback(url) {
            Some((origin, path)) => Ok(self.egress.destination(origin, false)?.post_json(path, Bytes::new())),
            None => self.egress.request(method, url),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = EgressError;
    type Future = BoxFuture<'c, Result<HttpResponse, EgressError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

/// The client of a provider, for the library.
pub(super) fn client(settings: &OauthSettings) -> Result<Client, OauthError> {
    let bad = OauthError::BadUrl { field: "token_url" };
    let token_url = TokenUrl::new(settings.token_url.clone()).map_err(|_| bad)?;
    let client = BasicClient::new(ClientId::new(settings.client_id.clone()))
        .set_token_uri(token_url)
        // In the form, where egress finds the name of the secret.
        .set_auth_type(AuthType::RequestBody);
    Ok(match &settings.client_secret {
        Some(name) => client.set_client_secret(ClientSecret::new(format!("@secret:{name}"))),
        None => client,
    })
}

/// Checks an address of a provider.
pub(super) fn check_url(field: &'static str, url: &str) -> Result<(), OauthError> {
    let https = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let clean = url.bytes().all(|b| b.is_ascii_graphic()) && !url.contains('#') && !url.contains('@');
    if clean && (https || loopback(url).is_some()) { Ok(()) } else { Err(OauthError::BadUrl { field }) }
}

/// Origin and path of an address on this machine.
fn loopback(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority_end = url.len() - rest.len() + rest.find(['/', '?']).unwrap_or(rest.len());
    let (origin, path) = url.split_at_checked(authority_end)?;
    let authority = origin.rsplit('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    here.then_some((origin, if path.is_empty() { "/" } else { path }))
}

/// A provider's text as people may see it: one line, short.
pub(super) fn words(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

impl From<EgressError> for OauthError {
    fn from(error: EgressError) -> Self {
        Self::Unreachable { why: error.to_string() }
    }
}

impl From<BasicRequestTokenError<EgressError>> for OauthError {
    fn from(error: BasicRequestTokenError<EgressError>) -> Self {
        match error {
            RequestTokenError::ServerResponse(said) => {
                let code = said.error();
                let for_good = matches!(
                    code,
                    BasicErrorResponseType::InvalidGrant
                        | BasicErrorResponseType::InvalidClient
                        | BasicErrorResponseType::UnauthorizedClient
                );
                let text = said.error_description().map(|text| format!("{code}: {text}"));
                Self::Refused { error: words(&text.unwrap_or_else(|| code.to_string())), for_good }
            }
            RequestTokenError::Request(error) => error.into(),
            // Neither text is repeated: it may hold a token.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Self::Unreachable { why: "its answer is no answer of OAuth".to_owned() }
            }
        }
    }
}

#[cfg(test)]
mod tests;
