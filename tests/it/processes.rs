//! Processes on a real daemon, in real cages: by REST, by WebSocket, over a SIGKILL.

mod hostile;
mod tools;

use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a process; its id. A machine without namespaces cannot, and says so.
async fn start(client: &Client, wish: Value) -> String {
    let (status, made) = client.post("/sessions", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn detail(client: &Client, id: &str) -> Value {
    let (status, found) = client.get(&format!("/sessions/{id}")).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    found
}

/// Looks until the process is as wanted.
async fn until(client: &Client, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let found = detail(client, id).await;
        if wanted(&found) {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{found}");
        tokio::task::yield_now().await;
    }
}

async fn ended(client: &Client, id: &str) -> Value {
    until(client, id, |found| found["status"] != "running").await
}

async fn kill(client: &Client, id: &str) -> Value {
    let answer = client.request(Method::DELETE, &format!("/sessions/{id}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn transcript(client: &Client, id: &str, since: u64) -> (String, u64, u64) {
    let path = format!("/sessions/{id}/transcript?since={since}");
    let answer = client.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let number = |name: &str| answer.headers()[name].to_str().unwrap().parse().unwrap();
    let (next, total) = (number("x-transcript-next-offset"), number("x-transcript-total-size"));
    (answer.text().await.unwrap(), next, total)
}

async fn open(daemon: &TestDaemon, path: &str, token: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let address = format!("{}{path}", daemon.console.replace("http", "ws"));
    let mut request = address.into_client_request().unwrap();
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn hear(socket: &mut Socket) -> Option<Value> {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.expect("it says something")? {
            Ok(Message::Text(text)) => return Some(serde_json::from_str(text.as_str()).unwrap()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
}

/// Listens until the texts of one kind hold this.
async fn hear_until(socket: &mut Socket, kind: &str, wanted: &str) -> String {
    let mut text = String::new();
    while let Some(message) = hear(socket).await {
        if message["type"] == kind || message["type"] == "catchup" {
            text += message["data"].as_str().unwrap();
        }
        if text.contains(wanted) {
            return text;
        }
    }
    panic!("it ended before {wanted:?}: {text}");
}

fn status_of(refused: Result<Socket, tungstenite::Error>) -> u16 {
    match refused {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("not refused: {other:?}"),
    }
}

/// A daemon with a token for processes, or nothing where no cage can be made.
async fn ready(config: &str) -> Option<(TestDaemon, Client, String)> {
    let daemon = TestDaemon::with(Setup { config: config.to_owned(), ..Setup::default() });
    let token = daemon.create_token("processes,read");
    let client = Client::new(&daemon.console, &token);
    let id = start(&client, json!({ "task": "true" })).await;
    let found = ended(&client, &id).await;
    if found["exitCode"] == 0 {
        return Some((daemon, client, token));
    }
    let why = found["reason"].as_str().unwrap_or_default();
    assert!(why.contains("lacks a layer"), "{found}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_run_told_things_read_and_found_again() {
    let Some((_daemon, client, _)) = ready("").await else { return };
    let wish = json!({
        "task": "read name; echo hello $name; echo oops >&2; exit 3",
        "owner": "robin", "labels": [" Nightly ", "nightly", "x"],
    });
    let id = start(&client, wish).await;
    let info = until(&client, &id, |found| !found["pid"].is_null()).await;
    assert_eq!((info["type"].as_str(), info["status"].as_str()), (Some("exec"), Some("running")));
    assert_eq!(info["labels"], json!(["nightly", "x"]));
    let (_, sent) = client.post(&format!("/sessions/{id}/input"), &json!({ "input": "robin\n" })).await;
    assert_eq!(sent, json!({ "sent": true }));
    let info = ended(&client, &id).await;
    assert_eq!((info["status"].as_str(), info["exitCode"].as_i64()), (Some("exited"), Some(3)), "{info}");
    let (text, next, total) = transcript(&client, &id, 0).await;
    assert!(text.starts_with(&format!("# Session {id}\n\n## Task\n")), "{text}");
    assert!(text.contains("hello robin\n") && text.contains("[stderr] oops\n"), "{text}");
    assert_eq!(next, total);
    assert_eq!(transcript(&client, &id, total - 5).await.0.len(), 5);
    for (query, found) in [("owner=robin", 1), ("label=NIGHTLY", 1), ("status=exited", 2), ("owner=x", 0)] {
        let (_, list) = client.get(&format!("/sessions?{query}")).await;
        assert_eq!(list.as_array().unwrap().len(), found, "{query}: {list}");
    }
    for (path, body, error) in [
        ("/sessions", json!({}), "task is required"),
        (
            "/sessions",
            json!({ "task": "x", "type": "y" }),
            r#"type must be "exec", "print", or "interactive""#,
        ),
        ("/sessions/ffffffff/input", json!({ "input": "x" }), "Session not found or not running"),
        (&*format!("/sessions/{id}/input"), json!({ "input": "x" }), "Session not found or not running"),
        (&*format!("/sessions/{id}/input"), json!({}), "input is required"),
    ] {
        let (status, answer) = client.post(path, &body).await;
        assert_eq!((status, &answer), (StatusCode::BAD_REQUEST, &json!({ "error": error })), "{path}");
    }
    assert_eq!(
        client.get("/sessions/ffffffff").await,
        (StatusCode::NOT_FOUND, json!({ "error": "Not found" }))
    );
    let (status, _) = client.get("/sessions?status=asleep").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(kill(&client, &id).await, json!({ "killed": true }));
    assert_eq!(detail(&client, &id).await["status"], "exited", "what ended stays as it ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_ends_grandchildren_and_killed_stays_killed() {
    let Some((_daemon, client, _)) = ready("").await else { return };
    let marker = format!("86{:06}", std::process::id() % 1_000_000);
    let task =
        format!("trap 'exit 0' TERM; (setsid sleep {marker} &) ; sh -c 'sleep {marker}' & echo up; wait");
    let id = start(&client, json!({ "task": task })).await;
    until(&client, &id, |found| found["recentOutput"].as_str().unwrap().contains("up")).await;
    while running(&marker) < 2 {
        tokio::task::yield_now().await;
    }
    kill(&client, &id).await;
    let found = ended(&client, &id).await;
    assert_eq!((found["status"].as_str(), &found["exitCode"]), (Some("killed"), &Value::Null), "{found}");
    assert_eq!(running(&marker), 0, "nothing below it is left");
    assert_eq!(detail(&client, &id).await["status"], "killed");
}

/// How many processes of this machine have this word among their arguments.
fn running(marker: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|word| word == marker.as_bytes())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_sigkill_of_the_daemon_its_processes_are_gone_and_say_so() {
    let Some((mut daemon, client, token)) = ready("").await else { return };
    let marker = format!("85{:06}", std::process::id() % 1_000_000);
    let id = start(&client, json!({ "task": format!("echo before; sleep {marker}") })).await;
    let done = start(&client, json!({ "task": "echo fine" })).await;
    ended(&client, &done).await;
    until(&client, &id, |found| found["recentOutput"].as_str().unwrap().contains("before")).await;
    daemon.kill();
    let started = Instant::now();
    while running(&marker) > 0 {
        assert!(started.elapsed() < PATIENCE, "a process outlived its daemon");
    }
    daemon.launch();
    let client = Client::new(&daemon.console, &token);
    let found = detail(&client, &id).await;
    assert_eq!((found["status"].as_str(), &found["exitCode"]), (Some("killed"), &Value::Null), "{found}");
    assert!(found["reason"].as_str().unwrap().contains("the daemon ended"), "{found}");
    assert!(transcript(&client, &id, 0).await.0.ends_with("before\n"));
    assert_eq!(detail(&client, &done).await["exitCode"], 0);
    let mut socket = open(&daemon, &format!("/sessions/{id}/ws"), Some(&token)).await.unwrap();
    assert_eq!(hear(&mut socket).await.unwrap()["type"], "catchup");
    let end = hear(&mut socket).await.unwrap();
    assert_eq!((end["type"].as_str(), end["lost"].as_bool()), (Some("killed"), Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_bounded_and_characters_stay_whole() {
    let config = "[processes]\nbuffer_bytes = 65536\ntranscript_bytes_max = 262144\n";
    let Some((_daemon, client, _)) = ready(config).await else { return };
    let id = start(&client, json!({ "task": "yes äöü漢字 | head -c 5000000; echo; echo the-end" })).await;
    let found = ended(&client, &id).await;
    assert_eq!(found["exitCode"], 0, "{found}");
    let (text, _, total) = transcript(&client, &id, 0).await;
    assert!(total < 263_000 && text.contains("the transcript is full"), "{total}");
    assert!(!text.contains('\u{fffd}'));
    let torn = start(&client, json!({ "task": "printf '\\303'; sleep 0.4; printf '\\244\\n'" })).await;
    ended(&client, &torn).await;
    assert!(transcript(&client, &torn, 0).await.0.ends_with("ä\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_see_and_type_and_one_comes_back_where_it_was() {
    let Some((daemon, client, token)) = ready("").await else { return };
    let id = start(&client, json!({ "task": "while read line; do echo got $line; done; exit 4" })).await;
    let path = format!("/sessions/{id}/ws");
    let mut one = open(&daemon, &path, Some(&token)).await.unwrap();
    let mut two = open(&daemon, &path, Some(&token)).await.unwrap();
    let first = hear(&mut one).await.unwrap();
    assert_eq!((first["type"].as_str(), first["id"].as_str()), (Some("catchup"), Some(&*id)));
    assert_eq!(first["status"], "running");
    hear(&mut two).await.unwrap();
    until(&client, &id, |found| found["wsClients"] == 2).await;
    say(&mut one, json!({ "type": "stdin", "data": "a\n" })).await;
    hear_until(&mut one, "stdout", "got a").await;
    hear_until(&mut two, "stdout", "got a").await;
    one.send(Message::Text("no json".into())).await.unwrap();
    say(&mut two, json!({ "type": "stdin", "data": "b\n" })).await;
    let place = loop {
        let message = hear(&mut one).await.unwrap();
        if message["data"].as_str().is_some_and(|data| data.contains("got b")) {
            break message["offset"].as_u64().unwrap();
        }
    };
    drop(one);
    say(&mut two, json!({ "type": "stdin", "data": "c\n" })).await;
    hear_until(&mut two, "stdout", "got c").await;
    let mut again = open(&daemon, &format!("{path}?since={place}"), Some(&token)).await.unwrap();
    let caught = hear(&mut again).await.unwrap();
    assert_eq!((caught["from"].as_u64(), caught["data"].as_str()), (Some(place), Some("got c\n")));
    say(&mut two, json!({ "type": "eof" })).await;
    for socket in [&mut two, &mut again] {
        let end = hear(socket).await.unwrap();
        assert_eq!((end["type"].as_str(), end["code"].as_i64()), (Some("exit"), Some(4)), "{end}");
        assert!(end["duration"].is_u64());
        assert_eq!(hear(socket).await, None, "it is closed after the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_is_dropped_with_a_place_to_come_back_to() {
    let Some((daemon, client, token)) = ready("[processes]\nbuffer_bytes = 65536\n").await else { return };
    let id = start(&client, json!({ "task": "read go; yes 0123456789 | head -c 22000000; read more" })).await;
    let path = format!("/sessions/{id}/ws");
    let mut slow = open(&daemon, &path, Some(&token)).await.unwrap();
    hear(&mut slow).await.unwrap();
    say(&mut slow, json!({ "type": "stdin", "data": "go\n" })).await;
    // Reads nothing until everything was said.
    until(&client, &id, |found| found["outputLines"].as_u64().unwrap() > 1_900_000).await;
    let mut last = 0;
    let behind = loop {
        let message = hear(&mut slow).await.expect("it is told before it is dropped");
        if message["type"] == "behind" {
            break message["offset"].as_u64().unwrap();
        }
        last = message["offset"].as_u64().unwrap();
    };
    assert!(behind > last, "{behind} > {last}");
    assert_eq!(hear(&mut slow).await, None);
    let mut again = open(&daemon, &format!("{path}?since={behind}"), Some(&token)).await.unwrap();
    let caught = hear(&mut again).await.unwrap();
    // Output goes on meanwhile: what it has missed again it sees by the place.
    assert!(caught["from"].as_u64().unwrap() >= behind, "{behind}");
    assert!(caught["data"].as_str().unwrap().len() <= 65_536);
    kill(&client, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_one_and_has_the_size_that_it_is_given() {
    let Some((daemon, client, token)) = ready("").await else { return };
    let wish = json!({ "task": "test -t 0 && test -t 1 && echo tty; while read x; do stty size; done",
                       "type": "interactive", "rows": 30, "cols": 90 });
    let id = start(&client, wish).await;
    let path = format!("/sessions/{id}/ws");
    let mut socket = open(&daemon, &path, Some(&token)).await.unwrap();
    hear_until(&mut socket, "stdout", "tty").await;
    say(&mut socket, json!({ "type": "stdin", "data": "\r" })).await;
    hear_until(&mut socket, "stdout", "30 90").await;
    say(&mut socket, json!({ "type": "resize", "rows": 41, "cols": 101 })).await;
    say(&mut socket, json!({ "type": "stdin", "data": "\r" })).await;
    hear_until(&mut socket, "stdout", "41 101").await;
    let (status, _) =
        client.post(&format!("/sessions/{id}/resize"), &json!({ "rows": 20, "cols": 80 })).await;
    assert_eq!(status, StatusCode::OK);
    say(&mut socket, json!({ "type": "stdin", "data": "\r" })).await;
    hear_until(&mut socket, "stdout", "20 80").await;
    let mut pictures = open(&daemon, &format!("{path}?view=screen"), Some(&token)).await.unwrap();
    let screen = loop {
        let message = hear(&mut pictures).await.unwrap();
        if message["type"] == "screen" {
            break message;
        }
    };
    assert_eq!((screen["rows"].as_u64(), screen["cols"].as_u64()), (Some(20), Some(80)));
    assert!(screen["lines"].to_string().contains("20 80"), "{screen}");
    say(&mut socket, json!({ "type": "stdin", "data": "\u{4}" })).await;
    let found = ended(&client, &id).await;
    assert_eq!(found["status"], "exited", "{found}");
    assert!(found["recentOutput"].as_str().unwrap().contains("20 80"), "the last screen stays: {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_takes_a_header_a_subprotocol_or_a_ticket_once_and_no_token_in_its_address() {
    let Some((daemon, client, token)) = ready("").await else { return };
    let id = start(&client, json!({ "task": "read x" })).await;
    let path = format!("/sessions/{id}/ws");
    assert_eq!(status_of(open(&daemon, &path, None).await), 401);
    assert_eq!(status_of(open(&daemon, "/sessions/ffffffff/ws", None).await), 401, "no oracle of ids");
    assert_eq!(status_of(open(&daemon, "/sessions/ffffffff/ws", Some(&token)).await), 404);
    assert_eq!(status_of(open(&daemon, &format!("{path}?token={token}"), None).await), 401);
    let reader = daemon.create_token("read");
    assert_eq!(status_of(open(&daemon, &path, Some(&reader)).await), 403);
    assert_eq!(client.get(&path).await.0, StatusCode::UPGRADE_REQUIRED);

    let (status, ticket) = client.post("/api/v1/tickets", &json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{ticket}");
    let once = format!("{path}?ticket={}", ticket["ticket"].as_str().unwrap());
    let mut socket = open(&daemon, &once, None).await.unwrap();
    assert_eq!(hear(&mut socket).await.unwrap()["type"], "catchup");
    assert_eq!(status_of(open(&daemon, &once, None).await), 401, "a ticket works once");

    let mut request =
        format!("{}{path}", daemon.console.replace("http", "ws")).into_client_request().unwrap();
    let offered = format!("sessions, bearer.{token}");
    request.headers_mut().insert("sec-websocket-protocol", offered.parse().unwrap());
    let (_, answer) = connect_async(request).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "sessions", "the token is not said again");
    kill(&client, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cap_counts_what_runs_and_nothing_else() {
    let Some((daemon, client, token)) = ready("[processes]\nrunning_max = 2\nquery_token = true\n").await
    else {
        return;
    };
    for _ in 0..4 {
        let id = start(&client, json!({ "task": "true" })).await;
        ended(&client, &id).await;
    }
    let one = start(&client, json!({ "task": "read x" })).await;
    let two = start(&client, json!({ "task": "read x" })).await;
    let (status, refused) = client.post("/sessions", &json!({ "task": "read x" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["error"].as_str().unwrap().contains("max sessions reached"), "{refused}");
    kill(&client, &one).await;
    ended(&client, &one).await;
    let three = start(&client, json!({ "task": "read x" })).await;
    // The address of old clients works where somebody allowed it.
    let path = format!("/sessions/{two}/ws?token={token}");
    assert_eq!(hear(&mut open(&daemon, &path, None).await.unwrap()).await.unwrap()["type"], "catchup");
    for id in [two, three] {
        kill(&client, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_the_kill_switch_hold_for_programs() {
    let Some((daemon, client, _)) = ready("").await else { return };
    let admin = daemon.client();
    let rule =
        json!({ "effect": "deny", "action": { "kind": "run_command", "program": "rm" }, "note": "never" });
    let (status, made) = admin.post("/api/v1/policy/rules", &rule).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    for wish in [json!({ "task": "rm -r x" }), json!({ "command": "rm", "task": "x" })] {
        let (status, refused) = client.post("/sessions", &wish).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{refused}");
        assert!(refused["error"].as_str().unwrap().contains("never"), "{refused}");
    }
    let id = start(&client, json!({ "task": "read x" })).await;
    let (code, _, stderr) = daemon.cli(&["kill-switch", "on"]);
    assert_eq!(code, 0, "{stderr}");
    let found = ended(&client, &id).await;
    assert!(found["reason"].as_str().unwrap().contains("kill switch"), "{found}");
    assert_eq!(client.post("/sessions", &json!({ "task": "true" })).await.0, StatusCode::FORBIDDEN);
}
