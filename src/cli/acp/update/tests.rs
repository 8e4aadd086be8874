//! What an editor sees of what happens.

use super::*;

#[test]
fn a_call_is_shown_with_its_arguments_and_then_with_what_came_of_it() {
    let begun = json!({ "turn_id": "t", "id": "c", "name": "read_file", "arguments": "{\"path\":\"a\"}", "state": "judged" });
    let expected = json!({ "sessionUpdate": "tool_call", "toolCallId": "c", "title": "read_file", "kind": "read",
        "status": "pending", "rawInput": { "path": "a" } });
    assert_eq!(call(&begun), expected);
    for (state, status) in [
        ("running", "in_progress"),
        ("done", "completed"),
        ("failed", "failed"),
        ("denied", "failed"),
        ("unknown", "failed"),
    ] {
        let update = call(&json!({ "id": "c", "name": "read_file", "state": state, "output": "x" }));
        let content = json!([{ "type": "content", "content": { "type": "text", "text": "x" } }]);
        let expected = json!({ "sessionUpdate": "tool_call_update", "toolCallId": "c", "status": status, "content": content });
        assert_eq!(update, expected, "{state}");
    }
}

#[test]
fn the_name_of_a_tool_says_what_it_does() {
    for (name, kind) in [
        ("find_tools", "search"),
        ("web_fetch", "fetch"),
        ("edit_file", "edit"),
        ("list_files", "read"),
        ("run_command", "execute"),
        ("call_tool", "other"),
    ] {
        assert_eq!(kind_of(name), kind, "{name}");
    }
}

#[test]
fn a_question_has_what_is_to_be_done_and_only_its_own_answers_count() {
    let asked = permission("s", &json!({ "id": "a", "shown": "run rm\nx", "why": "a rule" }));
    assert_eq!((&asked["sessionId"], &asked["toolCall"]["title"]), (&json!("s"), &json!("run rm")));
    let ids: Vec<_> = asked["options"].as_array().unwrap().iter().map(|option| &option["optionId"]).collect();
    assert_eq!(ids, ["allow", "allow_thread", "deny"]);
    let chosen = |option: &str| json!({ "outcome": { "outcome": "selected", "optionId": option } });
    assert_eq!(decision(&chosen("deny")), Some("deny"));
    assert_eq!(decision(&chosen("allow_always")), None);
    assert_eq!(decision(&json!({ "outcome": { "outcome": "cancelled" } })), None);
}

#[test]
fn only_what_people_and_the_assistant_said_is_shown_again() {
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    assert_eq!(said(&message("user", "hi")), Some(chunk("user_message_chunk", "hi")));
    assert_eq!(said(&message("assistant", "ho")), Some(chunk("agent_message_chunk", "ho")));
    assert_eq!((said(&message("assistant", "")), said(&message("tool", "x"))), (None, None));
}
