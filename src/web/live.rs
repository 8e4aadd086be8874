//! The live stream: whatever the open pages of one browser watch, over one connection.
//!
//! `GET /live?topics=thread:<id>@<cursor>,home,rail,runtime,inbox,count,bell,notices,halt,
//! channels,channel:<id>,outbox,approval:<id>`. Every message is a JSON object
//! with its `topic`. Threads are views of the durable log, so a reader that comes back
//! with its cursor misses nothing; what it gets twice changes nothing.

mod fragments;
mod thread;
mod topics;

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, BoxStream, StreamExt as _, select_all};
use serde::Deserialize;
use serde_json::{Value, json};

use self::topics::Topic;
use super::assets;
use crate::http::auth::{Admin, FollowChats, Need as _, Read, SeeRuntime};
use crate::http::extract::Params;
use crate::http::{AppState, May, Problem};
use crate::identity::{Identity, Principal, Scope};

/// Silence after which a comment keeps proxies and browsers patient.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream makes sure that its session still lives.
const SESSION_CHECK: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
pub(super) struct LiveQuery {
    #[serde(default)]
    topics: String,
}

/// `GET /live`.
pub(super) async fn follow(
    by: May<FollowChats>,
    State(state): State<AppState>,
    Params(query): Params<LiveQuery>,
) -> Result<Response, Problem> {
    let topics = topics::parse(&query.topics)?;
    let mut sources: Vec<BoxStream<'static, Value>> = Vec::with_capacity(topics.len());
    for topic in topics {
        match topic {
            Topic::Runtime => by.authorize(SeeRuntime::ANY_OF)?,
            Topic::Channels | Topic::Channel(_) => authorize_for_all(&by, Admin::ANY_OF)?,
            Topic::Outbox => authorize_for_all(&by, Read::ANY_OF)?,
            _ => {}
        }
        if let Topic::Thread { id, after } = topic {
            state.threads.get(&by, id).await.map_err(super::read::problem)?;
            sources.push(thread::follow(state.clone(), Principal::clone(&by), id, after).boxed());
        } else {
            sources.push(fragments::follow(state.clone(), Principal::clone(&by), topic).boxed());
        }
    }
    // Without topics the stream still tells that the daemon is there.
    sources.push(stream::pending().boxed());
    let hello = Event::default().event("hello").data(json!({ "build": assets::build() }).to_string());
    let open = Open::count(&state);
    let events = select_all(sources)
        .take_until(signed_out(state.identity.clone(), Principal::clone(&by)))
        .take_until(state.stopping.clone().cancelled_owned())
        .map(move |message| {
            let _open = &open;
            Ok::<_, Infallible>(Event::default().data(message.to_string()))
        });
    let events = stream::once(async { Ok(hello) }).chain(events);
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().insert(unbuffered.0, unbuffered.1);
    Ok(response)
}

/// A token for one assistant has nothing to do with what holds for all of them.
fn authorize_for_all(by: &Principal, any_of: &[Scope]) -> Result<(), Problem> {
    by.authorize(any_of)?;
    super::routes::unrestricted(by)
}

/// Ends when the credential of the stream does.
async fn signed_out(identity: Identity, by: Principal) {
    let mut endings = identity.endings();
    while identity.is_live(&by) {
        // silent-ok: a timeout only means that it is time to look.
        let _ = tokio::time::timeout(SESSION_CHECK, endings.changed()).await;
    }
}

/// Counts a stream while it is open.
struct Open(AppState);

impl Open {
    fn count(state: &AppState) -> Self {
        state.metrics.http.streams.inc();
        Self(state.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.http.streams.dec();
    }
}
