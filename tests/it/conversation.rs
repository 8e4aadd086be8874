//! A conversation with the built-in demo, as a person has it.

use serde_json::json;

use crate::support::daemon::TestDaemon;

#[tokio::test]
async fn a_message_is_stored_answered_and_streamed() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let thread = client.thread("First").await;
    let turn = client.say(&thread, "Hello there").await;
    let events = client.turn_events(&thread, &turn).await;
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"accepted"), Some(&"done")), "{kinds:?}");
    assert!(events.windows(2).all(|pair| pair[0].id < pair[1].id), "ids grow");
    let deltas: String = events
        .iter()
        .filter(|event| event.kind == "delta")
        .map(|event| event.data["text"].as_str().unwrap())
        .collect();
    let done = events.last().unwrap();
    assert_eq!(done.data["content"], json!(deltas), "the pieces are the answer");
    let messages = client.messages(&thread).await;
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!(messages[0]["content"], "Hello there");
    assert_eq!(messages[1]["content"], json!(deltas));
}

#[tokio::test]
async fn the_demo_answers_from_the_history_of_the_thread() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let thread = client.thread("Names").await;
    client.ask(&thread, "My name is Ada").await;
    let answer = client.ask(&thread, "What is my name?").await;
    assert!(answer.data["content"].as_str().unwrap().contains("Ada"), "{answer:?}");
}

#[tokio::test]
async fn a_stream_that_resumes_misses_nothing_and_sees_nothing_twice() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let thread = client.thread("Resume").await;
    let turn = client.say(&thread, "Tell me something long").await;
    let whole = client.turn_events(&thread, &turn).await;
    for cut in 0..whole.len() {
        let seen = &whole[..cut];
        let last = seen.last().map_or(0, |event| event.id);
        let rest = client.events_until(&thread, last, |events| events.len() == whole.len() - cut).await;
        assert_eq!([seen, &rest[..]].concat(), whole, "cut after {cut}");
    }
}

#[tokio::test]
async fn a_daemon_that_was_stopped_and_started_again_goes_on() {
    let mut daemon = TestDaemon::start();
    let thread = daemon.client().thread("Again").await;
    daemon.client().ask(&thread, "My name is Ada").await;
    assert_eq!(daemon.terminate(), 0);
    daemon.launch();
    let answer = daemon.client().ask(&thread, "What is my name?").await;
    assert!(answer.data["content"].as_str().unwrap().contains("Ada"), "{answer:?}");
}
