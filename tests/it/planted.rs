//! Planted secrets: whatever a person pastes and a model says, none of it reaches the model, the history,
//! the stream, the logs, the pages, an export or the disk.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::support::daemon::{Setup, TestDaemon};
use crate::support::kinds::{Planted, planted};
use crate::support::upstream::{Act, Upstream, events, json as answer_json};

/// How people write a secret into a chat.
const SENTENCES: &[&str] = &[
    "my key is {}.",
    "Use ({}) for the deploy, please!",
    "The value: `{}`",
    "```\nTOKEN={}\n```",
    "{\"credential\":\"{}\"}",
    "see https://api.test/v1?key={}&page=2",
    "**{}** is the one",
    "is it {}?",
];

fn sentence(number: usize, secret: &str) -> String {
    SENTENCES[number % SENTENCES.len()].replace("{}", secret)
}

/// One answer as a provider streams it, cut into pieces of this many characters.
fn streamed(text: &str, piece: usize) -> Vec<Act> {
    let letters: Vec<char> = text.chars().collect();
    let mut body = String::new();
    for piece in letters.chunks(piece.max(1)) {
        let delta =
            json!({ "choices": [{ "index": 0, "delta": { "content": piece.iter().collect::<String>() } }] });
        body.push_str(&format!("data: {delta}\n\n"));
    }
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    body.push_str(&format!("data: {end}\n\ndata: [DONE]\n\n"));
    events(&body)
}

fn setup(upstream: &Upstream) -> Setup {
    let config = format!(
        "[backends.fake]\nkind = \"openai\"\nbase_url = \"{}/v1\"\nmodel = \"m\"\nmodels = [\"m\"]\nretries = 0\n\n\
         [assistant]\nbackend = \"fake\"\nmodel = \"m\"\n\n[telemetry]\nlog_filter = \"debug\"\n",
        upstream.url()
    );
    Setup { config, ..Setup::default() }
}

/// Every file below a folder, as text that keeps every ASCII run.
fn disk(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&disk(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[track_caller]
fn none_of(secrets: &[Planted], place: &str, text: &str) {
    assert!(!text.is_empty(), "{place} is empty: the test looks at nothing");
    let leaked: Vec<_> =
        secrets.iter().filter(|secret| secret.is_in(text)).map(|secret| secret.kind).collect();
    assert!(leaked.is_empty(), "{} kinds are in {place}: {leaked:?}", leaked.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_kinds_none_reaches_any_place() {
    let (asked, said) = (planted(7), planted(8));
    let script = said
        .iter()
        .enumerate()
        .map(|(number, secret)| streamed(&sentence(number + 3, &secret.value), 1 + number % 9));
    let upstream = Upstream::start(script.collect()).await;
    let mut daemon = TestDaemon::with(setup(&upstream));
    let client = daemon.client();
    let thread = client.thread("planted").await;
    let mut stream = String::new();
    for (number, secret) in asked.iter().enumerate() {
        let turn = client.say(&thread, &sentence(number, &secret.value)).await;
        for event in client.turn_events(&thread, &turn).await {
            stream.push_str(&event.data.to_string());
        }
    }
    let both = [asked, said].concat();
    let prompts: String = upstream
        .received()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    none_of(&both, "the prompts of the model", &prompts);
    none_of(&both, "the stream", &stream);
    assert!(stream.matches("[REDACTED:").count() >= both.len(), "something stands where each stood");
    let history = client.messages(&thread).await;
    assert_eq!(history.len(), both.len());
    none_of(&both, "the history", &json!(history).to_string());
    for format in ["jsonl", "markdown"] {
        let path = format!("/api/v1/threads/{thread}/export?format={format}");
        let export = client.request(reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap();
        none_of(&both, "an export", &export);
    }
    let page = client.request(reqwest::Method::GET, &format!("/c/{thread}")).send().await.unwrap();
    none_of(&both, "a page", &page.text().await.unwrap());
    assert_eq!(daemon.terminate(), 0);
    none_of(&both, "the log", &daemon.log());
    none_of(&both, "the disk", &disk(daemon.home()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stateless_call_hides_secrets_both_ways_wherever_the_stream_is_cut() {
    let secret = planted(9).swap_remove(1);
    let text = format!("it is {} ok", secret.value);
    let whole = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }] });
    let script = |piece: usize| {
        if piece.is_multiple_of(2) { streamed(&text, piece) } else { answer_json(200, &whole) }
    };
    let script = (1..=text.len()).map(script).collect();
    let upstream = Upstream::start(script).await;
    let daemon = TestDaemon::with(setup(&upstream));
    let client = daemon.client();
    for piece in 1..=text.len() {
        let body = json!({
            "model": "fake/m", "stream": piece % 2 == 0,
            "messages": [
                { "role": "system", "content": format!("the key: {}", secret.value) },
                { "role": "user", "content": [{ "type": "text", "text": secret.value }] },
            ],
            "tools": [{ "type": "function", "function": { "name": "t", "description": secret.value, "parameters": {} } }],
            "metadata": { "note": secret.value },
        });
        let answer =
            client.request(reqwest::Method::POST, "/v1/chat/completions").json(&body).send().await.unwrap();
        let status = answer.status();
        let answer = answer.text().await.unwrap();
        assert!(status.is_success(), "{answer}");
        none_of(std::slice::from_ref(&secret), "an answer", &answer);
        let joined: String =
            answer.split("\"content\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(joined.starts_with("it is [REDACTED:") && joined.ends_with(" ok"), "{joined}");
    }
    for request in upstream.received() {
        none_of(std::slice::from_ref(&secret), "a prompt", &String::from_utf8_lossy(&request.body));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failing_provider_says_is_scanned_too() {
    let secret = planted(10).swap_remove(16);
    let error = json!({ "error": { "message": format!("Incorrect API key provided: {}.", secret.value) } });
    let upstream = Upstream::start(vec![answer_json(401, &error)]).await;
    let mut daemon = TestDaemon::with(setup(&upstream));
    let client = daemon.client();
    let thread = client.thread("failing").await;
    let end = client.ask(&thread, "hello").await;
    assert_eq!(end.kind, "error");
    let secret = std::slice::from_ref(&secret);
    none_of(secret, "the error event", &end.data.to_string());
    let body = json!({ "model": "fake/m", "messages": [{ "role": "user", "content": "hello" }] });
    let (_, refusal) = client.post("/v1/chat/completions", &body).await;
    none_of(secret, "the error of a stateless call", &refusal.to_string());
    assert_eq!(daemon.terminate(), 0);
    none_of(secret, "the log", &daemon.log());
    none_of(secret, "the disk", &disk(daemon.home()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_titles_and_system_prompts_are_scanned_before_they_are_stored() {
    let mut daemon = TestDaemon::start();
    let client = daemon.client();
    let secret = planted(11).swap_remove(17);
    let text = format!("x {} y", secret.value);
    let (_, thread) = client.post("/api/v1/threads", &json!({ "title": text })).await;
    let (_, workspace) = client.post("/api/v1/workspaces", &json!({ "name": text })).await;
    let new = json!({ "name": text, "backend": "demo", "model": "demo", "system_prompt": text });
    let (_, assistant) = client.post("/api/v1/assistants", &new).await;
    for made in [thread, workspace, assistant] {
        assert!(made["id"].is_string(), "{made}");
        none_of(std::slice::from_ref(&secret), "a made thing", &made.to_string());
    }
    assert_eq!(daemon.terminate(), 0);
    none_of(std::slice::from_ref(&secret), "the disk", &disk(daemon.home()));
}

/// A value that no pattern knows, with letters that every encoding writes otherwise.
const STORED: &str = "Qz7/plum+tree=ripe&\"sweet\" <Xk42>";

/// The forms in which somebody could say it.
fn forms(value: &str) -> Vec<String> {
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String =
        value
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let json = serde_json::to_string(value).unwrap();
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let base64 = |skip: usize| STANDARD.encode(["x".repeat(skip).as_str(), value].concat());
    vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        percent,
        hex,
        html,
        STANDARD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        base64(1),
        base64(2),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_secret_is_seen_by_its_host_and_by_nobody_else() {
    let said = forms(STORED);
    let script =
        said.iter().enumerate().map(|(number, form)| streamed(&format!("it is {form} ok"), 1 + number));
    let upstream = Upstream::start(script.collect()).await;
    let mut setup = setup(&upstream);
    setup.config = setup.config.replacen("retries = 0", "retries = 0\napi_key = \"@secret:provider\"", 1);
    let mut daemon = TestDaemon::with(setup);
    let client = daemon.client();
    let thread = client.thread("stored").await;
    let missing = client.ask(&thread, "hello").await;
    assert!(
        missing.data["message"].as_str().unwrap().contains("capuchin vault set provider"),
        "{:?}",
        missing.data
    );

    let (code, _, talk) =
        daemon.cli_reading(&["vault", "set", "provider", "-", "--host", "127.0.0.1"], STORED);
    assert_eq!(code, 0, "{talk}");
    let mut stream = String::new();
    for form in &said {
        let turn = client.say(&thread, &format!("I heard it is {form} indeed")).await;
        for event in client.turn_events(&thread, &turn).await {
            stream.push_str(&event.data.to_string());
        }
    }
    let received = upstream.received();
    assert_eq!(received.len(), said.len());
    for request in &received {
        let bearer = format!("authorization: bearer {}", STORED.to_lowercase());
        assert!(request.head.contains(&bearer), "its own host gets it: {}", request.head);
    }
    let prompts: String =
        received.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    let mut places = vec![("the prompts", prompts), ("the stream", stream)];
    for (place, path) in [
        ("the history", format!("/api/v1/threads/{thread}/messages?limit=200")),
        ("an export", format!("/api/v1/threads/{thread}/export")),
        ("the list of secrets", "/api/v1/secrets".to_owned()),
        ("the vault", "/api/v1/vault".to_owned()),
        ("the accesses", "/api/v1/vault/access".to_owned()),
        ("the leaks", "/api/v1/leaks".to_owned()),
        ("the audit trail", "/api/v1/audit/export".to_owned()),
        ("the metrics", "/metrics".to_owned()),
        ("the page of the chat", format!("/c/{thread}")),
    ] {
        let answer = client.request(reqwest::Method::GET, &path).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        places.push((place, answer.text().await.unwrap()));
    }
    assert_eq!(daemon.cli(&["vault", "rotate"]).0, 0);
    assert_eq!(daemon.cli(&["vault", "rotate", "--root"]).0, 0);
    assert_eq!(daemon.terminate(), 0);
    places.push(("the log", daemon.log()));
    places.push(("the disk", disk(daemon.home())));
    for (place, text) in places {
        for form in &said {
            // The first and last letters of a shifted Base64 depend on their neighbours.
            let core = form.get(4..form.len() - 4).unwrap();
            assert!(!text.contains(core), "`{form}` is in {place}");
        }
    }
}
