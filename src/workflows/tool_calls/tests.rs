//! What is a call and what is text.

use super::*;

fn names(text: &str) -> Vec<String> {
    let offered = |name: &str| ["bash", "read_file"].contains(&name);
    written(text, offered)
        .map_or_else(Vec::new, |written| written.calls.into_iter().map(|call| call.name).collect())
}

#[test]
fn calls_are_found_in_tags_and_in_the_last_fence() {
    let call = r#"{"name": "bash", "arguments": {"command": "ls"}}"#;
    let other = r#"{"tool": "read_file", "parameters": {"path": "a"}}"#;
    let table: [(String, &[&str]); 14] = [
        (format!("<tool_call>{call}</tool_call>"), &["bash"]),
        (
            format!("I look.\n<tool_call>\n{call}\n</tool_call>\n<tool_call>{other}</tool_call>"),
            &["bash", "read_file"],
        ),
        (format!("I look.\n```json\n{call}\n```\n"), &["bash"]),
        (format!("```\n[{call}, {other}]\n```"), &["bash", "read_file"]),
        (format!("```tool_call\n{call}\n```"), &["bash"]),
        // Everything else is text.
        (call.to_owned(), &[]),
        (format!("Use {call} for it."), &[]),
        (format!("```json\n{call}\n```\nThat is how it looks."), &[]),
        (format!("```rust\n{call}\n```"), &[]),
        (format!("```text\nan example:\n```json\n{call}\n```"), &[]),
        (format!("<tool_call>{call}"), &[]),
        (r#"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#.to_owned(), &[]),
        (r#"<tool_call>{"name": "bash", "arguments": "ls"}</tool_call>"#.to_owned(), &[]),
        (r#"<tool_call>{"name": "bash", "arguments": {}, "then": 1}</tool_call>"#.to_owned(), &[]),
    ];
    for (text, wanted) in table {
        assert_eq!(names(&text), wanted, "{text}");
    }
}

#[test]
fn the_text_is_what_is_left() {
    let call = r#"{"name": "bash", "arguments": {"command": "ls"}}"#;
    let text = format!("I look.\n<tool_call>{call}</tool_call>\n");
    let written = written(&text, |_| true).unwrap();
    assert_eq!((written.text.as_str(), written.calls.len()), ("I look.", 1));
    assert_eq!(written.calls[0].arguments["command"], "ls");
}
