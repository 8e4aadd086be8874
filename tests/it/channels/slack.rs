//! Slack's Socket Mode through the running daemon: what is acknowledged is stored, and what comes twice is said once.

use serde_json::json;

use super::{CHANNELS, approve, made, quick, until_state, until_told};
use crate::support::client::Client;
use crate::support::slack::{APP_TOKEN, BOT, BOT_TOKEN, Fault, Slack};

const ADA: &str = "U2147483697";
/// Where Ada and the bot are alone.
const DIRECT: &str = "D024BE91L";
const HALL: &str = "C2147483705";

async fn connect(client: &Client, platform: &Slack, app_token: &str) -> String {
    let body = json!({
        "name": "work", "platform": "slack", "settings": { "base_url": platform.url() },
        "credentials": { "bot_token": BOT_TOKEN, "app_token": app_token },
    });
    made(client, &body).await
}

/// A live channel where Ada may talk and decide.
async fn with_ada(client: &Client, platform: &Slack) -> String {
    let id = connect(client, platform, APP_TOKEN).await;
    approve(client, &id, ADA).await;
    until_state(client, &id, "live").await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_on_slack_is_answered_and_a_button_decides_a_question() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write(ADA, DIRECT, "my name is Ada");
    let texts = platform.until(DIRECT, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    platform.command(ADA, DIRECT, "/capuchin", "help");
    assert!(platform.until(DIRECT, 2).await[1].contains("/new"));
    platform.write(ADA, DIRECT, "use write_file {\"path\": \"a.md\", \"content\": \"one\"}");
    platform.until(DIRECT, 3).await;
    let question = platform.sent()[2].clone();
    let button = &question["blocks"][1]["elements"][0];
    platform.press(ADA, DIRECT, question["ts"].as_str().unwrap(), button["value"].as_str().unwrap());
    let updated = platform.wait(|| platform.updated().first().cloned()).await;
    assert_eq!((&updated["ts"], &updated["blocks"]), (&question["ts"], &json!([])), "the buttons are gone");
    let (_, approvals) = client.get("/api/v1/approvals?state=allowed").await;
    assert!(approvals["items"][0]["reason"].as_str().unwrap().contains("over work"), "{approvals}");
    platform.wait(|| (platform.counts() == (1, 0)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mention_is_answered_once_and_below_itself() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.write(ADA, HALL, "good morning, all");
    platform.write(ADA, HALL, &format!("<@{BOT}> my name is Ada"));
    let texts = platform.until(HALL, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    assert!(platform.sent()[0]["thread_ts"].is_string());
    platform.write(ADA, DIRECT, "hello");
    platform.until(DIRECT, 1).await;
    assert_eq!(platform.texts(HALL).len(), 1, "it came as two events: {:?}", platform.texts(HALL));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_ended_is_followed_by_another_one() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    let id = with_ada(&client, &platform).await;
    for (round, reason) in ["refresh_requested", "warning"].into_iter().enumerate() {
        platform.disconnect(reason);
        platform.write(ADA, DIRECT, &format!("message {round}"));
        platform.until(DIRECT, round + 1).await;
        platform.wait(|| (platform.counts() == (round + 2, 0)).then_some(())).await;
    }
    until_state(&client, &id, "live").await;
    platform.disconnect("link_disabled");
    // It is tried again at once, so what it was is only in what people were told.
    until_told(&client, "switch it on under Socket Mode").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_that_comes_again_says_nothing_new() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.deaf(true);
    platform.write(ADA, DIRECT, "my name is Ada");
    platform.until(DIRECT, 1).await;
    platform.deaf(false);
    platform.disconnect("refresh_requested");
    platform.wait(|| (platform.counts() == (2, 0)).then_some(())).await;
    platform.repeat();
    platform.wait(|| (platform.counts().1 == 0).then_some(())).await;
    platform.write(ADA, DIRECT, "what is my name?");
    platform.until(DIRECT, 2).await;
    let (_, threads) = client.get("/api/v1/threads?limit=50").await;
    let messages = client.messages(threads["items"][0]["id"].as_str().unwrap()).await;
    assert_eq!(messages.iter().filter(|one| one["role"] == "user").count(), 2, "{messages:?}");
    assert_eq!(platform.texts(DIRECT).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_token_that_opens_nothing_says_what_is_needed() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    for (name, token) in [("bot", BOT_TOKEN), ("none", "xapp-1-of-somebody-else")] {
        let id = connect(&client, &platform, token).await;
        let view = until_state(&client, &id, "failed").await;
        assert!(view["trouble"].as_str().unwrap().contains("connections:write"), "{name}: {view}");
        let gone = client.request(reqwest::Method::DELETE, &format!("{CHANNELS}/{id}")).send().await.unwrap();
        assert!(gone.status().is_success(), "{}", gone.status());
    }
    assert_eq!(platform.counts().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_that_wants_a_pause_gets_it_and_then_everything() {
    let (daemon, platform) = (quick(), Slack::start().await);
    let client = daemon.client();
    with_ada(&client, &platform).await;
    platform.fail_next(&[Fault::Limited]);
    platform.write(ADA, DIRECT, "my name is Ada");
    let texts = platform.until(DIRECT, 1).await;
    assert!(texts[0].contains("Ada"), "{texts:?}");
    platform.fail_next(&[Fault::Internal]);
    platform.write(ADA, DIRECT, "what is my name?");
    let texts = platform.until(DIRECT, 2).await;
    assert!(texts[1].starts_with("(possible duplicate)"), "nobody knew whether it stood there: {texts:?}");
}
