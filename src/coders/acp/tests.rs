//! The dialect of ACP against recordings of Gemini CLI 0.61.0, OpenCode 1.18.33 and Copilot CLI 1.0.102, and against a program
//! that means ill.
//!
//! | file | what |
//! |---|---|
//! | `gemini.jsonl` · `opencode.jsonl` · `copilot.jsonl` | text, tools allowed and denied, interrupts, failures |
//! | the same with `.txt` | what the dialect tells of it |
//! | `hostile` | what no program should do |

mod hostile;

use serde_json::{Value, json};

use super::notes::{self, Note};
use super::{ANY, Acp, COPILOT, GEMINI, OPENCODE, Quirks};
use crate::coders::dialect::Opening;
use crate::coders::rpc::testing::Replay;

/// A session with a prompt under way.
fn prompted(quirks: &'static Quirks) -> Replay {
    let mut replay = Replay::opened(Acp::new(quirks));
    replay.hear(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    let mut id = 2;
    if quirks.authenticate.is_some() {
        replay.hear(&json!({ "id": 2, "result": {} }));
        id = 3;
    }
    replay.hear(&json!({ "id": id, "result": { "sessionId": "s" } }));
    replay.act(|dialect, out| dialect.prompt("x", out));
    replay.written();
    replay.told();
    replay
}

fn update(update: &Value) -> Value {
    json!({ "method": "session/update", "params": { "sessionId": "s", "update": update } })
}

fn says(text: &str) -> Value {
    update(&json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": text } }))
}

/// A session that is taken up, with these capabilities of the program; what was written after the handshake.
fn taken_up(quirks: &'static Quirks, capabilities: &Value) -> Replay {
    let mut replay = Replay::new(Acp::new(quirks));
    let opening = Opening { folder: "/w".into(), resume: Some("s".to_owned()), ..Opening::default() };
    replay.act(|dialect, out| dialect.open(&opening, out));
    replay.written();
    replay.hear(&json!({ "id": 1, "result": { "agentCapabilities": capabilities } }));
    replay
}

/// Plays a recording; what is told has to be `told`, an event a line.
#[track_caller]
fn play(quirks: &'static Quirks, recording: &str, told: &str) {
    let events = Replay::opened(Acp::new(quirks)).play(recording).join("\n");
    for (number, (event, expected)) in events.lines().zip(told.lines()).enumerate() {
        assert_eq!(event, expected, "line {}", number + 1);
    }
    assert_eq!(events.lines().count(), told.lines().count(), "{events}");
}

#[test]
fn gemini_tells_of_tools_only_by_asking_and_of_failures_by_status() {
    play(&GEMINI, include_str!("tests/gemini.jsonl"), include_str!("tests/gemini.txt"));
}

#[test]
fn opencode_is_asked_about_with_arguments_that_come_after_the_question() {
    play(&OPENCODE, include_str!("tests/opencode.jsonl"), include_str!("tests/opencode.txt"));
}

#[test]
fn copilot_counts_for_the_session_and_tells_failures_as_text() {
    play(&COPILOT, include_str!("tests/copilot.jsonl"), include_str!("tests/copilot.txt"));
}

#[test]
fn a_new_message_without_a_tool_between_is_another_try_of_opencode() {
    let message = |id: &str, text: &str| {
        update(
            &json!({ "sessionUpdate": "agent_message_chunk", "messageId": id, "content": { "type": "text", "text": text } }),
        )
    };
    let mut replay = prompted(&OPENCODE);
    for said in [message("1", "par"), message("1", "tial"), message("2", "par")] {
        replay.hear(&said);
    }
    let call = json!({ "sessionUpdate": "tool_call", "toolCallId": "c", "kind": "other", "title": "t", "status": "in_progress" });
    replay.hear(&update(&call));
    replay.hear(&message("3", "after"));
    assert_eq!(replay.told(), ["text par", "text tial", "again", "text par", "begun t other", "text after"]);
}

#[test]
fn what_the_model_says_after_a_note_makes_the_note_its_own_words() {
    let mut replay = prompted(&COPILOT);
    replay.hear(&says("Error: 404 is what the page says"));
    replay.hear(&says(", so it is gone."));
    let id = 3;
    replay.hear(&json!({ "id": id, "result": { "stopReason": "end_turn" } }));
    assert_eq!(
        replay.told(),
        ["text Error: 404 is what the page says", "text , so it is gone.", "stopped EndTurn"]
    );
    let mut other = prompted(&ANY);
    other.hear(&says("Error: 404 is what the page says"));
    other.hear(&json!({ "id": id, "result": { "stopReason": "end_turn" } }));
    assert_eq!(other.told()[1..], ["stopped EndTurn"], "only Copilot's text has notes");
    assert_eq!(notes::note("Error: nothing that is known"), None);
    assert_eq!(notes::note("Info: something else"), None);
    assert_eq!(notes::note("Info: Operation cancelled by user"), Some(Note::Refused));
}

#[test]
fn a_session_is_taken_up_without_its_past_where_that_is_offered() {
    let mut replay =
        taken_up(&OPENCODE, &json!({ "loadSession": true, "sessionCapabilities": { "resume": {} } }));
    assert_eq!(replay.written()[0]["method"], "session/resume");
    replay.hear(&json!({ "id": 2, "result": {} }));
    assert_eq!(replay.told(), ["ready s - -"]);

    let mut replay = taken_up(&COPILOT, &json!({ "loadSession": true }));
    assert_eq!(replay.written()[0]["method"], "session/load");
    replay.hear(&says("the past"));
    replay.hear(&json!({ "id": 2, "result": {} }));
    replay.hear(&says("nobody asked"));
    assert_eq!(replay.told(), ["ready s - -"]);

    assert_eq!(taken_up(&ANY, &json!({})).told(), ["lost"]);
    let mut replay = taken_up(&ANY, &json!({ "loadSession": true }));
    replay.hear(&json!({ "id": 2, "error": { "code": -32002, "message": "Resource not found" } }));
    assert_eq!(replay.told(), ["lost"]);
}

/// Gemini says that a session was taken up, and goes on telling of its past.
#[test]
fn gemini_is_ready_when_its_past_is_quiet() {
    let mut replay = taken_up(&GEMINI, &json!({ "loadSession": true }));
    replay.hear(&json!({ "id": 2, "result": {} }));
    replay.hear(&says("the past"));
    replay.hear(&json!({ "id": 3, "result": {} }));
    let look = replay.written().pop().unwrap();
    assert_eq!(look["method"], "session/set_mode");
    assert_eq!(look["params"], json!({ "sessionId": "s", "modeId": "default" }));
    replay.hear(&says("more of it"));
    replay.hear(&json!({ "id": look["id"], "result": {} }));
    assert_eq!(replay.told(), [] as [&str; 0]);
    let look = replay.written().pop().unwrap();
    replay.hear(&json!({ "id": look["id"], "error": { "code": -32601, "message": "?" } }));
    assert_eq!(replay.told(), ["ready s - -"]);
}

#[test]
fn a_model_is_set_before_the_next_prompt_or_the_prompt_fails() {
    let mut replay = Replay::opened(Acp::new(&OPENCODE));
    replay.hear(&json!({ "id": 1, "result": {} }));
    let options = json!([{ "id": "model", "currentValue": "capuchin/a" }]);
    replay.hear(&json!({ "id": 2, "result": { "sessionId": "s", "configOptions": options } }));
    replay.written();
    assert_eq!(replay.told(), ["ready s a -"]);
    replay.act(|dialect, out| dialect.set_model("b", out));
    replay.act(|dialect, out| dialect.prompt("x", out));
    let written = replay.written();
    assert_eq!(written.len(), 1, "the prompt waits");
    assert_eq!(written[0]["method"], "session/set_config_option");
    assert_eq!(written[0]["params"], json!({ "sessionId": "s", "configId": "model", "value": "capuchin/b" }));
    replay.hear(&json!({ "id": 3, "result": {} }));
    assert_eq!(replay.written()[0]["method"], "session/prompt");
    replay.hear(&json!({ "id": 4, "result": { "stopReason": "end_turn" } }));
    replay.act(|dialect, out| dialect.set_model("nosuch", out));
    replay.act(|dialect, out| dialect.prompt("x", out));
    replay.hear(&json!({ "id": 5, "error": { "code": -32602, "message": "unknown model" } }));
    assert_eq!(replay.told(), ["stopped EndTurn", "failed not_found 0 unknown model"]);
    replay.written();
    replay.act(|dialect, out| dialect.set_model("a", out));
    replay.act(|dialect, out| dialect.prompt("x", out));
    replay.hear(&json!({ "id": 6, "result": {} }));
    assert_eq!(replay.written().pop().unwrap()["method"], "session/prompt");
}

#[test]
fn an_interrupt_of_a_prompt_that_waits_for_its_model_ends_it() {
    let mut replay = prompted(&ANY);
    replay.hear(&json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    replay.act(|dialect, out| dialect.set_model("b", out));
    replay.act(|dialect, out| dialect.prompt("x", out));
    replay.act(|dialect, out| dialect.interrupt(out));
    replay.hear(&json!({ "id": 4, "result": {} }));
    assert_eq!(replay.told(), ["stopped EndTurn", "interrupted"]);
    assert!(replay.written().iter().all(|line| line["method"] == "session/set_model"));
}

#[test]
fn another_version_and_a_refused_handshake_are_the_end() {
    let mut replay = Replay::opened(Acp::new(&ANY));
    replay.hear(&json!({ "id": 1, "result": { "protocolVersion": 2 } }));
    assert_eq!(replay.told(), ["failed protocol 0 the program speaks another version of ACP"]);
    let mut replay = Replay::opened(Acp::new(&ANY));
    replay.hear(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    replay.act(|dialect, out| dialect.set_model("m", out));
    replay.hear(&json!({ "id": 2, "error": { "code": -32000, "message": "Authentication required" } }));
    assert_eq!(replay.told(), ["failed authentication 0 Authentication required"]);
    let mut replay = Replay::opened(Acp::new(&GEMINI));
    replay.hear(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    replay.act(|dialect, out| dialect.prompt("too early", out));
    assert_eq!(replay.told(), ["failed protocol 0 there is no session"]);
}

#[test]
fn instructions_come_before_the_first_prompt_where_no_file_has_them() {
    let mut replay = Replay::new(Acp::new(&ANY));
    let opening = Opening { instructions: "be brief".to_owned(), ..Opening::default() };
    replay.act(|dialect, out| dialect.open(&opening, out));
    replay.hear(&json!({ "id": 1, "result": {} }));
    replay.hear(&json!({ "id": 2, "result": { "sessionId": "s" } }));
    replay.written();
    replay.act(|dialect, out| dialect.prompt("one", out));
    let text = |text: &str| json!({ "type": "text", "text": text });
    assert_eq!(replay.written()[0]["params"]["prompt"], json!([text("be brief"), text("one")]));
    replay.hear(&json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    replay.act(|dialect, out| dialect.prompt("two", out));
    assert_eq!(replay.written()[0]["params"]["prompt"], json!([text("two")]));
}
