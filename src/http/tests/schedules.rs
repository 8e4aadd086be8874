//! `/api/v1/schedules` as programs meet it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, request};

const SCHEDULES: &str = "/api/v1/schedules";

#[allow(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]
fn hourly(more: Value) -> Value {
    let mut body =
        json!({ "name": "look", "prompt": "Look around.", "cron": "@hourly", "zone": "Europe/Berlin" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_schedule_is_made_read_changed_and_removed() {
    let world = World::new().await;
    let admin = world.token("admin,read,operate").await;
    let made = world.post(SCHEDULES, &admin, hourly(json!({}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let path = format!("{SCHEDULES}/{}", made.id());
    assert_eq!(made.headers["etag"], "\"1\"");
    let twice = world.post(SCHEDULES, &admin, hourly(json!({}))).await;
    assert_eq!((twice.status, twice.json()["code"].clone()), (StatusCode::CONFLICT, json!("name_taken")));
    let patch = |tag: &str, body: Value| {
        request(Method::PATCH, &path).bearer(&admin).header("if-match", tag).json(&body)
    };
    let changed = world
        .send(patch("\"1\"", json!({ "every": "15m", "policies": { "retries": 2 }, "ceiling": "read_only" })))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let now = changed.json();
    assert_eq!((&now["words"], &now["ceiling"]), (&json!("every 15 minutes"), &json!("read_only")));
    assert_eq!((&now["policies"]["retries"], &now["policies"]["timeout_s"]), (&json!(2), &json!(3_600)));
    assert_eq!(now["zone"], "Europe/Berlin", "the zone stays");
    let stale = world.send(patch("\"1\"", json!({ "name": "other" }))).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let paused = world.post(&format!("{path}/pause"), &admin, json!({})).await.json();
    assert_eq!((&paused["state"], &paused["reason"].is_string()), (&json!("paused"), &true));
    let resumed = world.post(&format!("{path}/resume"), &admin, json!({})).await.json();
    assert_eq!((&resumed["state"], &resumed["reason"]), (&json!("active"), &Value::Null));
    let gone = world.send(request(Method::DELETE, &path).bearer(&admin).empty()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&path, &admin).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_is_said_by_field() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let table = [
        (json!({ "cron": "61 * * * *" }), "/cron"),
        (json!({ "every": "15m" }), "/cron"),
        (json!({ "cron": null, "every": "soon" }), "/every"),
        (json!({ "cron": null, "rrule": "FREQ=DAILY" }), "/at"),
        (json!({ "cron": null, "at": "tomorrow" }), "/at"),
        (json!({ "cron": null, "at": "2020-01-01T09:00" }), "/rule"),
        (json!({ "zone": "Europe/Atlantis" }), "/zone"),
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "x".repeat(101) }), "/name"),
        (json!({ "prompt": "" }), "/prompt"),
        (json!({ "prompt": "x".repeat(16 * 1024 + 1) }), "/prompt"),
        (json!({ "prompt": null }), "/prompt"),
        (json!({ "tool": "list_files" }), "/tool"),
        (json!({ "prompt": null, "tool": "list_files", "ceiling": "no_tools" }), "/ceiling"),
        (json!({ "ceiling": "sky" }), "/ceiling"),
        (json!({ "thread_id": "0192f000-0000-7000-8000-000000000000" }), "/thread_id"),
        (json!({ "workspace_id": "0192f000-0000-7000-8000-000000000000" }), "/workspace_id"),
        (json!({ "policies": { "timeout_s": 0 } }), "/timeout_s"),
        (json!({ "policies": { "timeout_s": 86_401 } }), "/timeout_s"),
        (json!({ "policies": { "retries": 11 } }), "/retries"),
        (json!({ "policies": { "jitter_s": 86_401 } }), "/jitter_s"),
        (json!({ "policies": { "catch_up_limit": 101 } }), "/catch_up_limit"),
        (json!({ "policies": { "runs_max": 0 } }), "/runs_max"),
    ];
    for (wrong, pointer) in table {
        let answer = world.post(SCHEDULES, &admin, hourly(wrong.clone())).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.text);
        assert!(answer.text.contains(&format!("\"{pointer}\"")), "{wrong}: {}", answer.text);
    }
    let most = json!({ "name": "x".repeat(100), "prompt": "x".repeat(16 * 1024), "policies": { "timeout_s": 86_400, "retries": 10,
                       "jitter_s": 86_400, "catch_up_limit": 100, "delay_max_s": 366 * 86_400 } });
    assert_eq!(world.post(SCHEDULES, &admin, hourly(most)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_rule_is_tried_before_it_is_stored() {
    let world = World::new().await;
    let token = world.token("read").await;
    let ask = json!({ "cron": "30 2 * * *", "zone": "Europe/Berlin", "count": 100 });
    let answer = world.post(&format!("{SCHEDULES}/preview"), &token, ask).await.json();
    assert_eq!(answer["items"].as_array().unwrap().len(), 100, "{answer}");
    assert!(answer["items"][0]["local"].as_str().unwrap().contains("T02:30:00"), "{answer}");
    for count in [0, 101] {
        let ask = json!({ "cron": "@daily", "count": count });
        let refused = world.post(&format!("{SCHEDULES}/preview"), &token, ask).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn run_now_asks_once_for_a_key_and_all_can_rest() {
    let world = World::new().await;
    let admin = world.token("admin,read,operate").await;
    let id = world.post(SCHEDULES, &admin, hourly(json!({}))).await.id();
    let path = format!("{SCHEDULES}/{id}/run-now");
    let ask = || request(Method::POST, &path).bearer(&admin).header("idempotency-key", "k1").json(&json!({}));
    let (first, again) = (world.send(ask()).await, world.send(ask()).await);
    assert_eq!((first.status, first.id()), (StatusCode::CREATED, again.id()));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let page = world.get(&format!("{SCHEDULES}/{id}/runs?limit=1"), &admin).await.json();
    assert_eq!((page["items"][0]["state"].clone(), page["next"].clone()), (json!("due"), Value::Null));
    let other = world.post(&path, &admin, json!({})).await.id();
    let page = world.get(&format!("{SCHEDULES}/{id}/runs?limit=1"), &admin).await.json();
    let next = page["next"].as_str().unwrap();
    let rest = world.get(&format!("{SCHEDULES}/{id}/runs?limit=1&after={next}"), &admin).await.json();
    assert_eq!((&page["items"][0]["id"], &rest["items"][0]["id"]), (&json!(other), &json!(first.id())));
    let cancelled = world.post(&format!("/api/v1/schedule-runs/{other}/cancel"), &admin, json!({})).await;
    assert_eq!(cancelled.json()["state"], "cancelled", "{}", cancelled.text);
    let held = world.post(&format!("{SCHEDULES}/pause-all"), &admin, json!({})).await.json();
    assert_eq!(held["paused"], true);
    let free = world.post(&format!("{SCHEDULES}/resume-all"), &admin, json!({})).await.json();
    assert_eq!((&free["paused"], &free["by"]), (&json!(false), &Value::Null));
}
