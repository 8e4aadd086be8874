//! The faces for clients of Anthropic and of OpenAI's Responses: who is let in, and which envelope errors have.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Ask, World, request};

const MESSAGES: &str = "/v1/messages";

fn message(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 99, "messages": [{ "role": "user", "content": "/long 3" }] })
}

fn ask(path: &str) -> Ask {
    request(Method::POST, path).header("anthropic-version", "2023-06-01")
}

#[tokio::test]
async fn a_token_is_taken_from_either_header() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let answer = world.send(ask(MESSAGES).header("x-api-key", &token).json(&message("demo"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let json = answer.json();
    assert_eq!(json["content"], json!([{ "type": "text", "text": "A capuchin keeps" }]));
    assert_eq!((&json["stop_reason"], &json["model"]), (&json!("end_turn"), &json!("demo")));
    assert_eq!(answer.headers["request-id"], answer.headers["x-request-id"]);
    // Claude's other way, which wins over a key that is left in the environment.
    let both = ask(MESSAGES).bearer(&token).header("x-api-key", "old");
    assert_eq!(world.send(both.json(&message("demo"))).await.status, StatusCode::OK);
    let openai = request(Method::POST, "/v1/responses").header("x-api-key", &token);
    let answer = world.send(openai.json(&json!({ "model": "demo", "input": "/long 3" }))).await;
    assert_eq!(answer.json()["output"][0]["content"][0]["text"], "A capuchin keeps", "{}", answer.text);
}

#[tokio::test]
async fn errors_have_the_envelope_of_the_client() {
    let world = World::new().await;
    let (token, reader) = (world.token("chat").await, world.token("read").await);
    let kind = |text: &str| serde_json::from_str::<Value>(text).unwrap()["error"]["type"].clone();
    for (ask, status, word) in [
        (ask(MESSAGES).header("x-api-key", "cap_wrong"), 401, "authentication_error"),
        (ask(MESSAGES), 401, "authentication_error"),
        (ask(MESSAGES).header("x-api-key", &reader), 403, "permission_error"),
    ] {
        let answer = world.send(ask.json(&message("demo"))).await;
        assert_eq!((answer.status.as_u16(), kind(&answer.text)), (status, json!(word)), "{}", answer.text);
        let id = answer.headers["request-id"].to_str().unwrap().to_owned();
        assert_eq!((&answer.json()["type"], &answer.json()["request_id"]), (&json!("error"), &json!(id)));
    }
    for (body, status, word) in [
        (message("nobody"), 404, "not_found_error"),
        (json!({ "model": "demo" }), 400, "invalid_request_error"),
    ] {
        let answer = world.send(ask(MESSAGES).header("x-api-key", &token).json(&body)).await;
        assert_eq!((answer.status.as_u16(), kind(&answer.text)), (status, json!(word)), "{}", answer.text);
    }
    let untyped = ask(MESSAGES).header("x-api-key", &token).raw(message("demo").to_string());
    assert_eq!(world.send(untyped).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let lost = world.send(ask("/v1/nothing").header("x-api-key", &token).json(&json!({}))).await;
    assert_eq!((lost.status.as_u16(), kind(&lost.text)), (404, json!("not_found_error")));
    // A client of OpenAI gets its own.
    let responses = world.post("/v1/responses", &token, json!({ "model": "nobody", "input": "x" })).await;
    assert_eq!(
        (responses.status.as_u16(), &responses.json()["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    assert!(!responses.headers.contains_key("request-id"));
}

#[tokio::test]
async fn tokens_are_counted_without_asking_anybody() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let count = async |text: &str| {
        let mut body = message("demo");
        body["messages"][0]["content"] = text.into();
        let answer = world.post("/v1/messages/count_tokens", &token, body).await;
        answer.json()["input_tokens"].as_u64().unwrap_or_else(|| panic!("{}", answer.text))
    };
    let (short, long) = (count("hi").await, count(&"hi ".repeat(1_000)).await);
    assert!(short > 0 && long > short + 500, "{short} {long}");
}

#[tokio::test]
async fn models_are_listed_in_the_shape_of_the_client() {
    let world = World::new().await;
    let token = world.token("read").await;
    let get = |path: &str| {
        request(Method::GET, path)
            .header("anthropic-version", "2023-06-01")
            .header("x-api-key", &token)
            .empty()
    };
    let list = world.send(get("/v1/models")).await.json();
    assert_eq!((&list["data"][0]["type"], &list["has_more"]), (&json!("model"), &json!(false)), "{list}");
    assert!(list["data"].as_array().unwrap().iter().any(|model| model["id"] == "demo/demo"), "{list}");
    let one = world.send(get("/v1/models/demo/demo")).await.json();
    assert_eq!((&one["type"], &one["id"]), (&json!("model"), &json!("demo/demo")));
    assert_eq!(world.send(get("/v1/models?limit=0")).await.status, StatusCode::BAD_REQUEST);
    let missing = world.send(get("/v1/models/nobody")).await;
    assert_eq!(missing.json()["error"]["type"], "not_found_error", "{}", missing.text);
}

#[tokio::test]
async fn embeddings_of_a_backend_without_them_are_refused() {
    let world = World::new().await;
    let token = world.token("chat").await;
    for (model, status, param) in
        [("demo/demo", 400, "model"), ("capuchin", 400, "model"), ("nobody", 404, "model")]
    {
        let answer = world.post("/v1/embeddings", &token, json!({ "model": model, "input": "x" })).await;
        let found = (answer.status.as_u16(), answer.json()["error"]["param"].clone());
        assert_eq!(found, (status, json!(param)), "{}", answer.text);
    }
}
