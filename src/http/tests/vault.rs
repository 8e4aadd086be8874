//! The vault over the API: values go in and never come out.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{World, request};

const VALUE: &str = "planted-value-4711-of-a-secret";

async fn stored(world: &World, token: &str) -> Value {
    let body = json!({ "name": "key", "value": VALUE, "hosts": ["api.example.com"] });
    let made = world.post("/api/v1/secrets", token, body).await;
    assert_eq!(
        (made.status, &made.headers["etag"]),
        (StatusCode::CREATED, &"\"1\"".parse().unwrap()),
        "{}",
        made.text
    );
    made.json()
}

#[tokio::test]
async fn no_answer_holds_a_value() {
    let world = World::new().await;
    let token = world.token("admin").await;
    let id = stored(&world, &token).await["id"].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    for path in [
        "/api/v1/secrets",
        "/api/v1/secrets/key",
        &format!("/api/v1/secrets/{id}"),
        "/api/v1/vault",
        "/api/v1/vault/access",
        "/api/v1/oauth-tokens",
    ] {
        let answer = world.get(path, &token).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answers.push(answer.text);
    }
    // Refusals do not repeat what was sent either.
    for body in [
        json!({ "name": "key", "value": VALUE }),
        json!({ "name": "k e y", "value": VALUE }),
        json!({ "name": "other", "value": [VALUE] }),
        json!({ "name": "other", "value": VALUE, "hosts": [VALUE, "*"] }),
        json!({ "name": "other", "value": VALUE, "kind": "no-such-kind" }),
    ] {
        let refused = world.post("/api/v1/secrets", &token, body).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
        answers.push(refused.text);
    }
    assert!(answers.iter().all(|text| !text.contains(VALUE)), "{answers:#?}");
}

#[tokio::test]
async fn a_secret_is_changed_as_it_was_read_and_deleted_when_nothing_uses_it() {
    let world = World::new().await;
    let token = world.token("admin").await;
    stored(&world, &token).await;
    let patch = |tag: Option<&str>, body: &Value| {
        let ask = request(Method::PATCH, "/api/v1/secrets/key").bearer(&token);
        match tag {
            Some(tag) => ask.header("if-match", tag),
            None => ask,
        }
        .json(body)
    };
    let hosts = json!({ "hosts": ["*.example.org"], "description": "for tests" });
    assert_eq!(world.send(patch(None, &hosts)).await.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(world.send(patch(Some("\"7\""), &hosts)).await.status, StatusCode::PRECONDITION_FAILED);
    let changed = world.send(patch(Some("\"1\""), &hosts)).await;
    assert_eq!((changed.status, &changed.json()["hosts"]), (StatusCode::OK, &json!(["*.example.org"])));
    let put = request(Method::PUT, "/api/v1/secrets/key/value")
        .bearer(&token)
        .json(&json!({ "value": "new-value" }));
    let replaced = world.send(put).await;
    assert!(
        replaced.status == StatusCode::OK && replaced.json()["rotated_at"].is_string(),
        "{}",
        replaced.text
    );
    world.state.vault.note_users([("key".to_owned(), "backend claude".to_owned())]);
    let delete = |path: &str| request(Method::DELETE, path).bearer(&token).empty();
    let refused = world.send(delete("/api/v1/secrets/key")).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::CONFLICT, &json!("in_use")));
    assert_eq!(world.send(delete("/api/v1/secrets/key?force=true")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/api/v1/secrets/key", &token).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_sealed_vault_says_423_and_what_to_do() {
    let world = World::new().await;
    let token = world.token("admin").await;
    stored(&world, &token).await;
    let sealed = world.post("/api/v1/vault/seal", &token, json!({})).await;
    assert_eq!((sealed.status, &sealed.json()["state"]), (StatusCode::OK, &json!("sealed")));
    let body = json!({ "name": "other", "value": "v" });
    let refused = world.post("/api/v1/secrets", &token, body.clone()).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::LOCKED, &json!("vault_sealed")));
    assert!(refused.text.contains("capuchin vault unseal"));
    assert_eq!(world.get("/api/v1/secrets", &token).await.status, StatusCode::OK, "names are no secret");
    assert_eq!(world.post("/api/v1/vault/unseal", &token, json!({})).await.json()["state"], "open");
    assert_eq!(world.post("/api/v1/secrets", &token, body).await.status, StatusCode::CREATED);
    for keys in ["data", "root"] {
        let rotated = world.post("/api/v1/vault/rotate", &token, json!({ "keys": keys })).await;
        assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.text);
    }
    let foreign = world.post("/api/v1/vault/protect", &token, json!({ "with": "credential" })).await;
    assert_eq!((foreign.status, &foreign.json()["code"]), (StatusCode::CONFLICT, &json!("key_source")));
    let weak = json!({ "with": "passphrase", "passphrase": "short" });
    assert_eq!(
        world.post("/api/v1/vault/protect", &token, weak).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
