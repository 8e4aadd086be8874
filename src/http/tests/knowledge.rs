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

#[tokio::test]
async fn the_history_of_a_fact_is_read_put_back_and_purged_over_the_api() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let tea = json!({
        "key": "tea", "text": "Earl Grey", "confidence": 0.5, "expires_at": "2999-01-01T00:00:00Z", "pinned": true,
        "why": "said so",
    });
    let made = world.post("/api/v1/memory", &admin, tea).await;
    let fact = made.json();
    assert_eq!(
        (&fact["confidence_word"], &fact["pinned"]),
        (&json!("unsure"), &json!(true)),
        "{}",
        made.text
    );
    assert_eq!(world.get("/api/v1/memory?pinned=true", &chat).await.json()["items"][0]["key"], "tea");
    assert_eq!(world.get("/api/v1/memory?pinned=false", &chat).await.json()["items"], json!([]));
    let path = format!("/api/v1/memory/{}", made.id());
    let patch = |tag: &str, body: Value| {
        world.send(request(Method::PATCH, &path).bearer(&admin).header("if-match", tag).json(&body))
    };
    let wrong = patch("\"1\"", json!({ "confidence": 1.5 })).await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/confidence");
    let changed = patch("\"1\"", json!({ "text": "Green tea", "expires_at": null, "pinned": false })).await;
    assert_eq!((&changed.json()["expires_at"], &changed.json()["text"]), (&Value::Null, &json!("Green tea")));
    assert_eq!(patch("\"1\"", json!({ "text": "x" })).await.status, StatusCode::PRECONDITION_FAILED);
    let versions = world.get(&format!("{path}/versions"), &chat).await.json();
    assert_eq!(
        (&versions["items"][1]["why"], &versions["items"][0]["number"]),
        (&json!("said so"), &json!(2))
    );
    let diff = world.get(&format!("{path}/diff?from=1&to=2"), &chat).await.json();
    assert_eq!(diff["fields"][0]["name"], "expires");
    let restore = |tag: Option<&str>| {
        let ask = request(Method::POST, &format!("{path}/restore")).bearer(&admin);
        let ask = if let Some(tag) = tag { ask.header("if-match", tag) } else { ask };
        world.send(ask.json(&json!({ "version": 1 })))
    };
    assert_eq!(restore(None).await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(restore(Some("\"1\"")).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(restore(Some("\"2\"")).await.json()["text"], "Earl Grey");
    let forget =
        request(Method::DELETE, &format!("{path}?why=done")).bearer(&admin).header("if-match", "\"3\"");
    assert_eq!(world.send(forget.empty()).await.status, StatusCode::NO_CONTENT);
    let gone = world.get("/api/v1/memory/forgotten", &chat).await.json();
    assert_eq!((&gone["items"][0]["why"], &gone["items"][0]["deed"]), (&json!("done"), &json!("forgotten")));
    assert_eq!(restore(None).await.status, StatusCode::OK);
    let purge = || world.send(request(Method::DELETE, &format!("{path}/versions")).bearer(&admin).empty());
    assert_eq!(purge().await.status, StatusCode::NO_CONTENT);
    let left = world.get(&format!("{path}/versions"), &chat).await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let own = first_assistant(&world, &admin).await;
    let restricted = world.token_with("admin", Some(own.parse().unwrap())).await;
    let theirs = request(Method::DELETE, &format!("{path}/versions")).bearer(&restricted).empty();
    assert_eq!(
        world.send(theirs).await.status,
        StatusCode::FORBIDDEN,
        "what all know is not one assistant's"
    );
}

#[tokio::test]
async fn what_is_known_of_a_person_is_theirs_over_the_api() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    const MODEL: &str = "/api/v1/user-model";
    assert_eq!(
        world.get(MODEL, &chat).await.status,
        StatusCode::NOT_FOUND,
        "a token without admin is nobody's"
    );
    let own = first_assistant(&world, &admin).await;
    let restricted = world.token_with("admin", Some(own.parse().unwrap())).await;
    assert_eq!(world.get(MODEL, &restricted).await.status, StatusCode::NOT_FOUND);
    let known = world.get(MODEL, &admin).await.json();
    assert_eq!(
        (&known["person"], &known["privacy"], &known["told"]),
        (&json!("owner"), &json!("limited"), &json!(""))
    );
    let tenant = crate::protocol::ids::TenantId::home();
    let people = &world.state.knowledge.people;
    people.observe(&tenant, crate::user_model::Person::Owner, "gardening roses", 1).await.unwrap();
    let preference = || {
        let ask = request(Method::POST, &format!("{MODEL}/preferences")).bearer(&admin);
        world.send(ask.header("idempotency-key", "once").json(&json!({ "text": "Answer briefly" })))
    };
    let (made, again) = (preference().await, preference().await);
    assert_eq!((made.status, &made.json()["id"]), (StatusCode::CREATED, &json!(1)), "{}", made.text);
    assert_eq!(again.json()["id"], 1);
    let known = world.get(MODEL, &admin).await.json();
    assert_eq!(
        known["told"],
        "Often writes about: gardening, roses\nSays about themselves:\n- Answer briefly"
    );
    assert_eq!(known["preferences"].as_array().unwrap().len(), 1);
    let drop =
        |path: &str| world.send(request(Method::DELETE, &format!("{MODEL}/{path}")).bearer(&admin).empty());
    assert_eq!(drop("topics/roses").await.status, StatusCode::NO_CONTENT);
    assert_eq!(drop("topics/roses").await.status, StatusCode::NOT_FOUND);
    assert_eq!(drop("muted/roses").await.status, StatusCode::NO_CONTENT);
    let patch =
        |path: String, body: Value| world.send(request(Method::PATCH, &path).bearer(&admin).json(&body));
    let renamed = patch(format!("{MODEL}/topics/gardening"), json!({ "word": "orchids" })).await;
    assert_eq!(renamed.json()["topics"][0]["word"], "orchids", "{}", renamed.text);
    let wrong = patch(format!("{MODEL}/topics/orchids"), json!({ "word": "x" })).await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/word");
    let wrong = patch(MODEL.to_owned(), json!({ "privacy": "some" })).await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/privacy");
    let stale = request(Method::PATCH, MODEL).bearer(&admin).header("if-match", "\"0\"");
    let stale = world.send(stale.json(&json!({ "privacy": "full" }))).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(patch(MODEL.to_owned(), json!({ "privacy": "none" })).await.json()["privacy"], "none");
    let forgotten = world.send(request(Method::DELETE, MODEL).bearer(&admin).empty()).await;
    assert_eq!(forgotten.status, StatusCode::NO_CONTENT);
    let known = world.get(MODEL, &admin).await.json();
    assert_eq!((&known["topics"], &known["preferences"]), (&json!([]), &json!([])));
    world.state.vault.seal_all(&crate::identity::Principal::owner(tenant)).await.unwrap();
    let sealed = world.post(&format!("{MODEL}/preferences"), &admin, json!({ "text": "x" })).await;
    assert_eq!(sealed.status, StatusCode::LOCKED);
}

#[tokio::test]
async fn what_came_of_skills_and_what_they_said_before_is_read_over_the_api() {
    let world = World::new().await;
    let (admin, chat) = (world.token("admin").await, world.token("chat").await);
    let text = "---\nname: tea\ndescription: Makes tea.\n---\nBoil water.\n";
    let made = world.post("/api/v1/skills", &admin, json!({ "text": text })).await;
    let tag = made.headers["etag"].to_str().unwrap().to_owned();
    let put = request(Method::PUT, "/api/v1/skills/tea").bearer(&admin).header("if-match", &tag);
    world.send(put.json(&json!({ "text": text.replace("Boil", "Heat") }))).await;
    let versions = world.get("/api/v1/skills/tea/versions", &chat).await.json();
    assert_eq!((&versions["items"][0]["number"], &versions["items"][1]["text"]), (&json!(2), &json!(text)));
    let restore = |tag: Option<&str>| {
        let ask = request(Method::POST, "/api/v1/skills/tea/restore").bearer(&admin);
        let ask = if let Some(tag) = tag { ask.header("if-match", tag) } else { ask };
        world.send(ask.json(&json!({ "version": 1 })))
    };
    assert_eq!(restore(None).await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(restore(Some(&tag)).await.status, StatusCode::PRECONDITION_FAILED);
    let now = world.get("/api/v1/skills/tea", &chat).await;
    assert_eq!((&now.json()["score"]["mean"], &now.json()["score"]["evidence"]), (&json!(0.5), &json!(0)));
    let now = now.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(restore(Some(&now)).await.status, StatusCode::OK);
    assert_eq!(world.get("/api/v1/skills/tea", &chat).await.json()["text"], text);
    assert_eq!(world.get("/api/v1/skills/tea/outcomes", &chat).await.json()["items"], json!([]));
    let nothing = "/api/v1/turns/0192f000-0000-7000-8000-000000000000/feedback";
    assert_eq!(world.post(nothing, &chat, json!({ "helpful": true })).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/api/v1/skills/coffee/versions", &chat).await.status, StatusCode::NOT_FOUND);
}
