//! `WS /ws`: a conversation over a socket, in two ways on one connection: messages (`{"type":"message"}`, answered by
//! `chunk` and `done`), and JSON-RPC 2.0 (`gateway/rpc.rs`).
//!
//! What is sent is a turn of a session, stored before anything is answered. A peer has a few turns at a time; nothing is
//! queued for it besides what the log of its threads holds. One that says nothing for an hour, takes nothing for 20 seconds,
//! or whose credential has ended is let go; its turns go on.

mod rpc;
mod talk;

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use futures::stream::{SelectAll, SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::http::auth::{May, Talk};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use talk::{Answering, Said};

/// The subprotocol that is chosen where one is offered: browsers want an answer beside `bearer.TOKEN`.
const PROTOCOL: &str = "gateway";
/// Longest message of a peer in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Turns of one peer at a time.
const TURNS_MAX: usize = 8;
/// How long a peer may take nothing.
const SEND_WAIT: Duration = Duration::from_secs(20);
/// How often it is asked whether the peer is there and its credential still counts.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long a peer may say nothing while nothing is answered.
const IDLE: Duration = Duration::from_secs(3_600);
/// Close codes: come back later; a rule was broken.
const TRY_AGAIN: u16 = 1013;
const POLICY: u16 = 1008;

/// One peer.
struct Peer {
    state: AppState,
    by: Principal,
    /// The session of messages that name none.
    session: String,
    sink: SplitSink<WebSocket, Message>,
    /// Turns that are being answered, at most [`TURNS_MAX`].
    answering: SelectAll<Answering>,
}

/// Why the conversation with a peer is over.
struct Over;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(open))
}

/// A conversation. Messages to here are JSON objects: `{"type":"message","content":…}` with an optional `agent_id` and
/// `session_id`, answered by `chunk`s and a `done` (or an `error`); or requests of JSON-RPC 2.0 with the methods
/// `gateway.status`, `sessions.list`, `sessions.create` and `sessions.sendMessage`, whose answers come as notifications
/// `event`. Authentication is a header, a one-use `ticket`, or the subprotocols `gateway, bearer.TOKEN`.
#[utoipa::path(
    get, path = "/ws", tag = "threads",
    params(("ticket" = Option<String>, Query, description = "One-use ticket instead of a credential")),
    responses(
        (status = 101, description = "The connection is a WebSocket now"),
        (status = 426, description = "Not a WebSocket's request"),
    ),
    security(("token" = ["chat"]))
)]
async fn open(
    by: May<Talk>,
    State(state): State<AppState>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        let text = "this address is a WebSocket: connect with a WebSocket client";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", text)
    })?;
    let by = by.0;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let (sink, said) = socket.split();
        let session = format!("ws-{}", Uuid::now_v7().simple());
        let mut peer = Peer { state, by, session, sink, answering: SelectAll::new() };
        // silent-ok: that it is over is all that it says
        let _ = peer.converse(said).await;
    }))
}

// === impl Peer ===

impl Peer {
    async fn converse(&mut self, mut said: SplitStream<WebSocket>) -> Result<(), Over> {
        let mut endings = self.state.identity.endings();
        let mut look = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopping = self.state.stopping.clone();
        let (mut heard, mut spoke) = (Instant::now(), Instant::now());
        loop {
            tokio::select! {
                () = stopping.cancelled() => return self.close(TRY_AGAIN, "the daemon stops").await,
                Some(told) = self.answering.next() => self.say(&told).await?,
                message = said.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            spoke = heard;
                            self.hear(text.as_str()).await?;
                        }
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Over),
                        Some(Ok(_)) => {}
                    }
                }
                changed = endings.changed() => {
                    if changed.is_err() || !self.state.identity.is_live(&self.by) {
                        return self.close(POLICY, "the credential has ended").await;
                    }
                }
                _ = look.tick() => {
                    self.state.identity.refresh().await;
                    if !self.state.identity.is_live(&self.by) {
                        return self.close(POLICY, "the credential has ended").await;
                    }
                    if heard.elapsed() > 4 * LOOK_EVERY || (self.answering.is_empty() && spoke.elapsed() > IDLE) {
                        return Err(Over);
                    }
                    self.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// Does what a peer says, and tells it what came of it.
    async fn hear(&mut self, text: &str) -> Result<(), Over> {
        let room = self.answering.len() < TURNS_MAX;
        let (told, begun) = match serde_json::from_str::<Said>(text) {
            Ok(Said::Message(message)) => message.begin(&self.state, &self.by, &self.session, room).await,
            Ok(Said::Rpc(request)) => request.answer(&self.state, &self.by, room).await,
            Err(_) => (Some(talk::not_understood(text)), None),
        };
        self.answering.extend(begun);
        match told {
            Some(told) => self.say(&told).await,
            None => Ok(()),
        }
    }

    async fn say(&mut self, message: &Value) -> Result<(), Over> {
        self.send(Message::Text(message.to_string().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(SEND_WAIT, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), Over> {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        Err(Over)
    }
}
