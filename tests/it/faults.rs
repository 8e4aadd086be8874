//! A disk that is full and an fsync that fails: a clear error, no pretending, and recovery.

mod disk_full;
mod fsync_fails;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::client::Client;

/// Sends a message under a key and returns what the daemon said.
async fn send(client: &Client, thread: &str, key: &str, content: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/threads/{thread}/messages");
    let request = client.request(reqwest::Method::POST, &path).header("idempotency-key", key);
    let response = request.json(&json!({ "content": content })).send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or(Value::Null))
}

/// Sends the same message until it is acknowledged.
async fn insist(client: &Client, thread: &str, key: &str, content: &str) -> Value {
    loop {
        let (status, answer) = send(client, thread, key, content).await;
        if status == StatusCode::ACCEPTED {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// How often a message with this content is in the thread.
async fn copies(client: &Client, thread: &str, content: &str) -> usize {
    client.messages(thread).await.iter().filter(|m| m["role"] == "user" && m["content"] == content).count()
}

/// Says that a test cannot run here; in CI that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {why}");
    eprintln!("SKIPPED: {why}");
}
