//! What the demo answers, and when.

use serde_json::json;

use super::*;
use crate::backends::testing::{Outcome, collect, request};
use crate::protocol::chat::{ChatMessage, Role, ToolSpec};
use crate::protocol::model::ModelErrorKind;

const DEMO: Demo = Demo { name: String::new(), pace: Duration::ZERO };

async fn answer(request: ModelRequest) -> Outcome {
    collect(&DEMO, request).await
}

/// A thread in which a person wrote these messages, the last of which is to be answered.
fn thread(said: &[&str]) -> ModelRequest {
    let mut messages = Vec::new();
    for text in said {
        messages.push(ChatMessage::text(Role::User, *text));
        messages.push(ChatMessage::text(Role::Assistant, "an answer, not a person's"));
    }
    messages.pop();
    ModelRequest { messages, ..request("") }
}

fn text(outcome: &Outcome) -> String {
    let texts = outcome.events.iter().filter_map(|event| match event {
        ModelEvent::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

async fn reply(said: &[&str]) -> String {
    text(&answer(thread(said)).await)
}

fn offering(said: &str, tool_choice: &serde_json::Value) -> ModelRequest {
    let parameters = json!({ "type": "object", "required": ["city"], "properties": {
        "city": { "type": "string" }, "unit": { "type": "string" } } });
    let tool = ToolSpec { name: "weather".to_owned(), description: String::new(), parameters };
    let extra = json!({ "tool_choice": tool_choice }).as_object().unwrap().clone();
    ModelRequest { tools: vec![tool], extra, ..thread(&[said]) }
}

#[tokio::test]
async fn the_first_answer_says_what_it_is_and_what_to_try() {
    let hello = reply(&["hi"]).await;
    for part in ["demo", "no network", "script", "`/tour`", "[backends.ollama]"] {
        assert!(hello.contains(part), "{part}");
    }
    assert_eq!(hello, reply(&["hi"]).await, "the same for the same conversation");
}

#[tokio::test]
async fn every_command_of_the_help_is_known() {
    let help = reply(&["/help"]).await;
    let commands = help.split('`').filter(|piece| piece.starts_with('/'));
    let mut count = 0;
    let quick = |command: &&str| !command.starts_with("/slow") && *command != "/crash";
    for command in commands.filter(quick) {
        let outcome = answer(thread(&[command])).await;
        assert!(!text(&outcome).contains("I do not know"), "{command}");
        count += 1;
    }
    assert!(count >= 6, "{help}");
    assert!(reply(&["/dance"]).await.contains("I do not know `/dance`"));
}

#[tokio::test]
#[should_panic(expected = "on request")]
async fn a_crash_is_a_panic_after_its_announcement() {
    reply(&["/crash"]).await;
}

#[tokio::test]
async fn it_remembers_what_its_thread_holds() {
    assert!(
        reply(&["My name is Ada Lovelace, hello", "x", "what is my name?"])
            .await
            .contains("**Ada Lovelace**")
    );
    assert!(reply(&["call me Bo", "call me Cy", "what's my name?"]).await.contains("**Cy**"));
    assert!(reply(&["what is my name?"]).await.contains("not told me"));
    assert!(reply(&["red\n\n# fox", "b", "What did I say first?"]).await.contains("> red # fox\n"));
    assert!(reply(&["a", "b", "what did I say last?"]).await.contains("> b\n"));
    assert!(reply(&["a", "b", "how many messages did I write?"]).await.contains("**3**"));
}

#[tokio::test]
async fn a_name_has_40_characters_at_the_most() {
    let name = "İ".repeat(40);
    assert!(reply(&[&format!("İ my name is {name}"), "what is my name?"]).await.contains(&name));
    assert!(reply(&[&format!("my name is {name}x"), "what is my name?"]).await.contains("not told me"));
}

#[tokio::test]
async fn the_tour_shows_reasoning_markdown_and_a_tool_call() {
    let outcome = answer(thread(&["/tour"])).await;
    let shown = text(&outcome);
    assert!(shown.contains("```rust") && shown.contains("|---|"));
    assert!(matches!(outcome.events.first(), Some(ModelEvent::Thinking(_))));
    assert!(
        outcome.events.iter().any(|event| matches!(event, ModelEvent::ToolCall(call) if call.name == "echo"))
    );
}

#[tokio::test]
async fn an_offered_tool_is_called_when_asked_for_and_its_answer_is_used() {
    for request in [
        offering("/tool Rome", &json!("auto")),
        offering("Rome", &json!("required")),
        offering("Rome", &json!({ "type": "function", "function": { "name": "weather" } })),
    ] {
        let outcome = answer(request).await;
        let ModelEvent::ToolCall(call) = &outcome.events[0] else { panic!("{outcome:?}") };
        assert_eq!((call.name.as_str(), call.arguments.as_str()), ("weather", r#"{"city":"Rome"}"#));
        assert_eq!(outcome.events.last(), Some(&ModelEvent::Stop(StopReason::ToolUse)));
    }
    let mut after = offering("/tool Rome", &json!("auto"));
    let parts = vec![Part::ToolResult { call_id: "c".to_owned(), content: "sunny".to_owned() }];
    after.messages.push(ChatMessage { role: Role::Tool, parts });
    assert!(text(&answer(after).await).contains("sunny"));
}

#[tokio::test]
async fn errors_come_as_asked_for() {
    let outcome = answer(thread(&["/error overloaded"])).await;
    assert_eq!((outcome.kind(), outcome.events.len()), (Some(ModelErrorKind::Overloaded), 0));
    assert_eq!(outcome.error.unwrap().retry_after, Some(Duration::from_secs(5)));
    let outcome = answer(thread(&["/error truncated"])).await;
    assert_eq!(outcome.kind(), Some(ModelErrorKind::Truncated));
    assert!(!outcome.events.is_empty());
    let list = reply(&["/error"]).await;
    for word in list.split('`').skip(3).step_by(2) {
        assert!(answer(thread(&[&format!("/error {word}")])).await.error.is_some(), "{word}");
    }
}

#[tokio::test]
async fn long_answers_have_the_asked_length_up_to_a_limit() {
    for (command, count) in [("/long 1", 1), ("/long 300", 300), ("/long", 500), ("/long 99999", 20_000)] {
        assert_eq!(reply(&[command]).await.split_whitespace().count(), count, "{command}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_takes_its_seconds_also_when_it_is_not_streamed() {
    for stream in [true, false] {
        let begun = tokio::time::Instant::now();
        let shown = text(&answer(ModelRequest { stream, ..thread(&["/slow 3"]) }).await);
        assert!(shown.contains("1 2 3 "), "{shown}");
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
    }
}

#[tokio::test(start_paused = true)]
async fn words_come_at_the_pace_only_when_streamed() {
    let paced = Demo { name: String::new(), pace: Duration::from_millis(10) };
    for (stream, elapsed_ms) in [(true, 70), (false, 0)] {
        let begun = tokio::time::Instant::now();
        collect(&paced, ModelRequest { stream, ..thread(&["/long 7"]) }).await;
        assert_eq!(begun.elapsed(), Duration::from_millis(elapsed_ms));
    }
}

#[tokio::test]
async fn tokens_are_counted() {
    let outcome = answer(ModelRequest { system: "12345678".to_owned(), ..thread(&["/long 2"]) }).await;
    let usage = Usage { input_tokens: 4, output_tokens: 3, ..Usage::default() };
    assert!(outcome.events.contains(&ModelEvent::Usage(usage)), "{outcome:?}");
}
