//! Channels through the running daemon, before platforms that are strict and unreliable: nobody talks unasked, nothing is lost,
//! nothing is answered twice without saying so.

mod discord;
mod email;
mod kills;
mod slack;
mod slack_events;
mod telegram;
mod whatsapp;

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};

const CHANNELS: &str = "/api/v1/channels";
/// Longest wait for a state.
const PATIENCE: Duration = Duration::from_secs(30);

/// The demo speaks at once.
fn quick() -> TestDaemon {
    speaking(0)
}

/// The demo says a word every so many milliseconds.
fn speaking(pace_ms: u64) -> TestDaemon {
    let config = format!("[backends.demo]\nkind = \"demo\"\npace_ms = {pace_ms}\n");
    TestDaemon::with(Setup { config, ..Setup::default() })
}

/// Makes a channel; its id.
async fn made(client: &Client, body: &Value) -> String {
    let (status, made) = client.post(CHANNELS, body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    for credential in body["credentials"].as_object().unwrap().values() {
        let shown = made.to_string().contains(credential.as_str().unwrap());
        assert!(!shown, "credentials are never shown again");
    }
    made["id"].as_str().unwrap().to_owned()
}

/// Somebody may talk and decide.
async fn approve(client: &Client, id: &str, sender: &str) {
    let sender = json!({ "sender": sender, "state": "approved", "decides": true });
    let (status, _) = client.post(&format!("{CHANNELS}/{id}/senders"), &sender).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

/// Waits until a channel is as it should be, and shows it.
async fn until(client: &Client, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let (_, view) = client.get(&format!("{CHANNELS}/{id}")).await;
            if fits(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(view) => view,
        Err(_) => panic!("it stays {}", client.get(&format!("{CHANNELS}/{id}")).await.1),
    }
}

async fn until_state(client: &Client, id: &str, state: &str) -> Value {
    until(client, id, |view| view["state"] == state).await
}

/// Waits until people were told of something in these words.
async fn until_told(client: &Client, words: &str) {
    loop {
        let (_, told) = client.get("/api/v1/notifications?limit=50").await;
        let is_told = |one: &Value| one["body"].as_str().is_some_and(|body| body.contains(words));
        if told["items"].as_array().unwrap().iter().any(is_told) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until one of a channel's messages was given up, and shows it.
async fn until_dead(client: &Client, id: &str) -> Value {
    loop {
        let (_, owed) = client.get(&format!("{CHANNELS}/{id}/obligations")).await;
        if let Some(dead) = owed["items"].as_array().unwrap().iter().find(|one| one["state"] == "dead") {
            return dead.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
