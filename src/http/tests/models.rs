//! The API and the page of models.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, request};

const PROBES: &str = "/api/v1/model-probes";

#[tokio::test]
async fn models_are_listed_with_what_is_known_of_them() {
    let world = World::new().await;
    let reader = world.token("read").await;
    let listed = world.get("/api/v1/models", &reader).await.json();
    let [model] = &listed["items"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(
        (&model["id"], &model["provider"], &model["state"], &model["source"]),
        (&json!("demo/demo"), &json!("demo"), &json!("available"), &json!("refresh"))
    );
    assert_eq!(model["price"], json!({ "input_nano": 0, "output_nano": 0, "cached_nano": 0 }));
    assert_eq!(world.get("/api/v1/models?state=all", &reader).await.json(), listed);
    assert_eq!(
        world.get("/api/v1/models?state=some", &reader).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let openai = world.get("/v1/models", &reader).await.json();
    assert!(openai["data"].as_array().unwrap().iter().any(|one| one["id"] == "demo/demo"), "{openai}");
}

#[tokio::test]
async fn probes_are_shown_asked_and_changed() {
    let world = World::new().await;
    let (admin, operator) = (world.token("admin").await, world.token("operate").await);
    let listed = world.get(PROBES, &operator).await.json();
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["state"]),
        (&json!("demo:demo"), &json!("new"))
    );
    let asked = world.post(&format!("{PROBES}/demo:demo/refresh"), &operator, json!({})).await;
    assert_eq!((asked.status, &asked.json()["state"]), (StatusCode::OK, &json!("ready")));
    for nobody in ["demo", "demo:other", "none:demo"] {
        let path = format!("{PROBES}/{nobody}/refresh");
        assert_eq!(world.post(&path, &operator, json!({})).await.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    let change = async |body: Value| {
        let ask = request(Method::PATCH, &format!("{PROBES}/demo:demo")).bearer(&admin);
        world.send(ask.json(&body)).await
    };
    let changed = change(json!({ "every_s": 600, "enabled": false })).await;
    assert_eq!(
        (changed.status, &changed.json()["state"]),
        (StatusCode::OK, &json!("off")),
        "{}",
        changed.text
    );
    let refused = change(json!({ "every_s": 5 })).await;
    assert_eq!(refused.json()["errors"][0]["pointer"], "/every_s", "{}", refused.text);
}

#[tokio::test]
async fn backends_are_listed_without_asking_them_and_tried_out_on_demand() {
    let world = World::new().await;
    let (reader, operator) = (world.token("read").await, world.token("operate").await);
    let backend = async || {
        let listed = world.get("/api/v1/backends", &reader).await.json();
        listed["items"][0].clone()
    };
    let before = backend().await;
    assert_eq!(
        (&before["name"], &before["state"], &before["breaker"], &before["key"], &before["host"]),
        (&json!("demo"), &json!("unknown"), &json!("closed"), &json!("none"), &Value::Null)
    );
    let path = "/api/v1/backends/demo/test";
    assert_eq!(world.post(path, &reader, json!({})).await.status, StatusCode::FORBIDDEN);
    let tried = world.post(path, &operator, json!({})).await.json();
    assert_eq!(
        (&tried["ok"], &tried["model"], &tried["error"]),
        (&json!(true), &json!("demo"), &Value::Null)
    );
    let after = backend().await;
    assert_eq!(
        (&after["state"], &after["calls"], &after["failures"]),
        (&json!("ready"), &json!(1), &json!(0))
    );
    world.state.usage.flush().await.unwrap();
    let used = world.get("/api/v1/usage", &operator).await.json();
    assert_eq!(
        (&used["items"][0]["model"], &used["items"][0]["calls"]),
        (&json!("demo"), &json!(1)),
        "{used}"
    );
    for days in ["0", "367"] {
        let refused = world.get(&format!("/api/v1/usage?days={days}"), &operator).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}");
    }
}
