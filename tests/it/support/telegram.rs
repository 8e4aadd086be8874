//! A Telegram on a loopback port, as strict as the real one about what it is asked, and as unreliable as a test wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::shared::seen;

/// The token of the bot.
pub const TOKEN: &str = "123456:a-token-that-only-the-bot-has";
/// Its user name.
pub const NAME: &str = "capuchin_bot";

/// What the platform does with the next message that is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Too many requests; wait a second.
    Flood,
    /// An internal error.
    Internal,
    /// Takes the message, and closes the connection before it answers.
    TakenAndClosed,
    /// Takes the message, begins an answer, and never says a word of it.
    TakenAndSilent,
    /// A page of some proxy.
    Garbage,
    /// The markup is not understood.
    Markup,
    /// The person blocked the bot.
    Blocked,
}

#[derive(Default)]
struct Inner {
    numbers: i64,
    updates: Vec<Value>,
    /// Messages that stand in the chats.
    sent: Vec<Value>,
    edited: Vec<Value>,
    faults: VecDeque<Fault>,
    /// Whether polls are answered with a conflict.
    conflict: bool,
    polls: usize,
    /// Polls that were answered with something.
    handed: usize,
    /// What `setWebhook` said last.
    webhook: Option<Value>,
    /// Signs for "is writing".
    typing: usize,
    /// What was asked and is not allowed.
    broken: Vec<String>,
}

/// See the module. Stops when dropped.
pub struct Telegram {
    url: String,
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Notify>,
}

impl Telegram {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (inner, changed) = (Arc::default(), Arc::new(Notify::new()));
        let shared = Shared { inner: Arc::clone(&inner), changed: Arc::clone(&changed) };
        let router = Router::new().route("/{bot}/{method}", post(called)).with_state(shared);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, changed, server }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Somebody writes to the bot.
    pub fn write(&self, sender: i64, chat: i64, text: &str) {
        let update = self.update(sender, chat, text);
        self.inner.lock().updates.push(update);
        self.changed.notify_waiters();
    }

    /// What the platform says of a message, for a webhook.
    pub fn update(&self, sender: i64, chat: i64, text: &str) -> Value {
        let mut inner = self.inner.lock();
        inner.numbers += 1;
        let number = inner.numbers;
        let kind = if chat > 0 { "private" } else { "group" };
        let name = format!("@{NAME}");
        let mention =
            text.find(&name).map(|at| json!({ "type": "mention", "offset": at, "length": name.len() }));
        json!({ "update_id": 1_000 + number, "message": {
            "message_id": number, "date": 1_763_000_000, "text": text,
            "entities": mention.into_iter().collect::<Vec<_>>(),
            "chat": { "id": chat, "type": kind },
            "from": { "id": sender, "is_bot": false, "first_name": format!("P{sender}") },
        }})
    }

    /// Somebody presses a button of a message in a chat.
    pub fn press(&self, sender: i64, (chat, message): (i64, i64), data: &str) {
        let kind = if chat > 0 { "private" } else { "group" };
        let mut inner = self.inner.lock();
        inner.numbers += 1;
        let number = inner.numbers;
        inner.updates.push(json!({ "update_id": 1_000 + number, "callback_query": {
            "id": format!("press-{number}"), "data": data,
            "from": { "id": sender, "is_bot": false, "first_name": format!("P{sender}") },
            "message": { "message_id": message, "date": 1, "chat": { "id": chat, "type": kind } },
        }}));
        drop(inner);
        self.changed.notify_waiters();
    }

    pub fn fail_next(&self, faults: &[Fault]) {
        self.inner.lock().faults.extend(faults);
    }

    pub fn conflict(&self, on: bool) {
        self.inner.lock().conflict = on;
    }

    /// The texts that stand in a chat.
    pub fn texts(&self, chat: i64) -> Vec<String> {
        let inner = self.inner.lock();
        let of_chat = inner.sent.iter().filter(|one| one["chat_id"] == chat);
        of_chat.map(|one| one["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn sent(&self) -> Vec<Value> {
        self.inner.lock().sent.clone()
    }

    pub fn edited(&self) -> Vec<Value> {
        self.inner.lock().edited.clone()
    }

    pub fn handed(&self) -> usize {
        self.inner.lock().handed
    }

    pub fn typing(&self) -> usize {
        self.inner.lock().typing
    }

    /// The address and the secret of the webhook, once one is set.
    pub async fn webhook(&self) -> (String, String) {
        let set = seen(|| self.inner.lock().webhook.clone()).await;
        let word = |name: &str| set[name].as_str().unwrap().to_owned();
        (word("url"), word("secret_token"))
    }

    /// What it was asked that it does not allow.
    pub fn broken(&self) -> Vec<String> {
        self.inner.lock().broken.clone()
    }

    /// Waits until so many messages stand in a chat.
    pub async fn until(&self, chat: i64, count: usize) -> Vec<String> {
        seen(|| Some(self.texts(chat)).filter(|texts| texts.len() >= count)).await
    }
}

impl Drop for Telegram {
    fn drop(&mut self) {
        self.server.abort();
        if !std::thread::panicking() {
            assert!(
                self.broken().is_empty(),
                "the platform was asked what it does not allow: {:#?}",
                self.broken()
            );
        }
    }
}

async fn called(
    State(shared): State<Shared>,
    Path((bot, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bot != format!("bot{TOKEN}") {
        return failed(401, "Unauthorized", &json!({}));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
        shared.inner.lock().broken.push(format!("{method}: no JSON"));
        return failed(400, "Bad Request: can't parse JSON", &json!({}));
    };
    if kind != Some("application/json") {
        shared.inner.lock().broken.push(format!("{method}: {kind:?}"));
    }
    match method.as_str() {
        "getMe" => done(&json!({ "id": 42, "is_bot": true, "first_name": "Capuchin", "username": NAME })),
        "getUpdates" => updates(&shared, &asked).await,
        "sendMessage" => send(&shared, asked),
        "editMessageText" => {
            shared.inner.lock().edited.push(asked);
            done(&json!({ "message_id": 1 }))
        }
        "sendChatAction" => {
            shared.inner.lock().typing += 1;
            done(&json!(true))
        }
        "setWebhook" => {
            let secret = asked["secret_token"].as_str().unwrap_or_default();
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if secret.is_empty() || secret.len() > 256 || !secret.chars().all(is_plain) {
                return failed(400, "Bad Request: secret token contains unallowed characters", &json!({}));
            }
            shared.inner.lock().webhook = Some(asked);
            done(&json!(true))
        }
        "setMyCommands" | "answerCallbackQuery" | "deleteWebhook" => done(&json!(true)),
        other => {
            shared.inner.lock().broken.push(format!("there is no method {other}"));
            failed(404, "Not Found", &json!({}))
        }
    }
}

async fn updates(shared: &Shared, asked: &Value) -> Response {
    shared.inner.lock().polls += 1;
    let offset = asked["offset"].as_i64().unwrap_or_default();
    let patience =
        Duration::from_secs(asked["timeout"].as_u64().unwrap_or_default()).min(Duration::from_secs(2));
    let until = tokio::time::Instant::now() + patience;
    loop {
        let waits = shared.changed.notified();
        {
            let mut inner = shared.inner.lock();
            if inner.conflict {
                return failed(409, "Conflict: terminated by other getUpdates request", &json!({}));
            }
            let fresh: Vec<Value> = inner
                .updates
                .iter()
                .filter(|one| one["update_id"].as_i64().unwrap_or_default() >= offset)
                .cloned()
                .collect();
            if !fresh.is_empty() {
                inner.handed += 1;
                return done(&json!(fresh));
            }
        }
        if tokio::time::timeout_at(until, waits).await.is_err() {
            return done(&json!([]));
        }
    }
}

fn send(shared: &Shared, asked: Value) -> Response {
    let mut inner = shared.inner.lock();
    let text = asked["text"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() || text.encode_utf16().count() > 4_096 * 2 {
        inner.broken.push(format!("a message of {} characters", text.chars().count()));
        return failed(400, "Bad Request: message text is empty", &json!({}));
    }
    match inner.faults.pop_front() {
        Some(Fault::Flood) => {
            return failed(
                429,
                "Too Many Requests: retry after 1",
                &json!({ "parameters": { "retry_after": 1 } }),
            );
        }
        Some(Fault::Internal) => return failed(500, "Internal Server Error", &json!({})),
        Some(Fault::Garbage) => {
            return (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/html")], "<html>bad gateway")
                .into_response();
        }
        Some(Fault::Markup) => {
            return failed(400, "Bad Request: can't parse entities: Unexpected end tag", &json!({}));
        }
        Some(Fault::Blocked) => return failed(403, "Forbidden: bot was blocked by the user", &json!({})),
        Some(Fault::TakenAndClosed) => {
            inner.sent.push(asked);
            drop(inner);
            // A body that breaks off: the caller never learns what became of it.
            let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("closed"))]);
            return Response::new(axum::body::Body::from_stream(broken));
        }
        Some(Fault::TakenAndSilent) => {
            inner.sent.push(asked);
            drop(inner);
            let silent = futures::stream::pending::<Result<Bytes, std::io::Error>>();
            return Response::new(axum::body::Body::from_stream(silent));
        }
        None => {}
    }
    inner.sent.push(asked.clone());
    let number = inner.sent.len() + 5_000;
    done(&json!({ "message_id": number, "chat": { "id": asked["chat_id"] }, "date": 1 }))
}

fn done(result: &Value) -> Response {
    axum::Json(json!({ "ok": true, "result": result })).into_response()
}

fn failed(status: u16, description: &str, more: &Value) -> Response {
    let mut body = json!({ "ok": false, "error_code": status, "description": description });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}
