//! What gets through a passage, what does not, and what it costs. A real listener before a scripted provider.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use super::world::{World, request};
use crate::backends::Backends;
use crate::coders::{Door as _, Passage, Visitor};
use crate::config::backends::{BackendConfig, BackendKind, BackendsConfig, KeyRef};
use crate::db::DbError;
use crate::egress::Egress;
use crate::egress::upstream::{Act, Received, Upstream, events, json as json_answer};
use crate::http::{Passages, bind_passages, passages};
use crate::protocol::ids::{TenantId, ThreadId};

/// The provider's key, which no program may see.
const KEY: &str = "k-the-household-s-own";

struct Site {
    world: World,
    passages: Passages,
    upstream: Upstream,
    url: String,
    _server: tokio::task::JoinHandle<()>,
}

/// What a program got.
struct Got {
    status: u16,
    head: String,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

impl Site {
    async fn new(kind: BackendKind, script: Vec<Vec<Act>>) -> Self {
        let upstream = Upstream::start(script).await;
        let version = if kind == BackendKind::Openai { "/v1" } else { "" };
        let config = BackendConfig {
            base_url: Some([&upstream.url(), version].concat()),
            api_key: Some(KeyRef::Env("KEY".to_owned())),
            ..BackendConfig::new(kind)
        };
        let config = BackendsConfig(BTreeMap::from([("provider".to_owned(), config)]));
        let egress = Egress::new(&Default::default());
        let backends = Backends::build_with(&config, &egress, &|_| Some(KEY.to_owned())).unwrap();
        let world = World::new().await;
        let desk = Passages::new(backends, world.state.guard.clone(), world.state.usage.clone());
        let listener = bind_passages(0).await.unwrap();
        let (address, url) = (listener.local_addr().unwrap(), listener.url().unwrap());
        desk.listen_on(address);
        let routes = passages(desk.clone());
        let server = tokio::spawn(async move { listener.serve(routes, Default::default()).await });
        Self { world, passages: desk, upstream, url, _server: server }
    }

    fn open(&self) -> Passage {
        self.passages.open(&visitor("provider")).unwrap()
    }

    /// Asks as a program in a cage would: bytes over TCP, and all of the answer, cut or not.
    async fn ask(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Got {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let host = self.url.strip_prefix("http://").unwrap();
        let mut head =
            format!("{target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {host}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut client = tokio::net::TcpStream::connect(host).await.unwrap();
        client.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A cut may come as a reset; what came before it counts.
        let _ = client.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_default();
        Got { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn received(&self) -> Vec<Received> {
        self.upstream.received()
    }
}

fn visitor(provider: &str) -> Visitor {
    Visitor {
        tenant: TenantId::home(),
        thread: ThreadId::new(),
        backend: "cli".to_owned(),
        provider: provider.to_owned(),
    }
}

fn message() -> String {
    json!({ "model": "m", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }], "brand_new": 1 })
        .to_string()
}

fn answered() -> Vec<Act> {
    json_answer(200, &json!({ "type": "message", "usage": { "input_tokens": 5, "output_tokens": 7 } }))
}

#[tokio::test]
async fn a_request_passes_with_the_provider_s_key_in_place_of_the_token() {
    let site = Site::new(BackendKind::Anthropic, vec![answered()]).await;
    let passage = site.open();
    assert_eq!(passage.base_url, site.url, "Anthropic's clients add the version");
    let bearer = format!("Bearer {}", passage.token);
    for (name, value) in [
        ("x-api-key", passage.token.as_str()),
        ("authorization", &bearer),
        ("x-goog-api-key", &passage.token),
    ] {
        let got = site
            .ask("POST /v1/messages?beta=true", &[(name, value), ("anthropic-beta", "b-1")], &message())
            .await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(got.body.contains("\"output_tokens\":7") && !got.head.contains(KEY), "{}", got.head);
    }
    for received in site.received() {
        assert!(received.head.contains(&format!("x-api-key: {KEY}")), "{}", received.head);
        assert!(received.head.contains("anthropic-beta: b-1") && !received.head.contains(&passage.token));
        assert!(received.target.ends_with("/v1/messages?beta=true"), "{}", received.target);
        assert_eq!(received.body, message().as_bytes(), "the body is as it came");
    }
}

#[tokio::test]
async fn every_provider_s_addresses_find_their_way() {
    let body = json!({ "model": "m", "input": "x" }).to_string();
    let site = Site::new(BackendKind::Openai, vec![answered()]).await;
    let passage = site.open();
    assert_eq!(passage.base_url, format!("{}/v1", site.url));
    let bearer = format!("Bearer {}", passage.token);
    assert_eq!(site.ask("POST /v1/responses", &[("authorization", &bearer)], &body).await.status, 200);
    assert_eq!(site.ask("GET /v1/models", &[("authorization", &bearer)], "").await.status, 200);
    let targets: Vec<_> = site.received().into_iter().map(|received| received.target).collect();
    assert!(targets[0].contains("/v1/responses") && targets[1].contains("/v1/models"), "{targets:?}");
    let site = Site::new(BackendKind::Gemini, vec![answered()]).await;
    let passage = site.open();
    let target = format!("POST /v1beta/models/g:generateContent?key={}&alt=json", passage.token);
    assert_eq!(site.ask(&target, &[], "{}").await.status, 200);
    let received = site.received().remove(0);
    assert!(received.target.contains("/models/g:generateContent?alt=json"), "{}", received.target);
    assert!(received.head.contains(&format!("x-goog-api-key: {KEY}")), "{}", received.head);
}

#[tokio::test]
async fn nothing_passes_without_an_open_passage() {
    let site = Site::new(BackendKind::Anthropic, vec![answered()]).await;
    let passage = site.open();
    let token = passage.token.clone();
    let foreign = [("x-api-key", token.as_str()), ("host", "evil.test")];
    assert_eq!(site.ask("POST /v1/messages", &foreign, &message()).await.status, 421);
    let page = [("x-api-key", token.as_str()), ("origin", "http://evil.test")];
    assert_eq!(site.ask("POST /v1/messages", &page, &message()).await.status, 403);
    for headers in [&[][..], &[("x-api-key", "pass-wrong")]] {
        assert_eq!(site.ask("POST /v1/messages", headers, &message()).await.status, 401);
    }
    for target in
        ["POST /v1/messages/batches", "GET /v1/files/f/content", "DELETE /v1/messages", "POST /api/v1/tokens"]
    {
        let got = site.ask(target, &[("x-api-key", &token)], &message()).await;
        assert_eq!((got.status, &got.json()["error"]["type"]), (404, &json!("not_found_error")), "{target}");
    }
    assert_eq!(site.ask("POST /v1/messages", &[("x-api-key", &token)], "no JSON").await.status, 400);
    drop(passage);
    assert_eq!(site.ask("POST /v1/messages", &[("x-api-key", &token)], &message()).await.status, 401);
    assert!(site.received().is_empty(), "nothing of it reached the provider");
}

#[tokio::test]
async fn the_end_of_a_passage_cuts_what_is_under_way() {
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: ping\ndata: {}\n\n".to_vec();
    let site = Site::new(BackendKind::Anthropic, vec![vec![Act::Send(head), Act::Stall]]).await;
    let passage = site.open();
    let token = passage.token.clone();
    let headers = [("x-api-key", token.as_str())];
    let body = message();
    let asking = site.ask("POST /v1/messages", &headers, &body);
    let ending = async {
        while site.received().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(passage);
    };
    let (got, ()) = futures::join!(asking, ending);
    assert!(!got.body.ends_with("0\r\n\r\n"), "the end must not look clean: {}", got.body);
}

#[tokio::test]
async fn answers_are_counted_for_the_backend_that_gave_them() {
    let start =
        json!({ "type": "message_start", "message": { "usage": { "input_tokens": 5, "output_tokens": 1 } } });
    let delta = json!({ "type": "message_delta", "usage": { "output_tokens": 7 } });
    let wire: String = [start, delta].iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect();
    let site = Site::new(BackendKind::Anthropic, vec![events(&wire)]).await;
    let passage = site.open();
    let got = site.ask("POST /v1/messages", &[("x-api-key", &passage.token)], &message()).await;
    assert!(got.body.contains("message_delta"), "{}", got.body);
    site.world.state.usage.flush().await.unwrap();
    let sql = "SELECT principal, backend, model, input_tokens, output_tokens FROM usage WHERE tenant = ?1";
    let read = site.world.state.db.read(&TenantId::home(), move |read| {
        read.query_all(sql, &[], |row| {
            Ok::<_, DbError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
    });
    let rows: Vec<(String, String, String, i64, i64)> = read.await.unwrap();
    assert_eq!(rows, [("coders".to_owned(), "provider".to_owned(), "m".to_owned(), 5, 7)]);
}

#[tokio::test]
async fn a_budget_and_the_kill_switch_are_refusals_in_the_provider_s_words() {
    let site = Site::new(BackendKind::Anthropic, vec![answered()]).await;
    let (passage, admin) = (site.open(), site.world.token("admin").await);
    let headers = [("x-api-key", passage.token.as_str())];
    let limits =
        json!({ "name": "all", "subject": "tenant", "period": "month", "limits": { "tokens": 100 } });
    let budget = site.world.post("/api/v1/budgets", &admin, limits).await.id();
    assert_eq!(site.ask("POST /v1/messages", &headers, &message()).await.status, 200);
    let state = site.world.get(&format!("/api/v1/budgets/{budget}"), &admin).await.json();
    assert_eq!((&state["spent"]["tokens"], &state["reserved"]["tokens"]), (&json!(12), &json!(0)));
    let long = message().replace("hi", &"word ".repeat(1_000));
    let got = site.ask("POST /v1/messages", &headers, &long).await;
    assert_eq!((got.status, &got.json()["error"]["type"]), (402, &json!("billing_error")), "{}", got.body);
    assert_eq!(site.ask("GET /v1/models", &headers, "").await.status, 200, "a list costs nothing");
    let engage = request(Method::PUT, "/api/v1/kill-switch").bearer(&admin);
    let engaged = site.world.send(engage.json(&json!({ "engaged": true, "reason": "enough" }))).await;
    assert!(engaged.status.is_success(), "{}", engaged.text);
    let got = site.ask("POST /v1/messages", &headers, &message()).await;
    assert_eq!((got.status, &got.json()["error"]["type"]), (503, &json!("api_error")), "{}", got.body);
    assert_eq!(site.received().len(), 2);
}

#[tokio::test]
async fn a_secret_in_a_request_does_not_get_out_and_a_key_in_an_error_does_not_get_in() {
    let echo = json_answer(401, &json!({ "error": { "message": format!("bad key {KEY}") } }));
    let site = Site::new(BackendKind::Anthropic, vec![echo]).await;
    let passage = site.open();
    let secret = ["ghp", "_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat();
    let body = message().replace("hi", &format!("my token is {secret}"));
    let got = site.ask("POST /v1/messages", &[("x-api-key", &passage.token)], &body).await;
    assert_eq!(got.status, 401);
    assert!(!got.body.contains(KEY), "{}", got.body);
    let sent = site.received().remove(0).json();
    let said = sent["messages"][0]["content"].as_str().unwrap();
    assert!(!said.contains(&secret) && said.contains("my token is"), "{said}");
    assert_eq!(sent["brand_new"], 1, "the rest is as it came");
}

#[tokio::test]
async fn a_provider_that_is_none_opens_no_passage() {
    let site = Site::new(BackendKind::Anthropic, vec![answered()]).await;
    for provider in ["demo", "nobody"] {
        let refused = site.passages.open(&visitor(provider)).unwrap_err();
        assert_eq!(refused.kind, crate::protocol::model::ModelErrorKind::Configuration, "{provider}");
    }
}
