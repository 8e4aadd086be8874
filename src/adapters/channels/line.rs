//! The line to a platform: calls, with the credential put in by egress, and what their answers mean; or letters.

use std::time::Duration;

use bytes::Bytes;

use super::mailer::Letters;
use crate::channels::codec::{self, Credential};
use crate::channels::{Answer, Body, Call, Channel, Credentials, Method, Outcome, Platform};
use crate::egress::{self, Destination, Egress, EgressError, Secret};
use crate::protocol::ids::TenantId;

/// Longest wait for the head of an answer, unless the call waits at the platform.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Where a body shows a secret.
pub(super) const SHOWN: &str = "{shown}";

/// An answer, whole.
pub(super) struct Said {
    status: u16,
    retry_after: Option<String>,
    body: Bytes,
}

/// See the module.
pub(super) enum Line {
    /// A platform that is called.
    Calls(Calls),
    /// A mailbox.
    Letters(Box<Letters>),
}

/// Calls of a platform.
pub(super) struct Calls {
    platform: Platform,
    destination: Destination,
    token: Secret,
}

// === impl Said ===

impl Said {
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer { status: self.status, retry_after: self.retry_after.as_deref(), body: &self.body }
    }
}

// === impl Line ===

impl Line {
    pub(super) fn new(
        egress: &Egress,
        (tenant, channel): (&TenantId, &Channel),
        credentials: &Credentials,
    ) -> Result<Self, EgressError> {
        if channel.platform == Platform::Email {
            let letters = Letters::new(egress, (tenant, channel), credentials);
            let letters = letters.ok_or(EgressError::BadUrl { why: "the channel names no mailbox" })?;
            return Ok(Self::Letters(Box::new(letters)));
        }
        let destination = egress.destination(channel.base_url(), false)?;
        let (platform, token) = (channel.platform, credentials.token.clone());
        Ok(Self::Calls(Calls { platform, destination, token }))
    }

    fn calls(&self) -> Result<&Calls, Outcome> {
        match self {
            Self::Calls(calls) => Ok(calls),
            Self::Letters(_) => {
                let why = "a mailbox is not called".to_owned();
                Err(Outcome::Refused { why, fix: "write to it" })
            }
        }
    }

    /// Makes a call and says what its answer means. What broke before the platform could have seen it is safe to repeat;
    /// after that nobody knows.
    pub(super) async fn say(&self, call: &Call) -> Outcome {
        let answered = async {
            let said = self.ask(call, Duration::ZERO).await?;
            Ok::<_, Outcome>(codec::outcome(self.calls()?.platform, &said.answer()))
        };
        answered.await.unwrap_or_else(|outcome| outcome)
    }

    /// Makes a call whose body shows a secret in place of [`SHOWN`].
    pub(super) async fn say_showing(&self, call: &Call, shown: &Secret) -> Outcome {
        let said = async {
            let calls = self.calls()?;
            let request = calls.request(call).map_err(|error| broken(&error))?;
            let said = answered(request.secret_in_body(SHOWN, shown), CALL_TIMEOUT).await?;
            Ok::<_, Outcome>(codec::outcome(calls.platform, &said.answer()))
        };
        said.await.unwrap_or_else(|outcome| outcome)
    }

    /// Makes a call that may take so much longer because the platform waits for something.
    pub(super) async fn ask(&self, call: &Call, longer: Duration) -> Result<Said, Outcome> {
        let request = self.calls()?.request(call).map_err(|error| broken(&error))?;
        answered(request, CALL_TIMEOUT + longer).await
    }
}

// === impl Calls ===

impl Calls {
    fn request(&self, call: &Call) -> Result<egress::Request, EgressError> {
        let method = match call.method {
            Method::Get => egress::Method::GET,
            Method::Post => egress::Method::POST,
            Method::Patch => egress::Method::PATCH,
            Method::Put => egress::Method::PUT,
        };
        let request = self.destination.request(method, &call.path);
        let request = match &call.body {
            Body::None => request,
            Body::Json(value) => request.json(value.to_string().into()),
            Body::Form(fields) => request.form(fields.iter().map(|(name, value)| (*name, value.as_str()))),
        };
        Ok(match codec::credential(self.platform) {
            Credential::Path => request.secret_in_path("{token}", &self.token),
            Credential::Header(word) => {
                request.secret_header("authorization", &format!("{word} "), &self.token)
            }
            Credential::None => request,
        })
    }
}

async fn answered(request: egress::Request, within: Duration) -> Result<Said, Outcome> {
    let reply = request.send(within).await.map_err(|error| broken(&error))?;
    let status = reply.status();
    let retry_after = reply.header("retry-after").map(str::to_owned);
    let body = reply.whole(ANSWER_BYTES_MAX, CALL_TIMEOUT).await.map_err(|error| broken(&error))?;
    Ok(Said { status, retry_after, body })
}

/// What a call means that had no answer.
fn broken(error: &EgressError) -> Outcome {
    let why = error.to_string();
    match error {
        EgressError::Lookup { .. } | EgressError::Unknown { .. } | EgressError::Connect { .. } => {
            Outcome::Again { why }
        }
        EgressError::Timeout { .. } | EgressError::Broken { .. } | EgressError::TooLong { .. } => {
            Outcome::Unknown { why }
        }
        _ => Outcome::Refused { why, fix: "check the base URL of the channel" },
    }
}
