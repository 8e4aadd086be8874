//! Discord through the running daemon: its gateway breaks in every way that it knows, and nothing is lost or said twice.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{CHANNELS, approve, made, quick, until_state};
use crate::support::client::Client;
use crate::support::discord::{BOT, Discord, Fault, Push, TOKEN};

const ADA: &str = "53908099506183680";
/// Where Ada and the bot are alone.
const DIRECT: &str = "319674150115610528";
/// A channel of a server.
const HALL: &str = "290926798999357250";

async fn connect(client: &Client, platform: &Discord, token: &str, settings: Value) -> String {
    let mut all = json!({ "base_url": platform.url() });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let body = json!({
        "name": "guild", "platform": "discord", "credentials": { "bot_token": token }, "settings": all,
    });
    made(client, &body).await
}

/// A live channel where Ada may talk and decide.
async fn with_ada(client: &Client, platform: &Discord) -> String {
    let id = connect(client, platform, TOKEN, json!({})).await;
    approve(client, &id, ADA).await;
    until_state(client, &id, "live").await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_on_discord_is_answered_and_a_button_decides_a_question() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    let id = with_ada(&client, &platform).await;
    assert_eq!(until_state(&client, &id, "live").await["us"], "capuchin");
    platform.write(ADA, DIRECT, "my name is Ada");
    let texts = platform.until(DIRECT, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    platform.write(ADA, DIRECT, "use write_file {\"path\": \"a.md\", \"content\": \"one\"}");
    platform.until(DIRECT, 2).await;
    let question = platform.sent()[1].clone();
    let button = &question["components"][0]["components"][0];
    platform.press(ADA, DIRECT, question["id"].as_str().unwrap(), button["custom_id"].as_str().unwrap());
    platform.until(DIRECT, 3).await;
    let edited = platform.wait(|| platform.edited().first().cloned()).await;
    assert_eq!((&edited["id"], &edited["components"]), (&question["id"], &json!([])), "the buttons are gone");
    assert_eq!(platform.pressed().len(), 1, "the press is answered once");
    let (_, approvals) = client.get("/api/v1/approvals?state=allowed").await;
    assert!(approvals["items"][0]["reason"].as_str().unwrap().contains("over guild"), "{approvals}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_server_only_what_mentions_us_is_answered() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write_in_guild(ADA, HALL, "good morning, all");
    platform.write_in_guild(ADA, HALL, &format!("<@{BOT}> my name is Ada"));
    let texts = platform.until(HALL, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    assert!(platform.sent()[0]["message_reference"]["message_id"].is_string(), "it says what it answers");
    platform.write(ADA, DIRECT, "hello");
    platform.until(DIRECT, 1).await;
    assert_eq!(platform.texts(HALL).len(), 1, "{:?}", platform.texts(HALL));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_falls_silent_is_left_and_its_session_goes_on() {
    let (daemon, platform) = (quick(), Discord::beating(1_000).await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.wait(|| (platform.counts().2 > 0).then_some(())).await;
    platform.fall_silent();
    platform.write(ADA, DIRECT, "my name is Ada");
    let texts = platform.until(DIRECT, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    let (identified, resumed, beats) = platform.counts();
    assert!(identified == 1 && resumed >= 1, "one session, and a return to it: {identified}, {resumed}");
    assert!(beats >= 2, "{beats} heartbeats");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_ends_a_connection_the_next_one_misses_nothing() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    let id = with_ada(&client, &platform).await;
    for (round, push) in [Push::Reconnect, Push::Invalid(true), Push::Close(4_000)].into_iter().enumerate() {
        platform.push(push);
        platform.write(ADA, DIRECT, &format!("message {round}"));
        platform.until(DIRECT, round + 1).await;
        platform.wait(|| (platform.counts().1 == round + 1).then_some(())).await;
    }
    assert_eq!(platform.counts().0, 1, "it was one session");
    platform.push(Push::Invalid(false));
    platform.wait(|| (platform.counts().0 == 2).then_some(())).await;
    platform.write(ADA, DIRECT, "message 3");
    platform.until(DIRECT, 4).await;
    let (_, threads) = client.get("/api/v1/threads?limit=50").await;
    let messages = client.messages(threads["items"][0]["id"].as_str().unwrap()).await;
    let said: Vec<_> =
        messages.iter().filter(|one| one["role"] == "user").map(|one| &one["content"]).collect();
    let each: Vec<_> = (0..4).map(|round| json!(format!("message {round}"))).collect();
    assert_eq!(said, each.iter().collect::<Vec<_>>(), "each once, in order");
    until_state(&client, &id, "live").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_needs_a_person_says_what_to_do() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    let id = connect(&client, &platform, TOKEN, json!({ "groups": "always" })).await;
    let view = until_state(&client, &id, "failed").await;
    assert!(view["trouble"].as_str().unwrap().contains("switch on Message Content Intent"), "{view}");
    platform.privilege();
    let (status, _) = client.post(&format!("{CHANNELS}/{id}/restart"), &json!({})).await;
    assert!(status.is_success(), "{status}");
    until_state(&client, &id, "live").await;
    let (status, _) = client
        .post(&format!("{CHANNELS}/{id}/senders"), &json!({ "sender": ADA, "state": "approved" }))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    platform.write_in_guild(ADA, HALL, "good morning, all");
    platform.until(HALL, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_none_is_not_shown_to_the_gateway() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    let id = connect(&client, &platform, "a-token-of-somebody-else", json!({})).await;
    let view = until_state(&client, &id, "failed").await;
    assert!(view["trouble"].as_str().unwrap().contains("reset the bot's token"), "{view}");
    assert_eq!(platform.counts().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_takes_no_more_is_left_alone_and_gets_everything_once() {
    let (daemon, platform) = (quick(), Discord::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.fail_next(&[Fault::Limited, Fault::UsedUp, Fault::Limited, Fault::TakenAndClosed]);
    for round in 1..=3 {
        platform.write(ADA, DIRECT, "my name is Ada");
        platform.until(DIRECT, round).await;
    }
    platform.write(ADA, DIRECT, "what is my name?");
    platform.until(DIRECT, 4).await;
    let texts = platform.texts(DIRECT);
    assert!(texts.len() == 4 && texts.iter().all(|text| text.contains("Ada")), "each once: {texts:?}");
    assert!(!texts.iter().any(|text| text.contains("duplicate")), "Discord knows what it has: {texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_daemon_is_killed_every_message_on_discord_is_answered_once() {
    let mut daemon = quick();
    let platform = Discord::start().await;
    with_ada(&daemon.client(), &platform).await;
    platform.write(ADA, DIRECT, "message 0");
    platform.until(DIRECT, 1).await;
    let mut random = fastrand::Rng::with_seed(20_261_122);
    for round in 0..4 {
        platform.write(ADA, DIRECT, &format!("message {}", 2 * round + 1));
        tokio::time::sleep(std::time::Duration::from_micros(random.u64(0..60_000))).await;
        daemon.kill();
        platform.write(ADA, DIRECT, &format!("message {}", 2 * round + 2));
        tokio::task::block_in_place(|| daemon.launch());
    }
    platform.until(DIRECT, 9).await;
    let client = daemon.client();
    let (_, threads) = client.get("/api/v1/threads?limit=50").await;
    let messages = client.messages(threads["items"][0]["id"].as_str().unwrap()).await;
    let said: Vec<_> =
        messages.iter().filter(|one| one["role"] == "user").map(|one| one["content"].clone()).collect();
    let each: Vec<_> = (0..9).map(|round| json!(format!("message {round}"))).collect();
    assert_eq!(said, each, "each once, in order");
    assert_eq!(platform.texts(DIRECT).len(), 9, "{:?}", platform.texts(DIRECT));
    assert_eq!(platform.counts().0, 1, "every life of the daemon went on with one session");
}
