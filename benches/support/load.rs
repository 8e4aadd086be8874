//! A load of HTTP requests over kept connections, and what a person wants to know of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Requests of one client with the same `{r}`: a conversation of a usual length.
pub const ROUND: usize = 10;

/// One kind of request.
#[derive(Clone)]
pub struct Call {
    /// Where the server is.
    pub address: SocketAddr,
    /// Path and query.
    pub path: String,
    /// Bearer token.
    pub token: String,
    /// JSON body; `{n}` is replaced by the number of the client, `{r}` by a number that grows every
    /// [`ROUND`] requests of it.
    pub body: String,
}

/// What a load took.
#[derive(Clone)]
pub struct Figures {
    /// Whole answers, sorted.
    pub latencies: Vec<Duration>,
    /// First byte of the body, sorted.
    pub first_bytes: Vec<Duration>,
    /// From the first request to the last answer.
    pub wall: Duration,
}

impl Figures {
    /// The latency that this share of the requests did not exceed.
    pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
        let place = ((sorted.len() as f64 - 1.0) * share).round() as usize;
        sorted.get(place).copied().unwrap_or_default()
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.wall.as_secs_f64()
    }
}

/// Sends `requests` calls from `clients` kept connections. Every answer must be a 200 that is whole.
pub async fn run(call: &Call, clients: usize, requests: usize) -> Figures {
    let each = requests.div_ceil(clients);
    let mut tasks = Vec::new();
    let started = Instant::now();
    for number in 0..clients {
        tasks.push(tokio::spawn(client(call.clone(), number, each)));
    }
    let (mut latencies, mut first_bytes) = (Vec::new(), Vec::new());
    for task in tasks {
        for (first, whole) in task.await.expect("a client ended well") {
            first_bytes.push(first);
            latencies.push(whole);
        }
    }
    let wall = started.elapsed();
    latencies.sort_unstable();
    first_bytes.sort_unstable();
    Figures { latencies, first_bytes, wall }
}

async fn client(call: Call, number: usize, requests: usize) -> Vec<(Duration, Duration)> {
    let stream = TcpStream::connect(call.address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let body = call.body.replace("{n}", &number.to_string());
    let mut times = Vec::with_capacity(requests);
    for request in 0..requests {
        let body = Bytes::from(body.replace("{r}", &(request / ROUND).to_string()));
        times.push(one(&mut sender, &call, body).await);
    }
    times
}

async fn one(sender: &mut SendRequest<Full<Bytes>>, call: &Call, body: Bytes) -> (Duration, Duration) {
    let request = Request::post(&call.path)
        .header(header::HOST, call.address.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", call.token))
        .body(Full::new(body))
        .expect("a request");
    let started = Instant::now();
    let mut response = sender.send_request(request).await.expect("an answer");
    let status = response.status();
    let mut first = None;
    let mut bytes = 0;
    while let Some(frame) = response.body_mut().frame().await {
        first.get_or_insert_with(|| started.elapsed());
        bytes += frame.expect("a whole answer").data_ref().map_or(0, Bytes::len);
    }
    let whole = started.elapsed();
    assert!(status.is_success() && bytes > 0, "{status}, {bytes} bytes");
    (first.unwrap_or(whole), whole)
}
