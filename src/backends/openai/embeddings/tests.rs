//! Embeddings against a scripted provider: good answers, and every way to fail.

use serde_json::json;

use crate::backends::testing::{backend, backend_with};
use crate::backends::{EmbedRequest, Embedded};
use crate::config::backends::{BackendConfig, BackendKind};
use crate::egress::upstream::{Act, Upstream, answer, json as json_answer};
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};

async fn embedded(act: Vec<Act>) -> Result<Embedded, ModelError> {
    let upstream = Upstream::start(vec![act]).await;
    let embed = backend(BackendKind::Openai, &upstream).embeddings().unwrap();
    let texts = vec!["one".to_owned(), "two".to_owned()];
    let embedded = embed.embed(EmbedRequest { model: "e-1".into(), texts }).await;
    let received = upstream.received();
    assert_eq!(received.len(), 1, "it is tried once");
    assert_eq!(received[0].target, "POST /v1/embeddings");
    assert!(received[0].head.contains("authorization: bearer k-test-key"), "{}", received[0].head);
    assert_eq!(
        received[0].json(),
        json!({ "model": "e-1", "input": ["one", "two"], "encoding_format": "float" })
    );
    embedded
}

#[tokio::test]
async fn vectors_come_in_the_order_of_their_texts() {
    let body = json!({ "object": "list", "model": "e-1", "usage": { "prompt_tokens": 5, "total_tokens": 5 }, "data": [
        { "object": "embedding", "index": 1, "embedding": [0.0, 1.0] },
        { "object": "embedding", "index": 0, "embedding": [1.0, -0.5] },
    ] });
    let good = embedded(json_answer(200, &body)).await.unwrap();
    assert_eq!(good.vectors, [vec![1.0, -0.5], vec![0.0, 1.0]]);
    assert_eq!(good.usage, Usage { input_tokens: 5, ..Usage::default() });
    let plain = json!({ "data": [{ "embedding": [1] }, { "embedding": [2] }] });
    let good = embedded(json_answer(200, &plain)).await.unwrap();
    assert_eq!((good.vectors, good.usage), (vec![vec![1.0], vec![2.0]], Usage::default()));
}

#[tokio::test]
async fn what_is_no_set_of_vectors_is_refused() {
    for data in [
        json!([]),
        json!([{ "embedding": [1.0] }]),
        json!([{ "embedding": [1.0] }, { "embedding": [1.0, 2.0] }]),
        json!([{ "embedding": [] }, { "embedding": [] }]),
        json!([{ "embedding": [0.0] }, { "embedding": [1.0] }]),
        json!([{ "index": 0, "embedding": [1.0] }, { "index": 0, "embedding": [1.0] }]),
        json!([{ "index": 1, "embedding": [1.0] }, { "index": 2, "embedding": [1.0] }]),
        json!([{ "embedding": "AACAPw==" }, { "embedding": "AACAPw==" }]),
        json!([{ "embedding": [1e300] }, { "embedding": [1.0] }]),
        json!([{ "embedding": vec![1.0; 8_193] }, { "embedding": vec![1.0; 8_193] }]),
    ] {
        let refused = embedded(json_answer(200, &json!({ "data": data }))).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Protocol, "{data}");
    }
    let longest = json!({ "data": [{ "embedding": vec![1.0; 8_192] }, { "embedding": vec![1.0; 8_192] }] });
    assert!(embedded(json_answer(200, &longest)).await.is_ok());
}

#[tokio::test]
async fn errors_are_those_of_chat_calls() {
    let too_long =
        json!({ "error": { "message": "too long, k-test-key", "code": "context_length_exceeded" } });
    for (act, kind) in [
        (json_answer(400, &too_long), Kind::TooLarge),
        (json_answer(404, &json!({})), Kind::NotFound),
        (json_answer(429, &json!({})), Kind::RateLimited),
        (answer(200, "content-type: text/html\r\n", "<html>"), Kind::Protocol),
        (answer(500, "", ""), Kind::Upstream),
        (vec![Act::Close], Kind::Network),
    ] {
        let error = embedded(act).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(!error.message.contains("k-test-key"), "{error}");
    }
}

#[tokio::test]
async fn other_kinds_of_backends_have_none() {
    let upstream = Upstream::start(vec![Vec::new()]).await;
    for kind in [BackendKind::Anthropic, BackendKind::Demo] {
        assert!(backend_with(BackendConfig::new(kind), &upstream).embeddings().is_none());
    }
}
