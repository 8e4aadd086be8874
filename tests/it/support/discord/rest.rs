//! The REST API: what is asked is held against Discord's documents.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{BOT, Fault, Shared, TOKEN};

/// How long a window of messages is here.
const WINDOW: Duration = Duration::from_millis(300);

/// Holds the headers against what every request needs.
fn refused(shared: &Shared, headers: &HeaderMap) -> Option<Response> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !text(header::USER_AGENT).starts_with("DiscordBot (") {
        shared.note(format!("a program that calls itself {:?}", text(header::USER_AGENT)));
    }
    let is_bot = text(header::AUTHORIZATION).strip_prefix("Bot ") == Some(TOKEN);
    (!is_bot).then(|| failed(401, 0, "401: Unauthorized"))
}

fn body(shared: &Shared, headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body = serde_json::from_slice::<Value>(body).ok().filter(Value::is_object);
    if body.is_none() || kind != Some("application/json") {
        shared.note(format!("a body that is no JSON, or says {kind:?}"));
    }
    body
}

pub(super) async fn me(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    refused(&shared, &headers).unwrap_or_else(|| {
        axum::Json(json!({ "id": BOT, "username": "capuchin", "bot": true, "discriminator": "0001" }))
            .into_response()
    })
}

pub(super) async fn gateway(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let left = 1_000 - shared.inner.lock().identified;
    refused(&shared, &headers).unwrap_or_else(|| {
        axum::Json(json!({
            "url": format!("ws://{}/first", shared.address), "shards": 1,
            "session_start_limit": { "total": 1_000, "remaining": left, "reset_after": 14_400_000, "max_concurrency": 1 },
        }))
        .into_response()
    })
}

pub(super) async fn send(
    State(shared): State<Shared>,
    Path(channel): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    if let Some(refused) = refused(&shared, &headers) {
        return refused;
    }
    let Some(mut asked) = body(&shared, &headers, &bytes) else { return failed(400, 50_109, "invalid JSON") };
    for why in wrong_with(&asked) {
        shared.note(format!("{why}: {asked}"));
    }
    let mut inner = shared.inner.lock();
    let now = Instant::now();
    if inner.rests.get(&channel).is_some_and(|until| now < *until) {
        inner.note(format!("channel {channel} was not left alone"));
        return failed(429, 0, "You are being rate limited.");
    }
    let fault = inner.faults.pop_front();
    if fault == Some(Fault::Limited) {
        inner.rests.insert(channel, now + WINDOW);
        let body = json!({ "message": "You are being rate limited.", "retry_after": WINDOW.as_secs_f64(), "global": false });
        let headers = [("retry-after", "1"), ("x-ratelimit-scope", "user")];
        return (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response();
    }
    let known =
        inner.sent.iter().find(|one| one["channel_id"] == channel.as_str() && one["nonce"] == asked["nonce"]);
    let message = match known.cloned() {
        Some(message) => message,
        None => {
            let id = inner.new_id();
            asked["id"] = id.into();
            asked["channel_id"] = channel.as_str().into();
            inner.sent.push(asked.clone());
            asked
        }
    };
    if fault == Some(Fault::TakenAndClosed) {
        let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("closed"))]);
        return Response::new(axum::body::Body::from_stream(broken));
    }
    let mut left = "4";
    if fault == Some(Fault::UsedUp) {
        inner.rests.insert(channel, now + WINDOW);
        left = "0";
    }
    let headers =
        [("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", left), ("x-ratelimit-reset-after", "0.300")];
    (headers, axum::Json(json!({ "id": message["id"], "channel_id": message["channel_id"] }))).into_response()
}

pub(super) async fn edit(
    State(shared): State<Shared>,
    Path((channel, message)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    if let Some(refused) = refused(&shared, &headers) {
        return refused;
    }
    let Some(mut asked) = body(&shared, &headers, &bytes) else { return failed(400, 50_109, "invalid JSON") };
    let mut inner = shared.inner.lock();
    if !inner.sent.iter().any(|one| one["id"] == message.as_str() && one["channel_id"] == channel.as_str()) {
        return failed(404, 10_008, "Unknown Message");
    }
    asked["id"] = message.into();
    inner.edited.push(asked.clone());
    axum::Json(json!({ "id": asked["id"] })).into_response()
}

pub(super) async fn typing(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    refused(&shared, &headers).unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn press(State(shared): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let Some(asked) = body(&shared, &headers, &bytes) else { return failed(400, 50_109, "invalid JSON") };
    if !matches!(asked["type"].as_u64(), Some(4 | 6)) {
        shared.note(format!("an answer to a press: {asked}"));
    }
    shared.inner.lock().pressed.push(asked);
    StatusCode::NO_CONTENT.into_response()
}

pub(super) async fn unknown(State(shared): State<Shared>, method: Method, uri: Uri) -> Response {
    shared.note(format!("there is no {method} {uri}"));
    failed(404, 0, "404: Not Found")
}

/// What Discord would not take of a message.
fn wrong_with(asked: &Value) -> Vec<&'static str> {
    const FIELDS: [&str; 7] =
        ["content", "allowed_mentions", "nonce", "enforce_nonce", "flags", "message_reference", "components"];
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, what| {
        if !is_right {
            wrong.push(what);
        }
    };
    check(asked.as_object().unwrap().keys().all(|key| FIELDS.contains(&key.as_str())), "an unknown field");
    let words = asked["content"].as_str().map_or(0, |text| text.chars().count());
    check((1..=2_000).contains(&words), "a text of another length than 1 to 2,000");
    check(asked["nonce"].as_str().is_some_and(|nonce| (1..=25).contains(&nonce.len())), "a nonce");
    check(asked["enforce_nonce"] == true, "a nonce that is not held to");
    check(asked["allowed_mentions"]["parse"] == json!([]), "mentions");
    let rows = asked["components"].as_array().cloned().unwrap_or_default();
    check(rows.len() <= 5, "too many rows");
    for row in &rows {
        let buttons = row["components"].as_array().cloned().unwrap_or_default();
        check(row["type"] == 1 && (1..=5).contains(&buttons.len()), "a row");
        for button in &buttons {
            let length = |name: &str| button[name].as_str().map_or(0, |text| text.chars().count());
            check(button["type"] == 2 && matches!(button["style"].as_u64(), Some(1..=4)), "a button");
            check(
                (1..=100).contains(&length("custom_id")) && (1..=80).contains(&length("label")),
                "a button's words",
            );
        }
    }
    wrong
}

fn failed(status: u16, code: i64, message: &str) -> Response {
    let body = json!({ "code": code, "message": message });
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}
