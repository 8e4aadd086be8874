//! Approvals, the policy and the kill switch over HTTP.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};

fn remove() -> Value {
    json!({ "kind": "run_command", "program": "rm", "args": ["x\u{202e}y"] })
}

async fn asked(world: &World, token: &str) -> Answer {
    world.post("/api/v1/approvals", token, json!({ "actions": [remove()], "payload": "p" })).await
}

#[tokio::test]
async fn a_program_asks_a_person_decides_and_the_second_person_hears_how() {
    let world = World::new().await;
    let (program, person, other) =
        (world.token("chat,approve").await, world.token("approve").await, world.token("approve").await);
    let made = asked(&world, &program).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let question = made.json();
    assert_eq!(
        (question["state"].as_str(), question["source_kind"].as_str()),
        (Some("pending"), Some("token"))
    );
    assert_eq!(question["shown"], "run rm 'x\\u{202e}y'\n| p");
    let path = format!("/api/v1/approvals/{}", made.id());
    let own = world.post(&path, &program, json!({ "decision": "allow" })).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "{}", own.text);
    let wrong = world.post(&path, &person, json!({ "decision": "maybe" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let always = world.post(&path, &person, json!({ "decision": "allow_always" })).await;
    assert_eq!(always.status, StatusCode::FORBIDDEN);
    let allowed = world.post(&path, &person, json!({ "decision": "allow", "reason": "fine" })).await;
    assert_eq!((allowed.status, allowed.json()["state"].as_str()), (StatusCode::OK, Some("allowed")));
    let late = world.post(&path, &other, json!({ "decision": "deny" })).await;
    assert_eq!((late.status, late.json()["code"].as_str()), (StatusCode::CONFLICT, Some("already_decided")));
    assert!(late.json()["detail"].as_str().unwrap().contains("allowed by"), "{}", late.text);
    assert_eq!(world.get(&format!("{path}?wait=60"), &program).await.json()["state"], "allowed");
    let list = world.get("/api/v1/approvals?state=pending", &program).await.json();
    assert_eq!(list, json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn a_question_is_asked_once_per_key_and_holds_no_secret() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let body = json!({ "actions": [remove()] });
    let ask = || {
        request(Method::POST, "/api/v1/approvals").bearer(&token).header("idempotency-key", "k").json(&body)
    };
    let (first, second) = (world.send(ask()).await, world.send(ask()).await);
    assert_eq!((first.status, first.id()), (second.status, second.id()));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    let secret = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let leak = json!({ "actions": [remove()], "payload": format!("token {secret}") });
    let refused = world.post("/api/v1/approvals", &token, leak).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(!refused.text.contains(&secret));
    for bad in [json!({ "actions": [] }), json!({ "actions": [{ "kind": "reach_host" }] })] {
        let status = world.post("/api/v1/approvals", &token, bad).await.status;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn the_policy_is_written_with_its_version_and_explains_itself() {
    let world = World::new().await;
    let token = world.token("admin").await;
    let rule = json!({
        "effect": "deny",
        "action": { "kind": "call_tool", "tool": "*delete*" },
        "standing": "never delete mail",
    });
    let made = world.post("/api/v1/policy/rules", &token, rule.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let policy = world.get("/api/v1/policy", &token).await;
    assert_eq!(policy.headers["etag"], "\"2\"");
    assert_eq!(
        (&policy.json()["preset"], &policy.json()["rules"][0]["id"]),
        (&json!("balanced"), &json!(made.id()))
    );
    let test = json!({
        "action": { "kind": "call_tool", "server": "mail", "tool": "delete_message", "class": "effectful" },
        "mode": "bypass_permissions", "autonomy": "full",
    });
    let verdict = world.post("/api/v1/policy/test", &token, test).await.json();
    assert_eq!((&verdict["effect"], &verdict["rule_id"]), (&json!("deny"), &json!(made.id())));
    let put = |version: &'static str, body: Value| {
        let request = request(Method::PUT, "/api/v1/policy").bearer(&token);
        let request = if version.is_empty() { request } else { request.header("if-match", version) };
        world.send(request.json(&body))
    };
    let careful = json!({ "preset": "careful" });
    assert_eq!(put("", careful.clone()).await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(put("\"1\"", careful.clone()).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(put("\"2\"", careful).await.json()["approvals"], "always");
    let custom = put("\"3\"", json!({ "approvals": "off" })).await.json();
    assert_eq!(custom["preset"], "custom");
    let path = format!("/api/v1/policy/rules/{}", made.id());
    let replaced = request(Method::PUT, &path).bearer(&token).header("if-match", "\"4\"");
    let ask = json!({ "effect": "ask", "action": { "kind": "any" } });
    assert_eq!(world.send(replaced.json(&ask)).await.json()["effect"], "ask");
    let gone = world.send(request(Method::DELETE, &path).bearer(&token).empty()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&path, &token).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_kill_switch_is_engaged_by_who_operates_and_released_by_who_administers() {
    let world = World::new().await;
    let (operate, admin, chat) =
        (world.token("operate").await, world.token("admin").await, world.token("chat").await);
    let put = |token: String, body: Value| {
        world.send(request(Method::PUT, "/api/v1/kill-switch").bearer(&token).json(&body))
    };
    let engaged = put(operate.clone(), json!({ "engaged": true, "reason": "fire" })).await.json();
    assert_eq!((&engaged["engaged"], &engaged["reason"]), (&json!(true), &json!("fire")));
    let thread = world.post("/api/v1/threads", &chat, json!({})).await.id();
    let path = format!("/api/v1/threads/{thread}/messages");
    let refused = world.post(&path, &chat, json!({ "content": "hi" })).await;
    assert_eq!(
        (refused.status, refused.json()["code"].clone()),
        (StatusCode::SERVICE_UNAVAILABLE, json!("kill_switch"))
    );
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("fire") && detail.contains("kill-switch off"), "{detail}");
    let off = json!({ "engaged": false });
    assert_eq!(put(operate, off.clone()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(put(admin, off).await.json()["engaged"], json!(false));
    let after = world.post(&path, &chat, json!({ "content": "hi" })).await;
    assert_ne!(after.json()["code"], "kill_switch");
}

#[tokio::test]
async fn an_assistants_mode_and_autonomy_are_words_that_are_known() {
    let world = World::new().await;
    let token = world.token("admin").await;
    let first = world.get("/api/v1/assistants", &token).await.json()["items"][0].clone();
    assert_eq!((&first["permission_mode"], &first["autonomy"]), (&json!("default"), &json!("supervised")));
    let path = format!("/api/v1/assistants/{}", first["id"].as_str().unwrap());
    let patch = |body: Value| {
        world.send(request(Method::PATCH, &path).bearer(&token).header("if-match", "\"1\"").json(&body))
    };
    let wrong = patch(json!({ "permission_mode": "yolo" })).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let changed = patch(json!({ "permission_mode": "plan", "autonomy": "read_only" })).await.json();
    assert_eq!((&changed["permission_mode"], &changed["autonomy"]), (&json!("plan"), &json!("read_only")));
}
