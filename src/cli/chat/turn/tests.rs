//! An answer is whole and shown once, whatever happens to the connection.

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::super::super::client::Client;
use super::super::super::exit::Exit;
use super::super::screen::Screen;
use super::{Question, ask};

/// A daemon that answers one connection after the other with these texts, and keeps what it was asked.
struct Script {
    _folder: tempfile::TempDir,
    socket: PathBuf,
    listener: UnixListener,
}

impl Script {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        Self { _folder: folder, socket, listener }
    }

    async fn play(&self, answers: &[String]) -> Vec<String> {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            asked.push(request(&mut stream).await);
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        asked
    }
}

/// Head and body of one request.
async fn request(stream: &mut UnixStream) -> String {
    let mut text = String::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if read == 0 || length.is_none_or(|length| length.parse::<usize>().unwrap() <= body.len()) {
            return text;
        }
    }
}

fn answer(status: &str, body: &Value) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A stream that breaks off after these events.
fn events(events: &[(i64, &str, Value)]) -> String {
    let mut text = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned();
    for (id, name, data) in events {
        text.push_str(&format!("id: {id}\nevent: {name}\ndata: {data}\n\n"));
    }
    text
}

fn question() -> Question {
    Question { content: "Why?".to_owned(), backend: Some("b".to_owned()), model: None }
}

#[tokio::test]
async fn an_answer_goes_on_after_its_connection_broke() {
    let script = Script::new();
    let client = Client::new(script.socket.clone());
    let delta = |id, text: &str| (id, "delta", json!({ "turn_id": "t", "text": text }));
    let answers = [
        answer("202 Accepted", &json!({ "turn_id": "t", "message_id": "m", "after": 4 })),
        events(&[(5, "accepted", json!({ "turn_id": "t" })), delta(6, "Be"), delta(7, "cau")]),
        events(&[
            delta(8, "se"),
            (9, "done", json!({ "turn_id": "another", "content": "not mine" })),
            (10, "usage", json!({ "turn_id": "t", "input_tokens": 3, "output_tokens": 4 })),
            (11, "done", json!({ "turn_id": "t", "content": "Because", "stop_reason": "end_turn" })),
        ]),
    ];
    let mut screen = Screen::silent();
    let question = question();
    let (ending, asked) = tokio::join!(ask(&client, "th", &question, &mut screen), script.play(&answers));
    let ending = ending.unwrap();
    assert_eq!(ending.exit(), Exit::Done);
    assert_eq!(
        ending.report("th"),
        json!({
            "thread_id": "th", "turn_id": "t", "content": "Because", "stop_reason": "end_turn",
            "usage": { "input_tokens": 3, "output_tokens": 4 },
        })
    );
    assert!(asked[0].starts_with("POST /api/v1/threads/th/messages HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("idempotency-key: "), "{}", asked[0]);
    let (_, body) = asked[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "content": "Why?", "backend": "b" }));
    assert!(asked[1].contains("last-event-id: 4\r\n"), "before the message's own event: {}", asked[1]);
    assert!(asked[2].contains("last-event-id: 7\r\n"), "after the last one that was shown: {}", asked[2]);
}

#[tokio::test]
async fn a_message_that_got_no_answer_is_sent_again_with_the_same_key() {
    let script = Script::new();
    let client = Client::new(script.socket.clone());
    let answers = [
        String::new(),
        answer("202 Accepted", &json!({ "turn_id": "t", "message_id": "m", "after": 1 })),
        events(&[(2, "done", json!({ "turn_id": "t", "content": "x" }))]),
    ];
    let mut screen = Screen::silent();
    let question = question();
    let (ending, asked) = tokio::join!(ask(&client, "th", &question, &mut screen), script.play(&answers));
    assert_eq!(ending.unwrap().exit(), Exit::Done);
    let key = |request: &str| {
        let line = request.lines().find(|line| line.starts_with("idempotency-key: "));
        line.unwrap().to_owned()
    };
    assert_eq!(key(&asked[0]), key(&asked[1]));
}

#[tokio::test]
async fn a_turn_that_failed_is_a_failure_with_its_reason() {
    let script = Script::new();
    let client = Client::new(script.socket.clone());
    let data = json!({
        "turn_id": "t", "state": "failed", "code": "rate_limited", "message": "slow down",
        "retryable": true, "retry_after_s": 7,
    });
    let answers = [
        answer("202 Accepted", &json!({ "turn_id": "t", "message_id": "m", "after": 1 })),
        events(&[(2, "error", data)]),
    ];
    let mut screen = Screen::silent();
    let question = question();
    let (ending, _) = tokio::join!(ask(&client, "th", &question, &mut screen), script.play(&answers));
    let ending = ending.unwrap();
    assert_eq!(ending.exit(), Exit::Failed);
    assert_eq!(ending.trouble().unwrap(), "rate_limited: slow down; try again in 7 s");
    assert_eq!(ending.report("th")["code"], "rate_limited");
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let script = Script::new();
    let client = Client::new(script.socket.clone());
    let problem = json!({ "status": 429, "code": "busy", "title": "busy", "detail": "too much waits" });
    let answers = [answer("429 Too Many Requests", &problem)];
    let mut screen = Screen::silent();
    let question = question();
    let (ending, _) = tokio::join!(ask(&client, "th", &question, &mut screen), script.play(&answers));
    let failure = ending.err().unwrap();
    assert_eq!(failure.exit, Exit::Failed);
    assert_eq!(failure.to_string(), "error: too much waits");
}
