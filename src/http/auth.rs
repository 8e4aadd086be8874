//! How a route learns who asks: one extractor, one decision.
//!
//! A route names what it needs in the type of its first argument, `May<Chat>`, so that
//! nothing of the request is read before it is allowed. `Fresh<Admin>` besides wants the person
//! behind a browser session to have proved who they are within five minutes: for what cannot be
//! undone. Tokens and the control socket are proofs of their own. Explicit credentials win over
//! a cookie; the control socket without a credential is the owner.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::connection::Connection;
use super::cookie;
use super::edge::FromOwnPage;
use super::problem::Problem;
use super::state::AppState;
use crate::identity::{AuthError, Credential, Principal, Scope};

/// What a route needs.
pub trait Need: Send + Sync + 'static {
    /// Any of these scopes is enough.
    const ANY_OF: &'static [Scope];
    /// Whether a one-use ticket in the query will do. For streams only.
    const TAKES_TICKET: bool = false;
    /// Whether it is a WebSocket, whose clients in browsers cannot send a header: a token may come as the subprotocol
    /// `bearer.TOKEN`, and in the query where the settings say so.
    const IS_SOCKET: bool = false;
    /// Whether a person has to ask, for themselves: no token will do.
    const IN_PERSON: bool = false;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident: [$($scope:ident),+] $(, ticket: $ticket:literal)?
        $(, socket: $socket:literal)? $(, in_person: $in_person:literal)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl Need for $name {
            const ANY_OF: &'static [Scope] = &[$(Scope::$scope),+];
            $(const TAKES_TICKET: bool = $ticket;)?
            $(const IS_SOCKET: bool = $socket;)?
            $(const IN_PERSON: bool = $in_person;)?
        }
    )+};
}

needs! {
    /// Sends messages, makes and changes threads, stops turns.
    Chat: [Chat];
    /// Reads conversations.
    ReadChats: [Read, Chat];
    /// Follows the events of a conversation.
    FollowChats: [Read, Chat], ticket: true;
    /// Talks over a socket.
    Talk: [Chat], ticket: true, socket: true;
    /// Reads the state of the daemon.
    Read: [Read];
    /// Acts on actors.
    Operate: [Operate];
    /// Sees actors.
    SeeRuntime: [Read, Operate];
    /// Starts, tells and ends processes.
    RunProcesses: [Processes];
    /// Sees processes and what they said.
    SeeProcesses: [Processes, Read];
    /// Follows a process and types into it.
    FollowProcess: [Processes], ticket: true, socket: true;
    /// Decides questions of assistants.
    Decide: [Approve];
    /// Sees questions of assistants.
    SeeApprovals: [Approve, Read, Chat];
    /// Marks what people are told as read.
    KeepInbox: [Approve];
    /// Engages the kill switch. Releasing it needs more.
    Halt: [Operate];
    /// Reads metrics.
    Metrics: [Metrics];
    /// Changes credentials and assistants.
    Admin: [Admin];
    /// Changes what the person who asks comes in with.
    Oneself: [Chat], in_person: true;
}

/// A principal that may do what `N` stands for.
pub struct May<N>(pub Principal, PhantomData<N>);

impl<N> Deref for May<N> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<N: Need> FromRequestParts<AppState> for May<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self(allowed::<N>(parts, state).await?, PhantomData))
    }
}

/// A principal that may do what `N` stands for, and whose person proved a short time ago who they are.
pub struct Fresh<N>(pub Principal, PhantomData<N>);

impl<N> Deref for Fresh<N> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<N: Need> FromRequestParts<AppState> for Fresh<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let principal = allowed::<N>(parts, state).await?;
        require_fresh(state, &principal)?;
        Ok(Self(principal, PhantomData))
    }
}

/// Asks for a fresh proof where only a part of what a route does needs one.
///
/// # Errors
/// The problem with the code [`STEP_UP_REQUIRED`].
pub fn require_fresh(state: &AppState, principal: &Principal) -> Result<(), Problem> {
    if state.identity.is_fresh(principal) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, STEP_UP_REQUIRED, "prove again who you are, then repeat this"))
}

/// The code of a problem that a fresh proof solves: `POST /api/v1/session/step-up`.
pub const STEP_UP_REQUIRED: &str = "step_up_required";

/// The only way to a principal that a route accepts.
async fn allowed<N: Need>(parts: &mut Parts, state: &AppState) -> Result<Principal, Problem> {
    let principal = authenticate(parts, state, (N::TAKES_TICKET, N::IS_SOCKET)).await?;
    principal.authorize(N::ANY_OF)?;
    if N::IN_PERSON {
        principal.in_person()?;
    }
    // For later extractors of the same request.
    parts.extensions.insert(principal.clone());
    Ok(principal)
}

/// Whoever is authenticated, for routes that decide by themselves.
impl FromRequestParts<AppState> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        authenticate(parts, state, (false, false)).await
    }
}

/// The only way from a request to a principal.
async fn authenticate(
    parts: &Parts,
    state: &AppState,
    (takes_ticket, is_socket): (bool, bool),
) -> Result<Principal, Problem> {
    if let Some(principal) = parts.extensions.get::<Principal>() {
        return Ok(principal.clone());
    }
    let connection = parts.extensions.get::<Connection>().copied();
    let connection = connection.ok_or_else(Problem::unauthenticated)?;
    let by_socket = || is_socket.then(|| socket_token(parts, state)).flatten();
    let credential = match bearer(&parts.headers)?.or_else(by_socket) {
        Some(token) => Credential::Token(token),
        None => match cookie::session(&parts.headers, connection.is_tls()) {
            Some(value) => Credential::Session(value),
            None => match ticket(parts).filter(|_| takes_ticket) {
                Some(value) => Credential::Ticket(value),
                None if connection == Connection::Control => {
                    return Ok(Principal::owner(state.identity.tenant().clone()));
                }
                None => return Err(Problem::unauthenticated()),
            },
        },
    };
    let own_page = parts.extensions.get::<FromOwnPage>().is_some_and(|page| page.0);
    if matches!(credential, Credential::Session(_)) && !own_page {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "a request with a cookie must name the page that it comes from",
        ));
    }
    state.identity.authenticate(credential, connection.address()).await.map_err(Problem::from)
}

/// The token of `Authorization: Bearer`. Two headers or another scheme are refused, not ignored.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match (token, values.next()) {
        (Some(token), None) if !token.is_empty() => Ok(Some(token)),
        _ => Err(Problem::unauthenticated()),
    }
}

fn ticket(parts: &Parts) -> Option<&str> {
    in_query(parts, "ticket=")
}

fn in_query<'p>(parts: &'p Parts, name: &str) -> Option<&'p str> {
    parts.uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name))
}

/// The token of a WebSocket without a header: among its subprotocols, or in the query as old clients send it.
fn socket_token<'p>(parts: &'p Parts, state: &AppState) -> Option<&'p str> {
    let offered = parts.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let words = offered.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let token = words.filter_map(|word| word.trim().strip_prefix("bearer.")).next();
    token.or_else(|| state.config.processes.query_token.then(|| in_query(parts, "token=")).flatten())
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unknown => Self::unauthenticated(),
            AuthError::LockedOut { retry_after } => {
                Self::too_many("locked_out", error.to_string(), retry_after)
            }
        }
    }
}

/// Refuses a token for one assistant what it cannot do, as `see or change channels`.
pub(crate) fn unrestricted(by: &Principal, what: &str) -> Result<(), Problem> {
    if by.assistant.is_none() {
        return Ok(());
    }
    let text = format!("a token for one assistant cannot {what}");
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", text))
}
