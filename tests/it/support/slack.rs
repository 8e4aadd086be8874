//! A Slack on a loopback port: the Web API and Socket Mode, as strict as the real one about what it is asked, and as
//! unreliable as a test wants. Envelopes that nobody acknowledges are sent again over the next socket.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Path, Query, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::shared::{hmac_hex, seen};

/// The bot's token.
pub const BOT_TOKEN: &str = "xoxb-1234567890-a-token-of-the-bot";
/// The app-level token.
pub const APP_TOKEN: &str = "xapp-1-A0123456-a-token-of-the-app";
/// What requests of the Events API are signed with.
pub const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// The bot's id as a user.
pub const BOT: &str = "U0LAN0Z89";

/// What the platform does with the next message that is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Too many requests; wait a second.
    Limited,
    /// An error of its own that says nothing of what was done.
    Internal,
}

/// Something that waits to be acknowledged.
struct Envelope {
    id: String,
    body: Value,
    /// Over which connections it went.
    sent_over: Vec<usize>,
    acknowledged: bool,
}

#[derive(Default)]
struct Inner {
    envelopes: Vec<Envelope>,
    /// Tickets that were given out and not used.
    tickets: Vec<String>,
    opened: usize,
    /// Reasons with which the newest connection is ended.
    disconnects: VecDeque<&'static str>,
    /// Whether acknowledgements are dropped, as by a connection that breaks.
    deaf: bool,
    sent: Vec<Value>,
    updated: Vec<Value>,
    faults: VecDeque<Fault>,
    rests_until: Option<Instant>,
    numbers: u64,
    broken: BTreeSet<String>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
    address: String,
}

/// See the module. Stops when dropped.
pub struct Slack {
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Slack {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Shared { inner: Arc::default(), changed: Arc::new(Notify::new()), address };
        let router = Router::new()
            .route("/api/{method}", post(called))
            .route("/link/", any(linked))
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, server }
    }

    pub fn url(&self) -> String {
        format!("http://{}/api", self.shared.address)
    }

    /// Somebody writes; in a channel that begins with `D` to the bot alone.
    pub fn write(&self, user: &str, channel: &str, text: &str) {
        let ts = self.shared.inner.lock().new_ts();
        let kind = if channel.starts_with('D') { "im" } else { "channel" };
        self.event(&json!({
            "type": "message", "user": user, "text": text, "ts": ts, "channel": channel, "channel_type": kind,
            "event_ts": ts, "team": "T1", "client_msg_id": "5e1b1c6e-0000-4000-8000-000000000000",
        }));
        // A mention comes twice, as there.
        if text.contains(&format!("<@{BOT}>")) {
            self.event(&json!({
                "type": "app_mention", "user": user, "text": text, "ts": ts, "channel": channel, "event_ts": ts,
            }));
        }
    }

    fn event(&self, event: &Value) {
        let number = self.shared.inner.lock().new_number();
        let payload = json!({
            "token": "one-long-verification-token", "team_id": "T1", "api_app_id": "A1", "event": event,
            "type": "event_callback", "event_id": format!("Ev{number}"), "event_time": 1_763_000_000,
        });
        self.envelope(json!({
            "type": "events_api", "payload": payload, "accepts_response_payload": false, "retry_attempt": 0, "retry_reason": "",
        }));
    }

    /// Somebody presses a button of a message.
    pub fn press(&self, user: &str, channel: &str, message: &str, value: &str) {
        let action_ts = self.shared.inner.lock().new_ts();
        let payload = json!({
            "type": "block_actions", "team": { "id": "T1" }, "user": { "id": user, "username": "ada", "name": "ada" },
            "api_app_id": "A1", "trigger_id": "1.2.3", "channel": { "id": channel, "name": "x" },
            "container": { "type": "message", "message_ts": message, "channel_id": channel },
            "message": { "type": "message", "bot_id": "B1", "ts": message, "user": BOT },
            "actions": [{ "type": "button", "action_id": "press_0", "block_id": "b", "value": value, "action_ts": action_ts }],
        });
        self.envelope(
            json!({ "type": "interactive", "payload": payload, "accepts_response_payload": false }),
        );
    }

    /// Somebody types a slash command.
    pub fn command(&self, user: &str, channel: &str, command: &str, text: &str) {
        let number = self.shared.inner.lock().new_number();
        let payload = json!({
            "command": command, "text": text, "channel_id": channel, "channel_name": "x", "user_id": user, "user_name": "ada",
            "team_id": "T1", "api_app_id": "A1", "trigger_id": format!("13345224609.{number}"),
        });
        self.envelope(
            json!({ "type": "slash_commands", "payload": payload, "accepts_response_payload": true }),
        );
    }

    fn envelope(&self, mut body: Value) {
        let mut inner = self.shared.inner.lock();
        let id = format!("57d6a792-4d35-4d0b-b6aa-{:012}", inner.new_number());
        body["envelope_id"] = id.as_str().into();
        inner.envelopes.push(Envelope { id, body, sent_over: Vec::new(), acknowledged: false });
        drop(inner);
        self.shared.changed.notify_waiters();
    }

    /// Sends everything once more, as after an acknowledgement that was lost.
    pub fn repeat(&self) {
        for envelope in &mut self.shared.inner.lock().envelopes {
            envelope.sent_over.clear();
            envelope.acknowledged = false;
        }
        self.shared.changed.notify_waiters();
    }

    /// Ends the newest connection, for this reason.
    pub fn disconnect(&self, reason: &'static str) {
        self.shared.inner.lock().disconnects.push_back(reason);
        self.shared.changed.notify_waiters();
    }

    /// Whether acknowledgements get lost.
    pub fn deaf(&self, on: bool) {
        self.shared.inner.lock().deaf = on;
    }

    pub fn fail_next(&self, faults: &[Fault]) {
        self.shared.inner.lock().faults.extend(faults);
    }

    /// The texts that stand in a channel.
    pub fn texts(&self, channel: &str) -> Vec<String> {
        let inner = self.shared.inner.lock();
        let of_channel = inner.sent.iter().filter(|one| one["channel"] == channel);
        of_channel.map(|one| one["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn sent(&self) -> Vec<Value> {
        self.shared.inner.lock().sent.clone()
    }

    pub fn updated(&self) -> Vec<Value> {
        self.shared.inner.lock().updated.clone()
    }

    /// How many sockets were opened, and how many envelopes wait to be acknowledged.
    pub fn counts(&self) -> (usize, usize) {
        let inner = self.shared.inner.lock();
        (inner.opened, inner.envelopes.iter().filter(|one| !one.acknowledged).count())
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

/// The time and the signature of a request of the Events API that is sent now.
pub fn signed(body: &str) -> (String, String) {
    let timestamp =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string();
    let signature = format!("v0={}", hmac_hex(SIGNING_SECRET, &format!("v0:{timestamp}:{body}")));
    (timestamp, signature)
}

impl Drop for Slack {
    fn drop(&mut self) {
        self.server.abort();
        let broken = &self.shared.inner.lock().broken;
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "the platform was asked what it does not allow: {broken:#?}");
        }
    }
}

impl Inner {
    fn new_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn new_ts(&mut self) -> String {
        format!("1763000000.{:06}", self.new_number())
    }

    fn note(&mut self, what: impl Into<String>) {
        self.broken.insert(what.into());
    }
}

async fn called(
    State(shared): State<Shared>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(token) = text(header::AUTHORIZATION).strip_prefix("Bearer ") else {
        return failed("not_authed");
    };
    let asked = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
    let Some(asked) = asked.filter(|_| text(header::CONTENT_TYPE).starts_with("application/json")) else {
        shared.inner.lock().note(format!("{method}: a body that is no JSON"));
        return failed("invalid_json");
    };
    let wanted = if method == "apps.connections.open" { APP_TOKEN } else { BOT_TOKEN };
    match token {
        token if token == wanted => {}
        BOT_TOKEN | APP_TOKEN => return failed("not_allowed_token_type"),
        _ => return failed("invalid_auth"),
    }
    match method.as_str() {
        "auth.test" => done(json!({ "user_id": BOT, "user": "capuchin", "team_id": "T1", "bot_id": "B1" })),
        "apps.connections.open" => {
            let mut inner = shared.inner.lock();
            let ticket = format!("ticket-{}", inner.new_number());
            inner.tickets.push(ticket.clone());
            done(json!({ "url": format!("ws://{}/link/?ticket={ticket}&app_id=A1", shared.address) }))
        }
        "chat.postMessage" => post_message(&shared, asked),
        "chat.update" => update(&shared, &asked),
        "assistant.threads.setStatus" => done(json!({})),
        other => {
            shared.inner.lock().note(format!("there is no method {other}"));
            failed("unknown_method")
        }
    }
}

fn post_message(shared: &Shared, mut asked: Value) -> Response {
    let mut inner = shared.inner.lock();
    for why in wrong_with(&asked) {
        inner.note(format!("{why}: {asked}"));
    }
    if inner.rests_until.is_some_and(|until| Instant::now() < until) {
        inner.note("chat.postMessage was not left alone");
    }
    match inner.faults.pop_front() {
        Some(Fault::Limited) => {
            inner.rests_until = Some(Instant::now() + Duration::from_secs(1));
            let body = axum::Json(json!({ "ok": false, "error": "ratelimited" }));
            return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], body).into_response();
        }
        Some(Fault::Internal) => return failed("internal_error"),
        None => {}
    }
    let ts = inner.new_ts();
    asked["ts"] = ts.as_str().into();
    inner.sent.push(asked.clone());
    done(json!({ "channel": asked["channel"], "ts": ts, "message": { "text": asked["text"], "ts": ts } }))
}

fn update(shared: &Shared, asked: &Value) -> Response {
    let mut inner = shared.inner.lock();
    if !inner.sent.iter().any(|one| one["ts"] == asked["ts"] && one["channel"] == asked["channel"]) {
        return failed("message_not_found");
    }
    inner.updated.push(asked.clone());
    done(json!({ "channel": asked["channel"], "ts": asked["ts"], "text": asked["text"] }))
}

/// What Slack would not take of a message.
fn wrong_with(asked: &Value) -> Vec<&'static str> {
    const FIELDS: [&str; 9] = [
        "channel",
        "text",
        "mrkdwn",
        "unfurl_links",
        "unfurl_media",
        "metadata",
        "thread_ts",
        "blocks",
        "username",
    ];
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, what| {
        if !is_right {
            wrong.push(what);
        }
    };
    check(asked.as_object().unwrap().keys().all(|key| FIELDS.contains(&key.as_str())), "an unknown field");
    check(asked["channel"].as_str().is_some_and(|id| id.starts_with(['C', 'D', 'G'])), "a channel");
    let words = asked["text"].as_str().map_or(0, |text| text.chars().count());
    check((1..=4_000).contains(&words), "a text of another length than 1 to 4,000");
    let is_ts = |value: &Value| value.as_str().is_some_and(|ts| ts.split_once('.').is_some());
    check(asked["thread_ts"].is_null() || is_ts(&asked["thread_ts"]), "a thread");
    check(
        asked["metadata"]["event_type"].is_string() && asked["metadata"]["event_payload"].is_object(),
        "metadata",
    );
    for block in asked["blocks"].as_array().into_iter().flatten() {
        let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        match block["type"].as_str() {
            Some("section") => check((1..=3_000).contains(&length(&block["text"]["text"])), "a section"),
            Some("actions") => {
                let elements = block["elements"].as_array().cloned().unwrap_or_default();
                check((1..=25).contains(&elements.len()), "too many buttons");
                let ids: BTreeSet<_> = elements.iter().map(|one| one["action_id"].to_string()).collect();
                check(ids.len() == elements.len(), "two buttons with one id");
                for one in &elements {
                    check(one["type"] == "button" && one["text"]["type"] == "plain_text", "a button");
                    check((1..=75).contains(&length(&one["text"]["text"])), "the words of a button");
                    check((1..=2_000).contains(&length(&one["value"])), "the value of a button");
                    let style = &one["style"];
                    check(
                        style.is_null() || style == "primary" || style == "danger",
                        "the style of a button",
                    );
                }
            }
            _ => check(false, "a block"),
        }
    }
    wrong
}

#[derive(serde::Deserialize)]
struct Link {
    ticket: String,
}

async fn linked(
    upgrade: WebSocketUpgrade,
    Query(link): Query<Link>,
    State(shared): State<Shared>,
) -> Response {
    let number = {
        let mut inner = shared.inner.lock();
        let Some(at) = inner.tickets.iter().position(|ticket| *ticket == link.ticket) else {
            inner.note("a ticket that was used before, or never given out");
            return StatusCode::FORBIDDEN.into_response();
        };
        inner.tickets.remove(at);
        inner.opened += 1;
        inner.opened
    };
    upgrade
        .on_upgrade(move |socket| async move { serve(shared, socket, number).await.unwrap_or_default() })
        .into_response()
}

/// One connection. Only the newest one gets anything.
async fn serve(shared: Shared, mut socket: WebSocket, number: usize) -> Option<()> {
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": { "app_id": "A1" },
        "debug_info": { "host": "applink-1", "approximate_connection_time": 18_060 },
    });
    socket.send(Message::text(hello.to_string())).await.ok()?;
    loop {
        let changed = Arc::clone(&shared.changed);
        let woken = changed.notified();
        let (fresh, reason) = {
            let mut inner = shared.inner.lock();
            if inner.opened != number {
                return None;
            }
            let waiting = inner.envelopes.iter_mut();
            let fresh = waiting.filter(|one| !one.acknowledged && !one.sent_over.contains(&number));
            let fresh: Vec<String> = fresh
                .map(|one| {
                    one.sent_over.push(number);
                    one.body["retry_attempt"] = (one.sent_over.len() - 1).into();
                    one.body.to_string()
                })
                .collect();
            (fresh, inner.disconnects.pop_front())
        };
        for frame in fresh {
            socket.send(Message::text(frame)).await.ok()?;
        }
        if let Some(reason) = reason {
            let frame =
                json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-1" } });
            socket.send(Message::text(frame.to_string())).await.ok()?;
        }
        tokio::select! {
            came = socket.recv() => match came?.ok()? {
                Message::Text(text) => acknowledged(&shared, text.as_str()),
                Message::Close(_) => return None,
                _ => {}
            },
            () = woken => {}
        }
    }
}

fn acknowledged(shared: &Shared, text: &str) {
    let mut inner = shared.inner.lock();
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let is_deaf = inner.deaf;
    let known = inner.envelopes.iter_mut().find(|one| frame["envelope_id"] == one.id.as_str());
    match known {
        Some(envelope) => envelope.acknowledged = !is_deaf,
        None => inner.note(format!("an acknowledgement of nothing: {text}")),
    }
}

fn done(mut body: Value) -> Response {
    body["ok"] = true.into();
    axum::Json(body).into_response()
}

fn failed(error: &str) -> Response {
    axum::Json(json!({ "ok": false, "error": error })).into_response()
}
