//! A scripted model provider on a loopback port: it answers each request with the next list of acts.
//!
//! Raw TCP, so that it can do what a well-behaved HTTP server cannot: stall inside an event, cut a
//! connection, dribble single bytes, answer with rubbish.

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails where its own machinery does; unit and integration tests share this file"
)]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One thing that the provider does with a connection.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes one at a time, each in a segment of its own.
    Dribble(Vec<u8>),
    /// Does nothing until the other side has gone.
    Stall,
    /// Ends the connection in order.
    Close,
    /// Ends the connection with a reset.
    Reset,
}

/// What a request looked like.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method and path.
    pub target: String,
    /// The whole head in lower case.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the request has a JSON body")
    }
}

/// See the module. Stops when dropped.
pub struct Upstream {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Upstream {
    /// A provider that answers the first request with the first list of acts, and so on; the last list repeats.
    pub async fn start(script: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        Self::start_on(listener, script)
    }

    /// The same with a listener that is there.
    pub fn start_on(listener: TcpListener, script: Vec<Vec<Act>>) -> Self {
        let address = listener.local_addr().expect("a bound port");
        let received = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (log, count) = (Arc::clone(&received), Arc::clone(&connections));
        let server = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            let script = Arc::new(script);
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                serving.spawn(serve(stream, Arc::clone(&script), Arc::clone(&log)));
            }
        });
        Self { address, received, connections, server }
    }

    /// The base address, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panicked").clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A whole answer with a length.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<Act> {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    vec![Act::Send(bytes)]
}

/// A whole JSON answer.
pub fn json(status: u16, body: &serde_json::Value) -> Vec<Act> {
    answer(status, "content-type: application/json\r\n", body.to_string())
}

/// The head of an event stream that ends with its connection.
pub fn stream_head() -> Act {
    Act::Send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".to_vec())
}

/// The head of an event stream in chunked coding, so that a cut is seen as a cut.
pub fn chunked_head() -> Act {
    Act::Send(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
    )
}

/// One chunk of chunked coding.
pub fn chunk(text: &str) -> Act {
    Act::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// An event stream that ends in order.
pub fn events(text: &str) -> Vec<Act> {
    vec![stream_head(), Act::Send(text.as_bytes().to_vec()), Act::Close]
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Vec<Act>>>, log: Arc<Mutex<Vec<Received>>>) {
    stream.set_nodelay(true).expect("a socket option");
    while let Some(request) = read_request(&mut stream).await {
        let turn = {
            let mut log = log.lock().expect("no test panicked");
            log.push(request);
            log.len() - 1
        };
        let acts = script.get(turn).or(script.last()).cloned().unwrap_or_default();
        for act in acts {
            if !perform(&mut stream, act).await {
                return;
            }
        }
    }
}

/// Whether the connection goes on.
async fn perform(stream: &mut TcpStream, act: Act) -> bool {
    match act {
        Act::Send(bytes) => stream.write_all(&bytes).await.is_ok(),
        Act::Dribble(bytes) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
        Act::Stall => {
            let mut rest = [0; 64];
            while matches!(stream.read(&mut rest).await, Ok(1..)) {}
            false
        }
        Act::Close => false,
        Act::Reset => {
            stream.set_zero_linger().expect("a socket option");
            false
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let target = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |text| text.parse().expect("a length"));
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received { target, head, body })
}

/// One answer of a mock model in the wire of OpenAI: a text, or calls.
pub fn model_says(text: &str, calls: &[(&str, serde_json::Value)]) -> Vec<Act> {
    let calls: Vec<serde_json::Value> = calls
        .iter()
        .enumerate()
        .map(|(index, (name, arguments))| {
            let function = serde_json::json!({ "name": name, "arguments": arguments.to_string() });
            // Some providers begin anew in every answer.
            serde_json::json!({ "index": index, "id": format!("call_{index}"), "type": "function", "function": function })
        })
        .collect();
    let reason = if calls.is_empty() { "stop" } else { "tool_calls" };
    let mut delta = serde_json::json!({ "content": text });
    if !calls.is_empty() {
        delta["tool_calls"] = serde_json::json!(calls);
    }
    let pieces = [
        serde_json::json!({ "choices": [{ "index": 0, "delta": delta }] }),
        serde_json::json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }),
    ];
    let mut stream: String = pieces.iter().map(|piece| format!("data: {piece}\n\n")).collect();
    stream.push_str("data: [DONE]\n\n");
    events(&stream)
}
