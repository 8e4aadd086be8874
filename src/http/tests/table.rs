//! Every route of the OpenAPI document against every kind of caller.
//!
//! What a route needs is read from the document, so a route whose code asks for something else
//! than its documentation says fails here, and so does a route that asks for nothing.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Ask, World, request};
use crate::http::openapi;
use crate::identity::Scope;

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    /// Scopes of which one is enough; `None` for public, empty for any credential.
    needs: Option<Vec<Vec<Scope>>>,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let security = operation["security"].as_array();
            let security = security.unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            let needs = (security != &[json!({})]).then(|| security.iter().map(scopes_of).collect());
            all.push(Operation { method, path: concrete(path), needs });
        }
    }
    all
}

fn scopes_of(requirement: &Value) -> Vec<Scope> {
    let words = requirement["token"].as_array().expect("a token is an alternative everywhere");
    words.iter().map(|word| word.as_str().unwrap().parse().unwrap()).collect()
}

/// The path with ids that name nothing.
fn concrete(path: &str) -> String {
    path.replace("{id}", "0192f000-0000-7000-8000-000000000000")
        .replace("{path}", "root/edge")
        .replace("{action}", "restart")
}

fn ask(operation: &Operation) -> Ask {
    request(operation.method.clone(), &operation.path)
}

fn is_denied(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN
}

#[test]
fn the_document_covers_the_promised_resources() {
    let paths: Vec<String> =
        operations().into_iter().map(|op| format!("{} {}", op.method, op.path)).collect();
    assert!(paths.len() >= 40, "{}", paths.len());
    for promised in [
        "GET /health",
        "GET /health/ready",
        "GET /metrics",
        "POST /api/v1/threads",
        "POST /api/v1/runtime/actors/root/edge/restart",
        "POST /api/v1/tickets",
        "POST /v1/chat/completions",
        "GET /api/openapi.json",
        "GET /api/v1/runtime/tree",
    ] {
        assert!(paths.iter().any(|path| path == promised), "{promised} is missing in {paths:?}");
    }
    let document = serde_json::to_value(openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test]
async fn without_a_credential_only_public_routes_answer() {
    let world = World::new().await;
    for operation in operations() {
        let status = world.send(ask(&operation).json(&json!({}))).await.status;
        let denied = status == StatusCode::UNAUTHORIZED;
        assert_eq!(denied, operation.needs.is_some(), "{} {}: {status}", operation.method, operation.path);
    }
}

#[tokio::test]
async fn each_scope_opens_the_routes_that_ask_for_it_and_no_other() {
    let world = World::new().await;
    for scope in Scope::ALL {
        let token = world.token(scope.as_str()).await;
        for operation in operations() {
            let Some(needs) = &operation.needs else { continue };
            if operation.path == "/api/v1/password" {
                continue; // no token at all may do that: tested with the passwords
            }
            let allowed =
                scope == Scope::Admin || needs.iter().any(|any| any.is_empty() || any.contains(&scope));
            let status = world.send(ask(&operation).bearer(&token).json(&json!({}))).await.status;
            let expected = if allowed { "let in" } else { "kept out" };
            assert_eq!(
                status == StatusCode::FORBIDDEN,
                !allowed,
                "{scope} should be {expected}: {} {}: {status}",
                operation.method,
                operation.path
            );
            assert_ne!(status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn wrong_and_revoked_tokens_open_nothing() {
    let world = World::new().await;
    let revoked = world.token("admin").await;
    let id = world.state.identity.tokens().await.unwrap().pop().unwrap().id;
    world.state.identity.revoke_token(id).await.unwrap();
    for operation in operations().into_iter().filter(|operation| operation.needs.is_some()) {
        for token in [revoked.as_str(), "nonsense"] {
            let status = world.send(ask(&operation).bearer(token).json(&json!({}))).await.status;
            let closed = status == StatusCode::UNAUTHORIZED || status == StatusCode::TOO_MANY_REQUESTS;
            assert!(closed, "{} {}: {status}", operation.method, operation.path);
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_and_other_hosts_get_nothing_even_with_a_token() {
    let world = World::new().await;
    let token = world.token("admin").await;
    for operation in operations() {
        let foreign = ask(&operation).bearer(&token).header("origin", "https://evil.test").json(&json!({}));
        let answer = world.send(foreign).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", operation.method, operation.path);
        assert_eq!(answer.json()["code"], "cross_origin");
        let rebound = Ask::bare(operation.method.clone(), &operation.path)
            .header("host", "evil.test:7717")
            .bearer(&token)
            .json(&json!({}));
        let status = world.send(rebound).await.status;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{} {}", operation.method, operation.path);
    }
}

#[tokio::test]
async fn the_owner_on_the_control_socket_is_let_in_everywhere() {
    let world = World::new().await;
    for operation in operations() {
        let request = Ask::bare(operation.method.clone(), &operation.path).json(&json!({}));
        let answer = world.send_over(crate::http::Connection::Control, request).await;
        let setup = answer.text.contains("setup_closed") || answer.text.contains("wrong_password");
        let denied = is_denied(answer.status) && !setup;
        assert!(!denied, "{} {}: {}", operation.method, operation.path, answer.text);
    }
}
