//! Scripts: round by round, then a report.

use super::*;

const SCRIPT: &str =
    "Please:\nuse read_file {\"path\": \"a\"}\nand list_files\nuse bash {\"command\": \"ls\"}\nand so on";

fn asked(messages: Vec<ChatMessage>) -> ModelRequest {
    ModelRequest { messages, ..ModelRequest::default() }
}

fn calls(request: &ModelRequest) -> Vec<(String, String)> {
    match Script::of(request).unwrap().next() {
        Next::Call(calls) => calls.into_iter().map(|call| (call.name, call.arguments)).collect(),
        Next::Say(_) => Vec::new(),
    }
}

fn wished(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, arguments)| ((*name).to_owned(), (*arguments).to_owned())).collect()
}

#[test]
fn a_message_is_played_round_by_round_and_then_reported() {
    let mut messages = vec![ChatMessage::text(Role::User, SCRIPT)];
    let first = wished(&[("read_file", r#"{"path": "a"}"#), ("list_files", "{}")]);
    assert_eq!(calls(&asked(messages.clone())), first);
    for (round, name) in ["read_file", "bash"].into_iter().enumerate() {
        let call = ToolCall { id: round.to_string(), name: name.to_owned(), arguments: "{}".to_owned() };
        messages.push(ChatMessage { role: Role::Assistant, parts: vec![Part::ToolCall(call)] });
        let content = "<untrusted source=\"tool\">\n| fine\n</untrusted>".to_owned();
        let parts = vec![Part::ToolResult { call_id: round.to_string(), content }];
        messages.push(ChatMessage { role: Role::Tool, parts });
        if round == 0 {
            assert_eq!(calls(&asked(messages.clone())), wished(&[("bash", r#"{"command": "ls"}"#)]));
        }
    }
    let Next::Say(report) = Script::of(&asked(messages)).unwrap().next() else { panic!("it goes on") };
    assert!(report.contains("`bash`\n\n```text\nfine\n```"), "{report}");
}

#[test]
fn other_messages_are_no_scripts() {
    for text in ["use", "use your head", "I use bash {}", "and bash {}", "use ba$h {}"] {
        assert!(Script::of(&asked(vec![ChatMessage::text(Role::User, text)])).is_none(), "{text}");
    }
}
