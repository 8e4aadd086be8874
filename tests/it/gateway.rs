//! Conversations over the socket `/ws`, as messages and as JSON-RPC.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::client::Client;
use crate::support::daemon::TestDaemon;

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

async fn open(daemon: &TestDaemon, path: &str, token: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let address = format!("{}{path}", daemon.console.replace("http", "ws"));
    let mut request = address.into_client_request().unwrap();
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn say(socket: &mut Socket, message: &Value) {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
}

async fn next(socket: &mut Socket) -> Value {
    let told = async {
        loop {
            match socket.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the daemon says something")
}

fn status_of(refused: Result<Socket, tungstenite::Error>) -> u16 {
    match refused {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_answered_in_pieces_and_as_a_whole_and_the_next_one_knows_it() {
    let daemon = TestDaemon::start();
    let mut socket = open(&daemon, "/ws", Some(&daemon.create_token("chat"))).await.unwrap();
    for (said, word) in [("my name is Ada", "Ada"), ("what is my name?", "Ada")] {
        say(&mut socket, &json!({ "type": "message", "content": said })).await;
        let mut pieces = String::new();
        loop {
            let told = next(&mut socket).await;
            match told["type"].as_str().unwrap() {
                "chunk" => pieces.push_str(told["content"].as_str().unwrap()),
                "done" => {
                    assert_eq!(told["content"], json!(pieces));
                    break;
                }
                other => panic!("{other}: {told}"),
            }
        }
        assert!(pieces.contains(word), "{pieces}");
    }
    for (said, code) in [
        (json!({ "type": "message", "content": " " }), "invalid_request"),
        (json!({ "type": "message", "content": "x", "agent_id": "nobody" }), "model_not_found"),
        (json!({ "type": "shout" }), "invalid_request"),
    ] {
        say(&mut socket, &said).await;
        let told = next(&mut socket).await;
        assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!(code)), "{told}");
    }
    say(&mut socket, &json!({ "type": "message", "content": "/error rate_limited" })).await;
    let told = next(&mut socket).await;
    assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("rate_limited")), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_methods_of_json_rpc_do_what_they_say() {
    let daemon = TestDaemon::start();
    let mut socket = open(&daemon, "/ws", Some(&daemon.create_token("chat"))).await.unwrap();
    let mut asked = 0;
    let mut call = async |socket: &mut Socket, method: &str, params: Value| {
        asked += 1;
        say(socket, &json!({ "jsonrpc": "2.0", "id": asked, "method": method, "params": params })).await;
        let told = next(socket).await;
        assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &json!(asked)), "{told}");
        told
    };
    let status = call(&mut socket, "gateway.status", Value::Null).await;
    assert_eq!(status["result"]["status"], "ok");
    assert!(status["result"]["uptime"].is_u64(), "{status}");
    let made = call(&mut socket, "sessions.create", json!({ "name": "tea" })).await;
    assert_eq!(made["result"]["status"], "created", "{made}");
    let key = made["result"]["session_key"].clone();
    let again = call(&mut socket, "sessions.create", json!({ "name": "tea" })).await;
    assert_eq!((&again["result"]["status"], &again["result"]["session_key"]), (&json!("exists"), &key));
    let listed = call(&mut socket, "sessions.list", json!({})).await;
    assert!(listed["result"]["sessions"].as_array().unwrap().iter().any(|one| one["session_key"] == key));
    for (method, params, code) in [
        ("sessions.explode", json!({}), -32_601),
        ("sessions.sendMessage", json!({ "message": "x" }), -32_602),
        ("sessions.sendMessage", json!({ "sessionKey": key, "message": "" }), -32_602),
    ] {
        let told = call(&mut socket, method, params).await;
        assert_eq!(told["error"]["code"], code, "{told}");
    }
    let sent =
        call(&mut socket, "sessions.sendMessage", json!({ "sessionKey": key, "message": "/long 3" })).await;
    assert_eq!(sent["result"], json!({ "status": "sent", "session_key": key }));
    loop {
        let told = next(&mut socket).await;
        assert_eq!((&told["method"], &told["params"]["data"]["session_key"]), (&json!("event"), &key));
        if told["params"]["event"] == "done" {
            assert_eq!(told["params"]["data"]["content"], "A capuchin keeps");
            break;
        }
    }
    socket.send(Message::Text("{".into())).await.unwrap();
    assert_eq!(next(&mut socket).await["error"]["code"], -32_700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_opens_for_a_token_or_a_ticket_and_for_nobody_else() {
    let daemon = TestDaemon::start();
    let token = daemon.create_token("chat");
    assert_eq!(status_of(open(&daemon, "/ws", None).await), 401);
    assert_eq!(status_of(open(&daemon, "/ws", Some("cap_wrong")).await), 401);
    assert_eq!(status_of(open(&daemon, "/ws", Some(&daemon.create_token("metrics"))).await), 403);
    let client = Client::new(&daemon.console, &token);
    let (_, ticket) = client.post("/api/v1/tickets", &json!({})).await;
    let path = format!("/ws?ticket={}", ticket["ticket"].as_str().unwrap_or_else(|| panic!("{ticket}")));
    assert_eq!(status_of(open(&daemon, &path, None).await), 101);
    assert_eq!(status_of(open(&daemon, &path, None).await), 401, "a ticket is good once");
}
