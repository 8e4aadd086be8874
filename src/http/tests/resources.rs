//! Resources: shapes, pages, conditions, repeats, and what a restricted token can see.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};
use crate::assistants::NewAssistant;
use crate::protocol::ids::AssistantId;

async fn second_assistant(world: &World) -> AssistantId {
    let new = NewAssistant {
        name: "helper".into(),
        backend: "demo".into(),
        model: "demo".into(),
        routing: crate::models::Routing::default(),
        system_prompt: String::new(),
    };
    world.state.assistants.create(&World::owner(), new, None).await.unwrap().thing.id
}

#[tokio::test]
async fn a_thread_goes_to_the_default_workspace_unless_it_names_one() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let made = world.post("/api/v1/threads", &token, json!({ "title": "Hello" })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.headers["etag"], "\"1\"");
    assert_eq!(made.json()["title"], "Hello");
    let home = world.get("/api/v1/workspaces", &token).await.json()["items"][0].clone();
    assert_eq!(made.json()["workspace_id"], home["id"]);
    let work = world.post("/api/v1/workspaces", &token, json!({ "name": "Work" })).await.id();
    let there = world.post("/api/v1/threads", &token, json!({ "workspace_id": work })).await;
    assert_eq!(there.json()["workspace_id"], work.as_str());
    let listed = world.get(&format!("/api/v1/threads?workspace={work}"), &token).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["next"], Value::Null);
    let nowhere = json!({ "workspace_id": "0192f000-0000-7000-8000-000000000000" });
    let answer = world.post("/api/v1/threads", &token, nowhere).await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/workspace_id");
}

#[tokio::test]
async fn pages_show_everything_once() {
    let world = World::new().await;
    let token = world.token("chat").await;
    for n in 0..5 {
        world.post("/api/v1/threads", &token, json!({ "title": format!("t{n}") })).await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/api/v1/threads?limit=2{after}"), &token).await.json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|t| t["title"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ["t4", "t3", "t2", "t1", "t0"], "newest first");
    assert_eq!(world.get("/api/v1/threads?limit=201", &token).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_repeated_create_answers_with_the_first_thing() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let create = |title: &str| {
        let ask = request(Method::POST, "/api/v1/threads").bearer(&token).header("idempotency-key", "once");
        ask.json(&json!({ "title": title }))
    };
    let first = world.send(create("a")).await;
    let again = world.send(create("a")).await;
    assert_eq!((again.status, again.id()), (StatusCode::CREATED, first.id()));
    assert_eq!(world.send(create("b")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = world.token("chat").await;
    let theirs = request(Method::POST, "/api/v1/threads").bearer(&other).header("idempotency-key", "once");
    let theirs = world.send(theirs.json(&json!({ "title": "a" }))).await;
    assert_ne!(theirs.id(), first.id(), "keys of others never meet");
    let listed = world.get("/api/v1/threads", &token).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_assistant_changes_only_with_the_version_that_was_read() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let body = json!({ "name": "poet", "backend": "demo", "model": "demo" });
    let made = world.post("/api/v1/assistants", &admin, body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(world.post("/api/v1/assistants", &admin, body).await.json()["code"], "name_taken");
    let path = format!("/api/v1/assistants/{}", made.id());
    let change = |tag: Option<&str>| {
        let ask = request(Method::PATCH, &path).bearer(&admin);
        let ask = tag.into_iter().fold(ask, |ask, tag| ask.header("if-match", tag));
        ask.json(&json!({ "system_prompt": "Rhyme." }))
    };
    assert_eq!(world.send(change(None)).await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(world.send(change(Some("\"7\""))).await.status, StatusCode::PRECONDITION_FAILED);
    let changed = world.send(change(Some("\"1\""))).await;
    assert_eq!((changed.status, &changed.headers["etag"]), (StatusCode::OK, &"\"2\"".parse().unwrap()));
    let bad = json!({ "name": "x", "backend": "nowhere", "model": "m" });
    assert_eq!(
        world.post("/api/v1/assistants", &admin, bad).await.json()["errors"][0]["pointer"],
        "/backend"
    );
}

#[tokio::test]
async fn the_defaults_cannot_be_deleted() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    for kind in ["assistants", "workspaces"] {
        let first = world.get(&format!("/api/v1/{kind}"), &admin).await.json()["items"][0].clone();
        let path = format!("/api/v1/{kind}/{}", first["id"].as_str().unwrap());
        let delete = request(Method::DELETE, &path).bearer(&admin).header("if-match", "\"1\"").empty();
        assert_eq!(world.send(delete).await.json()["code"], "is_default", "{kind}");
    }
}

#[tokio::test]
async fn what_is_absent_foreign_or_no_id_at_all_looks_the_same() {
    let world = World::new().await;
    let only = second_assistant(&world).await;
    let (chat, restricted) = (world.token("chat").await, world.token_with("chat", Some(only)).await);
    let foreign = world.post("/api/v1/threads", &chat, json!({})).await.id();
    let shape = |mut answer: Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("instance");
        answer.headers.remove("x-request-id");
        (answer.status, format!("{:?}", answer.headers), body)
    };
    let absent = shape(world.get("/api/v1/threads/0192f000-0000-7000-8000-000000000000", &restricted).await);
    assert_eq!(absent.0, StatusCode::NOT_FOUND);
    let hidden = shape(world.get(&format!("/api/v1/threads/{foreign}"), &restricted).await);
    assert_eq!(absent, hidden);
    assert_eq!(absent, shape(world.get("/api/v1/threads/no-id", &restricted).await));
}

#[tokio::test]
async fn a_token_for_one_assistant_reaches_nothing_of_the_others() {
    let world = World::new().await;
    let only = second_assistant(&world).await;
    let all = world.token("chat,read,operate").await;
    let token = world.token_with("admin", Some(only)).await;
    let foreign = world.post("/api/v1/threads", &all, json!({})).await.id();
    for (method, path) in [
        (Method::GET, format!("/api/v1/threads/{foreign}")),
        (Method::PATCH, format!("/api/v1/threads/{foreign}")),
        (Method::DELETE, format!("/api/v1/threads/{foreign}")),
        (Method::GET, format!("/api/v1/threads/{foreign}/messages")),
        (Method::GET, format!("/api/v1/threads/{foreign}/events")),
        (Method::GET, format!("/api/v1/threads/{foreign}/export")),
        (Method::GET, format!("/api/v1/turns?thread={foreign}")),
    ] {
        let status = world.send(request(method.clone(), &path).bearer(&token).json(&json!({}))).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    let send =
        world.post(&format!("/api/v1/threads/{foreign}/messages"), &token, json!({ "content": "hi" })).await;
    assert_eq!(send.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/threads", &token).await.json()["items"], json!([]));
    let listed = world.get("/api/v1/assistants", &token).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    let own = world.post("/api/v1/threads", &token, json!({})).await;
    assert_eq!(own.json()["effective_assistant_id"], only.to_string());
    let widened = json!({ "assistant_id": null });
    let path = format!("/api/v1/threads/{}", own.id());
    let answer = world.send(request(Method::PATCH, &path).bearer(&token).json(&widened)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "it cannot hand its thread to another one");
    for path in ["/api/v1/runtime/tree", "/api/v1/runtime/reports", "/api/v1/runtime/sandbox"] {
        assert_eq!(world.get(path, &token).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let wider = json!({ "name": "wider", "scopes": ["admin"], "assistant": "capuchin" });
    assert_eq!(world.post("/api/v1/tokens", &token, wider).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_message_that_cannot_be_taken_is_not_accepted() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let thread = world.post("/api/v1/threads", &token, json!({})).await.id();
    let path = format!("/api/v1/threads/{thread}/messages");
    let send = async |content: String| world.post(&path, &token, json!({ "content": content })).await.status;
    assert_eq!(send(" \n".into()).await, StatusCode::UNPROCESSABLE_ENTITY);
    let limit = world.state.config.sessions.message_bytes_max;
    assert_eq!(send("x".repeat(limit + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send("x".repeat(limit)).await, StatusCode::SERVICE_UNAVAILABLE, "no session starts here");
    assert_eq!(world.get(&path, &token).await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_empty_export_is_empty_and_markdown_has_the_title() {
    let world = World::new().await;
    let token = world.token("read,chat").await;
    let thread = world.post("/api/v1/threads", &token, json!({ "title": "Plan" })).await.id();
    let lines = world.get(&format!("/api/v1/threads/{thread}/export"), &token).await;
    assert_eq!((lines.status, lines.text.as_str()), (StatusCode::OK, ""));
    let markdown = world.get(&format!("/api/v1/threads/{thread}/export?format=markdown"), &token).await;
    assert_eq!(markdown.text, "# Plan\n\n");
    assert!(markdown.headers["content-disposition"].to_str().unwrap().ends_with(".md\""));
}

#[tokio::test]
async fn leaks_are_listed_page_by_page_without_values() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let found = |kind| crate::redaction::Finding { kind, start: 3, end: 44 };
    for kind in ["github_token", "jwt", "vault:db"] {
        world.state.leaks.note(
            &crate::protocol::ids::TenantId::home(),
            "prompt",
            None,
            &[found(kind.into())],
        );
    }
    let first = world.get("/api/v1/leaks?limit=2", &admin).await.json();
    assert_eq!(
        (first["items"][0]["kind"].as_str(), first["items"][0]["count"].as_u64()),
        (Some("vault:db"), Some(1))
    );
    let next = first["next"].as_str().unwrap();
    let second = world.get(&format!("/api/v1/leaks?limit=2&after={next}"), &admin).await.json();
    assert_eq!((second["items"][0]["kind"].as_str(), &second["next"]), (Some("github_token"), &Value::Null));
    assert_eq!(world.get("/api/v1/leaks?after=x", &admin).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.get("/api/v1/leaks", &chat).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn tools_are_listed_with_their_schemas() {
    let world = World::new().await;
    let token = world.token("read").await;
    let tools = world.get("/api/v1/tools", &token).await.json();
    let of =
        |name: &str| tools["items"].as_array().unwrap().iter().find(|tool| tool["name"] == name).cloned();
    assert_eq!(of("read_file").unwrap()["reach"], "always");
    let list = of("list_files").unwrap();
    assert_eq!((&list["reach"], &list["parameters"]["type"]), (&json!("on_demand"), &json!("object")));
}
