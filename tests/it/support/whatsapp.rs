//! A WhatsApp Cloud API on a loopback port, as strict as the real one about what it is asked.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::shared::{hmac_hex, seen};

/// The access token of the system user.
pub const TOKEN: &str = "a-token-that-only-the-app-has";
/// The id of our number.
pub const NUMBER: &str = "106540352242922";
/// What webhooks are signed with.
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The word of the check of the address.
pub const VERIFY_TOKEN: &str = "a word of ours";

/// See the module. Stops when dropped.
pub struct Whatsapp {
    url: String,
    sent: Arc<Mutex<Vec<Value>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Whatsapp {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let router = Router::new()
            .route("/{number}", get(number))
            .route("/{number}/messages", post(messages))
            .with_state(Arc::clone(&sent));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, sent, server }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until so many messages were taken.
    pub async fn until(&self, count: usize) -> Vec<Value> {
        seen(|| Some(self.sent.lock().clone()).filter(|sent| sent.len() >= count)).await
    }
}

impl Drop for Whatsapp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The body of a webhook with this value, and its signature.
pub fn signed(mut value: Value) -> (String, String) {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": NUMBER });
    let change = json!({ "value": value, "field": "messages" });
    let body =
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [change] }] });
    let body = body.to_string();
    let signature = format!("sha256={}", hmac_hex(APP_SECRET, &body));
    (body, signature)
}

fn is_ours(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == &format!("Bearer {TOKEN}"))
}

fn refused(status: StatusCode, code: i64, message: &str) -> Response {
    let error = json!({ "message": message, "type": "OAuthException", "code": code });
    (status, axum::Json(json!({ "error": error }))).into_response()
}

async fn number(Path(number): Path<String>, headers: HeaderMap) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, 190, "Error validating access token");
    }
    let about = json!({ "id": number, "display_phone_number": "15550783881", "verified_name": "Capuchin" });
    axum::Json(about).into_response()
}

async fn messages(
    State(sent): State<Arc<Mutex<Vec<Value>>>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_ours(&headers) {
        return refused(StatusCode::UNAUTHORIZED, 190, "Error validating access token");
    }
    let Ok(asked) = serde_json::from_slice::<Value>(&body) else {
        return refused(StatusCode::BAD_REQUEST, 100, "no JSON");
    };
    let is_whole = asked["messaging_product"] == "whatsapp" && number == NUMBER;
    if is_whole && asked["status"] == "read" {
        return axum::Json(json!({ "success": true })).into_response();
    }
    let text = asked["text"]["body"].as_str().or_else(|| asked["interactive"]["body"]["text"].as_str());
    if !is_whole || asked["to"].is_null() || text.is_none_or(|text| text.chars().count() > 4_096) {
        return refused(StatusCode::BAD_REQUEST, 100, "Invalid parameter");
    }
    let mut sent = sent.lock();
    sent.push(asked);
    let id = format!("wamid.{}", sent.len());
    axum::Json(json!({ "messaging_product": "whatsapp", "contacts": [], "messages": [{ "id": id }] }))
        .into_response()
}
