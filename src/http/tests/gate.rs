//! Tokens over their life: made, restricted, seen by another process, revoked; and tickets.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::world::{World, request};
use crate::identity::Identity;
use crate::protocol::ids::TenantId;

#[tokio::test]
async fn the_value_of_a_token_is_shown_once_and_stored_nowhere() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let body = json!({ "name": "phone", "scopes": ["chat", "read"] });
    let made = world.post("/api/v1/tokens", &admin, body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let value = made.json()["token"].as_str().unwrap().to_owned();
    assert!(value.starts_with("cap_"));
    let list = world.get("/api/v1/tokens", &admin).await;
    assert!(!list.text.contains(&value) && !list.text.contains("\"token\""), "{}", list.text);
    assert_eq!(world.get("/api/v1/threads", &value).await.status, StatusCode::OK);
    let path = format!("/api/v1/tokens/{}", made.id());
    let revoked = world.send(request(Method::DELETE, &path).bearer(&admin).empty()).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/api/v1/threads", &value).await.status, StatusCode::UNAUTHORIZED);
    let again = world.send(request(Method::DELETE, &path).bearer(&admin).empty()).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_repeated_key_makes_no_second_token_and_does_not_show_the_value_again() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let create = |name: &str| {
        let ask = request(Method::POST, "/api/v1/tokens").bearer(&admin).header("idempotency-key", "k1");
        ask.json(&json!({ "name": name, "scopes": ["read"] }))
    };
    let first = world.send(create("one")).await;
    let second = world.send(create("one")).await;
    assert_eq!(first.id(), second.id());
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert!(second.json().get("token").is_none());
    assert_eq!(world.send(create("two")).await.json()["code"], "idempotency_key_reused");
}

#[tokio::test]
async fn tokens_that_make_no_sense_are_refused_field_by_field() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    for (body, pointer) in [
        (json!({ "name": "", "scopes": ["read"] }), "/name"),
        (json!({ "name": "x".repeat(101), "scopes": ["read"] }), "/name"),
        (json!({ "name": "x", "scopes": [] }), "/scopes"),
        (json!({ "name": "x", "scopes": ["root"] }), "/scopes"),
        (json!({ "name": "x", "scopes": ["read"], "budget_usd": 0.0 }), "/budget_usd"),
        (json!({ "name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "name": "x", "scopes": ["read"], "expires_at": "soon" }), "/expires_at"),
        (json!({ "name": "x", "scopes": ["read"], "assistant": "nobody" }), "/assistant"),
    ] {
        let answer = world.post("/api/v1/tokens", &admin, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test]
async fn what_another_process_makes_and_revokes_counts_at_once_and_within_a_second() {
    let world = World::new().await;
    let other = Identity::open(world.state.db.clone(), TenantId::home()).await.unwrap();
    let new = crate::identity::NewToken {
        name: "from the command line".into(),
        scopes: "read".parse().unwrap(),
        assistant: None,
        budget_usd: None,
        expires_ms: None,
    };
    let made = other.create_token(&World::owner(), new, None).await.unwrap().thing;
    let value = made.value.unwrap();
    assert_eq!(world.get("/api/v1/threads", value.expose()).await.status, StatusCode::OK);
    other.revoke_token(&World::owner(), made.record.id).await.unwrap();
    let closed = async {
        while world.get("/api/v1/threads", value.expose()).await.status == StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), closed).await.expect("it still opens");
}

#[tokio::test]
async fn streams_hear_of_a_revoked_token() {
    let world = World::new().await;
    world.token("read").await;
    let identity = &world.state.identity;
    let mut endings = identity.endings();
    let record = identity.tokens().await.unwrap().pop().unwrap();
    identity.revoke_token(&World::owner(), record.id).await.unwrap();
    assert!(endings.has_changed().unwrap());
    endings.mark_unchanged();
}

#[tokio::test]
async fn a_ticket_opens_one_stream_and_nothing_else() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let thread = world.post("/api/v1/threads", &token, json!({})).await.id();
    let ticket = world.post("/api/v1/tickets", &token, json!({})).await.json()["ticket"].clone();
    let ticket = ticket.as_str().unwrap();
    let elsewhere = format!("/api/v1/threads/{thread}?ticket={ticket}");
    let answer = world.send(request(Method::GET, &elsewhere).empty()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "only streams take tickets");
    let events = format!("/api/v1/threads/{thread}/events?after=0&ticket={ticket}");
    let first = world.send(request(Method::GET, &events).empty()).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.headers["x-accel-buffering"], "no");
    let second = world.send(request(Method::GET, &events).empty()).await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED, "it works once");
}
