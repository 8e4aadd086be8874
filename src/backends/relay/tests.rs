//! What is sent on, and how.

use serde_json::json;

use super::*;
use crate::backends::testing::backend;
use crate::config::backends::BackendKind;
use crate::egress::upstream::{Upstream as Server, json as json_answer};

#[test]
fn only_what_asks_counts_or_lists_is_sent_on() {
    use RelayWire::{Anthropic, Gemini, Openai};
    for (wire, is_get, path, expected) in [
        (Anthropic, false, "/v1/messages", Some((Wish::Answer, "/v1/messages"))),
        (Anthropic, false, "/v1/messages/count_tokens", Some((Wish::Count, "/v1/messages/count_tokens"))),
        (Anthropic, true, "/v1/models/claude-x", Some((Wish::Models, "/v1/models/claude-x"))),
        (Anthropic, true, "/v1/modelsx", None),
        (Anthropic, false, "/v1/messages/batches", None),
        (Anthropic, true, "/v1/files/f/content", None),
        (Openai, false, "/v1/responses", Some((Wish::Answer, "/responses"))),
        (Openai, false, "/v1/chat/completions", Some((Wish::Answer, "/chat/completions"))),
        (Openai, false, "/v1/embeddings", Some((Wish::Answer, "/embeddings"))),
        (Openai, true, "/v1/models", Some((Wish::Models, "/models"))),
        (Openai, false, "/responses", None),
        (Openai, false, "/v1/fine_tuning/jobs", None),
        (Openai, true, "/v1/models/../files", None),
        (Openai, true, "/v1/models/%2e%2e/files", None),
        (
            Gemini,
            false,
            "/v1beta/models/g:streamGenerateContent",
            Some((Wish::Answer, "/models/g:streamGenerateContent")),
        ),
        (Gemini, false, "/v1/models/g:countTokens", Some((Wish::Count, "/models/g:countTokens"))),
        (Gemini, true, "/v1beta/models", Some((Wish::Models, "/models"))),
        (Gemini, false, "/v1beta/models/g:tune", None),
        (Gemini, false, "/v1beta/cachedContents", None),
    ] {
        let expected = expected.map(|(wish, path)| (wish, path.to_owned()));
        assert_eq!(wire.wish(is_get, path), expected, "{wire:?} {path}");
    }
}

#[test]
fn a_body_says_what_it_may_cost() {
    let picture = "A".repeat(FILE_CHARS_MIN);
    let body = json!({ "model": "m", "max_tokens": 9, "messages": [{ "content": [{ "text": "hello" }, { "data": picture }] }] });
    let asked = RelayWire::Anthropic.asked("/v1/messages", &body);
    assert_eq!((asked.model.as_str(), asked.max_tokens), ("m", Some(9)));
    let [picture, Part::Text { text }] = &asked.messages[0].parts[..] else { panic!("{asked:?}") };
    assert!(matches!(picture, Part::Image { .. }) && text.contains("hello") && text.len() < 200, "{text}");
    let body = json!({ "generationConfig": { "maxOutputTokens": 5 } });
    let asked = RelayWire::Gemini.asked("/models/g:generateContent", &body);
    assert_eq!((asked.model.as_str(), asked.max_tokens), ("g", Some(5)));
}

#[tokio::test]
async fn a_request_gets_the_provider_s_credential_and_keeps_the_rest() {
    let server = Server::start(vec![json_answer(200, &json!({}))]).await;
    let relay = backend(BackendKind::Anthropic, &server).relay().unwrap();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let passing = Passing {
        path: "/v1/messages".to_owned(),
        query: "beta=true".to_owned(),
        headers: vec![
            header("anthropic-beta", "b-1"),
            header("anthropic-version", "2099-01-01"),
            header("x-api-key", "throw-away"),
            header("authorization", "Bearer throw-away"),
            header("cookie", "c"),
            header("accept-encoding", "gzip"),
            header("x-odd", "@secret:other"),
        ],
        body: Some(Bytes::from_static(b"{\"brand_new\": 1}")),
    };
    let reply = relay.send(passing).await.unwrap();
    assert_eq!(reply.status(), 200);
    let received = server.received().remove(0);
    assert!(received.target.ends_with("/v1/messages?beta=true"), "{}", received.target);
    assert_eq!(received.body, b"{\"brand_new\": 1}");
    for there in [
        "x-api-key: k-test-key",
        "anthropic-beta: b-1",
        "anthropic-version: 2099-01-01",
        "content-type: application/json",
    ] {
        assert!(received.head.contains(there), "{there}: {}", received.head);
    }
    for gone in ["throw-away", "cookie", "gzip", "x-odd"] {
        assert!(!received.head.contains(gone), "{gone}: {}", received.head);
    }
}
