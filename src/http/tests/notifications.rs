//! Notifications over both of their APIs.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, World, request};
use crate::notifications::{Happening, Pattern, Severity, SourceType};
use crate::protocol::ids::{TenantId, WorkspaceId};

async fn workspace(world: &World, admin: &str) -> WorkspaceId {
    world.post("/api/v1/workspaces", admin, json!({ "name": "house" })).await.id().parse().unwrap()
}

async fn raise(world: &World, happening: Happening) {
    world.state.notifications.raise(&TenantId::home(), happening);
    world.state.notifications.flush().await.unwrap();
}

async fn patch(world: &World, path: &str, token: &str, body: Value) -> Answer {
    world.send(request(Method::PATCH, path).bearer(token).json(&body)).await
}

async fn delete(world: &World, path: &str, token: &str) -> StatusCode {
    world.send(request(Method::DELETE, path).bearer(token).empty()).await.status
}

#[tokio::test]
async fn the_api_of_the_seed_lists_marks_and_counts() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let house = workspace(&world, &admin).await;
    let path = format!("/api/workspaces/{house}/notifications");
    let empty = world.get(&path, &admin).await.json();
    assert_eq!(empty, json!({ "notifications": [], "unread_count": 0 }));

    raise(
        &world,
        Happening::new(Pattern::ChannelDown, "Slack is away")
            .saying("401")
            .within(house)
            .to(SourceType::Channel, "c1"),
    )
    .await;
    raise(&world, Happening::new(Pattern::WebhookRejected, "A stranger knocked").within(house)).await;
    raise(&world, Happening::new(Pattern::McpDown, "everywhere")).await;
    let list = world.get(&path, &admin).await.json();
    assert_eq!(
        (list["unread_count"].clone(), list["notifications"].as_array().unwrap().len()),
        (json!(2), 2)
    );
    let last = &list["notifications"][0];
    assert_eq!(last["title"], "A stranger knocked", "a rejected webhook can notify");
    let channel = world.get(&format!("{path}?category=channel"), &admin).await.json();
    let found = channel["notifications"].as_array().unwrap();
    assert_eq!(found.len(), 1, "the category channel is a filter");
    let mut keys: Vec<_> = found[0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "body",
        "category",
        "id",
        "inserted_at",
        "metadata",
        "read_at",
        "severity",
        "source_id",
        "source_type",
        "status",
        "title",
        "updated_at",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        (&found[0]["source_type"], &found[0]["source_id"], &found[0]["severity"]),
        (&json!("channel"), &json!("c1"), &json!("warning"))
    );

    let id = found[0]["id"].as_str().unwrap();
    let read = patch(&world, &format!("{path}/{id}/read"), &admin, json!({})).await;
    assert_eq!((read.status, &read.json()["notification"]["status"]), (StatusCode::OK, &json!("read")));
    assert!(read.json()["notification"]["read_at"].is_string());
    assert_eq!(
        world.get(&format!("{path}?status=unread"), &admin).await.json()["notifications"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let all = world.post(&format!("{path}/read_all"), &admin, json!({})).await;
    assert_eq!((all.status, all.json()), (StatusCode::OK, json!({ "marked_read": 1 })));
    let gone = patch(&world, &format!("{path}/{id}/dismiss"), &admin, json!({})).await;
    assert_eq!(gone.json()["notification"]["status"], "dismissed");
    // Filters that mean nothing are as good as absent; a limit is at most 200.
    for query in ["status=lost", "category=weather", "limit=0", "limit=many", "limit=9999"] {
        let list = world.get(&format!("{path}?{query}"), &admin).await;
        assert_eq!(list.json()["notifications"].as_array().unwrap().len(), 2, "{query}");
    }
    assert_eq!(
        world.get(&format!("{path}?limit=1"), &admin).await.json()["notifications"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn what_is_of_another_workspace_or_nowhere_is_not_there() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let house = workspace(&world, &admin).await;
    let path = format!("/api/workspaces/{house}/notifications");
    let other = format!("/api/workspaces/{}/notifications", WorkspaceId::new());
    for (method, path) in [
        (Method::GET, other.clone()),
        (Method::POST, format!("{other}/read_all")),
        (Method::PATCH, format!("{path}/{}/read", WorkspaceId::new())),
        (Method::PATCH, format!("{path}/nonsense/dismiss")),
        (Method::GET, "/api/workspaces/nonsense/notifications".to_owned()),
    ] {
        let answer = world.send(request(method, &path).bearer(&admin).json(&json!({}))).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::NOT_FOUND, json!({ "error": "not found" })),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_api_of_the_seed_keeps_rules() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let house = workspace(&world, &admin).await;
    let path = format!("/api/workspaces/{house}/notification_rules");
    assert_eq!(world.get(&path, &admin).await.json(), json!({ "rules": [] }));
    let new =
        json!({ "name": "Webhooks", "event_pattern": "monkey_claw.webhook.received", "channel": "in_app" });
    let made = world.post(&path, &admin, new.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let rule = made.json()["rule"].clone();
    let mut keys: Vec<_> = rule.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["channel", "enabled", "event_pattern", "id", "inserted_at", "min_severity", "name", "updated_at"]
    );
    assert_eq!((&rule["min_severity"], &rule["enabled"]), (&json!("info"), &json!(true)));
    raise(&world, Happening::new(Pattern::WebhookReceived, "push").within(house)).await;
    raise(&world, Happening::new(Pattern::WebhookReceived, "elsewhere")).await;
    let list = world.get(&format!("/api/workspaces/{house}/notifications"), &admin).await.json();
    assert_eq!(list["unread_count"], 1);

    let with = |key: &str, value: Value| {
        let mut body = new.clone();
        body[key] = value;
        body
    };
    let refused = [
        (new.clone(), json!({ "event_pattern": ["has already been taken"] })),
        (
            with("event_pattern", json!("monkey_claw.webhook.lost")),
            json!({ "event_pattern": ["is invalid"] }),
        ),
        (with("channel", json!("pigeon")), json!({ "channel": ["is invalid"] })),
        (with("min_severity", json!("fatal")), json!({ "min_severity": ["is invalid"] })),
        (with("name", json!(" ")), json!({ "name": ["can't be blank"] })),
        (json!({ "name": "x" }), json!({ "event_pattern": ["can't be blank"] })),
    ];
    for (body, error) in refused {
        let answer = world.post(&path, &admin, body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": error }))
        );
    }
    let one = format!("{path}/{}", rule["id"].as_str().unwrap());
    let changed =
        patch(&world, &one, &admin, json!({ "enabled": false, "min_severity": "error", "channel": "all" }))
            .await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(
        (&changed.json()["rule"]["enabled"], &changed.json()["rule"]["channel"]),
        (&json!(false), &json!("all"))
    );
    assert_eq!(delete(&world, &one, &admin).await, StatusCode::NO_CONTENT);
    assert_eq!(delete(&world, &one, &admin).await, StatusCode::NOT_FOUND);
    assert_eq!(patch(&world, &one, &admin, json!({})).await.json(), json!({ "error": "not found" }));
}

#[tokio::test]
async fn our_own_api_pages_marks_with_versions_and_counts_what_happens_again() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    for name in ["a", "b", "c"] {
        raise(&world, Happening::new(Pattern::McpDown, name).to(SourceType::McpServer, name)).await;
    }
    raise(
        &world,
        Happening::new(Pattern::McpDown, "a again").being(Severity::Error).to(SourceType::McpServer, "a"),
    )
    .await;
    let page = world.get("/api/v1/notifications?limit=2", &admin).await.json();
    let next = page["next"].as_str().unwrap();
    let rest = world.get(&format!("/api/v1/notifications?limit=2&after={next}"), &admin).await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    assert_eq!(world.get("/api/v1/notifications/unread", &admin).await.json(), json!({ "unread_count": 3 }));
    let errors =
        world.get("/api/v1/notifications?severity=error&category=system&status=unread", &admin).await.json();
    let worst = &errors["items"][0];
    assert_eq!(
        (errors["items"].as_array().unwrap().len(), &worst["title"], &worst["count"]),
        (1, &json!("a again"), &json!(2))
    );
    for query in
        ["status=lost", "severity=bad", "category=x", "workspace=x", "after=x", "limit=0", "limit=201"]
    {
        let answer = world.get(&format!("/api/v1/notifications?{query}"), &admin).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let path = format!("/api/v1/notifications/{}", worst["id"].as_str().unwrap());
    let tag = world.get(&path, &admin).await.headers["etag"].to_str().unwrap().to_owned();
    let mark = async |tag: &str, status: &str| {
        let ask = request(Method::PATCH, &path).bearer(&admin).header("if-match", tag);
        world.send(ask.json(&json!({ "status": status }))).await
    };
    assert_eq!(mark(&tag, "read").await.status, StatusCode::OK);
    assert_eq!(mark(&tag, "dismissed").await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(mark("*", "burnt").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(mark("*", "dismissed").await.json()["status"], "dismissed");
    assert_eq!(world.get("/api/v1/notifications", &admin).await.json()["items"].as_array().unwrap().len(), 2);
    let gone = world.get("/api/v1/notifications?status=dismissed", &admin).await.json();
    assert_eq!(gone["items"].as_array().unwrap().len(), 1);
    let all = world.post("/api/v1/notifications/read-all", &admin, json!({})).await.json();
    assert_eq!(all, json!({ "marked_read": 2 }));
}

#[tokio::test]
async fn rules_and_settings_are_changed_with_their_versions_and_told_to_the_audit() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let patterns = world.get("/api/v1/notification-patterns", &admin).await.json();
    assert_eq!(patterns["items"].as_array().unwrap().len(), Pattern::ALL.len());
    let new = json!({ "pattern": "capuchin.mcp.*", "severity": "error", "delivery": "email" });
    let made = world.post("/api/v1/notification-rules", &admin, new.clone()).await;
    assert_eq!((made.status, &made.json()["name"]), (StatusCode::CREATED, &json!("capuchin.mcp.*")));
    assert_eq!(world.post("/api/v1/notification-rules", &admin, new).await.json()["code"], "pattern_taken");
    let path = format!("/api/v1/notification-rules/{}", made.id());
    let change = request(Method::PATCH, &path).bearer(&admin).header("if-match", "\"1\"");
    let changed = world.send(change.json(&json!({ "enabled": false }))).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    for (body, pointer) in [
        (json!({ "pattern": "nothing" }), "/pattern"),
        (json!({ "pattern": "*", "delivery": "pigeon" }), "/delivery"),
        (json!({ "pattern": "*", "severity": "fatal" }), "/severity"),
        (json!({ "pattern": "*", "workspace_id": "x" }), "/workspace_id"),
        (json!({ "pattern": "*", "workspace_id": WorkspaceId::new().to_string() }), "/workspace_id"),
    ] {
        let answer = world.post("/api/v1/notification-rules", &admin, body).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer))
        );
    }
    assert_eq!(delete(&world, &path, &admin).await, StatusCode::NO_CONTENT);

    let settings = "/api/v1/notification-settings";
    let first = world.get(settings, &admin).await.json();
    assert_eq!(
        (&first["zone"], &first["quiet_from"], &first["version"]),
        (&json!("UTC"), &Value::Null, &json!(0))
    );
    let night = json!({ "zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "07:00", "digest_at": "08:00" });
    let set = patch(&world, settings, &admin, night).await;
    assert_eq!(
        (set.status, &set.json()["quiet_from"], &set.json()["digest_at"]),
        (StatusCode::OK, &json!("22:00"), &json!("08:00"))
    );
    let off =
        patch(&world, settings, &admin, json!({ "quiet_from": null, "quiet_until": null })).await.json();
    assert_eq!(
        (&off["quiet_from"], &off["digest_at"], &off["zone"]),
        (&Value::Null, &json!("08:00"), &json!("Europe/Berlin"))
    );
    for (body, pointer) in [
        (json!({ "zone": "Mars" }), "/zone"),
        (json!({ "quiet_from": "22:00" }), "/quiet_until"),
        (json!({ "quiet_from": "25:00", "quiet_until": "07:00" }), "/quiet_from"),
        (json!({ "away_until": "tomorrow" }), "/away_until"),
        (json!({ "away_until": "2020-01-01T00:00:00Z" }), "/away_until"),
        (json!({ "away_delivery": "pigeon" }), "/away_delivery"),
        (json!({ "digest_at": "eight" }), "/digest_at"),
    ] {
        let answer = patch(&world, settings, &admin, body).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["pointer"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer)),
            "{}",
            answer.text
        );
    }
    let untested = world.post("/api/v1/notifications/test", &admin, json!({ "way": "email" })).await;
    assert_eq!((untested.status, &untested.json()["code"]), (StatusCode::CONFLICT, &json!("not_set_up")));
    let told = world.get("/api/v1/audit?action=notification_rule", &admin).await.json();
    let actions: Vec<_> =
        told["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    let expected = ["notification_rule.deleted", "notification_rule.changed", "notification_rule.created"];
    assert_eq!(actions, expected);
    let told = world.get("/api/v1/audit?action=notification_settings", &admin).await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_kill_switch_and_a_question_are_told_and_a_decision_ends_the_telling() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let author = crate::policy::Author { principal: "owner".to_owned(), actor: "test" };
    world.state.halt(&TenantId::home(), author, "it writes nonsense").await.unwrap();
    world.state.notifications.flush().await.unwrap();
    let told = world.get("/api/v1/notifications", &admin).await.json();
    assert_eq!(told["items"][0]["pattern"], "capuchin.kill_switch.engaged");
    assert!(told["items"][0]["body"].as_str().unwrap().contains("it writes nonsense"));
    let question = json!({ "actions": [{ "kind": "run_command", "program": "rm", "args": ["-r", "cache"] }], "payload": "", "why": "to make room" });
    let asked = world.post("/api/v1/approvals", &admin, question).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.text);
    // What is told after a commit is told before the next one.
    world.state.notifications.read_all(&TenantId::home(), Some(WorkspaceId::new())).await.unwrap();
    world.state.notifications.flush().await.unwrap();
    let waiting = world.get("/api/v1/notifications?status=unread&category=session", &admin).await.json();
    assert_eq!(
        (&waiting["items"][0]["pattern"], &waiting["items"][0]["source"]["id"]),
        (&json!("capuchin.approval.waiting"), &json!(asked.id()))
    );
    let decided =
        world.post(&format!("/api/v1/approvals/{}", asked.id()), &admin, json!({ "decision": "deny" })).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text);
    // What is told after a commit is told before the next one.
    world.state.notifications.read_all(&TenantId::home(), Some(WorkspaceId::new())).await.unwrap();
    world.state.notifications.flush().await.unwrap();
    let waiting = world.get("/api/v1/notifications?status=unread&category=session", &admin).await.json();
    assert_eq!(waiting["items"], json!([]));
}
