//! Import, export and search over the API.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};
use crate::protocol::ids::TenantId;
use tokio_util::sync::CancellationToken;

const IMPORT: &str = "/api/v1/threads/import";

fn line(thread: &str, author: &str, content: &str, minute: u32) -> String {
    let created = format!("2024-03-05T10:{minute:02}:00Z");
    json!({ "thread": thread, "role": "user", "author": author, "content": content, "created_at": created })
        .to_string()
}

async fn import(world: &World, token: &str, body: &str) -> Answer {
    let ask = request(Method::POST, IMPORT).bearer(token).header("content-type", "application/x-ndjson");
    world.send(ask.raw(body.to_owned())).await
}

/// Runs the indexer until everything that was stored is in the index.
async fn indexed(world: &World, documents: u64) {
    let (stop, finder) = (CancellationToken::new(), &world.state.finder);
    let run = tokio::spawn(finder.indexer(world.state.db.clone()).run(stop.clone()));
    while finder.search().status(&TenantId::home()).documents != documents {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stop.cancel();
    run.await.unwrap();
}

async fn found(world: &World, token: &str, query: &str) -> Vec<String> {
    let answer = world.get(&format!("/api/v1/search?{query}"), token).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_is_found_by_words_questions_names_and_filters() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let lines = [
        line("one", "Max", "What did you research, Caroline?", 1),
        line("one", "Caroline", "Adoption agencies, it has been a dream of mine.", 2),
        line("two", "Max", "The dentist moved my appointment to Tuesday.", 3),
    ]
    .join("\n");
    let made = import(&world, &token, &lines).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let ids: Vec<String> = serde_json::from_value(made.json()["ids"].clone()).unwrap();
    assert_eq!(ids.len(), 3);
    indexed(&world, 3).await;
    assert_eq!(found(&world, &token, "q=dentist").await, [ids[2].clone()]);
    let answer = found(&world, &token, "q=What+did+Caroline+research%3F").await;
    assert!(answer[..2].contains(&ids[1]), "the answer, which has no word of the question: {answer:?}");
    assert_eq!(
        found(&world, &token, "q=agencies+dentist&sort=newest").await,
        [ids[2].clone(), ids[1].clone()]
    );
    assert_eq!(
        found(&world, &token, "q=agencies+dentist&after=2024-03-05T10:03:00Z").await,
        [ids[2].clone()]
    );
    assert_eq!(
        found(&world, &token, "q=agencies+dentist&before=2024-03-05T10:03:00Z").await,
        [ids[1].clone()]
    );
    assert_eq!(found(&world, &token, "q=dentist&role=assistant").await, [] as [String; 0]);
    let thread = made.json()["items"][0]["thread_id"].as_str().unwrap().to_owned();
    assert_eq!(found(&world, &token, &format!("q=agencies+dentist&thread={thread}")).await, [ids[1].clone()]);
    let whole = world.get("/api/v1/search?q=adoption", &token).await.json();
    assert!(whole["partial"].is_boolean(), "a slow machine may not look at everything");
    let item = &whole["items"][0];
    assert_eq!((&item["kind"], &item["author"]), (&json!("message"), &json!("Caroline")));
    assert_eq!(item["created_at"], "2024-03-05T10:02:00.000Z");
    assert_eq!(item["provenance"], "stranger");
    assert_eq!(item["highlights"], json!([[0, 8]]));
    // One page after the other.
    let first = world.get("/api/v1/search?q=agencies+dentist&limit=1", &token).await.json();
    let next = first["next"].as_str().unwrap();
    let second = found(&world, &token, &format!("q=agencies+dentist&limit=1&cursor={next}")).await;
    let again = found(&world, &token, &format!("q=agencies+dentist&limit=1&after={next}")).await;
    assert_eq!(second, again);
    assert_ne!(first["items"][0]["id"], second[0].as_str());
    // Deleted means gone.
    world.send(request(Method::DELETE, &format!("/api/v1/threads/{thread}")).bearer(&token).empty()).await;
    indexed(&world, 1).await;
    assert_eq!(found(&world, &token, "q=adoption").await, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_taken_once_and_whole_or_not_at_all() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let twice = line("t", "Ann", "the same", 1);
    let lines = format!("{twice}\n{twice}\n\n{}", line("t", "Ann", "another", 2));
    let first = import(&world, &token, &lines).await.json();
    assert_eq!((&first["created"], &first["repeated"]), (&json!(3), &json!(0)));
    let again = import(&world, &token, &lines).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["ids"], first["ids"]);
    assert_eq!(again.json()["repeated"], 3);
    // An export can be taken in again, here and under its id.
    let thread = first["items"][0]["thread_id"].as_str().unwrap();
    let export = world.get(&format!("/api/v1/threads/{thread}/export"), &token).await.text;
    let back = import(&world, &token, &export).await;
    assert_eq!(back.json()["repeated"], 3, "{}", back.text);
    for (bad, why) in [
        ("{", "line 2"),
        (r#"{"thread":"","role":"user","content":"x","created_at":"2024-01-01T00:00:00Z"}"#, "`thread`"),
        (r#"{"thread":"t","role":"robot","content":"x","created_at":"2024-01-01T00:00:00Z"}"#, "`role`"),
        (r#"{"thread":"t","role":"user","content":"x","created_at":"yesterday"}"#, "`created_at`"),
        (
            r#"{"thread":"t","role":"user","content":"x","created_at":"2024-01-01T00:00:00Z","provenance":"god"}"#,
            "`provenance`",
        ),
    ] {
        let refused = import(&world, &token, &format!("{}\n{bad}", line("new", "Ann", "good", 5))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(refused.text.contains("line 2") && refused.text.contains(why), "{}", refused.text);
    }
    let all = world.get("/api/v1/threads", &token).await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "nothing is half imported");
    let empty = import(&world, &token, "").await;
    assert_eq!((empty.status, &empty.json()["created"]), (StatusCode::OK, &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_assistant_finds_what_that_one_may_see() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin,chat").await, world.token("chat").await);
    import(&world, &chat, &line("t", "Ann", "a word of everybody's assistant", 1)).await;
    let body = json!({ "name": "other", "backend": "demo", "model": "demo" });
    let other = world.post("/api/v1/assistants", &admin, body).await.id();
    let narrow = world.token_with("chat", Some(other.parse().unwrap())).await;
    let own = import(&world, &narrow, &line("own", "Bob", "a word of its own", 2)).await.json();
    indexed(&world, 2).await;
    let id = own["ids"][0].as_str().unwrap().to_owned();
    assert_eq!(found(&world, &narrow, "q=word").await, [id]);
    assert_eq!(found(&world, &chat, "q=word").await.len(), 2);
    let foreign = import(&world, &narrow, &line("t", "Bob", "into a thread of another", 3)).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_said() {
    let world = World::new().await;
    let token = world.token("read").await;
    let long = "a".repeat(2_001);
    for query in [
        "",
        "q=",
        "q=%20",
        "q=a&limit=0",
        "q=a&limit=201",
        "q=a&role=robot",
        "q=a&kind=x",
        "q=a&sort=oldest",
        "q=a&before=soon",
        "q=a&after=soon",
        "q=a&cursor=1",
        &format!("q={long}"),
    ] {
        let answer = world.get(&format!("/api/v1/search?{query}"), &token).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {}", answer.text);
    }
    // There is no index yet.
    let answer = world.get("/api/v1/search?q=a", &token).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let status: Value = world.get("/api/v1/search/status", &token).await.json();
    assert_eq!(status["state"], "closed");
    assert!(status["semantic"].is_null(), "no model for it is set");
}
