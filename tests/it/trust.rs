//! The gate in front of every model: rules, people and the kill switch decide before anything is asked.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::{Client, Event};
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::upstream::{Act, Upstream, chunk, chunked_head};

/// A rule about every model.
async fn rule(client: &Client, effect: &str) -> String {
    let rule = json!({ "effect": effect, "action": { "kind": "use_model" } });
    let (status, made) = client.post("/api/v1/policy/rules", &rule).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// The question that a turn asks, once its event is in the log.
async fn question(client: &Client, thread: &str) -> Value {
    let events =
        client.events_until(thread, 0, |events| events.iter().any(|event| event.kind == "approval")).await;
    let asked = events.last().unwrap();
    assert_eq!(asked.data["state"], "pending");
    let (status, approval) =
        client.get(&format!("/api/v1/approvals/{}", asked.data["approval_id"].as_str().unwrap())).await;
    assert_eq!(status, StatusCode::OK);
    approval
}

async fn decide(client: &Client, approval: &Value, decision: &str) -> (StatusCode, Value) {
    let path = format!("/api/v1/approvals/{}", approval["id"].as_str().unwrap());
    client.post(&path, &json!({ "decision": decision, "reason": "because" })).await
}

async fn end(client: &Client, thread: &str, turn: &str) -> Event {
    client.turn_events(thread, turn).await.pop().unwrap()
}

fn completion() -> Value {
    json!({ "model": "demo", "messages": [{ "role": "user", "content": "hello" }] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_policy_denies_is_not_asked() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let made = rule(&client, "deny").await;
    let thread = client.thread("denied").await;
    let refused = client.ask(&thread, "hello").await;
    assert_eq!((refused.kind.as_str(), &refused.data["code"]), ("error", &json!("denied")));
    let (status, refused) = client.post("/v1/chat/completions", &completion()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
    let path = format!("/api/v1/policy/rules/{made}");
    let removed = client.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(client.ask(&thread, "hello").await.kind, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_waits_for_a_person_and_over_a_restart() {
    let mut daemon = TestDaemon::start();
    let client = daemon.client();
    rule(&client, "ask").await;
    let thread = client.thread("asked").await;
    let turn = client.say(&thread, "hello").await;
    let asked = question(&client, &thread).await;
    assert!(asked["shown"].as_str().unwrap().contains("demo"), "{asked}");
    daemon.kill();
    daemon.launch();
    let client = daemon.client();
    let (_, waiting) = client.get("/api/v1/approvals?state=pending").await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "asked once, over two lives: {waiting}");
    assert_eq!(waiting["items"][0]["id"], asked["id"]);
    let chatter = Client::new(&daemon.console, &daemon.create_token("chat"));
    assert_eq!(decide(&chatter, &asked, "allow").await.0, StatusCode::FORBIDDEN, "chat alone never decides");
    assert_eq!(decide(&client, &asked, "allow").await.0, StatusCode::OK);
    let (second, told) = decide(&client, &asked, "deny").await;
    assert_eq!(second, StatusCode::CONFLICT);
    assert!(told["detail"].as_str().unwrap().contains("allowed"), "{told}");
    assert_eq!(end(&client, &thread, &turn).await.kind, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_ends_the_turn_and_a_stateless_call_cannot_wait() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    rule(&client, "ask").await;
    let thread = client.thread("refused").await;
    let turn = client.say(&thread, "hello").await;
    let asked = question(&client, &thread).await;
    assert_eq!(decide(&client, &asked, "deny").await.0, StatusCode::OK);
    let refused = end(&client, &thread, &turn).await;
    assert_eq!((refused.kind.as_str(), &refused.data["code"]), ("error", &json!("denied")));
    assert!(refused.data["message"].as_str().unwrap().contains("because"), "{:?}", refused.data);
    let (status, refused) = client.post("/v1/chat/completions", &completion()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_switch_ends_what_runs_and_refuses_what_comes() {
    let hanging = vec![
        chunked_head(),
        chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x \"}}]}\n\n"),
        Act::Stall,
    ];
    let upstream = Upstream::start(vec![hanging]).await;
    let config = format!(
        "[backends.slow]\nkind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n",
        upstream.url()
    );
    let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
    let client = daemon.client();
    let mut body = completion();
    body["model"] = json!("slow/m");
    body["stream"] = json!(true);
    let mut stateless =
        client.request(Method::POST, "/v1/chat/completions").json(&body).send().await.unwrap();
    assert!(stateless.chunk().await.unwrap().is_some(), "it has begun");
    let thread = client.thread("stopped").await;
    let message = json!({ "content": "hello", "backend": "slow", "model": "m" });
    let (_, accepted) = client.post(&format!("/api/v1/threads/{thread}/messages"), &message).await;
    let turn = accepted["turn_id"].as_str().unwrap().to_owned();
    client.events_until(&thread, 0, |events| events.iter().any(|event| event.kind == "delta")).await;

    let engage = json!({ "engaged": true, "reason": "something is odd" });
    let engaged = client.request(Method::PUT, "/api/v1/kill-switch").json(&engage).send().await.unwrap();
    assert_eq!(engaged.status(), StatusCode::OK);
    let mut rest = String::new();
    while let Ok(Some(piece)) = stateless.chunk().await {
        rest.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(rest.contains("kill_switch") && !rest.contains("[DONE]"), "{rest}");
    assert_eq!(end(&client, &thread, &turn).await.kind, "error");
    let (status, refused) = client.post("/v1/chat/completions", &completion()).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("kill_switch")));
    assert!(refused["error"]["message"].as_str().unwrap().contains("something is odd"), "{refused}");
    let (status, _) =
        client.post(&format!("/api/v1/threads/{thread}/messages"), &json!({ "content": "x" })).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);

    let release = json!({ "engaged": false });
    let released = client.request(Method::PUT, "/api/v1/kill-switch").json(&release).send().await.unwrap();
    assert_eq!(released.status(), StatusCode::OK);
    assert_eq!(client.ask(&thread, "hello").await.kind, "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_stops_a_token_before_its_next_call() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let budget =
        json!({ "name": "two turns", "subject": "tenant", "period": "day", "limits": { "turns": 2 } });
    let (status, made) = client.post("/api/v1/budgets", &budget).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let thread = client.thread("spending").await;
    assert_eq!(client.ask(&thread, "hello").await.kind, "done");
    assert_eq!(client.post("/v1/chat/completions", &completion()).await.0, StatusCode::OK);
    let refused = client.ask(&thread, "hello").await;
    assert_eq!((refused.kind.as_str(), &refused.data["code"]), ("error", &json!("budget_exceeded")));
    let answer =
        client.request(Method::POST, "/v1/chat/completions").json(&completion()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(answer.headers()["x-should-retry"], "false", "an SDK does not try again until tomorrow");
    let refused: Value = answer.json().await.unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().contains("two turns"), "{refused}");
}
