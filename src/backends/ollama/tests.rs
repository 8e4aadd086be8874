//! Ollama's own API against a scripted provider.

use serde_json::{Value, json};

use crate::backends::testing::{self, Outcome, backend, collect, request};
use crate::config::backends::BackendKind;
use crate::egress::upstream::{Act, Upstream, answer, chunk, chunked_head, json as json_answer};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

const KIND: BackendKind = BackendKind::Ollama;

fn line(message: &Value) -> String {
    let message =
        json!({ "model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false });
    format!("{message}\n")
}

fn last(reason: &str) -> String {
    let last = json!({ "model": "m", "message": { "role": "assistant", "content": "" }, "done": true,
        "done_reason": reason, "total_duration": 5, "prompt_eval_count": 7, "eval_count": 2 });
    format!("{last}\n")
}

fn lines(text: &str) -> Vec<Act> {
    answer(200, "content-type: application/x-ndjson\r\n", text)
}

fn hello() -> String {
    [
        line(&json!({ "role": "assistant", "content": "", "thinking": "hm" })),
        line(&json!({ "role": "assistant", "content": "Hel" })),
        line(&json!({ "role": "assistant", "content": "lo 🦀" })),
        last("stop"),
    ]
    .concat()
}

fn hello_events() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Text("Hel".to_owned()),
        ModelEvent::Text("lo 🦀".to_owned()),
        counted(),
        ModelEvent::Stop(StopReason::EndTurn),
    ]
}

fn counted() -> ModelEvent {
    ModelEvent::Usage(Usage { input_tokens: 7, output_tokens: 2, ..Usage::default() })
}

async fn of_script(script: Vec<Vec<Act>>) -> (Outcome, usize) {
    testing::of_script(testing::settings(KIND), script).await
}

async fn of_lines(text: &str) -> Outcome {
    of_script(vec![lines(text), answer(418, "", "tried again")]).await.0
}

async fn sent(request: ModelRequest) -> Value {
    testing::sent(testing::settings(KIND), request, lines(&hello())).await
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() }
}

#[tokio::test]
async fn lines_become_events_however_they_are_cut() {
    assert_eq!(of_lines(&hello()).await, Outcome::good(hello_events()));
    assert_eq!(
        of_lines(hello().trim_end()).await,
        Outcome::good(hello_events()),
        "the last line may have no end"
    );
    let head = chunked_head();
    let mut script = vec![head];
    script.extend(hello().as_bytes().chunks(3).map(|piece| {
        let mut framed = format!("{:x}\r\n", piece.len()).into_bytes();
        framed.extend_from_slice(piece);
        framed.extend_from_slice(b"\r\n");
        Act::Send(framed)
    }));
    script.push(Act::Send(b"0\r\n\r\n".to_vec()));
    assert_eq!(of_script(vec![script]).await.0, Outcome::good(hello_events()));
}

#[tokio::test]
async fn calls_come_whole_with_and_without_ids() {
    let called =
        |name: &str, arguments: Value| json!({ "function": { "name": name, "arguments": arguments } });
    let mut own = called("now", Value::Null);
    own["id"] = "own".into();
    let text = [
        line(
            &json!({ "role": "assistant", "content": "", "tool_calls": [called("add", json!({ "x": 1 })), own] }),
        ),
        line(&json!({ "role": "assistant", "tool_calls": [called("say", json!("{\"y\":2}"))] })),
        last("stop"),
    ];
    let expected = vec![
        ModelEvent::ToolCall(call("call_0", "add", "{\"x\":1}")),
        ModelEvent::ToolCall(call("own", "now", "{}")),
        ModelEvent::ToolCall(call("call_2", "say", "{\"y\":2}")),
        counted(),
        ModelEvent::Stop(StopReason::ToolUse),
    ];
    assert_eq!(of_lines(&text.concat()).await, Outcome::good(expected));
    let many = line(&json!({ "tool_calls": vec![called("n", json!({})); 129] }));
    assert_eq!(of_lines(&many).await.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn a_limit_is_told_and_a_model_that_was_only_loaded_said_nothing() {
    let limited = of_lines(&[line(&json!({ "content": "Hel" })), last("length")].concat()).await;
    assert_eq!(limited.events.last(), Some(&ModelEvent::Stop(StopReason::MaxTokens)));
    assert_eq!(of_lines(&last("load")).await.kind(), Some(Kind::InvalidRequest));
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_makes_the_same_events() {
    let whole = json!({ "message": { "role": "assistant", "content": "Hi" }, "done": true, "done_reason": "stop",
        "prompt_eval_count": 7, "eval_count": 2 });
    let upstream = Upstream::start(vec![json_answer(200, &whole)]).await;
    let outcome = collect(&*backend(KIND, &upstream), ModelRequest { stream: false, ..request("hi") }).await;
    let said = ModelEvent::Text("Hi".to_owned());
    assert_eq!(outcome, Outcome::good(vec![said, counted(), ModelEvent::Stop(StopReason::EndTurn)]));
}

#[tokio::test]
async fn an_end_without_a_last_line_is_truncated_and_a_cut_is_an_error() {
    let text = line(&json!({ "content": "Hel" }));
    assert_eq!(of_lines(&text).await.kind(), Some(Kind::Truncated));
    let cut = vec![chunked_head(), chunk(&text), Act::Reset];
    let (outcome, tries) = of_script(vec![cut, lines(&hello())]).await;
    assert_eq!((outcome.kind(), tries), (Some(Kind::Network), 1));
    let error = of_lines(&[text, "{\"error\":\"the runner died: k-test-key\"}\n".to_owned()].concat()).await;
    assert_eq!(error.kind(), Some(Kind::Upstream));
    assert_eq!(error.error.unwrap().message, "the runner died: [redacted]");
}

#[tokio::test]
async fn rubbish_is_a_protocol_error() {
    for text in ["hello\n", "7\n", "{\"message\": 7}\n", "data: {}\n\n"] {
        assert_eq!(of_lines(text).await.kind(), Some(Kind::Protocol), "{text}");
    }
    let mut endless = vec![chunked_head()];
    let piece = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    endless.extend(std::iter::repeat_n(Act::Send(piece.into_bytes()), 6));
    assert_eq!(of_script(vec![endless]).await.0.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn a_model_that_nobody_pulled_says_how_to_have_it() {
    let body = json!({ "error": "model 'm-1' not found" });
    let error = of_script(vec![json_answer(404, &body)]).await.0.error.unwrap();
    assert_eq!(error.kind, Kind::NotFound);
    assert!(error.message.ends_with("model 'm-1' not found; fetch it with `ollama pull`"), "{error}");
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says() {
    let text = |text: &str| Part::Text { text: text.to_owned() };
    let image = Part::Image { url: "data:image/png;base64,AA==".to_owned() };
    let thought = Part::Thinking { text: "hm".to_owned(), signature: Some("of another".to_owned()) };
    let schema = json!({ "type": "object" });
    let request = ModelRequest {
        system: "be kind".to_owned(),
        messages: vec![
            ChatMessage { role: Role::User, parts: vec![text("look"), image] },
            ChatMessage {
                role: Role::Assistant,
                parts: vec![thought.clone(), Part::ToolCall(call("c", "add", "{\"x\":1}"))],
            },
            ChatMessage {
                role: Role::Tool,
                parts: vec![Part::ToolResult { call_id: "c".to_owned(), content: "3".to_owned() }],
            },
            ChatMessage { role: Role::Assistant, parts: vec![thought, text("three")] },
        ],
        tools: vec![ToolSpec { name: "add".to_owned(), description: "adds".to_owned(), parameters: schema.clone() }],
        max_tokens: Some(9),
        extra: json!({ "temperature": 0.5, "stop": "x", "keep_alive": "5m", "reasoning_effort": "low", "user": "u",
            "options": { "num_ctx": 8192 }, "response_format": { "type": "json_object" } })
        .as_object()
        .unwrap()
        .clone(),
        ..request("hi")
    };
    let function = json!({ "name": "add", "description": "adds", "parameters": schema });
    let expected = json!({
        "model": "m-1", "stream": true, "think": true, "format": "json", "keep_alive": "5m",
        "options": { "num_ctx": 8192, "temperature": 0.5, "num_predict": 9, "stop": ["x"] },
        "messages": [
            { "role": "system", "content": "be kind" },
            { "role": "user", "content": "look", "images": ["AA=="] },
            { "role": "assistant", "content": "", "thinking": "hm",
              "tool_calls": [{ "function": { "name": "add", "arguments": { "x": 1 } } }] },
            { "role": "tool", "tool_name": "add", "content": "3" },
            { "role": "assistant", "content": "three" },
        ],
        "tools": [{ "type": "function", "function": function }],
    });
    assert_eq!(sent(request).await, expected);
}

#[tokio::test]
async fn what_was_pulled_is_listed_with_what_it_can_do() {
    let tags = json!({ "models": [
        { "name": "llama3.2:latest", "model": "llama3.2:latest", "modified_at": "1970-01-01T00:01:00.5+00:00",
          "size": 5, "details": { "family": "llama", "parameter_size": "3.2B", "quantization_level": "Q4_K_M" } },
        { "name": "old" }] });
    let shown = json!({ "capabilities": ["completion", "tools"],
        "model_info": { "general.architecture": "llama", "llama.context_length": 131_072 } });
    let script = vec![json_answer(200, &tags), json_answer(200, &shown), answer(404, "", "")];
    let upstream = Upstream::start(script).await;
    let models = backend(KIND, &upstream).models().await.unwrap();
    let names: Vec<_> = models.iter().map(|model| (model.id.as_str(), model.display_name.as_str())).collect();
    assert_eq!(names, [("llama3.2:latest", "llama3.2:latest (3.2B, Q4_K_M)"), ("old", "old")]);
    assert_eq!(models[0].created_s, 60);
    let detailed: Vec<_> = models.iter().filter(|model| model.context_tokens == Some(131_072)).collect();
    assert_eq!(detailed.len(), 1, "one was told of and one was not, in whichever order they were asked");
    assert_eq!((detailed[0].capabilities.tools, detailed[0].capabilities.images), (Some(true), Some(false)));
    let received = upstream.received();
    assert_eq!((received[0].target.as_str(), received.len()), ("GET /api/tags", 3));
    assert!(received[1..].iter().all(|one| one.target == "POST /api/show"));
}

#[tokio::test]
async fn a_server_that_is_none_of_ollamas_is_told_so() {
    let upstream = Upstream::start(vec![json_answer(200, &json!({ "models": 7 }))]).await;
    assert_eq!(backend(KIND, &upstream).models().await.unwrap_err().kind, Kind::Protocol);
    let empty = Upstream::start(vec![json_answer(200, &json!({ "models": [] }))]).await;
    assert_eq!(backend(KIND, &empty).models().await.unwrap(), []);
}
