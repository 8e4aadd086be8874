//! Listeners under clients that trickle, flood and stay.

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const LIMITS: ListenerLimits = ListenerLimits {
    connections_max: 2,
    header_timeout: Duration::from_millis(200),
    body_timeout: Duration::from_millis(200),
    drain: Duration::from_secs(5),
};

struct Running {
    addr: SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

async fn run(router: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let listener = Listener::tcp(listener, addr, None, LIMITS);
    let serving = tokio::spawn(listener.serve(router, stop.clone()));
    Running { addr, stop, serving }
}

async fn echo(body: bytes::Bytes) -> String {
    body.len().to_string()
}

/// Sends bytes and reads until the other side closes.
async fn talk(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut() {
    let running = run(Router::new().route("/", get(async || "hi"))).await;
    let answer = talk(running.addr, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn a_body_that_never_comes_is_an_error() {
    let running = run(Router::new().route("/", post(echo))).await;
    let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc";
    let answer = talk(running.addr, head).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_head_over_its_limit_is_refused() {
    let running = run(Router::new().route("/", get(async || "hi"))).await;
    let mut head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Large: ".to_vec();
    head.resize(head.len() + HEAD_BYTES_MAX + 1, b'a');
    head.extend_from_slice(b"\r\n\r\n");
    let answer = talk(running.addr, &head).await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn a_connection_over_the_limit_waits_for_a_free_place() {
    let running = run(Router::new().route("/", get(async || "hi"))).await;
    let first = TcpStream::connect(running.addr).await.unwrap();
    let second = TcpStream::connect(running.addr).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = talk(running.addr, request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "places come free when idle connections time out: {answer}");
    drop((first, second));
}

#[tokio::test]
async fn a_stop_lets_the_running_request_end_and_takes_no_new_one() {
    let gate = CancellationToken::new();
    let opened = gate.clone();
    let started = CancellationToken::new();
    let inside = started.clone();
    let slow = async move || {
        inside.cancel();
        opened.cancelled().await;
        "done"
    };
    let running = run(Router::new().route("/", get(slow))).await;
    let addr = running.addr;
    let client = tokio::spawn(async move { talk(addr, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await });
    started.cancelled().await;
    running.stop.cancel();
    gate.cancel();
    let answer = client.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    running.serving.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens any more");
}
