//! Budgets over the API.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::world::{World, request};
use crate::budgets::{Estimate, Scope};
use crate::protocol::chat::Usage;

#[tokio::test]
async fn a_budget_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let token = world.token("admin").await;
    let new = json!({ "name": "household", "subject": "tenant", "period": "month", "limits": { "cost_usd": 2.5, "tokens": 1_000 } });
    let made = world.post("/api/v1/budgets", &token, new.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = format!("/api/v1/budgets/{}", made.id());
    assert_eq!(world.post("/api/v1/budgets", &token, new).await.json()["code"], "name_taken");

    let scope = Scope::new(World::owner().tenant, "owner").calling("demo", "demo");
    let estimate = Estimate { input_tokens: 100, output_tokens: Some(100) };
    let running = world.state.budgets.reserve(&scope, estimate).await.unwrap();
    let now = world.get(&path, &token).await.json();
    assert_eq!((&now["reserved"]["tokens"], &now["remaining"]["tokens"]), (&json!(200), &json!(800)));
    running.settle(Usage { input_tokens: 30, output_tokens: 20, ..Usage::default() });
    let now = world.get(&path, &token).await.json();
    assert_eq!((&now["spent"]["tokens"], &now["reserved"]["tokens"]), (&json!(50), &json!(0)));
    assert!(now["resets_at"].is_string());

    let change = request(Method::PATCH, &path).bearer(&token).header("if-match", "\"1\"");
    let changed = world.send(change.json(&json!({ "limits": { "tokens": 60 } }))).await;
    assert_eq!(
        changed.json()["limits"],
        json!({ "turns": null, "tool_calls": null, "tokens": 60, "cost_usd": null, "wall_s": null })
    );
    assert_eq!(changed.headers["etag"], "\"2\"");
    let again = request(Method::PATCH, &path).bearer(&token).header("if-match", "\"1\"");
    assert_eq!(world.send(again.json(&json!({ "name": "x" }))).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(
        world.send(request(Method::DELETE, &path).bearer(&token).empty()).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get(&path, &token).await.status, StatusCode::NOT_FOUND);
    let told = world.get("/api/v1/audit?action=budget", &token).await.json();
    let actions: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["budget.deleted", "budget.changed", "budget.created"]);
}

#[tokio::test]
async fn what_makes_no_sense_names_its_field() {
    let world = World::new().await;
    let token = world.token("admin").await;
    for (body, pointer) in [
        (json!({ "name": "a", "subject": "nobody", "period": "day", "limits": { "tokens": 1 } }), "/subject"),
        (json!({ "name": "a", "subject": "tenant", "period": "week", "limits": { "tokens": 1 } }), "/period"),
        (json!({ "name": "a", "subject": "tenant", "period": "day", "limits": {} }), "/limits"),
        (
            json!({ "name": "a", "subject": "tenant", "period": "day", "limits": { "cost_usd": -1 } }),
            "/limits/cost_usd",
        ),
        (json!({ "name": "", "subject": "tenant", "period": "day", "limits": { "tokens": 1 } }), "/name"),
    ] {
        let refused = world.post("/api/v1/budgets", &token, body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    let settings = world.get("/api/v1/budgets", &token).await.json()["items"][0].clone();
    assert_eq!(settings["origin"], "settings");
    let path = format!("/api/v1/budgets/{}", settings["id"].as_str().unwrap());
    let refused = world.send(request(Method::DELETE, &path).bearer(&token).empty()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::CONFLICT, &json!("not_own")));
}
