//! WhatsApp through the running daemon: it sends to us, signed, and takes our answers by its API.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{approve, made, quick, until_dead, until_state};
use crate::support::whatsapp::{APP_SECRET, NUMBER, TOKEN, VERIFY_TOKEN, Whatsapp, signed};

const ADA: &str = "16505551234";

async fn deliver(url: &str, body: &str, signature: &str) -> StatusCode {
    let request = reqwest::Client::new().post(url).header("X-Hub-Signature-256", signature);
    request.header("content-type", "application/json").body(body.to_owned()).send().await.unwrap().status()
}

fn text(id: &str, text: &str) -> Value {
    json!({
        "contacts": [{ "profile": { "name": "Ada" }, "wa_id": ADA }],
        "messages": [{ "from": ADA, "id": id, "timestamp": "1763000000", "type": "text", "text": { "body": text } }],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_message_is_answered_once_and_what_is_taken_back_is_a_dead_letter() {
    let (daemon, platform) = (quick(), Whatsapp::start().await);
    let client = daemon.client();
    let credentials =
        json!({ "access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN });
    let settings = json!({ "base_url": platform.url(), "phone_number_id": NUMBER });
    let body =
        json!({ "name": "family", "platform": "whatsapp", "credentials": credentials, "settings": settings });
    let id = made(&client, &body).await;
    approve(&client, &id, ADA).await;
    let url = until_state(&client, &id, "live").await["webhook_url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("{}/api/channels/{id}/webhook", daemon.ingress));

    let check = |token: &str| {
        let word = token.replace(' ', "%20");
        let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={word}");
        reqwest::Client::new().get(format!("{url}?{query}")).send()
    };
    assert_eq!(check(VERIFY_TOKEN).await.unwrap().text().await.unwrap(), "1158201444");
    assert!(check("another").await.unwrap().status().is_client_error());

    let (body, signature) = signed(text("wamid.A", "my name is Ada"));
    let off = signature.replace(|c: char| c == signature.chars().last().unwrap(), "0");
    assert_eq!(deliver(&url, &body, &off).await, StatusCode::UNAUTHORIZED);
    for _ in 0..2 {
        assert_eq!(deliver(&url, &body, &signature).await, StatusCode::OK);
    }
    let (body, signature) = signed(text("wamid.B", "how many messages did I write?"));
    assert_eq!(deliver(&url, &body, &signature).await, StatusCode::OK);
    let sent = platform.until(2).await;
    let said: Vec<_> = sent.iter().map(|one| one["text"]["body"].as_str().unwrap()).collect();
    assert!(said[0].contains("*Ada*") && said[1].contains("*2*"), "each once: {said:?}");

    let failed = json!({ "statuses": [{
        "id": "wamid.1", "status": "failed", "timestamp": "1763000001", "recipient_id": ADA,
        "errors": [{ "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
                     "error_data": { "details": "more than 24 hours have passed" } }],
    }] });
    let (body, signature) = signed(failed);
    assert_eq!(deliver(&url, &body, &signature).await, StatusCode::OK);
    let dead = until_dead(&client, &id).await;
    assert!(dead["reason"].as_str().unwrap().contains("24 hours"), "{dead}");
}
