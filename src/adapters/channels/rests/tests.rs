//! Which calls wait for which answers.

use super::*;
use crate::channels::{Body, Method};

fn call(method: Method, path: &str) -> Call {
    Call { method, path: path.to_owned(), body: Body::None }
}

fn said(status: u16, headers: [&str; 3], body: &str) -> Said {
    let [retry_after, remaining, reset_after] = headers;
    Said::of_test(status, retry_after, (remaining, reset_after), body)
}

fn wait(rests: &Rests, platform: Platform, call: &Call) -> Option<u64> {
    match rests.check(platform, call) {
        Ok(()) => None,
        Err(Outcome::Wait { after_ms }) => Some(after_ms),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_used_up_route_rests_and_others_do_not() {
    let (rests, discord) = (Rests::default(), Platform::Discord);
    let post = call(Method::Post, "/channels/5/messages");
    rests.note(discord, &post, &said(200, ["", "1", "3"], r#"{"id":"1"}"#));
    assert_eq!(wait(&rests, discord, &post), None, "one is left");
    rests.note(discord, &post, &said(200, ["", "0", "3"], r#"{"id":"1"}"#));
    assert_eq!(wait(&rests, discord, &post), Some(3_002));
    for free in [
        call(Method::Post, "/channels/6/messages"),
        call(Method::Post, "/channels/5/typing"),
        call(Method::Get, "/users/@me"),
        call(Method::Post, "/interactions/7/t/callback"),
    ] {
        assert_eq!(wait(&rests, discord, &free), None, "{}", free.path);
    }
    tokio::time::advance(Duration::from_millis(3_002)).await;
    assert_eq!(wait(&rests, discord, &post), None);
    let edit = call(Method::Patch, "/channels/5/messages/1");
    rests.note(discord, &edit, &said(200, ["", "0", "1"], r#"{"id":"1"}"#));
    assert!(wait(&rests, discord, &call(Method::Patch, "/channels/5/messages/2")).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_all_calls_holds_for_all_but_presses() {
    let (rests, discord) = (Rests::default(), Platform::Discord);
    let post = call(Method::Post, "/channels/5/messages");
    let mut refused =
        said(429, ["2", "", ""], r#"{"message":"You are being rate limited.","retry_after":2.0}"#);
    rests.note(discord, &post, &refused);
    assert_eq!(wait(&rests, discord, &call(Method::Get, "/users/@me")), None);
    refused.limits.is_global = true;
    rests.note(discord, &post, &refused);
    assert_eq!(wait(&rests, discord, &call(Method::Get, "/users/@me")), Some(2_002));
    assert_eq!(wait(&rests, discord, &call(Method::Post, "/interactions/7/t/callback")), None);
}

#[tokio::test(start_paused = true)]
async fn slack_counts_by_method_and_others_by_conversation() {
    let rests = Rests::default();
    let refused = said(429, ["30", "", ""], "");
    rests.note(Platform::Slack, &call(Method::Post, "/chat.postMessage"), &refused);
    assert_eq!(wait(&rests, Platform::Slack, &call(Method::Post, "/chat.postMessage")), Some(30_002));
    assert_eq!(wait(&rests, Platform::Slack, &call(Method::Post, "/chat.update")), None);
    let telegram = call(Method::Post, "/bot{token}/sendMessage");
    rests.note(Platform::Telegram, &telegram, &refused);
    assert_eq!(wait(&rests, Platform::Telegram, &telegram), None);
}
