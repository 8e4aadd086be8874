//! `/api/v1/threads/{id}/events`: the conversation as it happens, from any point of its log.
//!
//! Every event has the id under which it is stored, so a client that comes back with
//! `Last-Event-ID` misses nothing and sees nothing twice. The stream ends when the credential
//! behind it does, or the console drains.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{FollowChats, May};
use crate::http::extract::{Named, Params};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Identity, Principal};
use crate::protocol::event::ThreadEvent;
use crate::protocol::ids::ThreadId;
use crate::turns::ThreadStream;

/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a quiet stream asks whether its credential still counts, beside the news of this process.
const CREDENTIAL_CHECK: Duration = Duration::from_secs(15);
/// What a client should wait before it comes back.
const RETRY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Follow {
    after: Option<i64>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(follow))
}

/// Events of a conversation. `Last-Event-ID` or `?after` continue behind an event, `?after=0` starts
/// with the first one that is kept; without both, the stream starts with the oldest turn that runs,
/// else now.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/events", tag = "events",
    params(
        ("id" = String, Path),
        ("after" = Option<i64>, Query, description = "Id of the last event that the caller has"),
        ("ticket" = Option<String>, Query, description = "One-use ticket instead of a credential"),
    ),
    responses((status = 200, content_type = "text/event-stream", body = String)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn follow(
    by: May<FollowChats>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    Params(query): Params<Follow>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.threads.get(&by, id).await?;
    let cursor = match last_event_id(&headers)?.or(query.after) {
        Some(cursor) => cursor.max(0),
        None => state.turns.cursor(&by.tenant, id).await?,
    };
    let follower = Follower {
        events: state.turns.stream(&by.tenant, id, cursor),
        endings: state.identity.endings(),
        check: credential_check(),
        identity: state.identity,
        principal: by.0,
        stopping: state.stopping,
        greeted: false,
    };
    let sse =
        Sse::new(follower.into_stream()).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("quiet"));
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(([unbuffered], sse).into_response())
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    id.map(Some).ok_or_else(|| Problem::bad_request("Last-Event-ID is no id of an event of this stream"))
}

fn credential_check() -> Interval {
    let mut interval = interval_at(Instant::now() + CREDENTIAL_CHECK, CREDENTIAL_CHECK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// One open stream.
struct Follower {
    events: ThreadStream,
    endings: watch::Receiver<u64>,
    check: Interval,
    identity: Identity,
    principal: Principal,
    stopping: CancellationToken,
    /// Whether the client was told how long to wait before it comes back.
    greeted: bool,
}

impl Follower {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().retry(RETRY).comment("open"));
        }
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return None,
                event = self.events.next() => return self.show(event),
                changed = self.endings.changed() => {
                    if changed.is_err() || !self.identity.is_live(&self.principal) {
                        return None;
                    }
                }
                _ = self.check.tick() => {
                    self.identity.refresh().await;
                    if !self.identity.is_live(&self.principal) {
                        return None;
                    }
                }
            }
        }
    }

    fn show(&self, event: Result<ThreadEvent, crate::turns::TurnsError>) -> Option<Event> {
        match event {
            Ok(event) => Some(
                Event::default()
                    .id(event.id.to_string())
                    .event(event.kind.as_str())
                    .data(event.data.as_ref()),
            ),
            Err(error) => {
                // The client comes back with the id of the last event and misses nothing.
                tracing::warn!(%error, "an event stream ends early");
                None
            }
        }
    }
}
