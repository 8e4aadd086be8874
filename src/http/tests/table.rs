//! Every route of the OpenAPI document against every kind of caller.
//!
//! What a route needs is read from the document, so a route whose code asks for something else
//! than its documentation says fails here, and so does a route that asks for nothing.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::world::{Ask, World, request};
use crate::http::{Connection, console, openapi};
use crate::identity::{NewToken, PROOF_LIFE_MS, Principal, Role, Scope, Scopes};

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    /// What opens it; `None` for public.
    needs: Option<Needs>,
}

/// What the document says that an operation needs.
struct Needs {
    /// Tokens with one of these; empty lists stand for any token. `None`: no token at all, a person.
    token: Option<Vec<Vec<Scope>>>,
    /// Whether a browser session needs a fresh proof besides.
    step_up: bool,
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let security = operation["security"].as_array();
            let security = security.unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            let needs = (security != &[json!({})]).then(|| needs_of(security));
            all.push(Operation { method, path: concrete(path), needs });
        }
    }
    all
}

fn needs_of(security: &[Value]) -> Needs {
    let words =
        |list: &Value| list.as_array().unwrap().iter().map(|w| w.as_str().unwrap().to_owned()).collect();
    let of = |scheme: &str| security.iter().filter_map(|one| one.get(scheme)).map(words).collect();
    let (tokens, sessions): (Vec<Vec<String>>, Vec<Vec<String>>) = (of("token"), of("session"));
    let scopes = |words: &Vec<String>| words.iter().map(|word| word.parse().unwrap()).collect();
    Needs {
        token: (!tokens.is_empty()).then(|| tokens.iter().map(scopes).collect()),
        step_up: sessions.iter().any(|words| words.iter().any(|word| word == "step_up")),
    }
}

impl Needs {
    /// Whether somebody with these scopes may do it; `person`: signed in, and no token.
    fn allows(&self, scopes: Scopes, person: bool) -> bool {
        match &self.token {
            None => person,
            Some(alternatives) => {
                alternatives.iter().any(|any| any.is_empty() || any.iter().any(|scope| scopes.allows(*scope)))
            }
        }
    }
}

/// An id that names nothing.
const NOTHING: &str = "0192f000-0000-7000-8000-000000000000";

/// The path with ids that name nothing.
fn concrete(path: &str) -> String {
    path.replace("{id}", NOTHING)
        .replace("{workspace}", NOTHING)
        .replace("{path}", "root/edge")
        .replace("{action}", "restart")
        .replace("{name}", "nothing")
        .replace("{number}", "1")
        .replace("{delivery}", NOTHING)
        .replace("{obligation}", NOTHING)
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
            let allowed = needs.allows([scope].into_iter().collect(), false);
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
    world.state.identity.revoke_token(&World::owner(), id).await.unwrap();
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
        let answer = world.send_over(Connection::Control, request).await;
        // Refusals that are not about who asks.
        let setup = ["setup_closed", "wrong_setup_token", "wrong_password", "passkey_refused", "\"void\""]
            .iter()
            .any(|word| answer.text.contains(word));
        let denied = is_denied(answer.status) && !setup;
        assert!(!denied, "{} {}: {}", operation.method, operation.path, answer.text);
    }
}

/// How long after a proof a session counts as signed in and no more.
const STALE_MS: i64 = PROOF_LIFE_MS + 1_000;

/// Asks with the session of a browser, from our own page.
async fn by_session(world: &World, operation: &Operation, cookie: &str) -> (StatusCode, String) {
    let answer = world.send(ask(operation).signed_in(cookie).json(&json!({}))).await;
    let code = if answer.status.is_success() || answer.text.is_empty() {
        String::new()
    } else {
        serde_json::from_str::<Value>(&answer.text)
            .ok()
            .and_then(|problem| problem["code"].as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    (answer.status, code)
}

/// Operations after which the session that asks is over.
fn ends_sessions(operation: &Operation) -> bool {
    operation.path == "/api/v1/session" && operation.method == Method::DELETE
}

#[tokio::test]
async fn a_stale_session_may_do_what_needs_no_fresh_proof_and_nothing_else() {
    let world = World::new().await;
    let cookie = world.owner_session().await;
    world.later(STALE_MS);
    for operation in operations().into_iter().filter(|op| !ends_sessions(op)) {
        let Some(needs) = &operation.needs else { continue };
        let (status, code) = by_session(&world, &operation, &cookie).await;
        let name = format!("{} {}: {status} {code}", operation.method, operation.path);
        assert_eq!(code == "step_up_required", needs.step_up, "{name}");
        // A wrong proof is a 401 of its own.
        assert!(status != StatusCode::UNAUTHORIZED || operation.path.ends_with("/step-up"), "{name}");
        assert!(status != StatusCode::FORBIDDEN || needs.step_up, "{name}");
    }
}

#[tokio::test]
async fn a_member_may_do_what_the_scopes_of_members_say_and_nothing_else() {
    let world = World::new().await;
    let cookie = world.member_session("Sam").await;
    for operation in operations().into_iter().filter(|op| !ends_sessions(op)) {
        let Some(needs) = &operation.needs else { continue };
        let allowed = needs.allows(Role::Member.scopes(), true);
        let (status, code) = by_session(&world, &operation, &cookie).await;
        let name = format!("{} {}: {status} {code}", operation.method, operation.path);
        assert_eq!(status == StatusCode::FORBIDDEN, !allowed, "{name}");
    }
}

#[tokio::test]
async fn an_expired_token_opens_nothing() {
    let world = World::new().await;
    let ends = jiff::Timestamp::now().as_millisecond() + 60_000;
    let new = NewToken {
        name: "short".into(),
        scopes: "admin".parse().unwrap(),
        assistant: None,
        budget_usd: None,
        expires_ms: Some(ends),
    };
    let made = world.state.identity.create_token(&World::owner(), new, None).await.unwrap().thing;
    let token = made.value.unwrap();
    assert_eq!(world.get("/api/v1/session", token.expose()).await.status, StatusCode::OK);
    world.later(61_000);
    for operation in operations().into_iter().filter(|operation| operation.needs.is_some()) {
        let status = world.send(ask(&operation).bearer(token.expose()).json(&json!({}))).await.status;
        let closed = status == StatusCode::UNAUTHORIZED || status == StatusCode::TOO_MANY_REQUESTS;
        assert!(closed, "{} {}: {status}", operation.method, operation.path);
    }
}

#[tokio::test]
async fn a_cookie_from_a_page_of_another_origin_or_of_no_page_changes_nothing() {
    let world = World::new().await;
    let cookie = world.owner_session().await;
    for operation in operations().into_iter().filter(|operation| operation.needs.is_some()) {
        let foreign = ask(&operation).header("cookie", &cookie).header("origin", "http://127.0.0.1:9");
        let answer = world.send(foreign.json(&json!({}))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} {}", operation.method, operation.path);
        if operation.method != Method::GET {
            let nameless = world.send(ask(&operation).header("cookie", &cookie).json(&json!({}))).await;
            assert_eq!(nameless.status, StatusCode::FORBIDDEN, "{} {}", operation.method, operation.path);
        }
    }
}

/// Makes one thing of every kind that can be made with a few words; the ids of everything that there is then.
async fn furnish(world: &World) -> Vec<String> {
    let admin = world.token("admin").await;
    let workspace = world.post("/api/v1/workspaces", &admin, json!({ "name": "taxes" })).await.id();
    let wishes = [
        ("/api/v1/threads", json!({ "workspace_id": workspace, "title": "hidden-title" })),
        ("/api/v1/assistants", json!({ "name": "hidden-name", "backend": "demo", "model": "demo" })),
        ("/api/v1/members", json!({ "name": "hidden-person" })),
        ("/api/v1/tokens", json!({ "name": "hidden-token", "scopes": ["read"] })),
        (
            "/api/v1/secrets",
            json!({ "name": "hidden-secret", "value": "a value of some length", "hosts": ["example.org"] }),
        ),
    ];
    for (path, body) in wishes {
        let made = world.post(path, &admin, body).await;
        assert!(made.status != StatusCode::FORBIDDEN, "{path}: {}", made.text);
    }
    let mut ids = vec![workspace];
    for path in collections() {
        let list = world.get(&path, &admin).await;
        let items = serde_json::from_str::<Value>(&list.text).unwrap_or_default()["items"].take();
        ids.extend(
            items.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str().map(str::to_owned)),
        );
    }
    // What comes from the settings has no id of its own, and everybody sees it.
    ids.retain(|id| id.parse::<uuid::Uuid>().is_ok_and(|id| !id.is_nil()));
    ids
}

/// Addresses below `/api/v1` that list things.
fn collections() -> Vec<String> {
    let lists = |operation: &Operation| {
        operation.method == Method::GET && operation.needs.is_some() && !operation.path.contains(NOTHING)
    };
    let paths = operations().into_iter().filter(lists).map(|operation| operation.path);
    paths.filter(|path| path.starts_with("/api/v1/") && !path.contains("runtime")).collect()
}

#[tokio::test]
async fn the_people_of_another_tenant_find_and_change_nothing_of_this_one() {
    let world = World::new().await;
    let ids = furnish(&world).await;
    assert!(ids.len() >= 6, "{ids:?}");
    let ours = world.token("admin").await;
    let state = world.as_tenant("neighbours").await;
    let theirs = Principal::owner(state.identity.tenant().clone());
    let new = NewToken {
        name: "theirs".into(),
        scopes: "admin".parse().unwrap(),
        assistant: None,
        budget_usd: None,
        expires_ms: None,
    };
    let token = state.identity.create_token(&theirs, new, None).await.unwrap().thing.value.unwrap();
    let connection = Connection::Tcp {
        peer: "127.0.0.1:50000".parse().unwrap(),
        local: "127.0.0.1:7717".parse().unwrap(),
        tls: false,
    };
    let console = console(state.clone());
    let send = |ask: Ask| World::send_to(console.clone(), connection, ask.json(&json!({})));
    for operation in operations().into_iter().filter(|operation| operation.needs.is_some()) {
        let name = format!("{} {}", operation.method, operation.path);
        let foreign = send(ask(&operation).bearer(&ours)).await.status;
        assert!(
            matches!(foreign, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS),
            "{name}: a token of this tenant opens nothing there: {foreign}"
        );
        if !operation.path.contains(NOTHING) || operation.path.starts_with("/v1/") {
            if operation.method == Method::GET {
                let list = send(ask(&operation).bearer(token.expose())).await;
                for id in &ids {
                    assert!(!list.text.contains(id.as_str()), "{name} shows {id}");
                }
                assert!(!list.text.contains("hidden-"), "{name}: {}", list.text);
            }
            continue;
        }
        for id in &ids {
            let path = operation.path.replace(NOTHING, id);
            let there =
                request(operation.method.clone(), &path).bearer(token.expose()).header("if-match", "\"1\"");
            let status = send(there).await.status;
            // A body that is wrong is told before anything is looked up.
            let blind = matches!(status, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST);
            let person_only = operation.needs.as_ref().is_some_and(|needs| needs.token.is_none());
            assert!(
                status == StatusCode::NOT_FOUND || blind || (person_only && status == StatusCode::FORBIDDEN),
                "{} {path}: {status}",
                operation.method
            );
        }
    }
    // Nothing of this tenant changed.
    let admin = world.token("admin").await;
    let threads = world.get("/api/v1/threads", &admin).await;
    assert!(threads.text.contains("hidden-title"), "{}", threads.text);
}
