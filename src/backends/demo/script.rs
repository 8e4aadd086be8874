//! Which answer the demo gives: a pure function of the request.

use std::time::Duration;

use serde_json::{Value, json};

use super::Beat;
use super::memory::{Memory, name_in};
use super::texts;
use super::tools::{Next, Script, shown};
use crate::protocol::chat::{Part, StopReason, ToolCall};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Bounds of `/slow` in seconds and of `/long` in words.
const SLOW_MAX: u64 = 600;
const LONG_MAX: u64 = 20_000;
/// Longest piece of a message that is repeated, in characters.
const QUOTE_CHARS_MAX: usize = 200;

/// The answer to a request.
pub(super) fn beats(request: &ModelRequest) -> Vec<Beat> {
    let memory = Memory::of(request);
    if let Some(script) = Script::of(request) {
        return match script.next() {
            Next::Call(calls) => {
                let calls = calls.into_iter().map(Beat::Call);
                calls.chain([Beat::Stop(StopReason::ToolUse)]).collect()
            }
            Next::Say(report) => said(report),
        };
    }
    if let Some(result) = last_tool_result(request) {
        return said(format!("The tool answered:\n\n```text\n{}\n```\n", shown(result)));
    }
    let (command, argument) = split_command(memory.newest());
    match command {
        "/help" => said(texts::HELP),
        "/tour" => tour(request),
        "/error" => failure(argument),
        "/crash" => vec![Beat::Say(texts::CRASH.to_owned()), Beat::Crash],
        "/slow" => slow(number(argument, 10, SLOW_MAX)),
        "/long" => long(number(argument, 500, LONG_MAX)),
        "/tool" => tool_call(request, argument),
        _ if wants_tool(request) => tool_call(request, memory.newest()),
        _ if command.starts_with('/') => {
            said(format!("I do not know `{}`.\n\n{}", quote(command), texts::HELP))
        }
        _ => said(talk(&memory)),
    }
}

/// Answers to what is not a command.
fn talk(memory: &Memory) -> String {
    let text = memory.newest();
    let asked = text.to_lowercase();
    let about = |words: &[&str]| words.iter().all(|word| asked.contains(word));
    if about(&["my name", "?"]) || about(&["who am i"]) {
        return match memory.name() {
            Some(name) => format!("Your name is **{name}**. You told me in this thread.\n"),
            None => "You have not told me yet. Write `my name is …` and ask again.\n".to_owned(),
        };
    }
    if let Some(name) = name_in(text) {
        return format!(
            "Nice to meet you, **{name}**. Ask me later what your name is; I will look it up in this thread.\n"
        );
    }
    if about(&["what did i say first"]) || about(&["my first message"]) {
        return match memory.earlier().first() {
            Some(first) => format!("The first thing that you wrote here was:\n\n> {}\n", quote(first)),
            None => "This is the first thing that you wrote here.\n".to_owned(),
        };
    }
    if about(&["what did i say"]) || about(&["my last message"]) {
        return match memory.earlier().last() {
            Some(last) => format!("Just before, you wrote:\n\n> {}\n", quote(last)),
            None => "Nothing yet: this is your first message here.\n".to_owned(),
        };
    }
    if about(&["remember"]) && !memory.told().is_empty() {
        return format!("With your message I was told:\n\n> {}\n", quote(&memory.told().join(" · ")));
    }
    if about(&["how many messages"]) {
        let count = memory.earlier().len() + 1;
        return format!("With this one you have written **{count}** in this thread.\n");
    }
    small_talk(memory)
}

fn small_talk(memory: &Memory) -> String {
    if memory.earlier().is_empty() {
        let hello = memory.name().map_or_else(|| "Hello! ".to_owned(), |name| format!("Hello, {name}! "));
        return [&hello, texts::GREETING, texts::HELP, texts::NEXT_STEP].concat();
    }
    let count = memory.earlier().len() + 1;
    let text = quote(memory.newest());
    format!(
        "You wrote:\n\n> {text}\n\nThat is message {count} from you in this thread. I am only a script, so I cannot \
         say anything clever about it; a real model would now. Write `/help` for what I can do.\n"
    )
}

fn tour(request: &ModelRequest) -> Vec<Beat> {
    let mut beats = vec![Beat::Think(texts::TOUR_THOUGHT.to_owned()), Beat::Say(texts::TOUR.to_owned())];
    beats.extend(tool_call(request, "the end of the tour"));
    beats
}

/// Calls the tool that was chosen, or the harmless one of a conversation of the daemon, or the first that is offered;
/// or says that there is none.
fn tool_call(request: &ModelRequest, text: &str) -> Vec<Beat> {
    let text = if text.is_empty() { "hello" } else { text };
    let names = || request.tools.iter().map(|tool| tool.name.as_str());
    let tool =
        named_tool(request).or_else(|| names().find(|name| *name == "find_tools")).or_else(|| names().next());
    let turns = request.messages.len();
    let call = |name: &str, arguments: Value| {
        let arguments = arguments.to_string();
        Beat::Call(ToolCall { id: format!("call_demo_{turns}"), name: name.to_owned(), arguments })
    };
    match tool {
        Some(name) => vec![call(name, arguments_for(request, name, text)), Beat::Stop(StopReason::ToolUse)],
        None => vec![
            call("echo", json!({ "text": text })),
            Beat::Say(texts::NO_TOOLS.to_owned()),
            Beat::Stop(StopReason::EndTurn),
        ],
    }
}

/// Arguments that fit the tool's schema as far as a script can: the text for every required string.
fn arguments_for(request: &ModelRequest, name: &str, text: &str) -> Value {
    let schema = request.tools.iter().find(|tool| tool.name == name).map(|tool| &tool.parameters);
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
    let Some(properties) = properties else { return json!({ "text": text }) };
    let wanted = |name: &String| required.is_none_or(|list| list.iter().any(|item| item == name));
    let value = |schema: &Value| match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => schema.pointer("/enum/0").cloned().unwrap_or_else(|| json!(text)),
    };
    let chosen = properties.iter().filter(|(name, _)| wanted(name));
    chosen.map(|(name, schema)| (name.clone(), value(schema))).collect()
}

/// Whether the caller insists on a tool.
fn wants_tool(request: &ModelRequest) -> bool {
    let required = request.extra.get("tool_choice").and_then(Value::as_str) == Some("required");
    !request.tools.is_empty() && (required || named_tool(request).is_some())
}

fn named_tool(request: &ModelRequest) -> Option<&str> {
    request.extra.get("tool_choice")?.pointer("/function/name")?.as_str()
}

fn last_tool_result(request: &ModelRequest) -> Option<&str> {
    request.messages.last()?.parts.iter().rev().find_map(|part| match part {
        Part::ToolResult { content, .. } => Some(content.as_str()),
        Part::Text { .. } | Part::Image { .. } | Part::Thinking { .. } | Part::ToolCall(_) => None,
    })
}

fn failure(kind: &str) -> Vec<Beat> {
    use ModelErrorKind as Kind;
    let kinds = [
        Kind::InvalidRequest,
        Kind::Authentication,
        Kind::Permission,
        Kind::NotFound,
        Kind::TooLarge,
        Kind::RateLimited,
        Kind::Overloaded,
        Kind::Upstream,
        Kind::Network,
        Kind::Timeout,
        Kind::Truncated,
        Kind::Protocol,
        Kind::Configuration,
    ];
    let Some(kind) = kinds.into_iter().find(|known| known.as_str() == kind) else {
        return said(texts::ERRORS);
    };
    let text = format!("this failure ({}) was asked for with /error; nothing is wrong", kind.as_str());
    let mut error = ModelError::new(kind, text);
    if matches!(kind, Kind::RateLimited | Kind::Overloaded) {
        error.retry_after = Some(Duration::from_secs(5));
    }
    let mut beats = Vec::new();
    if kind == Kind::Truncated {
        beats.push(Beat::Say("I was about to say something important, namely that ".to_owned()));
    }
    beats.push(Beat::Fail(error));
    beats
}

fn slow(seconds: u64) -> Vec<Beat> {
    let mut beats =
        vec![Beat::Say(format!("I will count for {seconds} seconds. Stop me, or reload the page.\n\n"))];
    for second in 1..=seconds {
        beats.push(Beat::Wait(Duration::from_secs(1)));
        beats.push(Beat::Say(format!("{second} ")));
    }
    beats.push(Beat::Say("\n\nDone, and nothing was lost on the way.\n".to_owned()));
    beats.push(Beat::Stop(StopReason::EndTurn));
    beats
}

fn long(count: u64) -> Vec<Beat> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let words = texts::PARAGRAPH.into_iter().cycle().take(count).collect::<Vec<_>>();
    let paragraphs = words.chunks(texts::PARAGRAPH.len()).map(|words| words.join(" "));
    said(paragraphs.collect::<Vec<_>>().join("\n\n"))
}

fn said(text: impl Into<String>) -> Vec<Beat> {
    vec![Beat::Say(text.into()), Beat::Stop(StopReason::EndTurn)]
}

fn split_command(text: &str) -> (&str, &str) {
    let (command, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (command, argument.trim())
}

fn number(text: &str, default: u64, max: u64) -> u64 {
    text.parse().unwrap_or(default).clamp(1, max)
}

/// A piece of a message on one line, so that it stays inside a quotation.
fn quote(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
