//! Channels through the running daemon, before a Telegram that is strict and unreliable: nobody talks unasked, nothing is lost,
//! nothing is answered twice without saying so.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::telegram::{Fault, TOKEN, Telegram};

const CHANNELS: &str = "/api/v1/channels";
const ADA: i64 = 7;

/// The demo speaks at once.
fn quick() -> TestDaemon {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n".to_owned();
    TestDaemon::with(Setup { config, ..Setup::default() })
}

async fn connect(client: &Client, platform: &Telegram, settings: Value) -> String {
    let mut all = json!({ "base_url": platform.url() });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let body = json!({
        "name": "family", "platform": "telegram", "credentials": { "bot_token": TOKEN }, "settings": all,
    });
    let (status, made) = client.post(CHANNELS, &body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(!made.to_string().contains(TOKEN), "credentials are never shown again");
    made["id"].as_str().unwrap().to_owned()
}

/// A channel where Ada may talk and decide.
async fn with_ada(client: &Client, platform: &Telegram) -> String {
    let id = connect(client, platform, json!({})).await;
    let ada = json!({ "sender": ADA.to_string(), "state": "approved", "decides": true });
    let (status, _) = client.post(&format!("{CHANNELS}/{id}/senders"), &ada).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_a_code_and_talks_once_the_owner_approved_it() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    let id = connect(&client, &platform, json!({})).await;
    platform.write(ADA, ADA, "hello");
    let first = platform.until(ADA, 1).await.remove(0);
    let code: String = first.split("<b>").nth(1).unwrap().chars().take(9).collect();
    platform.write(ADA, ADA, "hello?");
    platform.write(8, 8, "me too");
    platform.until(8, 1).await;
    assert_eq!(platform.texts(ADA).len(), 1, "a code is told once: {:?}", platform.texts(ADA));

    let (status, _) = client.post(&format!("{CHANNELS}/approve"), &json!({ "code": "WRONG-123" })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (status, person) =
        client.post(&format!("{CHANNELS}/approve"), &json!({ "code": code.to_lowercase() })).await;
    assert_eq!(
        (status, person["sender"].as_str(), person["decides"].as_bool()),
        (StatusCode::OK, Some("7"), Some(false))
    );
    platform.write(ADA, ADA, "my name is Ada");
    let texts = platform.until(ADA, 2).await;
    assert!(texts[1].contains("Ada"), "{texts:?}");
    let (_, threads) = client.get("/api/v1/threads?limit=50").await;
    let thread = &threads["items"].as_array().unwrap()[0];
    let messages = client.messages(thread["id"].as_str().unwrap()).await;
    assert_eq!(messages[0]["provenance"], "approved_sender");
    let (_, view) = client.get(&format!("{CHANNELS}/{id}")).await;
    assert_eq!((view["state"].as_str(), view["us"].as_str()), (Some("live"), Some("capuchin_bot")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_answered_and_a_question_is_decided_by_a_button() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write(ADA, ADA, "/help");
    assert!(platform.until(ADA, 1).await[0].contains("/new"));
    platform.write(ADA, ADA, "use write_file {\"path\": \"a.md\", \"content\": \"one\"}");
    platform.until(ADA, 2).await;
    let question = platform.sent()[1].clone();
    let buttons = question["reply_markup"]["inline_keyboard"][0].as_array().unwrap().clone();
    platform.press(ADA, 5_002, buttons[0]["callback_data"].as_str().unwrap());
    let texts = platform.until(ADA, 3).await;
    assert!(!texts[2].contains("did not work"), "{texts:?}");
    let (_, approvals) = client.get("/api/v1/approvals?state=allowed").await;
    let decided = &approvals["items"][0];
    assert!(decided["reason"].as_str().unwrap().contains("over family"), "{decided}");
    platform.write(ADA, ADA, "/new");
    assert!(platform.until(ADA, 4).await[3].contains("new conversation"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_fails_for_a_while_gets_everything_in_the_end() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    let id = with_ada(&client, &platform).await;
    platform.fail_next(&[Fault::Internal, Fault::Markup, Fault::Flood]);
    platform.write(ADA, ADA, "my name is Ada");
    let texts = platform.until(ADA, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    platform.fail_next(&[Fault::TakenAndClosed]);
    platform.write(ADA, ADA, "what is my name?");
    let texts = platform.until(ADA, 3).await;
    assert!(texts[2].starts_with("(possible duplicate)"), "what may be there already says so: {texts:?}");
    platform.fail_next(&[Fault::Blocked]);
    platform.write(ADA, ADA, "are you there?");
    let dead = loop {
        let (_, owed) = client.get(&format!("{CHANNELS}/{id}/obligations")).await;
        let dead = owed["items"].as_array().unwrap().iter().find(|one| one["state"] == "dead").cloned();
        if let Some(dead) = dead {
            break dead;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(dead["reason"].as_str().unwrap().contains("blocked"), "{dead}");
    let retry = format!("{CHANNELS}/{id}/obligations/{}/retry", dead["id"].as_str().unwrap());
    assert_eq!(client.post(&retry, &json!({})).await.0, StatusCode::ACCEPTED);
    platform.until(ADA, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_daemon_is_killed_every_message_is_answered() {
    let mut daemon = quick();
    let platform = Telegram::start().await;
    with_ada(&daemon.client(), &platform).await;
    let mut random = fastrand::Rng::with_seed(20_261_121);
    for round in 0..6 {
        platform.write(ADA, ADA, &format!("message {round}"));
        tokio::time::sleep(std::time::Duration::from_micros(random.u64(0..60_000))).await;
        daemon.kill();
        tokio::task::block_in_place(|| daemon.launch());
    }
    let client = daemon.client();
    loop {
        let (_, threads) = client.get("/api/v1/threads?limit=50").await;
        let Some(thread) = threads["items"].as_array().unwrap().first() else { continue };
        let messages = client.messages(thread["id"].as_str().unwrap()).await;
        let said: Vec<_> =
            messages.iter().filter(|one| one["role"] == "user").map(|one| one["content"].clone()).collect();
        if said.len() == 6 && platform.texts(ADA).len() >= 6 {
            let each: Vec<_> = (0..6).map(|round| json!(format!("message {round}"))).collect();
            assert_eq!(said, each, "each once, in order");
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let texts = platform.texts(ADA);
    let certain = texts.iter().filter(|text| !text.starts_with("(possible duplicate)")).count();
    assert!(certain <= 6, "an answer came twice and did not say so: {texts:?}");
}
