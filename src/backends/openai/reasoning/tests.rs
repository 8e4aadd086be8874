//! What OpenRouter adds to chat completions.

use serde_json::{Value, json};

use crate::backends::testing::{Outcome, backend, collect, request};
use crate::config::backends::BackendKind;
use crate::egress::upstream::{Upstream, answer, events, json as json_answer};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

const KIND: BackendKind = BackendKind::Openrouter;

fn delta(delta: &Value) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] }))
}

fn finish(reason: &str) -> String {
    format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

async fn of_stream(text: &str) -> Outcome {
    let upstream = Upstream::start(vec![events(text), answer(418, "", "tried again")]).await;
    collect(&*backend(KIND, &upstream), request("hi")).await
}

fn reasoned() -> String {
    let text = |text: &str| json!({ "type": "reasoning.text", "index": 0, "format": "f", "text": text });
    let seal = json!({ "type": "reasoning.text", "index": 0, "signature": "seal", "text": null });
    let hidden = json!({ "type": "reasoning.encrypted", "index": 1, "data": "x", "id": "r" });
    [
        ": OPENROUTER PROCESSING\n\n".to_owned(),
        delta(&json!({ "reasoning": "h", "reasoning_details": [text("h")] })),
        ": OPENROUTER PROCESSING\n\n".to_owned(),
        delta(&json!({ "reasoning_details": [text("m")] })),
        delta(&json!({ "reasoning_details": [seal, hidden] })),
        delta(&json!({ "content": "Hello" })),
        finish("stop"),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat()
}

fn kept() -> Value {
    json!([{ "type": "reasoning.text", "index": 0, "format": "f", "text": "hm", "signature": "seal" },
        { "type": "reasoning.encrypted", "index": 1, "data": "x", "id": "r" }])
}

#[tokio::test]
async fn details_of_reasoning_are_put_together_and_go_back_as_they_came() {
    let outcome = of_stream(&reasoned()).await;
    let Some(ModelEvent::ThinkingSignature(seal)) = outcome.events.get(3).cloned() else {
        panic!("{outcome:?}")
    };
    let expected = vec![
        ModelEvent::Thinking("h".to_owned()),
        ModelEvent::Thinking("m".to_owned()),
        ModelEvent::Text("Hello".to_owned()),
        ModelEvent::ThinkingSignature(seal.clone()),
        ModelEvent::Stop(StopReason::EndTurn),
    ];
    assert_eq!(outcome, Outcome::good(expected));
    let details: Value = serde_json::from_str(seal.strip_prefix("openrouter:").unwrap()).unwrap();
    assert_eq!(details, kept());
    for (kind, back) in [(KIND, kept()), (BackendKind::Openai, Value::Null)] {
        let upstream = Upstream::start(vec![events(&reasoned())]).await;
        let thinking = Part::Thinking { text: "hm".to_owned(), signature: Some(seal.clone()) };
        let text = Part::Text { text: "Hello".to_owned() };
        let messages = vec![ChatMessage { role: Role::Assistant, parts: vec![thinking, text] }];
        collect(&*backend(kind, &upstream), ModelRequest { messages, ..request("") }).await;
        assert_eq!(upstream.received()[0].json()["messages"][0]["reasoning_details"], back, "{kind:?}");
    }
}

#[tokio::test]
async fn details_without_end_are_refused() {
    let piece = |n: usize| {
        let detail = json!({ "type": "reasoning.text", "index": n, "text": "x" });
        delta(&json!({ "reasoning_details": [detail] }))
    };
    let many: String = (0..257).map(piece).collect();
    assert_eq!(of_stream(&[many, finish("stop")].concat()).await.kind(), Some(Kind::Protocol));
    let long = json!({ "type": "reasoning.text", "index": 0, "text": "x".repeat(1 << 20) });
    let long = delta(&json!({ "reasoning_details": [long] })).repeat(5);
    assert_eq!(of_stream(&[long, finish("stop")].concat()).await.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn errors_say_what_the_provider_behind_it_said() {
    let error = json!({ "error": { "code": 429, "message": "Provider returned error",
        "metadata": { "raw": "too busy: k-test-key", "provider_name": "P" } } });
    let within = [delta(&json!({ "content": "Hel" })), format!("data: {error}\n\n")].concat();
    let outcome = of_stream(&within).await;
    assert_eq!((outcome.kind(), outcome.events.len()), (Some(Kind::RateLimited), 1));
    assert_eq!(outcome.error.unwrap().message, "Provider returned error: too busy: [redacted]");
    let broke = finish("error");
    assert_eq!(
        of_stream(&[delta(&json!({ "content": "Hel" })), broke].concat()).await.kind(),
        Some(Kind::Upstream)
    );
    let no_credit = json!({ "error": { "code": 402, "message": "Insufficient credits" } });
    let upstream = Upstream::start(vec![json_answer(402, &no_credit)]).await;
    let outcome = collect(&*backend(KIND, &upstream), request("hi")).await;
    assert_eq!((outcome.kind(), upstream.received().len()), (Some(Kind::Permission), 1));
}

#[tokio::test]
async fn its_list_says_what_models_take_can_do_and_cost() {
    let priced = json!({ "id": "a/b", "name": "A: B", "created": 5, "context_length": 1_000,
        "architecture": { "input_modalities": ["text", "image"] },
        "pricing": { "prompt": "0.00000125", "completion": "0.00001", "input_cache_read": "0.000000125" },
        "top_provider": { "max_completion_tokens": 64 }, "supported_parameters": ["tools", "temperature"] });
    let routed = json!({ "id": "auto", "pricing": { "prompt": "-1", "completion": "-1" } });
    let upstream = Upstream::start(vec![json_answer(200, &json!({ "data": [priced, routed] }))]).await;
    let models = backend(KIND, &upstream).models().await.unwrap();
    let (one, price) = (&models[0], models[0].price.unwrap());
    assert_eq!((one.context_tokens, one.output_tokens), (Some(1_000), Some(64)));
    let can = one.capabilities;
    assert_eq!((can.tools, can.images, can.thinking), (Some(true), Some(true), Some(false)));
    assert_eq!((price.input_nano, price.output_nano, price.cached_nano), (1_250, 10_000, 125));
    assert_eq!(models[1].price, None, "a price that depends is none");
}
