//! A Discord on a loopback port: REST and gateway, as strict as the real one about what it is asked, and as unreliable as a
//! test wants. A message that nobody takes in a session is lost, as there; one that came while a session rested is sent
//! when it is resumed.

mod rest;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, patch, post};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::shared::seen;

/// The token of the bot.
pub const TOKEN: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.a-token.that-only-the-bot-has";
/// Its id.
pub const BOT: &str = "198622483471925248";
/// A server.
pub const GUILD: &str = "290926798626357999";

const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;
const MESSAGE_CONTENT: u64 = 1 << 15;
/// All intents that there are.
const INTENTS: u64 = (1 << 26) - 1;
/// Longest frame that the gateway takes.
const FRAME_BYTES_MAX: usize = 4_096;

/// What the platform does with the next message that is sent to a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Too many requests in this channel; wait 300 ms.
    Limited,
    /// The message was the last one of its window of 300 ms.
    UsedUp,
    /// Takes the message, and closes the connection before it answers.
    TakenAndClosed,
}

/// What the gateway does with whoever is connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Push {
    /// Asks for another connection (7).
    Reconnect,
    /// The session is not valid (9): whether it can be resumed.
    Invalid(bool),
    /// Closes with a code.
    Close(u16),
}

/// The gateway's session of the bot.
#[derive(Clone)]
struct Session {
    id: String,
    intents: u64,
    /// With their numbers.
    events: Vec<Value>,
    sequence: i64,
}

#[derive(Default)]
struct Inner {
    session: Option<Session>,
    /// How many sessions were begun, resumed.
    identified: usize,
    resumed: usize,
    beats: usize,
    /// Connections that take nothing and say nothing.
    silent: bool,
    /// Whether the privileged intent is switched on.
    privileged: bool,
    pushes: VecDeque<Push>,
    /// Counts connections: only the newest one is served.
    connection: usize,
    // Messages that stand in the channels: by their id.
    sent: Vec<Value>,
    edited: Vec<Value>,
    pressed: Vec<Value>,
    faults: VecDeque<Fault>,
    /// Until when a channel takes nothing.
    rests: HashMap<String, Instant>,
    ids: u64,
    /// What was asked and is not allowed.
    broken: BTreeSet<String>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
    /// Without a scheme.
    address: String,
    beat_ms: u64,
}

/// See the module. Stops when dropped.
pub struct Discord {
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Discord {
    pub async fn start() -> Self {
        Self::beating(45_000).await
    }

    /// One that wants a heartbeat every so many milliseconds.
    pub async fn beating(beat_ms: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Shared { inner: Arc::default(), changed: Arc::new(Notify::new()), address, beat_ms };
        let api = Router::new()
            .route("/users/@me", get(rest::me))
            .route("/gateway/bot", get(rest::gateway))
            .route("/channels/{channel}/messages", post(rest::send))
            .route("/channels/{channel}/messages/{message}", patch(rest::edit))
            .route("/channels/{channel}/typing", post(rest::typing))
            .route("/interactions/{id}/{token}/callback", post(rest::press))
            .fallback(rest::unknown);
        let router = Router::new()
            .nest("/api/v10", api)
            .route("/first/", any(connected))
            .route("/resume/", any(resumed))
            .fallback(rest::unknown)
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api/v10", self.shared.address)
    }

    /// Somebody writes to the bot alone.
    pub fn write(&self, author: &str, channel: &str, text: &str) {
        self.message(author, channel, text, None);
    }

    /// Somebody writes in a channel of a server.
    pub fn write_in_guild(&self, author: &str, channel: &str, text: &str) {
        self.message(author, channel, text, Some(GUILD));
    }

    fn message(&self, author: &str, channel: &str, text: &str, guild: Option<&str>) {
        let mut inner = self.shared.inner.lock();
        let mut message = json!({
            "id": inner.new_id(), "channel_id": channel, "type": 0, "content": text, "mentions": [], "attachments": [],
            "author": { "id": author, "username": format!("p{author}"), "global_name": "Ada", "avatar": null },
        });
        if let Some(guild) = guild {
            message["guild_id"] = guild.into();
        }
        let is_mentioned = text.contains(&format!("<@{BOT}>"));
        if is_mentioned {
            message["mentions"] = json!([{ "id": BOT, "username": "capuchin" }]);
        }
        inner.happen("MESSAGE_CREATE", message, |intents, data| {
            let wanted = if guild.is_some() { GUILD_MESSAGES } else { DIRECT_MESSAGES };
            if guild.is_some() && !is_mentioned && intents & MESSAGE_CONTENT == 0 {
                data["content"] = "".into();
            }
            intents & wanted != 0
        });
        drop(inner);
        self.shared.changed.notify_waiters();
    }

    /// Somebody presses a button of a message.
    pub fn press(&self, author: &str, channel: &str, message: &str, data: &str) {
        let mut inner = self.shared.inner.lock();
        let interaction = json!({
            "id": inner.new_id(), "application_id": "7", "type": 3, "version": 1, "token": "aW50ZXJhY3Rpb24.x",
            "channel_id": channel, "message": { "id": message, "channel_id": channel },
            "user": { "id": author, "username": format!("p{author}") },
            "data": { "custom_id": data, "component_type": 2 },
        });
        inner.happen("INTERACTION_CREATE", interaction, |_, _| true);
        drop(inner);
        self.shared.changed.notify_waiters();
    }

    pub fn fail_next(&self, faults: &[Fault]) {
        self.shared.inner.lock().faults.extend(faults);
    }

    /// The gateway does something to whoever is connected.
    pub fn push(&self, push: Push) {
        self.shared.inner.lock().pushes.push_back(push);
        self.shared.changed.notify_waiters();
    }

    /// Connections stay open and nothing comes over them any more.
    pub fn fall_silent(&self) {
        self.shared.inner.lock().silent = true;
        self.shared.changed.notify_waiters();
    }

    /// The texts that stand in a channel.
    pub fn texts(&self, channel: &str) -> Vec<String> {
        let inner = self.shared.inner.lock();
        let of_channel = inner.sent.iter().filter(|one| one["channel_id"] == channel);
        of_channel.map(|one| one["content"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn sent(&self) -> Vec<Value> {
        self.shared.inner.lock().sent.clone()
    }

    pub fn edited(&self) -> Vec<Value> {
        self.shared.inner.lock().edited.clone()
    }

    /// Answers to presses.
    pub fn pressed(&self) -> Vec<Value> {
        self.shared.inner.lock().pressed.clone()
    }

    /// How many sessions were begun and resumed, and how many heartbeats came.
    pub fn counts(&self) -> (usize, usize, usize) {
        let inner = self.shared.inner.lock();
        (inner.identified, inner.resumed, inner.beats)
    }

    /// Waits until so many messages stand in a channel.
    pub async fn until(&self, channel: &str, count: usize) -> Vec<String> {
        self.wait(|| Some(self.texts(channel)).filter(|texts| texts.len() >= count)).await
    }

    /// Waits for something.
    pub async fn wait<T>(&self, look: impl Fn() -> Option<T>) -> T {
        seen(look).await
    }
}

impl Drop for Discord {
    fn drop(&mut self) {
        self.server.abort();
        let broken = &self.shared.inner.lock().broken;
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "the platform was asked what it does not allow: {broken:#?}");
        }
    }
}

impl Inner {
    fn new_id(&mut self) -> String {
        self.ids += 1;
        // A snowflake of 2026.
        ((354_000_000_000_u64 << 22) + self.ids).to_string()
    }

    fn happen(&mut self, name: &str, mut data: Value, is_wanted: impl Fn(u64, &mut Value) -> bool) {
        let Some(session) = &mut self.session else { return };
        if is_wanted(session.intents, &mut data) {
            session.add(name, &data);
        }
    }

    fn note(&mut self, what: impl Into<String>) {
        self.broken.insert(what.into());
    }
}

impl Session {
    fn add(&mut self, name: &str, data: &Value) {
        self.sequence += 1;
        self.events.push(json!({ "op": 0, "t": name, "s": self.sequence, "d": data }));
    }
}

impl Shared {
    /// Notes what was asked and is not allowed.
    fn note(&self, what: impl Into<String>) {
        self.inner.lock().note(what);
    }
}

/// A peer of the gateway.
struct Peer {
    shared: Shared,
    socket: WebSocket,
    number: usize,
    /// Whether it said who it is, and the number of the last event that it got.
    at: Option<i64>,
    at_resume: bool,
    frames: usize,
}

/// The end of a connection, with its code.
struct Over(Option<u16>);

async fn connected(
    upgrade: WebSocketUpgrade,
    query: Query<HashMap<String, String>>,
    State(shared): State<Shared>,
) -> Response {
    serve(upgrade, query, shared, false)
}

async fn resumed(
    upgrade: WebSocketUpgrade,
    query: Query<HashMap<String, String>>,
    State(shared): State<Shared>,
) -> Response {
    serve(upgrade, query, shared, true)
}

fn serve(
    upgrade: WebSocketUpgrade,
    Query(query): Query<HashMap<String, String>>,
    shared: Shared,
    at_resume: bool,
) -> Response {
    let asked = (query.get("v").map(String::as_str), query.get("encoding").map(String::as_str));
    if asked != (Some("10"), Some("json")) || query.len() != 2 {
        shared.note(format!("a gateway with {query:?}"));
    }
    upgrade
        .on_upgrade(move |socket| async move {
            let number = {
                let mut inner = shared.inner.lock();
                inner.connection += 1;
                inner.silent = false;
                inner.connection
            };
            let mut peer = Peer { shared, socket, number, at: None, at_resume, frames: 0 };
            if let Err(Over(Some(code))) = peer.run().await {
                let frame = CloseFrame { code, reason: "".into() };
                let _ = peer.socket.send(Message::Close(Some(frame))).await;
                // The other side reads it before the connection is gone.
                while let Some(Ok(_)) = peer.socket.recv().await {}
            }
        })
        .into_response()
}

impl Peer {
    async fn run(&mut self) -> Result<(), Over> {
        self.say(
            json!({ "op": 10, "t": null, "s": null, "d": { "heartbeat_interval": self.shared.beat_ms } }),
        )
        .await?;
        loop {
            let changed = Arc::clone(&self.shared.changed);
            let woken = changed.notified();
            self.deliver().await?;
            tokio::select! {
                came = self.socket.recv() => match came {
                    Some(Ok(Message::Text(text))) => self.on(text.as_str()).await?,
                    Some(Ok(Message::Close(frame))) => {
                        // These would end the session; we always want to come back.
                        if frame.is_some_and(|frame| matches!(frame.code, 1_000 | 1_001)) {
                            self.shared.note("closed with a code that ends the session");
                        }
                        return Err(Over(None));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(Over(None)),
                },
                () = woken => {}
            }
        }
    }

    async fn say(&mut self, frame: Value) -> Result<(), Over> {
        self.socket.send(Message::text(frame.to_string())).await.map_err(|_| Over(None))
    }

    /// Sends what happened since the last event, and does what the test wants.
    async fn deliver(&mut self) -> Result<(), Over> {
        let (events, push) = {
            let mut inner = self.shared.inner.lock();
            if inner.connection != self.number || inner.silent {
                return Ok(());
            }
            let Some(at) = self.at else { return Ok(()) };
            let events: Vec<Value> =
                inner.session.iter().flat_map(|session| session.events.clone()).collect();
            let fresh: Vec<Value> =
                events.into_iter().filter(|event| event["s"].as_i64().unwrap() > at).collect();
            (fresh, inner.pushes.pop_front())
        };
        for event in events {
            self.at = event["s"].as_i64();
            self.say(event).await?;
        }
        match push {
            None => Ok(()),
            Some(Push::Reconnect) => self.say(json!({ "op": 7, "d": null, "t": null, "s": null })).await,
            Some(Push::Invalid(resumable)) => {
                if !resumable {
                    self.shared.inner.lock().session = None;
                }
                self.say(json!({ "op": 9, "d": resumable, "t": null, "s": null })).await
            }
            Some(Push::Close(code)) => Err(Over(Some(code))),
        }
    }

    async fn on(&mut self, text: &str) -> Result<(), Over> {
        self.frames += 1;
        if text.len() > FRAME_BYTES_MAX || self.frames > 120 {
            self.shared.note("a frame that is too long, or one too many");
            return Err(Over(Some(4_002)));
        }
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            self.shared.note(format!("no JSON: {text}"));
            return Err(Over(Some(4_002)));
        };
        match frame["op"].as_u64() {
            Some(1) => self.beat(&frame["d"]).await,
            Some(2) if self.at.is_none() => self.identify(&frame["d"]).await,
            Some(6) if self.at.is_none() => self.resume(&frame["d"]).await,
            Some(2 | 6) => Err(Over(Some(4_005))),
            _ => {
                self.shared.note(format!("an unknown opcode: {text}"));
                Err(Over(Some(4_001)))
            }
        }
    }

    async fn beat(&mut self, last: &Value) -> Result<(), Over> {
        let is_silent = {
            let mut inner = self.shared.inner.lock();
            let newest = inner.session.as_ref().map_or(0, |session| session.sequence);
            if !last.is_null() && last.as_i64().is_none_or(|last| last > newest || last < 1) {
                inner.note(format!("a heartbeat with {last}"));
            }
            inner.beats += 1;
            inner.silent || inner.connection != self.number
        };
        if is_silent { Ok(()) } else { self.say(json!({ "op": 11 })).await }
    }

    async fn identify(&mut self, asked: &Value) -> Result<(), Over> {
        self.check_token(asked)?;
        let intents =
            asked["intents"].as_u64().filter(|intents| intents & !INTENTS == 0).ok_or(Over(Some(4_013)))?;
        let properties = &asked["properties"];
        if !["os", "browser", "device"].iter().all(|name| properties[name].is_string()) {
            self.shared.note(format!("properties {properties}"));
        }
        let ready = {
            let mut inner = self.shared.inner.lock();
            if intents & MESSAGE_CONTENT != 0 && !inner.privileged {
                return Err(Over(Some(4_014)));
            }
            inner.identified += 1;
            let id = format!("session-{}", inner.identified);
            let mut session = Session { id: id.clone(), intents, events: Vec::new(), sequence: 0 };
            session.add("READY", &json!({
                "v": 10, "user": { "id": BOT, "username": "capuchin", "bot": true }, "guilds": [{ "id": GUILD, "unavailable": true }],
                "session_id": id, "resume_gateway_url": format!("ws://{}/resume", self.shared.address),
                "application": { "id": "7", "flags": 0 },
            }));
            let ready = session.events[0].clone();
            inner.session = Some(session);
            ready
        };
        self.at = Some(1);
        self.say(ready).await
    }

    async fn resume(&mut self, asked: &Value) -> Result<(), Over> {
        self.check_token(asked)?;
        if !self.at_resume {
            self.shared.note("a session was resumed at another address than its own");
        }
        let found = {
            let inner = self.shared.inner.lock();
            let session = inner.session.as_ref().filter(|session| asked["session_id"] == session.id.as_str());
            session.map(|session| (session.sequence, asked["seq"].as_i64().unwrap_or(-1)))
        };
        let Some((newest, at)) = found else {
            return self.say(json!({ "op": 9, "d": false, "t": null, "s": null })).await;
        };
        if at < 1 || at > newest {
            self.shared.note(format!("resumed at {} of {newest}", asked["seq"]));
            return Err(Over(Some(4_007)));
        }
        self.at = Some(at);
        self.deliver().await?;
        let told = {
            let mut inner = self.shared.inner.lock();
            inner.resumed += 1;
            let session = inner.session.as_mut().ok_or(Over(None))?;
            session.add("RESUMED", &json!({}));
            session.events.last().cloned()
        };
        self.at = told.as_ref().and_then(|told| told["s"].as_i64());
        self.say(told.unwrap_or_default()).await
    }

    fn check_token(&self, asked: &Value) -> Result<(), Over> {
        if asked["token"] == TOKEN {
            return Ok(());
        }
        self.shared.note("the gateway was shown another token");
        Err(Over(Some(4_004)))
    }
}

impl Discord {
    /// Switches the privileged intent on, as a person does in the developer portal.
    pub fn privilege(&self) {
        self.shared.inner.lock().privileged = true;
    }
}
