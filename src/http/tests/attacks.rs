//! The surface as an attacker meets it: hosts, cookies without a page, forms, sizes, headers, guessing.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

use super::world::{Ask, OWN, PASSWORD, World, request};
use crate::http::Connection;
use crate::identity::{FAILURES_MAX, SETUP_TRIES_MAX};

/// Sets the password and answers the session cookie.
async fn sign_in(world: &World) -> String {
    world.owner_session().await
}

#[tokio::test]
async fn every_answer_has_the_security_headers_and_an_id_errors_too() {
    let world = World::new().await;
    for (path, status) in [("/health", 200), ("/nothing/here", 404), ("/api/v1/threads", 401)] {
        let answer = world.send(request(Method::GET, path).header("x-request-id", "r-7").empty()).await;
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("x-request-id", "r-7"),
        ] {
            assert_eq!(answer.headers[name], value, "{path} {name}");
        }
        assert!(answer.headers.contains_key("permissions-policy"));
        assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        for absent in ["server", "access-control-allow-origin", "strict-transport-security"] {
            assert!(!answer.headers.contains_key(absent), "{path} {absent}");
        }
    }
}

#[tokio::test]
async fn a_request_id_with_odd_characters_is_replaced() {
    let world = World::new().await;
    for odd in ["", "a b", "a\"b", &"x".repeat(65)] {
        let answer = world.send(request(Method::GET, "/health").header("x-request-id", odd).empty()).await;
        assert_ne!(answer.headers["x-request-id"], odd, "{odd}");
    }
}

#[tokio::test]
async fn strict_transport_security_is_said_over_tls_only() {
    let world = World::new().await;
    let (peer, local) = ("10.0.0.9:5".parse().unwrap(), "127.0.0.1:443".parse().unwrap());
    let request = Ask::bare(Method::GET, "/health").header("host", "localhost").empty();
    let answer = world.send_over(Connection::Tcp { peer, local, tls: true }, request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_cookie_counts_only_for_requests_that_name_our_own_page() {
    let world = World::new().await;
    let cookie = sign_in(&world).await;
    let create = || request(Method::POST, "/api/v1/workspaces").header("cookie", &cookie);
    let body = |n: u32| json!({ "name": format!("w{n}") });
    assert_eq!(world.send(create().json(&body(0))).await.status, StatusCode::FORBIDDEN, "no page named");
    let own = create().header("origin", OWN).json(&body(1));
    assert_eq!(world.send(own).await.status, StatusCode::CREATED);
    let fetch = create().header("sec-fetch-site", "same-origin").json(&body(2));
    assert_eq!(world.send(fetch).await.status, StatusCode::CREATED);
    for (name, value) in
        [("origin", "null"), ("origin", "http://127.0.0.1:9"), ("sec-fetch-site", "same-site")]
    {
        let forged = create().header(name, value).json(&body(3));
        assert_eq!(world.send(forged).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let read = request(Method::GET, "/api/v1/workspaces").header("cookie", &cookie).empty();
    assert_eq!(world.send(read).await.status, StatusCode::OK);
}

#[tokio::test]
async fn forms_and_text_are_no_json_and_no_other_method_hides_in_a_post() {
    let world = World::new().await;
    let token = world.token("chat").await;
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
        let request = Request::post("/api/v1/workspaces")
            .header("host", "127.0.0.1:7717")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", kind)
            .body(Body::from(r#"{"name":"forged"}"#))
            .unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let disguised = request(Method::POST, "/api/v1/threads/0192f000-0000-7000-8000-000000000000")
        .bearer(&token)
        .header("x-http-method-override", "DELETE")
        .json(&json!({}));
    assert_eq!(world.send(disguised).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn two_credentials_or_another_scheme_are_refused_even_with_a_good_cookie() {
    let world = World::new().await;
    let (cookie, token) = (sign_in(&world).await, world.token("read").await);
    let list = || request(Method::GET, "/api/v1/threads").header("cookie", &cookie);
    assert_eq!(world.send(list().bearer("cap_wrong").empty()).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        world.send(list().bearer(&token).bearer(&token).empty()).await.status,
        StatusCode::UNAUTHORIZED
    );
    let basic = list().header("authorization", "Basic b3duZXI6");
    assert_eq!(world.send(basic.empty()).await.status, StatusCode::UNAUTHORIZED);
    let query = format!("/api/v1/threads?token={token}&access_token={token}&ticket={token}");
    assert_eq!(world.send(request(Method::GET, &query).empty()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_at_the_limit_is_read_and_one_over_is_413() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let limit = world.state.config.console.body_bytes_max;
    for (bytes, expected) in
        [(limit, StatusCode::UNPROCESSABLE_ENTITY), (limit + 1, StatusCode::PAYLOAD_TOO_LARGE)]
    {
        let frame = json!({ "name": "" }).to_string().len();
        let body = json!({ "name": "x".repeat(bytes - frame) });
        let answer = world.post("/api/v1/workspaces", &token, body).await;
        assert_eq!(answer.status, expected, "{bytes}");
    }
}

#[tokio::test]
async fn deep_json_is_an_error_and_not_a_crash() {
    let world = World::new().await;
    let token = world.token("chat").await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let request = Request::post("/api/v1/workspaces")
        .header("host", "127.0.0.1:7717")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(format!(r#"{{"name":{deep}}}"#)))
        .unwrap();
    assert!(world.send(request).await.status.is_client_error());
}

#[tokio::test(start_paused = true)]
async fn the_eleventh_wrong_password_is_429_and_no_header_changes_the_address() {
    let world = World::new().await;
    sign_in(&world).await;
    let guess = |n: u32| {
        request(Method::POST, "/api/v1/session")
            .header("origin", OWN)
            .header("x-forwarded-for", &format!("10.0.0.{n}"))
            .header("forwarded", &format!("for=10.0.1.{n}"))
            .json(&json!({ "password": format!("wrong password {n}") }))
    };
    for n in 0..FAILURES_MAX {
        assert_eq!(world.send(guess(n)).await.status, StatusCode::UNAUTHORIZED, "{n}");
    }
    let locked = world.send(guess(11)).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(locked.headers.contains_key("retry-after"));
    let right = request(Method::POST, "/api/v1/session").header("origin", OWN);
    let right = world.send(right.json(&json!({ "password": PASSWORD }))).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right one is not told apart");
}

#[tokio::test]
async fn the_setup_token_works_from_this_machine_only_and_dies_of_wrong_guesses() {
    let world = World::new().await;
    let token = world.state.identity.open_setup().unwrap().unwrap();
    let body = json!({ "token": token.expose(), "password": PASSWORD });
    let (peer, local) = ("192.168.1.9:5".parse().unwrap(), "127.0.0.1:7717".parse().unwrap());
    let remote = request(Method::POST, "/api/v1/setup").header("origin", OWN).json(&body);
    let answer = world.send_over(Connection::Tcp { peer, local, tls: false }, remote).await;
    assert_eq!(answer.json()["code"], "not_local");
    let weak = json!({ "token": token.expose(), "password": "short" });
    let answer = world.send(request(Method::POST, "/api/v1/setup").json(&weak)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "a weak password costs no token");
    for _ in 0..SETUP_TRIES_MAX {
        let wrong = json!({ "token": "guess", "password": PASSWORD });
        let answer = world.send(request(Method::POST, "/api/v1/setup").json(&wrong)).await;
        assert_eq!(answer.json()["code"], "wrong_setup_token");
    }
    let answer = world.send(request(Method::POST, "/api/v1/setup").json(&body)).await;
    assert_eq!(answer.json()["code"], "setup_closed");
    assert!(!world.state.identity.is_set_up());
}

#[tokio::test]
async fn a_second_setup_is_refused_and_a_new_password_ends_every_session() {
    let world = World::new().await;
    let cookie = sign_in(&world).await;
    assert!(world.state.identity.open_setup().unwrap().is_none());
    let again = json!({ "token": "any", "password": PASSWORD });
    let answer = world.send(request(Method::POST, "/api/v1/setup").json(&again)).await;
    assert_eq!(answer.json()["code"], "already_set_up");
    let change = |current: &str| {
        let body = json!({ "current": current, "new": "another long password" });
        request(Method::PUT, "/api/v1/password").header("cookie", &cookie).header("origin", OWN).json(&body)
    };
    assert_eq!(world.send(change("wrong")).await.json()["code"], "wrong_password");
    assert_eq!(world.send(change(PASSWORD)).await.status, StatusCode::NO_CONTENT);
    let who = request(Method::GET, "/api/v1/session").header("cookie", &cookie).empty();
    assert_eq!(world.send(who).await.status, StatusCode::UNAUTHORIZED);
    let admin = world.token("admin").await;
    let body = json!({ "current": "another long password", "new": "yet another password" });
    let by_token = request(Method::PUT, "/api/v1/password").bearer(&admin).json(&body);
    assert_eq!(world.send(by_token).await.status, StatusCode::FORBIDDEN, "a token is not the owner");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_before_and_signing_out_ends_this_one() {
    let world = World::new().await;
    let first = sign_in(&world).await;
    let again = request(Method::POST, "/api/v1/session").header("cookie", &first).header("origin", OWN);
    let answer = world.send(again.json(&json!({ "password": PASSWORD }))).await;
    let second = answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let who = |cookie: &str| request(Method::GET, "/api/v1/session").header("cookie", cookie).empty();
    assert_eq!(world.send(who(&first)).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.send(who(&second)).await.status, StatusCode::OK);
    let leave = request(Method::DELETE, "/api/v1/session").header("cookie", &second).header("origin", OWN);
    assert_eq!(world.send(leave.empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(who(&second)).await.status, StatusCode::UNAUTHORIZED);
}
