//! The trail over the API: what is told, filters, pages, the export.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, request};

#[tokio::test]
async fn what_is_made_changed_and_deleted_is_in_the_trail_with_who_did_it() {
    let world = World::new().await;
    let token = world.token("admin").await;
    let made = world.post("/api/v1/workspaces", &token, json!({ "name": "Garden" })).await;
    let id = made.id();
    world.send(request(Method::DELETE, &format!("/api/v1/workspaces/{id}")).bearer(&token).empty()).await;
    let trail = world.get("/api/v1/audit?action=workspace", &token).await.json();
    let told: Vec<_> =
        trail["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["workspace.deleted", "workspace.created"]);
    let first = &trail["items"][1];
    assert_eq!((&first["target"], &first["detail"]["name"]), (&json!(id), &json!("Garden")));
    let own = world.state.identity.tokens().await.unwrap().pop().unwrap().id.to_string();
    assert_eq!(first["principal"], own);
    let none = world.get("/api/v1/audit?action=workspace&principal=owner", &token).await.json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn pages_the_export_and_the_head_tell_the_same() {
    let world = World::new().await;
    let token = world.token("admin").await;
    for n in 0..7 {
        world.post("/api/v1/workspaces", &token, json!({ "name": format!("w{n}") })).await;
    }
    let mut seen: Vec<Value> = Vec::new();
    let mut path = "/api/v1/audit?limit=3".to_owned();
    loop {
        let page = world.get(&path, &token).await.json();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/audit?limit=3&after={next}"),
            None => break,
        }
    }
    let export = world.get("/api/v1/audit/export", &token).await;
    assert_eq!(export.headers["content-type"], "application/x-ndjson");
    let mut lines: Vec<Value> = export.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.reverse();
    assert!(seen.len() >= 7);
    let hashes = |all: &[Value]| all.iter().map(|entry| entry["hash"].clone()).collect::<Vec<_>>();
    assert_eq!(hashes(&seen), hashes(&lines));
    let head = world.get("/api/v1/audit/head", &token).await.json();
    assert_eq!((&head["seq"], &head["hash"]), (&seen[0]["seq"], &seen[0]["hash"]));
}

#[tokio::test]
async fn wrong_filters_are_refused_and_nothing_but_admin_reads_the_trail() {
    let world = World::new().await;
    let (admin, read) = (world.token("admin").await, world.token("read,chat,operate").await);
    for path in ["/api/v1/audit?since=yesterday", "/api/v1/audit?limit=0", "/api/v1/audit?after=x"] {
        assert_eq!(world.get(path, &admin).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    for path in ["/api/v1/audit", "/api/v1/audit/export", "/api/v1/audit/head"] {
        assert_eq!(world.get(path, &read).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
