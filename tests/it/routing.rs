//! An assistant with a chain of models: who answers when the first one cannot, may not, or costs too much.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::{Client, Event};
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::upstream::{Act, Upstream, chunk, chunked_head, json as json_answer, model_says};

/// Two providers, the daemon between them and its assistant, which asks `first/m` and then `second/m`.
struct Chained {
    daemon: TestDaemon,
    first: Upstream,
    second: Upstream,
}

impl Chained {
    async fn with(first: Vec<Vec<Act>>, second: Vec<Vec<Act>>, more: &str) -> Self {
        let (first, second) = (Upstream::start(first).await, Upstream::start(second).await);
        let backend = |name: &str, upstream: &Upstream| {
            format!(
                "[backends.{name}]\nkind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n",
                upstream.url()
            )
        };
        let config = format!(
            "[assistant]\nbackend = \"first\"\nmodel = \"m\"\nfallbacks = [\"second/m\"]\n\n{}\n{}{more}",
            backend("second", &second),
            backend("first", &first),
        );
        Self { daemon: TestDaemon::with(Setup { config, ..Setup::default() }), first, second }
    }

    async fn new(first: Vec<Vec<Act>>, second: Vec<Vec<Act>>) -> Self {
        Self::with(first, second, "").await
    }

    fn asked(&self) -> (usize, usize) {
        (self.first.received().len(), self.second.received().len())
    }
}

fn overloaded() -> Vec<Act> {
    json_answer(503, &json!({ "error": { "message": "too much to do" } }))
}

fn whole(text: &str) -> Vec<Act> {
    let message = json!({ "role": "assistant", "content": text });
    json_answer(200, &json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }))
}

/// A stream that says something and is cut.
fn broken_off(text: &str) -> Vec<Act> {
    let piece = json!({ "choices": [{ "index": 0, "delta": { "content": text } }] });
    vec![chunked_head(), chunk(&format!("data: {piece}\n\n")), Act::Close]
}

fn said(events: &[Event]) -> String {
    let deltas = events.iter().filter(|event| event.kind == "delta");
    deltas.map(|event| event.data["text"].as_str().unwrap()).collect()
}

async fn assistant(client: &Client) -> Value {
    client.get("/api/v1/assistants").await.1["items"][0].clone()
}

async fn patch(client: &Client, agent: &Value, version: &Value, routing: &Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/assistants/{}", agent["id"].as_str().unwrap());
    let request = client.request(Method::PATCH, &path).header("if-match", format!("\"{version}\""));
    let response = request.json(&json!({ "routing": routing })).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_before_the_first_word_is_not_seen_and_three_open_the_breaker() {
    let chained = Chained::new(vec![overloaded()], vec![model_says("from the second", &[])]).await;
    let client = chained.daemon.client();
    let thread = client.thread("over").await;
    for round in 1..=4 {
        let turn = client.say(&thread, "hello").await;
        let mut events = client.turn_events(&thread, &turn).await;
        events.retain(|event| event.turn() == turn);
        assert_eq!(
            (events.last().unwrap().kind.as_str(), said(&events)),
            ("done", "from the second".to_owned())
        );
        let (_, turn) = client.get(&format!("/api/v1/turns/{turn}")).await;
        assert_eq!((&turn["backend"], &turn["model"]), (&json!("second"), &json!("m")), "{turn}");
        assert_eq!(
            chained.asked(),
            (round.min(3), round),
            "the fourth round leaves out what failed three times"
        );
    }
    let (_, backends) = client.get("/api/v1/backends").await;
    let of = |name: &str| {
        let items = backends["items"].as_array().unwrap();
        items.iter().find(|backend| backend["name"] == name).cloned().unwrap()
    };
    assert_eq!(
        (&of("first")["state"], &of("second")["state"]),
        (&json!("unavailable"), &json!("ready")),
        "{backends}"
    );
    assert_eq!(of("first")["models_open"], json!(["m"]));
    assert!(of("first")["error"].as_str().unwrap().contains("too much to do"), "{backends}");
    assert_eq!(chained.asked(), (3, 4), "nobody is asked for a page");
    let (_, metrics) = client.get("/api/v1/models").await;
    let model = metrics["items"].as_array().unwrap().iter().find(|model| model["id"] == "first/m").unwrap();
    assert_eq!(model["breaker"], "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_after_the_first_word_is_told_and_nothing_is_said_twice() {
    let chained =
        Chained::new(vec![broken_off("half an ans")], vec![model_says("from the second", &[])]).await;
    let client = chained.daemon.client();
    let thread = client.thread("half").await;
    let turn = client.say(&thread, "hello").await;
    let events = client.turn_events(&thread, &turn).await;
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), said(&events).as_str()), ("error", "half an ans"), "{events:#?}");
    let message = last.data["message"].as_str().unwrap();
    assert!(message.contains("what came before stands"), "{message}");
    assert_eq!(chained.asked(), (1, 0));
    let messages = client.messages(&thread).await;
    assert_eq!(messages.last().unwrap()["content"], "half an ans");
    assert_eq!(messages.last().unwrap()["partial"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_request_is_nobodys_fault_and_goes_nowhere_else() {
    let wrong = json_answer(400, &json!({ "error": { "message": "no such parameter" } }));
    let chained = Chained::new(vec![wrong], vec![model_says("from the second", &[])]).await;
    let client = chained.daemon.client();
    let thread = client.thread("wrong").await;
    let last = client.ask(&thread, "hello").await;
    assert_eq!((last.kind.as_str(), &last.data["code"]), ("error", &json!("invalid_request")));
    assert_eq!(chained.asked(), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_name_an_assistant_get_its_chain_whole_and_streamed() {
    let second = vec![whole("from the second"), model_says("from the second", &[])];
    let chained = Chained::new(vec![overloaded()], second).await;
    let client = chained.daemon.client();
    let call = |model: &str, stream: bool| json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] });
    let (status, answer) = client.post("/v1/chat/completions", &call("capuchin", false)).await;
    assert_eq!(
        (status, &answer["choices"][0]["message"]["content"]),
        (StatusCode::OK, &json!("from the second"))
    );
    let streamed = client.request(Method::POST, "/v1/chat/completions").json(&call("capuchin", true));
    let streamed = streamed.send().await.unwrap().text().await.unwrap();
    // The scanner for secrets cuts between words.
    assert_eq!(
        (streamed.matches("from the").count(), streamed.matches("second").count()),
        (1, 1),
        "{streamed}"
    );
    assert!(streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    assert_eq!(chained.asked(), (2, 2));
    let (status, _) = client.post("/v1/chat/completions", &call("first/m", false)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "who names a model gets that one and no other");
    assert_eq!(chained.asked(), (3, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_policy_or_a_budget_does_not_let_be_asked_is_passed_over() {
    let dear = "prices = { m = { input = 1000, output = 1000 } }\n";
    let chained = Chained::with(vec![model_says("dear", &[])], vec![model_says("cheap", &[])], dear).await;
    let client = chained.daemon.client();
    let thread = client.thread("money").await;
    assert_eq!(client.ask(&thread, "hello").await.data["content"], "dear");
    let limits = json!({ "cost_usd": 0.5 });
    let budget = json!({ "name": "small", "subject": "tenant", "period": "day", "limits": limits });
    let (status, made) = client.post("/api/v1/budgets", &budget).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(client.ask(&thread, "hello").await.data["content"], "cheap");
    let (_, notices) = client.get("/api/v1/notifications").await;
    assert!(!notices.to_string().contains("is spent"), "nothing was refused: {notices}");
    let rule = json!({ "effect": "deny", "action": { "kind": "use_model", "backend": "second" } });
    let (status, made) = client.post("/api/v1/policy/rules", &rule).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let other = client.thread("denied").await;
    let last = client.ask(&other, "hello").await;
    assert_eq!(last.kind, "error", "{last:?}");
    assert_eq!(chained.asked(), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chain_belongs_to_the_assistant_and_local_only_keeps_everything_here() {
    let elsewhere = "\n[backends.elsewhere]\nkind = \"openai\"\nbase_url = \"https://models.example/v1\"\nmodel = \"m\"\n\
                     models = [\"m\"]\n";
    let chained =
        Chained::with(vec![model_says("first", &[])], vec![model_says("second", &[])], elsewhere).await;
    let client = chained.daemon.client();
    let agent = assistant(&client).await;
    assert_eq!(agent["routing"]["fallbacks"][0]["backend"], "second");
    let routing = json!({ "local_only": true, "when": { "prompt_tokens_max": 1 },
        "fallbacks": [{ "backend": "elsewhere", "model": "m" }, { "backend": "second", "model": "m" }] });
    assert_eq!(patch(&client, &agent, &json!(7), &routing).await.0, StatusCode::PRECONDITION_FAILED);
    let unknown = json!({ "fallbacks": [{ "backend": "nobody", "model": "m" }] });
    let (status, problem) = patch(&client, &agent, &agent["version"], &unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["errors"][0]["pointer"], "/routing/fallbacks/0/backend", "{problem}");
    let twice = json!({ "fallbacks": [{ "backend": "first", "model": "m" }] });
    let (status, problem) = patch(&client, &agent, &agent["version"], &twice).await;
    assert_eq!(
        (status, &problem["errors"][0]["pointer"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/routing"))
    );
    let (status, changed) = patch(&client, &agent, &agent["version"], &routing).await;
    assert_eq!((status, &changed["version"]), (StatusCode::OK, &json!(2)), "{changed}");
    let thread = client.thread("here").await;
    assert_eq!(client.ask(&thread, "hello").await.data["content"], "second");
    assert_eq!(chained.asked(), (0, 1), "the first is for shorter prompts, the other is elsewhere");
    let (code, shown, _) = chained.daemon.cli(&["agent", "route", "capuchin"]);
    assert_eq!((code, shown.as_str()), (0, "first/m prompt<=1\nelsewhere/m\nsecond/m\n"));
    let (code, shown, told) =
        chained.daemon.cli(&["agent", "route", "capuchin", "--fallback", "elsewhere/m call<=0.01"]);
    assert_eq!((code, shown.as_str()), (0, "first/m\nelsewhere/m call<=0.01\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_is_tried_out_through_the_guard() {
    let chained = Chained::new(vec![overloaded()], vec![model_says("OK", &[])]).await;
    let client = chained.daemon.client();
    let (status, tried) = client.post("/api/v1/backends/second/test", &json!({})).await;
    assert_eq!(
        (status, &tried["ok"], &tried["model"]),
        (StatusCode::OK, &json!(true), &json!("m")),
        "{tried}"
    );
    let (status, tried) = client.post("/api/v1/backends/first/test", &json!({})).await;
    assert_eq!(
        (status, &tried["ok"], &tried["code"]),
        (StatusCode::OK, &json!(false), &json!("overloaded")),
        "{tried}"
    );
    let (status, _) = client.post("/api/v1/backends/nobody/test", &json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let rule = json!({ "effect": "deny", "action": { "kind": "use_model" } });
    assert_eq!(client.post("/api/v1/policy/rules", &rule).await.0, StatusCode::CREATED);
    let (_, tried) = client.post("/api/v1/backends/second/test", &json!({})).await;
    assert_eq!((&tried["ok"], &tried["code"]), (&json!(false), &json!("denied")), "{tried}");
    assert_eq!(chained.asked(), (1, 1), "{tried}");
}
