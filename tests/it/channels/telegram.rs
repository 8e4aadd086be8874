//! Telegram through the running daemon: by long poll and by webhook, alone and in groups.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{CHANNELS, approve, made, quick, speaking, until, until_dead, until_state};
use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::telegram::{Fault, NAME, TOKEN, Telegram};

pub(super) const ADA: i64 = 7;
const BO: i64 = 8;
const GROUP: i64 = -100;

async fn connect(client: &Client, platform: &Telegram, settings: Value) -> String {
    let mut all = json!({ "base_url": platform.url() });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let body = json!({
        "name": "family", "platform": "telegram", "credentials": { "bot_token": TOKEN }, "settings": all,
    });
    made(client, &body).await
}

/// A channel where Ada may talk and decide.
pub(super) async fn with_ada(client: &Client, platform: &Telegram) -> String {
    let id = connect(client, platform, json!({})).await;
    approve(client, &id, &ADA.to_string()).await;
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
    platform.press(ADA, (ADA, 5_002), buttons[0]["callback_data"].as_str().unwrap());
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
    let dead = until_dead(&client, &id).await;
    assert!(dead["reason"].as_str().unwrap().contains("blocked"), "{dead}");
    let retry = format!("{CHANNELS}/{id}/obligations/{}/retry", dead["id"].as_str().unwrap());
    assert_eq!(client.post(&retry, &json!({})).await.0, StatusCode::ACCEPTED);
    platform.until(ADA, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_hangs_is_left_and_what_it_may_have_says_so() {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n[channels]\ncall_timeout_s = 1\n".to_owned();
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let (client, platform) = (daemon.client(), Telegram::start().await);
    with_ada(&client, &platform).await;
    platform.fail_next(&[Fault::TakenAndSilent]);
    platform.write(ADA, ADA, "my name is Ada");
    let texts = platform.until(ADA, 2).await;
    assert!(texts[1].starts_with("(possible duplicate)") && texts[1].contains("Ada"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_daemon_is_killed_every_message_is_answered() {
    let mut daemon = quick();
    let platform = Telegram::start().await;
    with_ada(&daemon.client(), &platform).await;
    let mut random = fastrand::Rng::with_seed(20_261_121);
    for round in 0..6 {
        platform.write(ADA, ADA, &format!("message {round}"));
        tokio::time::sleep(Duration::from_micros(random.u64(0..60_000))).await;
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
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let texts = platform.texts(ADA);
    let certain = texts.iter().filter(|text| !text.starts_with("(possible duplicate)")).count();
    assert!(certain <= 6, "an answer came twice and did not say so: {texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_grows_in_its_place_while_it_is_written() {
    let (daemon, platform) = (speaking(60), Telegram::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write(ADA, ADA, "/long 60");
    platform.until(ADA, 1).await;
    let edits = loop {
        let edits = platform.edited();
        if edits.last().is_some_and(|edit| !edit["text"].as_str().unwrap().ends_with('…')) {
            break edits;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let sent = platform.sent();
    assert_eq!(sent.len(), 1, "the answer takes the draft's place: {sent:?}");
    assert!(sent[0]["text"].as_str().unwrap().ends_with('…'), "{sent:?}");
    assert!(edits.len() >= 2 && edits.iter().all(|edit| edit["message_id"] == 5_001), "{edits:?}");
    assert!(platform.typing() > 0);
    platform.write(ADA, ADA, "hello");
    platform.until(ADA, 2).await;
}

/// What the platform sends to a webhook.
async fn deliver(url: &str, secret: &str, update: &Value) -> StatusCode {
    let request = reqwest::Client::new().post(url).header("X-Telegram-Bot-Api-Secret-Token", secret);
    request.json(update).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_takes_what_shows_its_secret_and_takes_it_once() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    let id = connect(&client, &platform, json!({ "mode": "webhook" })).await;
    approve(&client, &id, &ADA.to_string()).await;
    let (url, secret) = platform.webhook().await;
    assert_eq!(url, format!("{}/api/channels/{id}/webhook", daemon.ingress));
    until_state(&client, &id, "live").await;
    let update = platform.update(ADA, ADA, "my name is Ada");
    assert_eq!(deliver(&url, "another", &update).await, StatusCode::UNAUTHORIZED);
    assert_eq!(deliver(&url, &secret, &update).await, StatusCode::OK);
    assert_eq!(deliver(&url, &secret, &update).await, StatusCode::OK);
    platform.until(ADA, 1).await;
    let second = platform.update(ADA, ADA, "how many messages did I write?");
    assert_eq!(deliver(&url, &secret, &second).await, StatusCode::OK);
    let texts = platform.until(ADA, 2).await;
    assert!(texts[0].contains("Ada") && texts[1].contains("<b>2</b>"), "each once: {texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_only_mentions_are_answered_and_only_deciders_decide() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    let id = with_ada(&client, &platform).await;
    let bo = json!({ "sender": BO.to_string(), "state": "approved", "decides": false });
    client.post(&format!("{CHANNELS}/{id}/senders"), &bo).await;
    platform.write(ADA, GROUP, "good morning, all");
    platform.write(ADA, GROUP, &format!("@{NAME} my name is Ada"));
    let texts = platform.until(GROUP, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    assert!(platform.sent()[0]["reply_parameters"]["message_id"].is_i64(), "it says what it answers");

    platform.write(
        ADA,
        GROUP,
        &format!("@{NAME} please\nuse write_file {{\"path\": \"a.md\", \"content\": \"one\"}}"),
    );
    platform.until(GROUP, 2).await;
    let buttons = platform.sent()[1]["reply_markup"]["inline_keyboard"][0].clone();
    platform.press(BO, (GROUP, 5_002), buttons[0]["callback_data"].as_str().unwrap());
    platform.write(BO, GROUP, &format!("/yes@{NAME}"));
    let texts = platform.until(GROUP, 3).await;
    assert!(texts[2].contains("may not decide"), "{texts:?}");
    let (_, waiting) = client.get("/api/v1/approvals?state=pending").await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "{waiting}");
    platform.write(ADA, GROUP, &format!("/yes@{NAME}"));
    platform.until(GROUP, 5).await;
    let (_, allowed) = client.get("/api/v1/approvals?state=allowed").await;
    assert_eq!(allowed["items"].as_array().unwrap().len(), 1, "{allowed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_decides_is_told_over_the_channel_of_what_a_rule_names() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write(ADA, ADA, "hello");
    platform.until(ADA, 1).await;
    let rule = json!({ "pattern": "capuchin.channel.pairing", "delivery": "channel" });
    assert_eq!(client.post("/api/v1/notification-rules", &rule).await.0, StatusCode::CREATED);
    platform.write(BO, BO, "let me in");
    let texts = platform.until(ADA, 2).await;
    assert!(texts[1].contains("P8 wants to talk on family"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_another_program_polls_is_shown_as_troubled_until_it_is_ours() {
    let (daemon, platform) = (quick(), Telegram::start().await);
    let client = daemon.client();
    platform.conflict(true);
    let id = with_ada(&client, &platform).await;
    platform.write(ADA, ADA, "my name is Ada");
    let view = until_state(&client, &id, "troubled").await;
    assert!(view["trouble"].as_str().unwrap().contains("another program"), "{view}");
    platform.conflict(false);
    platform.fail_next(&[Fault::Garbage]);
    let texts = platform.until(ADA, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    until(&client, &id, |view| view["state"] == "live" && view["trouble"].is_null()).await;
}
