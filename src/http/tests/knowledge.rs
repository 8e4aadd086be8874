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

#[tokio::test]
async fn facts_are_kept_found_changed_and_forgotten_over_the_api() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let tea = json!({ "key": "tea", "text": "Robin likes Earl Grey", "tags": ["drinks"] });
    assert_eq!(world.post("/api/v1/memory", &chat, tea.clone()).await.status, StatusCode::FORBIDDEN);
    let made = world.post("/api/v1/memory", &admin, tea.clone()).await;
    assert_eq!((made.status, &made.json()["trusted"]), (StatusCode::CREATED, &json!(true)), "{}", made.text);
    assert_eq!(world.post("/api/v1/memory", &admin, tea).await.json()["code"], "key_taken");
    let found = world.get("/api/v1/memory?q=earl+grey", &chat).await.json();
    assert_eq!(found["items"][0]["key"], "tea");
    assert_eq!(world.get("/api/v1/memory?category=core", &chat).await.json()["items"], json!([]));
    assert_eq!(world.get("/api/v1/memory?category=x", &chat).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let path = format!("/api/v1/memory/{}", made.id());
    let patch = |version: &str| request(Method::PATCH, &path).bearer(&admin).header("if-match", version);
    let text = json!({ "text": "Green tea" });
    assert_eq!(world.send(patch("\"9\"").json(&text)).await.status, StatusCode::PRECONDITION_FAILED);
    let changed = world.send(patch("\"1\"").json(&text)).await;
    assert_eq!((changed.status, &changed.headers["etag"]), (StatusCode::OK, &"\"2\"".parse().unwrap()));
    let delete = request(Method::DELETE, &path).bearer(&admin).header("if-match", "\"2\"").empty();
    assert_eq!(world.send(delete).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&path, &chat).await.status, StatusCode::NOT_FOUND);
    let nowhere = json!({ "key": "a", "text": "b", "assistant_id": "0192f000-0000-7000-8000-000000000000" });
    let nowhere = world.post("/api/v1/memory", &admin, nowhere).await;
    assert_eq!(nowhere.json()["errors"][0]["pointer"], "/assistant_id");
    let daily = json!({ "key": "a", "text": "b", "category": "daily" });
    let daily = world.post("/api/v1/memory", &admin, daily).await;
    assert_eq!(daily.json()["errors"][0]["pointer"], "/workspace_id");
}

#[tokio::test]
async fn a_repeated_fact_is_one_and_a_restricted_token_sees_its_own() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let create = |text: &str| {
        let ask = request(Method::POST, "/api/v1/memory").bearer(&admin).header("idempotency-key", "once");
        ask.json(&json!({ "key": "tea", "text": text }))
    };
    let (first, again) = (world.send(create("a")).await, world.send(create("a")).await);
    assert_eq!((again.status, again.id()), (StatusCode::CREATED, first.id()));
    assert_eq!(world.send(create("b")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let own = first_assistant(&world, &admin).await;
    let body = json!({ "name": "poet", "backend": "demo", "model": "demo" });
    let poet = world.post("/api/v1/assistants", &admin, body).await.id();
    let theirs = json!({ "key": "verse", "text": "Rhyme", "assistant_id": own });
    let theirs = world.post("/api/v1/memory", &admin, theirs).await.id();
    let restricted = world.token_with("admin", Some(poet.parse().unwrap())).await;
    let seen = world.get("/api/v1/memory", &restricted).await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "everybody's");
    assert_eq!(
        world.get(&format!("/api/v1/memory/{theirs}"), &restricted).await.status,
        StatusCode::NOT_FOUND
    );
    let shared = json!({ "key": "x", "text": "y" });
    assert_eq!(world.post("/api/v1/memory", &restricted, shared).await.status, StatusCode::FORBIDDEN);
    let mine = json!({ "key": "x", "text": "y", "assistant_id": poet });
    assert_eq!(world.post("/api/v1/memory", &restricted, mine).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn skills_are_made_read_changed_turned_off_and_removed_over_the_api() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let text = "---\nname: tea\ndescription: Makes tea.\n---\nBoil water.\n";
    let body = json!({ "text": text, "files": [{ "path": "a.txt", "text": "1" }, { "path": "b/c", "base64": "Mg==" }] });
    assert_eq!(world.post("/api/v1/skills", &chat, body.clone()).await.status, StatusCode::FORBIDDEN);
    let made = world.post("/api/v1/skills", &admin, body.clone()).await;
    assert_eq!((made.status, &made.json()["state"]), (StatusCode::CREATED, &json!("on")), "{}", made.text);
    assert_eq!(world.post("/api/v1/skills", &admin, body).await.json()["code"], "name_taken");
    let bad = world.post("/api/v1/skills", &admin, json!({ "text": "# no" })).await;
    assert_eq!(bad.json()["errors"][0]["pointer"], "/text");
    let bad = json!({ "text": text.replace("tea", "tee"), "files": [{ "path": "a", "base64": "??" }] });
    assert_eq!(world.post("/api/v1/skills", &admin, bad).await.json()["errors"][0]["pointer"], "/files");
    assert_eq!(world.get("/api/v1/skills", &chat).await.json()["items"][0]["name"], "tea");
    let one = world.get("/api/v1/skills/tea", &chat).await;
    assert_eq!((&one.json()["text"], &one.json()["files"][1]["path"]), (&json!(text), &json!("b/c")));
    let tag = one.headers["etag"].to_str().unwrap().to_owned();
    let ask =
        |method, tag: &str| request(method, "/api/v1/skills/tea").bearer(&admin).header("if-match", tag);
    let off = json!({ "enabled": false });
    assert_eq!(
        world.send(ask(Method::PATCH, "\"1\"").json(&off)).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(world.send(ask(Method::PATCH, &tag).json(&off)).await.json()["state"], "off");
    let green = json!({ "text": text.replace("Boil", "Don't boil") });
    let changed = world.send(ask(Method::PUT, &tag).json(&green)).await;
    let tag = changed.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(world.send(ask(Method::DELETE, &tag).empty()).await.status, StatusCode::NO_CONTENT);
    for gone in ["/api/v1/skills/tea", "/api/v1/skills/..%2Ftea", "/api/v1/skills?workspace=x"] {
        assert_eq!(world.get(gone, &chat).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    let restricted =
        world.token_with("admin", Some(first_assistant(&world, &admin).await.parse().unwrap())).await;
    let made = world.post("/api/v1/skills", &restricted, json!({ "text": text })).await;
    assert_eq!(made.status, StatusCode::FORBIDDEN);
}
