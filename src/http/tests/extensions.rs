//! The API of plugs, on a daemon that has none and no settings to read again.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::world::World;

const EXTENSIONS: &str = "/api/v1/extensions";

#[tokio::test]
async fn all_sixteen_points_are_listed_with_what_their_plugs_are_told() {
    let world = World::new().await;
    let reader = world.token("read").await;
    for path in [EXTENSIONS.to_owned(), format!("{EXTENSIONS}/hooks")] {
        let listed = world.get(&path, &reader).await.json();
        let names: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|one| &one["hook"]).collect();
        assert_eq!(
            (names.len(), names[0], names[15]),
            (16, &json!("query_pre"), &json!("iteration_completed"))
        );
    }
    let hooks = world.get(&format!("{EXTENSIONS}/hooks"), &reader).await.json();
    let can_halt: Vec<&Value> = hooks["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["can_halt"] == true)
        .map(|one| &one["hook"])
        .collect();
    assert_eq!(
        json!(can_halt),
        json!(["query_pre", "session_starting", "experiment_started", "iteration_started"])
    );
}

#[tokio::test]
async fn what_cannot_be_reloaded_or_tried_says_so() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let reload = world.post(&format!("{EXTENSIONS}/reload"), &admin, json!({})).await;
    assert_eq!(reload.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = reload.json();
    assert_eq!(problem["code"], "bad_settings");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("read again"), "{problem}");
    let test = format!("{EXTENSIONS}/test");
    let nobody = json!({ "plug": "nobody", "hook": "query_pre" });
    assert_eq!(world.post(&test, &admin, nobody).await.status, StatusCode::NOT_FOUND);
    let nowhere = world.post(&test, &admin, json!({ "plug": "nobody", "hook": "query" })).await;
    assert_eq!(
        (nowhere.status, &nowhere.json()["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("hook"))
    );
}
