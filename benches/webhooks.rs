//! Verified and durably stored webhooks per second, beside a bare handler that does nothing else.
//!
//! `cargo bench --profile release --bench webhooks`. Senders, daemon and the bare handler share the machine. The bare one is
//! axum: it verifies the same HMAC and puts the body into SQLite with group commit and a sync, as the daemon must. For 1, 16
//! and 64 senders: requests per second, p50 and p99. The daemon is measured twice: with its dispatcher held by the kill
//! switch, so that only taking in is measured, and while its demo works on what comes. Last a burst of 10,000 at one
//! endpoint, its limit, and what memory was taken.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a measurement has no public face and shares its tools"
)]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement prints, waits and may stop"
)]

#[path = "support/load.rs"]
mod load;
#[path = "support/process.rs"]
mod process;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use load::Figures;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::oneshot;

const SECRET: &str = "a secret of the bench";
const SENDERS: [usize; 3] = [1, 16, 64];
/// A usual delivery is some KiB; this is added to each.
const FILLER_BYTES: usize = 2_000;
/// Most jobs of one commit of the bare handler.
const BATCH_MAX: usize = 256;

/// A delivery, ready to be sent.
struct Parcel {
    path: String,
    body: Bytes,
    signature: String,
}

fn parcel(path: &str, id: usize) -> Parcel {
    let body = json!({ "id": id, "filler": "x".repeat(FILLER_BYTES) }).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Parcel { path: path.to_owned(), body: body.into(), signature: format!("sha256={hex}") }
}

/// Sends these parcels from as many kept connections; their answers, and how many of each status.
async fn send(address: SocketAddr, shares: Vec<Vec<Parcel>>) -> (Figures, Vec<(u16, usize)>) {
    let started = Instant::now();
    let tasks: Vec<_> = shares.into_iter().map(|share| tokio::spawn(sender(address, share))).collect();
    let (mut latencies, mut statuses) = (Vec::new(), std::collections::BTreeMap::new());
    for task in tasks {
        for (took, status) in task.await.unwrap() {
            latencies.push(took);
            *statuses.entry(status).or_insert(0) += 1;
        }
    }
    let wall = started.elapsed();
    latencies.sort_unstable();
    (Figures { first_bytes: latencies.clone(), latencies, wall }, statuses.into_iter().collect())
}

async fn sender(address: SocketAddr, parcels: Vec<Parcel>) -> Vec<(Duration, u16)> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut times = Vec::with_capacity(parcels.len());
    for parcel in parcels {
        let request = hyper::Request::post(parcel.path)
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .header("x-github-event", "push")
            .header("x-hub-signature-256", parcel.signature)
            .body(Full::new(parcel.body))
            .unwrap();
        let began = Instant::now();
        let response = sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        response.into_body().collect().await.unwrap();
        times.push((began.elapsed(), status));
    }
    times
}

// === the bare handler ===

type Job = (Bytes, oneshot::Sender<()>);

async fn bare(
    State(jobs): State<std::sync::mpsc::Sender<Job>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let signature =
        headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let hex = signature.strip_prefix("sha256=").unwrap_or_default();
    let bytes: Vec<u8> =
        (0..hex.len() / 2).filter_map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).ok()).collect();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&body);
    if mac.verify_slice(&bytes).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let (done, stored) = oneshot::channel();
    jobs.send((body, done)).unwrap();
    stored.await.unwrap();
    StatusCode::ACCEPTED
}

fn write(path: &std::path::Path, jobs: &std::sync::mpsc::Receiver<Job>) {
    let store = rusqlite::Connection::open(path).unwrap();
    store.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE deliveries (id INTEGER PRIMARY KEY, body BLOB)").unwrap();
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(BATCH_MAX - 1)).collect();
        store.execute_batch("BEGIN IMMEDIATE").unwrap();
        for (body, _) in &batch {
            let mut insert = store.prepare_cached("INSERT INTO deliveries (body) VALUES (?1)").unwrap();
            insert.execute([&body[..]]).unwrap();
        }
        store.execute_batch("COMMIT").unwrap();
        for (_, done) in batch {
            let _ = done.send(());
        }
    }
}

/// Starts the bare handler on threads of its own.
fn start_bare(folder: &std::path::Path) -> SocketAddr {
    let (jobs, waiting) = std::sync::mpsc::channel();
    let path = folder.join("bare.db");
    std::thread::spawn(move || write(&path, &waiting));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let router = Router::new().route("/{endpoint}", post(bare)).with_state(jobs);
            axum::serve(listener, router).await.unwrap();
        });
    });
    address
}

// === the daemon ===

fn api(daemon: &process::Daemon, method: reqwest::Method, path: &str, body: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (url, token) = (format!("http://{}{path}", daemon.console), daemon.token.clone());
    runtime.block_on(async move {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.request(method, url).bearer_auth(token).json(body).send().await.unwrap();
        answer.json().await.unwrap_or_default()
    })
}

fn endpoint(daemon: &process::Daemon, name: &str, rate: u32) -> String {
    let body = json!({ "name": name, "source": "github", "secret": SECRET, "rate_per_minute": rate });
    let made = api(daemon, reqwest::Method::POST, "/api/v1/webhook-endpoints", &body);
    made["path"].as_str().expect("an endpoint with a path").to_owned()
}

fn hold(daemon: &process::Daemon, engaged: bool) {
    let body = json!({ "engaged": engaged, "reason": "a bench" });
    api(daemon, reqwest::Method::PUT, "/api/v1/kill-switch", &body);
}

fn main() {
    let number =
        |name: &str, default: usize| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let requests = number("WEBHOOK_REQUESTS", 20_000);
    let home = tempfile::tempdir().unwrap();
    let bare = start_bare(home.path());
    let daemon =
        process::Daemon::start(&home.path().join("home"), "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut next = 0;
    let mut shares = |senders: usize, count: usize, path: &dyn Fn(usize) -> String| -> Vec<Vec<Parcel>> {
        let share = |sender: usize| {
            let path = path(sender);
            let parcels = (0..count / senders).map(|_| {
                next += 1;
                parcel(&path, next)
            });
            parcels.collect()
        };
        (0..senders).map(share).collect()
    };
    println!("| what | senders | webhooks/s | p50 | p99 | of the bare one |\n|---|---|---|---|---|---|");
    let mut ceilings = Vec::new();
    for senders in SENDERS {
        let count = if senders == 1 { requests / 5 } else { requests };
        let (figures, _) = runtime.block_on(send(bare, shares(senders, count, &|_| "/x".to_owned())));
        ceilings.push(figures.rate());
        print("bare", senders, &figures, None);
    }
    for (what, held) in [("taken in", true), ("taken in while the demo works on them", false)] {
        hold(&daemon, held);
        for (senders, ceiling) in SENDERS.into_iter().zip(&ceilings) {
            let count = if senders == 1 { requests / 5 } else { requests };
            let paths: Vec<_> = (0..senders)
                .map(|sender| endpoint(&daemon, &format!("{held} {senders} {sender}"), 10_000))
                .collect();
            let parcels = shares(senders, count, &|sender| paths[sender].clone());
            let (figures, statuses) = runtime.block_on(send(daemon.ingress, parcels));
            assert_eq!(statuses, [(202, figures.latencies.len())], "every one is taken");
            print(what, senders, &figures, Some(*ceiling));
        }
    }
    hold(&daemon, true);
    let before = daemon.resident_kib();
    let path = endpoint(&daemon, "burst", 600);
    let (figures, statuses) = runtime.block_on(send(daemon.ingress, shares(64, 10_000, &|_| path.clone())));
    let grown = (daemon.resident_kib() as f64 - before as f64) / 1024.0;
    println!(
        "\nburst at one endpoint of 600 a minute: {statuses:?} at {:.0}/s, memory {grown:+.1} MiB",
        figures.rate()
    );
}

fn print(what: &str, senders: usize, figures: &Figures, ceiling: Option<f64>) {
    let p = |share| Figures::percentile(&figures.latencies, share);
    let share =
        ceiling.map(|ceiling| format!("{:.0} %", figures.rate() / ceiling * 100.0)).unwrap_or_default();
    println!("| {what} | {senders} | {:.0} | {:?} | {:?} | {share} |", figures.rate(), p(0.5), p(0.99));
}
