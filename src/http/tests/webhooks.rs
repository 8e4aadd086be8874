//! The ingress as senders of webhooks meet it, and the API behind it.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::world::{Answer, Ask, World};
use crate::config::IngressConfig;
use crate::http::{Connection, IngressState, ingress};
use crate::webhooks::BODY_BYTES_MAX;

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";
const TOKEN: &str = "a token that GitLab sends";

/// A daemon with an endpoint whose source sends a plain token, which needs no cryptography here.
struct Door {
    world: World,
    admin: String,
    id: String,
}

impl Door {
    async fn new(more: Value) -> Self {
        let world = World::new().await;
        let admin = world.token("admin,read,operate").await;
        let mut body = json!({"name": "merge requests", "source": "gitlab", "secret": TOKEN});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = world.post(ENDPOINTS, &admin, body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(made.json().get("secret"), None, "a secret that a person entered is not shown");
        let id = made.id();
        Self { world, admin, id }
    }

    fn path(&self) -> String {
        format!("/api/webhooks/{}", self.id)
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (webhooks, settings) = (self.world.state.webhooks.clone(), IngressConfig::default());
        let state = IngressState::new(webhooks, &settings, "https://hooks.example.org".to_owned());
        let router: Router = ingress(state);
        let (local, peer) = ("127.0.0.1:7718".parse().unwrap(), "192.0.2.7:50000".parse().unwrap());
        World::send_to(router, Connection::Tcp { peer, local, tls: false }, request).await
    }

    /// A delivery with a token, an id, an event and a body.
    async fn deliver(&self, token: &str, id: &str, event: &str, body: &str) -> Answer {
        let ask = Ask::bare(Method::POST, &self.path())
            .header("content-type", "application/json")
            .header("x-gitlab-token", token)
            .header("x-gitlab-event", event)
            .header("idempotency-key", id);
        self.send(ask.raw(body.to_owned())).await
    }

    async fn change(&self, change: Value) -> Answer {
        let ask =
            super::world::request(Method::PATCH, &format!("{ENDPOINTS}/{}", self.id)).bearer(&self.admin);
        self.world.send(ask.json(&change)).await
    }

    async fn deliveries(&self) -> Vec<Value> {
        let list = self.world.get(&format!("{ENDPOINTS}/{}/deliveries", self.id), &self.admin).await;
        list.json()["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_takes_nothing_are_one_answer() {
    let door = Door::new(json!({})).await;
    let good = |path: String| {
        Ask::bare(Method::POST, &path)
            .header("content-type", "application/json")
            .header("x-gitlab-token", TOKEN)
    };
    let absent = "/api/webhooks/0192f000-0000-7000-8000-000000000000".to_owned();
    let mut answers = vec![
        door.send(good(absent).raw("{}")).await,
        door.send(good("/api/webhooks/no-id".to_owned()).raw("{}")).await,
        door.send(good("/anything/else".to_owned()).raw("{}")).await,
        door.send(Ask::bare(Method::GET, &door.path()).empty()).await,
        door.send(Ask::bare(Method::DELETE, &door.path()).empty()).await,
    ];
    assert_eq!(door.change(json!({"state": "paused"})).await.status, StatusCode::OK);
    answers.push(door.deliver(TOKEN, "1", "Push Hook", "{}").await);
    assert_eq!(door.change(json!({"state": "active"})).await.status, StatusCode::OK);
    assert_eq!(door.deliver(TOKEN, "1", "Push Hook", "{}").await.status, StatusCode::ACCEPTED);
    assert_eq!(door.change(json!({"state": "revoked"})).await.status, StatusCode::OK);
    answers.push(door.deliver(TOKEN, "2", "Push Hook", "{\"a\":1}").await);
    for (at, mut answer) in answers.into_iter().enumerate() {
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (StatusCode::NOT_FOUND, "{\"error\":\"not found\"}"),
            "{at}"
        );
        answer.headers.remove("x-request-id");
        let names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        assert!(!names.contains(&"allow".to_owned()), "{at}: {names:?}");
    }
    assert_eq!(door.change(json!({"state": "active"})).await.status, StatusCode::CONFLICT, "for ever");
}

#[tokio::test]
async fn a_sender_sees_the_stages_in_their_order() {
    let door = Door::new(json!({"rate_per_minute": 2, "allowed_events": ["Push*"]})).await;
    let sent = |token: &'static str, kind: &'static str, body: &'static str| {
        let ask = Ask::bare(Method::POST, &door.path())
            .header("content-type", kind)
            .header("x-gitlab-token", token)
            .header("x-gitlab-event", "Push Hook");
        ask.raw(body)
    };
    let refused =
        |answer: &Answer| (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned());
    let answer = door.send(sent("wrong", "text/plain", "{}")).await;
    assert_eq!(
        refused(&answer),
        (415, "unsupported media type".to_owned()),
        "the type is judged before the signature"
    );
    let answer = door.send(sent("wrong", "application/json", "{}")).await;
    assert_eq!(refused(&answer), (401, "unauthorized".to_owned()));
    assert!(door.deliveries().await.is_empty(), "nothing is written before a signature was verified");

    let answer = door.deliver(TOKEN, "d1", "Issue Hook", "{\"n\":0}").await;
    assert_eq!(refused(&answer), (422, "unprocessable entity".to_owned()));
    let first = door.deliver(TOKEN, "d1", "Push Hook", "{\"n\":1}").await;
    assert_eq!((first.status, first.json()["status"].as_str()), (StatusCode::ACCEPTED, Some("accepted")));
    assert!(first.json()["delivery_id"].is_string());
    for (id, body, what) in [
        ("d1", "{\"n\":1}", "the same again"),
        ("d9", "{\"n\":1}", "the same content under another id"),
        ("d1", "{\"n\":9}", "the same id with other content"),
    ] {
        let again = door.deliver(TOKEN, id, "Push Hook", body).await;
        assert_eq!(again.json(), json!({"status": "accepted", "note": "already processed"}), "{what}");
    }
    assert_eq!(door.deliver(TOKEN, "d2", "Push Hook", "{\"n\":2}").await.status, StatusCode::ACCEPTED);
    let over = door.deliver(TOKEN, "d3", "Push Hook", "{\"n\":3}").await;
    assert_eq!(refused(&over), (429, "rate limit exceeded".to_owned()));
    let wait: u64 = over.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let repeat = door.deliver(TOKEN, "d2", "Push Hook", "{\"n\":2}").await;
    assert_eq!(repeat.json()["note"], "already processed", "a repeat is told so even when there is no room");

    let view = door.world.get(&format!("{ENDPOINTS}/{}", door.id), &door.admin).await.json();
    let statuses: Vec<_> =
        view["refusals"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(
        (view["refused"].as_u64(), statuses),
        (Some(4), vec![json!(429), json!(422), json!(401), json!(415)])
    );
    assert_eq!(door.deliveries().await.len(), 2);
}

#[tokio::test]
async fn a_body_has_a_mebibyte_and_not_one_byte_more() {
    let door = Door::new(json!({})).await;
    let body = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    assert_eq!(
        door.deliver(TOKEN, "1", "Push Hook", &body(BODY_BYTES_MAX)).await.status,
        StatusCode::ACCEPTED
    );
    let over = door.deliver(TOKEN, "2", "Push Hook", &body(BODY_BYTES_MAX + 1)).await;
    assert_eq!(
        (over.status, over.text.as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "{\"error\":\"payload too large\"}")
    );
    // A length that is a lie is not read, and neither is the rest of a body that never ends.
    let ask = Ask::bare(Method::POST, &door.path()).header("content-type", "application/json");
    let lie = door.send(ask.header("content-length", "99999999999").raw("{}")).await;
    assert_eq!(lie.status, StatusCode::PAYLOAD_TOO_LARGE);
    let endless =
        futures::stream::repeat_with(|| Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[b'x'; 65_536])));
    let ask = Ask::bare(Method::POST, &door.path()).header("content-type", "application/json");
    let endless = door.send(ask.raw(Body::from_stream(endless))).await;
    assert_eq!(endless.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn two_secrets_are_good_while_they_change_and_then_one() {
    let door = Door::new(json!({})).await;
    let rotate = format!("{ENDPOINTS}/{}/rotate", door.id);
    let rotated = door.world.post(&rotate, &door.admin, json!({"secret": "another token"})).await;
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.text);
    assert!(rotated.json()["old_secret_until"].is_string());
    assert_eq!(door.deliver(TOKEN, "1", "Push Hook", "1").await.status, StatusCode::ACCEPTED);
    assert_eq!(door.deliver("another token", "2", "Push Hook", "2").await.status, StatusCode::ACCEPTED);
    let made = door.world.post(&rotate, &door.admin, json!({"overlap_s": 0})).await.json();
    let newest = made["secret"].as_str().expect("a secret that was made here is shown once");
    assert_eq!(door.deliver("another token", "3", "Push Hook", "3").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(door.deliver(TOKEN, "4", "Push Hook", "4").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(door.deliver(newest, "5", "Push Hook", "5").await.status, StatusCode::ACCEPTED);
    let too_long = door.world.post(&rotate, &door.admin, json!({"overlap_s": 99_999_999})).await;
    assert_eq!(too_long.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_endpoint_needs_a_secret_that_can_be_one() {
    let world = World::new().await;
    let admin = world.token("admin").await;
    let table = [
        (json!({"name": "a", "source": "github", "secret": ""}), 422, "/secret"),
        (json!({"name": "a", "source": "github", "secret": "   "}), 422, "/secret"),
        (json!({"name": "a", "source": "discord", "secret": "no key"}), 422, "/secret"),
        (json!({"name": "a", "source": "stripe"}), 422, "/secret"),
        (json!({"name": "a", "source": "carrier pigeon", "secret": "x"}), 422, "/source"),
        (json!({"name": "", "source": "github", "secret": "x"}), 422, "/name"),
        (json!({"name": "a", "source": "github", "secret": "x", "template": "{{"}), 422, "/template"),
        (json!({"name": "a", "source": "github", "secret": "x", "ceiling": "full"}), 422, "/ceiling"),
        (json!({"name": "a", "source": "github", "secret": "x"}), 201, ""),
        (json!({"name": "a", "source": "gitlab", "secret": "x"}), 409, ""),
    ];
    for (body, status, field) in table {
        let answer = world.post(ENDPOINTS, &admin, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text);
        assert!(field.is_empty() || answer.text.contains(&format!("\"{field}\"")), "{body}: {}", answer.text);
        assert!(!answer.text.contains("\"secret\":\"x\""), "{}", answer.text);
    }
    let made = world.post(ENDPOINTS, &admin, json!({"name": "own", "source": "generic"})).await.json();
    assert!(made["secret"].as_str().is_some_and(|secret| secret.len() > 40), "{made}");
    let path = made["path"].as_str().unwrap();
    assert_eq!(path, format!("/api/webhooks/{}", made["id"].as_str().unwrap()));
    let read = world.token("read").await;
    let view = world.get(&format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap()), &read).await;
    assert_eq!(view.json().get("secret"), None, "shown once");
}

#[tokio::test]
async fn the_log_keeps_what_came_without_its_secrets_and_it_can_be_sent_again() {
    let door = Door::new(json!({})).await;
    let key = format!("ghp_{}", "J8sKq2LmZp0vTx4RbN7wYc1Hd5GfUe9AoB3i");
    let body = json!({"title": "leak", "key": key}).to_string();
    let id =
        door.deliver(TOKEN, "1", "Push Hook", &body).await.json()["delivery_id"].as_str().unwrap().to_owned();
    let log = door.deliveries().await;
    let first = &log[0];
    assert_eq!(
        (
            first["id"].as_str(),
            first["source_id"].as_str(),
            first["event"].as_str(),
            first["status"].as_str()
        ),
        (Some(id.as_str()), Some("1"), Some("Push Hook"), Some("accepted"))
    );
    assert_eq!(first["bytes"].as_u64(), u64::try_from(body.len()).ok());
    let path = format!("{ENDPOINTS}/{}/deliveries/{id}", door.id);
    let detail = door.world.get(&path, &door.admin).await.json();
    let kept = detail["body"].as_str().unwrap();
    assert!(kept.contains("leak") && !kept.contains(&key), "{kept}");

    let again = door.world.post(&format!("{path}/replay"), &door.admin, json!({})).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text);
    assert_eq!(again.json()["replay_of"].as_str(), Some(id.as_str()));
    assert_eq!(door.deliveries().await.len(), 2);
    let absent =
        door.world.post(&format!("{ENDPOINTS}/{id}/deliveries/{id}/replay"), &door.admin, json!({})).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}
