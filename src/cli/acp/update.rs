//! What an editor is shown, in the words of the Agent Client Protocol.

use serde_json::{Value, json};

/// A piece of what somebody says: `agent_message_chunk`, `agent_thought_chunk`, `user_message_chunk`.
pub(super) fn chunk(kind: &str, text: &str) -> Value {
    json!({ "sessionUpdate": kind, "content": { "type": "text", "text": text } })
}

/// A message that is in the store; `None` for what is not shown.
pub(super) fn said(message: &Value) -> Option<Value> {
    let text = message.get("content").and_then(Value::as_str).filter(|text| !text.is_empty())?;
    match message.get("role").and_then(Value::as_str)? {
        "user" => Some(chunk("user_message_chunk", text)),
        "assistant" => Some(chunk("agent_message_chunk", text)),
        _ => None,
    }
}

/// An event about a call of a tool. The first of a call has its arguments.
pub(super) fn call(data: &Value) -> Value {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = match text("state") {
        "running" => "in_progress",
        "done" => "completed",
        "failed" | "denied" | "unknown" => "failed",
        _ => "pending",
    };
    let mut update = json!({ "toolCallId": text("id"), "status": status });
    let Some(members) = update.as_object_mut() else { return update };
    let kind = if let Some(arguments) = data.get("arguments") {
        let input = arguments.as_str().and_then(|text| serde_json::from_str(text).ok());
        members.insert("title".to_owned(), text("name").into());
        members.insert("kind".to_owned(), kind_of(text("name")).into());
        members.insert("rawInput".to_owned(), input.unwrap_or_else(|| arguments.clone()));
        "tool_call"
    } else {
        "tool_call_update"
    };
    if let Some(output) = data.get("output").and_then(Value::as_str) {
        let content = json!([{ "type": "content", "content": { "type": "text", "text": output } }]);
        members.insert("content".to_owned(), content);
    }
    members.insert("sessionUpdate".to_owned(), kind.into());
    update
}

/// What words in the name of a tool say about what it does; editors choose a picture by it. The first that fits counts.
const KINDS: [(&str, &[&str]); 7] = [
    ("search", &["search", "find", "grep", "glob", "recall"]),
    ("fetch", &["fetch", "http", "browse"]),
    ("delete", &["delete", "remove"]),
    ("move", &["move", "rename"]),
    ("edit", &["edit", "write", "patch"]),
    ("read", &["read", "list", "view"]),
    ("execute", &["run", "exec", "shell", "command", "process"]),
];

fn kind_of(name: &str) -> &'static str {
    let fits = |(_, words): &&(&str, &[&str])| words.iter().any(|word| name.contains(word));
    KINDS.iter().find(fits).map_or("other", |(kind, _)| kind)
}

/// A question to the person at the editor.
pub(super) fn permission(session: &str, approval: &Value) -> Value {
    let text = |name: &str| approval.get(name).and_then(Value::as_str).unwrap_or_default();
    let shown = json!([{ "type": "content", "content": { "type": "text", "text": text("shown") } }]);
    let title = text("shown").lines().next().unwrap_or_default();
    let title = if title.is_empty() { text("why") } else { title };
    let option = |id: &str, name: &str, kind: &str| json!({ "optionId": id, "name": name, "kind": kind });
    json!({
        "sessionId": session,
        "toolCall": { "toolCallId": text("id"), "title": title, "status": "pending", "content": shown },
        "options": [
            option("allow", "Allow once", "allow_once"),
            option("allow_thread", "Allow in this conversation", "allow_always"),
            option("deny", "Deny", "reject_once"),
        ],
    })
}

/// The decision of the person, if there is one.
pub(super) fn decision(answer: &Value) -> Option<&str> {
    let chosen = answer.pointer("/outcome/optionId").and_then(Value::as_str)?;
    ["allow", "allow_thread", "deny"].contains(&chosen).then_some(chosen)
}

/// The word of an editor for the reason why a turn has ended.
pub(super) fn stop_reason(word: &str) -> &'static str {
    match word {
        "max_tokens" => "max_tokens",
        "refusal" => "refusal",
        _ => "end_turn",
    }
}

#[cfg(test)]
mod tests;
