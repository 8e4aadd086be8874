//! `WS /sessions/{id}/ws`: a process as it runs, for any number of peers.
//!
//! Nothing is queued for a peer: it has a place in the transcript, and gets what came after it when it takes it. One that
//! falls behind what is held is told the place where to go on (`behind`, close code 1013) and comes back with
//! `?since=OFFSET`; what it missed is in the transcript. One that takes nothing for 20 seconds is dropped.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shape::Failure;
use super::{Id, unrestricted};
use crate::http::auth::{FollowProcess, May};
use crate::http::extract::Params;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::processes::{Follower, Frame, Glance, Process, ProcessState, StatusWord};
use crate::protocol::process::{OutputStream, TerminalSize};

/// The subprotocol that is chosen where one is offered: browsers want an answer beside `bearer.TOKEN`.
const PROTOCOL: &str = "sessions";
/// Peers of one process.
const PEERS_MAX: usize = 64;
/// Longest message of a peer in bytes.
const MESSAGE_BYTES_MAX: usize = 128 << 10;
/// How long a peer may take nothing.
const SEND_WAIT: Duration = Duration::from_secs(20);
/// How often it is asked whether the peer is there and its credential still counts.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Time between the end of a process and the end of its sockets.
const LINGER: Duration = Duration::from_secs(1);
/// Close codes: the end; come back later.
const NORMAL: u16 = 1000;
const TRY_AGAIN: u16 = 1013;
const POLICY: u16 = 1008;

#[derive(Deserialize)]
struct Follow {
    since: Option<u64>,
    /// `screen`: pictures of the terminal instead of its output.
    view: Option<String>,
}

/// What a peer says. Anything else is ignored, as in the original.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Said {
    Stdin { data: String },
    Eof,
    Resize { rows: u16, cols: u16 },
}

/// A picture as a message.
#[derive(Serialize)]
struct Picture<'g> {
    r#type: &'static str,
    offset: u64,
    #[serde(flatten)]
    glance: &'g Glance,
}

/// One peer.
struct Peer {
    state: AppState,
    by: Principal,
    process: Process,
    sink: SplitSink<WebSocket, Message>,
}

/// Why the conversation with a peer is over.
struct Over;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(follow))
}

/// A process as it runs. Messages are JSON objects with a `type`: from here `catchup`, `stdout`, `stderr`, `exit`,
/// `killed`, and `behind` with the `offset` from which to come back; to here `stdin` with `data`, `resize` with `rows`
/// and `cols`, and `eof`. Everything with output carries the `offset` in the transcript after it. Authentication is a
/// header, a one-use `ticket`, or the subprotocols `sessions, bearer.TOKEN`.
#[utoipa::path(
    get, path = "/sessions/{id}/ws", tag = "processes",
    params(
        ("id" = String, Path),
        ("since" = Option<u64>, Query, description = "The place in the transcript that the caller has"),
        ("view" = Option<String>, Query, description = "`screen` for pictures of the terminal"),
        ("ticket" = Option<String>, Query, description = "One-use ticket instead of a credential"),
    ),
    responses(
        (status = 101, description = "The connection is a WebSocket now"),
        (status = 426, description = "Not a WebSocket's request"),
    ),
    security(("token" = ["processes"]))
)]
async fn follow(
    by: May<FollowProcess>,
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<Follow>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let tenant = unrestricted(&by)?;
    let unknown = |_| Failure::new(StatusCode::NOT_FOUND, "Session not found");
    let process = state.processes.get(tenant, id.map_err(unknown)?).await.map_err(|error| match error {
        crate::processes::ProcessError::NotFound => Failure::new(StatusCode::NOT_FOUND, "Session not found"),
        other => other.into(),
    })?;
    if state.processes.peers(tenant, process.id) >= PEERS_MAX {
        let text = format!("{PEERS_MAX} clients follow this process already");
        return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text));
    }
    let upgrade = upgrade.map_err(|_| {
        Failure::new(
            StatusCode::UPGRADE_REQUIRED,
            "this address is a WebSocket: connect with a WebSocket client",
        )
    })?;
    let pictures = query.view.as_deref() == Some("screen");
    let peer = state.processes.follow(tenant, process.id, query.since, pictures);
    let by = by.0;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(MESSAGE_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let (sink, said) = socket.split();
        let mut peer_side = Peer { state, by, process, sink };
        // silent-ok: that it is over is all that it says
        let _ = peer_side.converse(peer, said).await;
        let closed = timeout(LINGER, peer_side.sink.close());
        // silent-ok: a peer that is gone needs no goodbye
        let _ = closed.await;
    }))
}

// === impl Peer ===

impl Peer {
    async fn converse(
        &mut self,
        follower: Option<Follower>,
        mut said: futures::stream::SplitStream<WebSocket>,
    ) -> Result<(), Over> {
        let Some(mut follower) = follower else { return self.tell_what_was().await };
        let (data, from) = follower.catch_up();
        self.catch_up(data, from, follower.place()).await?;
        let (mut endings, mut look) = (self.state.identity.endings(), looks());
        let stopping = self.state.stopping.clone();
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return self.close(TRY_AGAIN, "the daemon stops").await,
                frame = follower.next() => self.show(frame, follower.place()).await?,
                message = said.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.hear(text.as_str()).await?,
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
                    if heard.elapsed() > 4 * LOOK_EVERY {
                        return Err(Over);
                    }
                    self.send(Message::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// Everything about a process that had ended before this peer came.
    async fn tell_what_was(&mut self) -> Result<(), Over> {
        let tenant = self.by.tenant.clone();
        // It may have ended between the two looks.
        if let Ok(now) = self.state.processes.get(&tenant, self.process.id).await {
            self.process = now;
        }
        if !self.process.state.is_ended() {
            return self.close(TRY_AGAIN, "the process is about to start").await;
        }
        let (text, offset) = match self.state.processes.recent(&tenant, &self.process).await {
            Ok(recent) => (recent.text, recent.offset),
            Err(error) => {
                tracing::debug!(%error, "a transcript cannot be shown");
                (String::new(), 0)
            }
        };
        let end = offset + text.len() as u64;
        self.catch_up(text, offset, end).await?;
        let process = Arc::new(self.process.clone());
        self.show(Frame::Ended(process), end).await
    }

    async fn catch_up(&mut self, data: String, from: u64, to: u64) -> Result<(), Over> {
        let process = &self.process;
        let message = json!({
            "type": "catchup",
            "id": process.id,
            "task": process.task,
            "status": process.state.status().as_str(),
            "exitCode": process.code,
            "data": data,
            "from": from,
            "offset": to,
        });
        self.say(&message).await
    }

    async fn show(&mut self, frame: Frame, offset: u64) -> Result<(), Over> {
        match frame {
            Frame::Pieces(pieces) => {
                for piece in pieces {
                    let kind = match piece.stream {
                        OutputStream::Stdout => "stdout",
                        OutputStream::Stderr => "stderr",
                    };
                    self.say(&json!({ "type": kind, "data": &*piece.text, "offset": piece.end })).await?;
                }
                Ok(())
            }
            Frame::Screen(glance) => self.say(&Picture { r#type: "screen", offset, glance: &glance }).await,
            Frame::Behind { resume } => {
                self.say(&json!({ "type": "behind", "offset": resume })).await?;
                self.close(TRY_AGAIN, &format!("behind; come back with since={resume}")).await
            }
            Frame::Ended(process) => {
                let seconds = process.ran_ms(process.created_ms) / 1_000;
                let message = match process.state.status() {
                    StatusWord::Killed => {
                        let lost = process.state == ProcessState::Lost;
                        json!({ "type": "killed", "reason": process.reason, "lost": lost })
                    }
                    _ => {
                        json!({ "type": "exit", "code": process.code, "duration": seconds, "reason": process.reason })
                    }
                };
                self.say(&message).await?;
                tokio::time::sleep(LINGER).await;
                self.close(NORMAL, "the process has ended").await
            }
        }
    }

    /// Does what a peer says, or tells it why not.
    async fn hear(&mut self, text: &str) -> Result<(), Over> {
        let Ok(said) = serde_json::from_str::<Said>(text) else { return Ok(()) };
        let (processes, tenant, id) = (&self.state.processes, &self.by.tenant, self.process.id);
        let done = match said {
            Said::Stdin { data } if data.is_empty() => Ok(()),
            Said::Stdin { data } => processes.input(tenant, id, &data),
            Said::Eof => processes.end_input(tenant, id),
            Said::Resize { rows, cols } => processes.resize(tenant, id, TerminalSize { rows, cols }),
        };
        match done {
            Ok(()) => Ok(()),
            Err(error) => self.say(&json!({ "type": "error", "error": error.to_string() })).await,
        }
    }

    async fn say(&mut self, message: &impl Serialize) -> Result<(), Over> {
        // silent-ok: texts and numbers always encode
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(SEND_WAIT, self.sink.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Over),
            Err(_) => {
                tracing::debug!(process = %self.process.id, "a peer that takes nothing is dropped");
                Err(Over)
            }
        }
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), Over> {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
        Err(Over)
    }
}

fn looks() -> Interval {
    let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}
