//! Slack's Events API through the ingress: signed requests are taken once, and everything else hears the same.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{approve, made, quick, until_state};
use crate::support::slack::{BOT_TOKEN, SIGNING_SECRET, Slack, signed};

const ADA: &str = "U2147483697";
const DIRECT: &str = "D024BE91L";
const JSON: &str = "application/json";

async fn deliver(url: &str, kind: &str, body: &str) -> (StatusCode, String) {
    let (timestamp, signature) = signed(body);
    let request = reqwest::Client::new().post(url).header("content-type", kind).body(body.to_owned());
    let request =
        request.header("X-Slack-Request-Timestamp", timestamp).header("X-Slack-Signature", signature);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// Ada writes to the bot alone.
fn wrote(number: u32, text: &str) -> String {
    let ts = format!("1763000000.00{number:04}");
    let event = json!({
        "type": "message", "user": ADA, "text": text, "ts": ts, "channel": DIRECT, "channel_type": "im", "event_ts": ts,
    });
    let body = json!({
        "token": "t", "team_id": "T1", "api_app_id": "A1", "event": event, "type": "event_callback",
        "event_id": format!("Ev{number}"), "event_time": 1_763_000_000,
    });
    body.to_string()
}

/// What a press of a button is, in the form that Slack sends.
fn pressed(value: &Value) -> String {
    let payload = json!({
        "type": "block_actions", "team": { "id": "T1" }, "user": { "id": ADA, "username": "ada", "name": "ada" },
        "api_app_id": "A1", "trigger_id": "1.2.3", "channel": { "id": DIRECT, "name": "x" },
        "container": { "type": "message", "message_ts": "1.1", "channel_id": DIRECT },
        "actions": [{ "type": "button", "action_id": "press_0", "block_id": "b", "value": value, "action_ts": "1.3" }],
    });
    let escaped: String = payload.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("payload={escaped}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slacks_events_are_verified_answered_once_and_decide_questions() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    let body = json!({
        "name": "work", "platform": "slack", "settings": { "base_url": platform.url(), "mode": "webhook" },
        "credentials": { "bot_token": BOT_TOKEN, "signing_secret": SIGNING_SECRET },
    });
    let id = made(&client, &body).await;
    approve(&client, &id, ADA).await;
    let url = until_state(&client, &id, "live").await["webhook_url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("{}/api/channels/{id}/webhook", daemon.ingress));

    let check =
        json!({ "type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY", "token": "t" });
    let (status, heard) = deliver(&url, JSON, &check.to_string()).await;
    assert!(status == StatusCode::OK && heard.contains("3eZbrw1aBm2rZgRNFdxV2595E9CY"), "{status} {heard}");
    let unsigned = reqwest::Client::new().post(&url).header("content-type", JSON).body(wrote(1, "hi"));
    assert_eq!(unsigned.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    for _ in 0..2 {
        let (status, heard) = deliver(&url, JSON, &wrote(1, "my name is Ada")).await;
        assert_eq!(status, StatusCode::OK, "{heard}");
    }
    deliver(&url, JSON, &wrote(2, "how many messages did I write?")).await;
    let texts = platform.until(DIRECT, 2).await;
    assert!(texts[0].contains("Ada") && texts[1].contains("*2*"), "each once: {texts:?}");

    deliver(&url, JSON, &wrote(3, "use write_file {\"path\": \"a.md\", \"content\": \"one\"}")).await;
    platform.until(DIRECT, 3).await;
    let question = platform.sent()[2].clone();
    let blocks = question["blocks"].as_array().unwrap();
    let buttons = blocks.iter().find(|block| block["type"] == "actions").unwrap();
    let (status, heard) =
        deliver(&url, "application/x-www-form-urlencoded", &pressed(&buttons["elements"][0]["value"])).await;
    assert_eq!(status, StatusCode::OK, "{heard}");
    let texts = platform.until(DIRECT, 4).await;
    assert!(!texts[3].contains("did not work"), "{texts:?}");
    let (_, allowed) = client.get("/api/v1/approvals?state=allowed").await;
    assert!(allowed["items"][0]["reason"].as_str().unwrap().contains("over work"), "{allowed}");
}
