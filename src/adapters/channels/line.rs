//! The line to a platform: calls, with the credential put in by egress, and what their answers mean; or letters.

use std::time::Duration;

use bytes::Bytes;

use super::mailer::Letters;
use super::rests::Rests;
use crate::channels::codec::{self, Credential};
use crate::channels::{Answer, Body, Call, Channel, Credentials, Method, Outcome, Platform};
use crate::egress::{self, Destination, Egress, EgressError, Secret, Socket, SocketError};
use crate::protocol::ids::TenantId;

/// Longest wait until a socket is open.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer in bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Where a body shows a secret.
pub(super) const SHOWN: &str = "{shown}";
/// Where a message of a socket shows the line's own token.
const TOKEN: &str = "{token}";

/// An answer, whole.
pub(super) struct Said {
    status: u16,
    retry_after: Option<String>,
    pub(super) limits: RateLimits,
    body: Bytes,
}

/// What the headers of an answer say of the next calls (Discord).
#[derive(Clone, Debug, Default)]
pub(super) struct RateLimits {
    /// `X-RateLimit-Remaining`.
    pub(super) remaining: Option<String>,
    /// `X-RateLimit-Reset-After`, in seconds.
    pub(super) reset_after: Option<String>,
    /// `X-RateLimit-Global`: the limit is one of all calls together.
    pub(super) is_global: bool,
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
    /// Longest wait for the head of an answer, and for the rest of it, unless the call waits at the platform.
    time: Duration,
    rests: Rests,
}

// === impl Said ===

impl Said {
    pub(super) fn answer(&self) -> Answer<'_> {
        Answer { status: self.status, retry_after: self.retry_after.as_deref(), body: &self.body }
    }

    #[cfg(test)]
    pub(super) fn of_test(
        status: u16,
        retry_after: &str,
        (remaining, reset_after): (&str, &str),
        body: &str,
    ) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let limits =
            RateLimits { remaining: some(remaining), reset_after: some(reset_after), is_global: false };
        Self { status, retry_after: some(retry_after), limits, body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

// === impl Line ===

impl Line {
    pub(super) fn new(
        (egress, time): (&Egress, Duration),
        (tenant, channel): (&TenantId, &Channel),
        credentials: &Credentials,
    ) -> Result<Self, EgressError> {
        if channel.platform == Platform::Email {
            let letters = Letters::new(egress, (tenant, channel), credentials);
            let letters = letters.ok_or(EgressError::BadUrl { why: "the channel names no mailbox" })?;
            return Ok(Self::Letters(Box::new(letters)));
        }
        Calls::new((egress, time), channel, credentials.token.clone()).map(Self::Calls)
    }
}

// === impl Calls ===

impl Calls {
    pub(super) fn new(
        (egress, time): (&Egress, Duration),
        channel: &Channel,
        token: Secret,
    ) -> Result<Self, EgressError> {
        let destination = egress.destination(channel.base_url(), false)?;
        Ok(Self { platform: channel.platform, destination, token, time, rests: Rests::default() })
    }

    /// Makes a call and says what its answer means. What broke before the platform could have seen it is safe to repeat;
    /// after that nobody knows.
    pub(super) async fn say(&self, call: &Call) -> Outcome {
        match self.ask(call, Duration::ZERO).await {
            Ok(said) => codec::outcome(self.platform, &said.answer()),
            Err(outcome) => outcome,
        }
    }

    /// Makes a call whose body shows a secret in place of [`SHOWN`].
    pub(super) async fn say_showing(&self, call: &Call, shown: &Secret) -> Outcome {
        let request = match self.request(call) {
            Ok(request) => request.secret_in_body(SHOWN, shown),
            Err(error) => return broken(&error),
        };
        match answered(request, self.time).await {
            Ok(said) => codec::outcome(self.platform, &said.answer()),
            Err(outcome) => outcome,
        }
    }

    /// Makes a call that may take so much longer because the platform waits for something. What the platform wants to be left
    /// alone is not called: the outcome is to wait.
    pub(super) async fn ask(&self, call: &Call, longer: Duration) -> Result<Said, Outcome> {
        self.rests.check(self.platform, call)?;
        let request = self.request(call).map_err(|error| broken(&error))?;
        let said = answered(request, self.time + longer).await?;
        self.rests.note(self.platform, call, &said);
        Ok(said)
    }

    /// Opens a socket at an address that the platform told us.
    pub(super) async fn socket(&self, url: &Secret) -> Result<Socket, SocketError> {
        self.destination.socket(url, SOCKET_TIMEOUT).await
    }

    /// Sends JSON over a socket, with the line's token in place of [`TOKEN`].
    pub(super) async fn show(&self, socket: &mut Socket, json: &str) -> Result<(), SocketError> {
        socket.send_showing(json, TOKEN, &self.token).await
    }

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
        let request = match codec::user_agent(self.platform) {
            Some(name) => request.header("user-agent", name),
            None => request,
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
    let header = |name: &str| reply.header(name).map(str::to_owned);
    let retry_after = header("retry-after");
    let limits = RateLimits {
        remaining: header("x-ratelimit-remaining"),
        reset_after: header("x-ratelimit-reset-after"),
        is_global: header("x-ratelimit-global").is_some_and(|value| value.eq_ignore_ascii_case("true")),
    };
    let body = reply.whole(ANSWER_BYTES_MAX, within).await.map_err(|error| broken(&error))?;
    Ok(Said { status, retry_after, limits, body })
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
