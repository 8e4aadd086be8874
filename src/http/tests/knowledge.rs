//! What assistants know: their files.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};

async fn put(world: &World, path: &str, token: &str, version: &str, body: Value) -> Answer {
    world.send(request(Method::PUT, path).bearer(token).header("if-match", version).json(&body)).await
}

async fn first_assistant(world: &World, token: &str) -> String {
    world.get("/api/v1/assistants", token).await.json()["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn agent_files_are_six_and_change_only_with_the_version_that_was_read() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let files = format!("/api/v1/assistants/{}/files", first_assistant(&world, &admin).await);
    let listed = world.get(&files, &chat).await.json();
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|f| f["name"].clone()).collect();
    assert_eq!(names, ["IDENTITY.md", "SOUL.md", "USER.md", "TOOLS.md", "AGENTS.md", "MEMORY.md"]);
    let soul = format!("{files}/soul");
    let none = world.get(&soul, &chat).await;
    assert_eq!((none.status, &none.headers["etag"]), (StatusCode::OK, &"\"0\"".parse().unwrap()));
    let text = json!({ "text": "Be kind." });
    let blind = world.send(request(Method::PUT, &soul).bearer(&admin).json(&text)).await;
    assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
    let written = put(&world, &soul, &admin, "\"0\"", text.clone()).await;
    assert_eq!((written.status, &written.json()["text"]), (StatusCode::OK, &json!("Be kind.")));
    let tag = written.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(put(&world, &soul, &admin, "\"0\"", text).await.status, StatusCode::PRECONDITION_FAILED);
    let long = json!({ "text": "a".repeat(262_145) });
    assert_eq!(put(&world, &soul, &admin, &tag, long).await.json()["errors"][0]["pointer"], "/text");
    let delete = |tag: &str| request(Method::DELETE, &soul).bearer(&admin).header("if-match", tag).empty();
    assert_eq!(world.send(delete("\"0\"")).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(world.send(delete(&tag)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&format!("{files}/passwd"), &chat).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn agent_files_go_with_their_assistant_and_are_nobody_elses() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let body = json!({ "name": "poet", "backend": "demo", "model": "demo" });
    let made = world.post("/api/v1/assistants", &admin, body).await;
    let path = format!("/api/v1/assistants/{}", made.id());
    let soul = format!("{path}/files/SOUL.md");
    put(&world, &soul, &admin, "\"0\"", json!({ "text": "Rhyme." })).await;
    let restricted = world.token_with("admin", Some(made.id().parse().unwrap())).await;
    assert_eq!(world.get(&soul, &restricted).await.status, StatusCode::OK);
    let widened = put(&world, &soul, &restricted, "\"0\"", json!({ "text": "x" })).await;
    assert_eq!(widened.status, StatusCode::FORBIDDEN, "it could widen itself");
    let others = format!("/api/v1/assistants/{}/files", first_assistant(&world, &admin).await);
    assert_eq!(world.get(&others, &restricted).await.status, StatusCode::NOT_FOUND);
    let folder = world.state.knowledge.files.folder(made.id().parse().unwrap());
    assert!(folder.join("SOUL.md").exists());
    let delete = request(Method::DELETE, &path).bearer(&admin).header("if-match", "\"1\"").empty();
    assert_eq!(world.send(delete).await.status, StatusCode::NO_CONTENT);
    assert!(!folder.exists());
}
