//! Gemini against a scripted provider.

use std::time::Duration;

use serde_json::{Value, json};

use crate::backends::testing::{self, Outcome, backend, collect, request};
use crate::config::backends::BackendKind;
use crate::egress::upstream::{
    Act, Upstream, answer, chunk, chunked_head, events, json as json_answer, stream_head,
};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

const KIND: BackendKind = BackendKind::Gemini;

fn data(value: &Value) -> String {
    format!("data: {value}\r\n\r\n")
}

fn parts(parts: &Value) -> String {
    data(&json!({ "candidates": [{ "content": { "parts": parts, "role": "model" }, "index": 0 }] }))
}

fn finish(reason: &str) -> String {
    let usage = json!({ "promptTokenCount": 7, "toolUsePromptTokenCount": 1, "candidatesTokenCount": 2,
        "thoughtsTokenCount": 3, "cachedContentTokenCount": 4, "totalTokenCount": 13 });
    data(&json!({ "candidates": [{ "content": { "role": "model" }, "finishReason": reason }],
        "usageMetadata": usage, "modelVersion": "m", "responseId": "r" }))
}

fn counted() -> ModelEvent {
    let usage = Usage { input_tokens: 8, output_tokens: 5, cached_tokens: 4, reasoning_tokens: 3 };
    ModelEvent::Usage(usage)
}

fn hello() -> String {
    [
        parts(&json!([{ "text": "hm", "thought": true }])),
        parts(&json!([{ "text": "Hel" }])),
        parts(&json!([{ "text": "lo 🦀", "thoughtSignature": "seal" }])),
        finish("STOP"),
    ]
    .concat()
}

fn hello_events() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Text("Hel".to_owned()),
        ModelEvent::Text("lo 🦀".to_owned()),
        counted(),
        ModelEvent::ThinkingSignature("gemini:seal".to_owned()),
        ModelEvent::Stop(StopReason::EndTurn),
    ]
}

async fn of_script(script: Vec<Vec<Act>>) -> (Outcome, usize) {
    testing::of_script(testing::settings(KIND), script).await
}

async fn of_stream(text: &str) -> Outcome {
    of_script(vec![events(text), answer(418, "", "tried again")]).await.0
}

async fn sent(request: ModelRequest) -> Value {
    testing::sent(testing::settings(KIND), request, events(&hello())).await
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() }
}

#[tokio::test]
async fn a_stream_becomes_events_however_it_is_cut() {
    assert_eq!(of_stream(&hello()).await, Outcome::good(hello_events()));
    let bytes = vec![stream_head(), Act::Dribble(hello().into_bytes()), Act::Close];
    assert_eq!(of_script(vec![bytes]).await.0, Outcome::good(hello_events()));
}

#[tokio::test]
async fn calls_come_whole_and_their_first_signature_is_kept() {
    let text = [
        parts(
            &json!([{ "functionCall": { "name": "add", "args": { "x": 1 } }, "thoughtSignature": "first" }]),
        ),
        parts(
            &json!([{ "functionCall": { "id": "own", "name": "now" } }, { "text": "", "thoughtSignature": "late" }]),
        ),
        finish("STOP"),
    ];
    let expected = vec![
        ModelEvent::ToolCall(call("call_0", "add", "{\"x\":1}")),
        ModelEvent::ToolCall(call("own", "now", "{}")),
        counted(),
        ModelEvent::ThinkingSignature("gemini:first".to_owned()),
        ModelEvent::Stop(StopReason::ToolUse),
    ];
    assert_eq!(of_stream(&text.concat()).await, Outcome::good(expected));
}

#[tokio::test]
async fn more_calls_than_the_limit_are_refused() {
    let one = parts(&json!([{ "functionCall": { "name": "n" } }]));
    assert_eq!(of_stream(&[one.repeat(128), finish("STOP")].concat()).await.kind(), None);
    assert_eq!(of_stream(&[one.repeat(129), finish("STOP")].concat()).await.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn every_finish_reason_has_a_meaning() {
    for (word, reason) in [
        ("STOP", StopReason::EndTurn),
        ("MAX_TOKENS", StopReason::MaxTokens),
        ("SAFETY", StopReason::Refusal),
        ("RECITATION", StopReason::Refusal),
        ("PROHIBITED_CONTENT", StopReason::Refusal),
        ("SOMETHING_NEW", StopReason::EndTurn),
    ] {
        assert_eq!(of_stream(&finish(word)).await.events.last(), Some(&ModelEvent::Stop(reason)), "{word}");
    }
    let text = parts(&json!([{ "text": "x" }]));
    for (word, kind) in [
        ("MALFORMED_FUNCTION_CALL", Kind::Upstream),
        ("OTHER", Kind::Upstream),
        ("MISSING_THOUGHT_SIGNATURE", Kind::InvalidRequest),
    ] {
        assert_eq!(of_stream(&[text.clone(), finish(word)].concat()).await.kind(), Some(kind), "{word}");
    }
    let blocked = data(&json!({ "promptFeedback": { "blockReason": "SAFETY" } }));
    assert_eq!(of_stream(&blocked).await, Outcome::good(vec![ModelEvent::Stop(StopReason::Refusal)]));
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_and_one_that_lost_its_frames_are_understood() {
    let whole =
        json!({ "candidates": [{ "content": { "parts": [{ "text": "Hi" }] }, "finishReason": "STOP" }] });
    let expected = vec![ModelEvent::Text("Hi".to_owned()), ModelEvent::Stop(StopReason::EndTurn)];
    let upstream = Upstream::start(vec![json_answer(200, &whole)]).await;
    let unstreamed = ModelRequest { stream: false, ..request("hi") };
    let outcome = collect(&*backend(KIND, &upstream), unstreamed).await;
    assert_eq!(outcome, Outcome::good(expected.clone()));
    assert_eq!(upstream.received()[0].target, "POST /models/m-1:generateContent");
    let list = json!([{ "candidates": [{ "content": { "parts": [{ "text": "Hi" }] } }] },
        { "candidates": [{ "finishReason": "STOP" }] }]);
    assert_eq!(of_script(vec![json_answer(200, &list)]).await.0, Outcome::good(expected));
}

#[tokio::test]
async fn an_end_without_a_reason_is_truncated_and_a_cut_is_an_error() {
    let text = parts(&json!([{ "text": "Hel" }]));
    assert_eq!(of_stream(&text).await.kind(), Some(Kind::Truncated));
    let cut = vec![chunked_head(), chunk(&text), Act::Reset];
    let (outcome, tries) = of_script(vec![cut, events(&hello())]).await;
    assert_eq!((outcome.kind(), tries), (Some(Kind::Network), 1), "what was visible is not said twice");
    let early = vec![chunked_head(), Act::Reset];
    let (outcome, tries) = of_script(vec![early, events(&hello())]).await;
    assert_eq!((outcome, tries), (Outcome::good(hello_events()), 2));
}

#[tokio::test]
async fn an_error_within_the_stream_ends_it_with_its_kind() {
    let error =
        json!({ "error": { "code": 503, "message": "overloaded: k-test-key", "status": "UNAVAILABLE" } });
    let outcome = of_stream(&[parts(&json!([{ "text": "Hel" }])), data(&error)].concat()).await;
    assert_eq!(outcome.kind(), Some(Kind::Overloaded));
    assert_eq!(outcome.error.unwrap().message, "overloaded: [redacted]");
}

#[tokio::test]
async fn rubbish_is_a_protocol_error() {
    for text in ["data: [DONE]\n\n", "data: 7\n\n", "data: {\"candidates\": 3}\n\n", "hello\n"] {
        assert_eq!(of_stream(text).await.kind(), Some(Kind::Protocol), "{text}");
    }
    let page = answer(200, "content-type: text/html\r\n", "<html>");
    assert_eq!(of_script(vec![page]).await.0.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn errors_have_their_kinds_and_the_delay_of_their_body() {
    let body = |code: u16, status: &str, details: Value| json!({ "error": { "code": code, "message": "no", "status": status, "details": details } });
    let retry =
        |delay: &str| json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }]);
    let key = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
    for (status, body, kind, delay) in [
        (429, body(429, "RESOURCE_EXHAUSTED", retry("31s")), Kind::RateLimited, Some(31_000)),
        (429, body(429, "RESOURCE_EXHAUSTED", retry("41.25s")), Kind::RateLimited, Some(41_250)),
        (400, body(400, "INVALID_ARGUMENT", key), Kind::Authentication, None),
        (400, body(400, "INVALID_ARGUMENT", json!([])), Kind::InvalidRequest, None),
        (403, body(403, "PERMISSION_DENIED", json!([])), Kind::Permission, None),
        (404, body(404, "NOT_FOUND", json!([])), Kind::NotFound, None),
        (429, json!([body(429, "RESOURCE_EXHAUSTED", retry("60s"))]), Kind::RateLimited, Some(60_000)),
    ] {
        let (outcome, tries) = of_script(vec![json_answer(status, &body)]).await;
        let error = outcome.error.unwrap();
        assert_eq!((error.kind, error.status, tries), (kind, Some(status), 1), "{body}");
        assert_eq!(error.retry_after, delay.map(Duration::from_millis), "{body}");
    }
    let soon = json_answer(429, &body(429, "RESOURCE_EXHAUSTED", retry("0.001s")));
    let (outcome, tries) = of_script(vec![soon, events(&hello())]).await;
    assert_eq!((outcome, tries), (Outcome::good(hello_events()), 2), "a short delay of a body is waited for");
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says() {
    let upstream = Upstream::start(vec![events(&hello())]).await;
    collect(&*backend(KIND, &upstream), ModelRequest { max_tokens: Some(9), ..request("hi") }).await;
    let received = &upstream.received()[0];
    assert_eq!(received.target, "POST /models/m-1:streamGenerateContent?alt=sse");
    assert!(received.head.contains("x-goog-api-key: k-test-key\r\n"));
    let expected = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }],
        "generationConfig": { "maxOutputTokens": 9 } });
    assert_eq!(received.json(), expected);
}

#[tokio::test]
async fn a_name_that_is_more_than_a_name_never_becomes_an_address() {
    for model in ["../files", "a/b", "m?key=x", "m:countTokens", "m%2f", " "] {
        let upstream = Upstream::start(vec![]).await;
        let outcome =
            collect(&*backend(KIND, &upstream), ModelRequest { model: model.to_owned(), ..request("hi") })
                .await;
        assert_eq!((outcome.kind(), upstream.received().len()), (Some(Kind::InvalidRequest), 0), "{model}");
    }
}

#[tokio::test]
async fn signatures_go_back_on_the_part_that_they_came_with() {
    let thinking = |seal: &str| Part::Thinking { text: "hm".to_owned(), signature: Some(seal.to_owned()) };
    let text = |text: &str| Part::Text { text: text.to_owned() };
    let assistant = |parts| ChatMessage { role: Role::Assistant, parts };
    let result = |id: &str, content: &str| ChatMessage {
        role: Role::Tool,
        parts: vec![Part::ToolResult { call_id: id.to_owned(), content: content.to_owned() }],
    };
    let messages = vec![
        ChatMessage::text(Role::System, "two"),
        ChatMessage::text(Role::User, "hi"),
        assistant(vec![
            thinking("gemini:one"),
            text("so"),
            Part::ToolCall(call("a", "add", "{\"x\":1}")),
            Part::ToolCall(call("b", "now", "{}")),
        ]),
        result("a", "2"),
        result("b", "{\"hour\":3}"),
        assistant(vec![thinking("gemini:two"), text("done")]),
        ChatMessage {
            role: Role::User,
            parts: vec![Part::Image { url: "data:image/png;base64,AA==".to_owned() }],
        },
        assistant(vec![thinking("of another provider"), text("other")]),
    ];
    let body = sent(ModelRequest { system: "one".to_owned(), messages, ..request("") }).await;
    assert_eq!(body["systemInstruction"], json!({ "parts": [{ "text": "one\n\ntwo" }] }));
    let answered =
        |name: &str, response: Value| json!({ "functionResponse": { "name": name, "response": response } });
    let expected = json!([
        { "role": "user", "parts": [{ "text": "hi" }] },
        { "role": "model", "parts": [{ "text": "so" },
            { "functionCall": { "name": "add", "args": { "x": 1 } }, "thoughtSignature": "one" },
            { "functionCall": { "name": "now", "args": {} } }] },
        { "role": "user", "parts": [answered("add", json!({ "result": "2" })), answered("now", json!({ "hour": 3 }))] },
        { "role": "model", "parts": [{ "text": "done", "thoughtSignature": "two" }] },
        { "role": "user", "parts": [{ "inlineData": { "mimeType": "image/png", "data": "AA==" } }] },
        { "role": "model", "parts": [{ "text": "other" }] },
    ]);
    assert_eq!(body["contents"], expected);
}

#[tokio::test]
async fn the_newer_models_are_told_of_calls_that_others_made() {
    let assistant =
        ChatMessage { role: Role::Assistant, parts: vec![Part::ToolCall(call("a", "add", "{}"))] };
    for (model, signature) in
        [("gemini-3-pro", json!("skip_thought_signature_validator")), ("gemini-2.5-pro", Value::Null)]
    {
        let messages = vec![ChatMessage::text(Role::User, "hi"), assistant.clone()];
        let body = sent(ModelRequest { model: model.to_owned(), messages, ..request("") }).await;
        assert_eq!(body["contents"][1]["parts"][0]["thoughtSignature"], signature, "{model}");
    }
}

#[tokio::test]
async fn parameters_are_translated_and_unknown_ones_left_out() {
    let extra = json!({ "temperature": 0.1, "top_p": 0.5, "stop": "x", "user": "u", "seed": 4, "reasoning_effort": "low",
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" } } },
        "tool_choice": { "type": "function", "function": { "name": "add" } }, "max_completion_tokens": 77 });
    let schema = json!({ "type": "object", "additionalProperties": false });
    let tool =
        ToolSpec { name: "add".to_owned(), description: "adds".to_owned(), parameters: schema.clone() };
    let body = sent(ModelRequest {
        model: "models/gemini-2.5-flash".to_owned(),
        extra: extra.as_object().unwrap().clone(),
        tools: vec![tool],
        max_tokens: Some(5),
        ..request("hi")
    })
    .await;
    let expected = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }],
        "tools": [{ "functionDeclarations": [{ "name": "add", "description": "adds", "parametersJsonSchema": schema }] }],
        "toolConfig": { "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": ["add"] } },
        "generationConfig": { "temperature": 0.1, "topP": 0.5, "seed": 4, "stopSequences": ["x"], "maxOutputTokens": 77,
            "responseMimeType": "application/json", "responseJsonSchema": { "type": "object" },
            "thinkingConfig": { "includeThoughts": true, "thinkingBudget": 1024 } } });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_list_of_models_is_read_page_by_page_and_holds_those_that_talk() {
    let model = |name: &str, method: &str| {
        json!({ "name": format!("models/{name}"), "displayName": name.to_uppercase(), "inputTokenLimit": 10,
            "outputTokenLimit": 5, "supportedGenerationMethods": [method], "thinking": true })
    };
    let first = json!({ "models": [model("a", "generateContent"), model("v", "embedContent")], "nextPageToken": "x=/y" });
    let second = json!({ "models": [model("b", "generateContent")] });
    let upstream = Upstream::start(vec![json_answer(200, &first), json_answer(200, &second)]).await;
    let models = backend(KIND, &upstream).models().await.unwrap();
    let found: Vec<_> =
        models.iter().map(|m| (m.id.as_str(), m.display_name.as_str(), m.context_tokens)).collect();
    assert_eq!(found, [("a", "A", Some(10)), ("b", "B", Some(10))]);
    assert_eq!(models[0].capabilities.thinking, Some(true));
    let targets: Vec<_> = upstream.received().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["GET /models?pageSize=1000", "GET /models?pageSize=1000&pageToken=x%3D%2Fy"]);
    let endless = Upstream::start(vec![json_answer(200, &first)]).await;
    assert_eq!(backend(KIND, &endless).models().await.unwrap().len(), 10);
}
