//! People over their life: invited, in, shut out; and devices that a person lets in.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, OWN, PASSWORD, World, request};

/// A device speaks forms.
async fn form(world: &World, path: &str, body: &str) -> Answer {
    let request = Request::post(path)
        .header("host", "127.0.0.1:7717")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    world.send(request).await
}

async fn by(world: &World, method: Method, path: &str, cookie: &str, body: Value) -> Answer {
    world.send(request(method, path).signed_in(cookie).json(&body)).await
}

async fn begin_device(world: &World, scope: &str) -> (String, String) {
    let body = format!("client_id=laptop&scope={scope}");
    let begun = form(world, "/api/v1/device/authorize", &body).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text);
    let word = |name: &str| begun.json()[name].as_str().unwrap().to_owned();
    assert_eq!(word("verification_uri"), "http://127.0.0.1:7717/device");
    (word("device_code"), word("user_code"))
}

async fn fetch(world: &World, device_code: &str) -> Answer {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    form(world, "/api/v1/device/token", &format!("grant_type={grant}&device_code={device_code}")).await
}

#[tokio::test]
async fn a_device_gets_what_its_person_may_give_and_ends_with_that_person() {
    let world = World::new().await;
    let cookie = world.member_session("Sam").await;
    let (device, code) = begin_device(&world, "chat+admin").await;
    assert_eq!(fetch(&world, &device).await.json()["error"], "authorization_pending");
    let wish =
        by(&world, Method::POST, "/api/v1/device/look-up", &cookie, json!({ "user_code": code })).await;
    assert_eq!(wish.json()["scopes"], json!(["chat"]), "a member gives no more than a member has");
    let yes = json!({ "user_code": code.to_lowercase(), "approve": true });
    let decided = by(&world, Method::POST, "/api/v1/device/decide", &cookie, yes.clone()).await;
    assert_eq!(decided.status, StatusCode::NO_CONTENT, "{}", decided.text);
    let again = by(&world, Method::POST, "/api/v1/device/decide", &cookie, yes).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "decided once");
    assert_eq!(fetch(&world, &device).await.json()["error"], "slow_down");

    // The member is shut out: their device and their browser are out at once.
    let admin = world.token("admin").await;
    let tokens = world.get("/api/v1/tokens", &admin).await.json();
    let theirs = tokens["items"].as_array().unwrap().iter().find(|token| token["name"] == "laptop").unwrap();
    let member = theirs["member_id"].as_str().unwrap().to_owned();
    assert!(theirs["expires_at"].is_string());
    let path = format!("/api/v1/members/{member}");
    let shut = request(Method::PATCH, &path).bearer(&admin).json(&json!({ "disabled": true }));
    assert_eq!(world.send(shut).await.json()["state"], "disabled");
    let tokens = world.get("/api/v1/tokens", &admin).await;
    assert!(!tokens.text.contains("laptop"), "{}", tokens.text);
    let who = by(&world, Method::GET, "/api/v1/session", &cookie, json!({})).await;
    assert_eq!(who.status, StatusCode::UNAUTHORIZED);
    let sign_in = json!({ "name": "Sam", "password": PASSWORD });
    let answer =
        world.send(request(Method::POST, "/api/v1/session").header("origin", OWN).json(&sign_in)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "and does not come in again");
}

#[tokio::test]
async fn a_denied_device_hears_it_and_a_wrong_scope_or_grant_is_told_as_the_standard_says() {
    let world = World::new().await;
    let cookie = world.owner_session().await;
    let (device, code) = begin_device(&world, "chat").await;
    let no = json!({ "user_code": code, "approve": false });
    let decided = by(&world, Method::POST, "/api/v1/device/decide", &cookie, no).await;
    assert_eq!(decided.status, StatusCode::NO_CONTENT);
    assert_eq!(fetch(&world, &device).await.json()["error"], "access_denied");
    assert_eq!(fetch(&world, &device).await.json()["error"], "expired_token");
    let odd = form(&world, "/api/v1/device/authorize", "client_id=x&scope=root").await;
    assert_eq!((odd.status, odd.json()["error"].clone()), (StatusCode::BAD_REQUEST, json!("invalid_scope")));
    let odd = form(&world, "/api/v1/device/token", "grant_type=password&device_code=x").await;
    assert_eq!(odd.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn a_recovery_key_lets_its_person_in_once_and_ends_their_sessions() {
    let world = World::new().await;
    let old = world.owner_session().await;
    let key = by(&world, Method::POST, "/api/v1/recovery-key", &old, json!({})).await.json();
    let key = key["recovery_key"].as_str().unwrap().to_owned();
    let body = json!({ "token": key.to_lowercase().replace('-', " "), "password": "another long password" });
    let cookie = world.enter("/api/v1/recovery", &body).await;
    let who = by(&world, Method::GET, "/api/v1/session", &cookie, json!({})).await;
    assert_eq!(who.json()["kind"], "owner");
    let before = by(&world, Method::GET, "/api/v1/session", &old, json!({})).await;
    assert_eq!(before.status, StatusCode::UNAUTHORIZED);
    let again = world.send(request(Method::POST, "/api/v1/recovery").header("origin", OWN).json(&body)).await;
    assert_eq!((again.status, again.json()["code"].clone()), (StatusCode::FORBIDDEN, json!("void")));
}

#[tokio::test]
async fn the_owner_cannot_be_shut_out_and_an_invitation_works_once() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let members = world.get("/api/v1/members", &admin).await.json();
    let owner = members["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/members/{owner}");
    let shut = request(Method::PATCH, &path).bearer(&admin).json(&json!({ "disabled": true }));
    assert_eq!(world.send(shut).await.json()["code"], "is_owner");
    assert_eq!(
        world.send(request(Method::DELETE, &path).bearer(&admin).empty()).await.json()["code"],
        "is_owner"
    );
    let invited = world.post("/api/v1/members", &admin, json!({ "name": "Sam" })).await.json();
    let token = invited["invite"]["path"].as_str().unwrap().split('#').nth(1).unwrap().to_owned();
    let taken = world.post("/api/v1/members", &admin, json!({ "name": "sAM" })).await;
    assert_eq!(taken.json()["code"], "name_taken");
    let body = json!({ "token": token, "password": PASSWORD });
    world.enter("/api/v1/invite", &body).await;
    let again = world.send(request(Method::POST, "/api/v1/invite").header("origin", OWN).json(&body)).await;
    assert_eq!(again.json()["code"], "void");
}

#[tokio::test]
async fn a_fresh_proof_reopens_what_a_stale_session_may_not_do() {
    let world = World::new().await;
    let cookie = world.owner_session().await;
    world.later(crate::identity::PROOF_LIFE_MS);
    let make = || by(&world, Method::POST, "/api/v1/recovery-key", &cookie, json!({}));
    assert_eq!(make().await.json()["code"], "step_up_required");
    let prove = |password: &str| {
        by(&world, Method::POST, "/api/v1/session/step-up", &cookie, json!({ "password": password }))
    };
    assert_eq!(prove("wrong").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(prove(PASSWORD).await.status, StatusCode::NO_CONTENT);
    assert_eq!(make().await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    let world = World::new().await;
    world.owner_session().await;
    let guess = |name: &str| {
        let body = json!({ "name": name, "password": "not the password" });
        world.send(request(Method::POST, "/api/v1/session").header("origin", OWN).json(&body))
    };
    let (known, unknown) = (guess("owner").await, guess("nobody").await);
    let told = |answer: &Answer| {
        let problem = answer.json();
        (answer.status, problem["code"].clone(), problem["detail"].clone())
    };
    assert_eq!(told(&known), told(&unknown));
}
