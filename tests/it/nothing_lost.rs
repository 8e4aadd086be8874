//! Nothing that was acknowledged is ever lost, whenever the daemon is killed.
//!
//! Several clients send messages with idempotency keys and follow their streams, while the
//! daemon is killed with SIGKILL at random points and started again. `CAPUCHIN_KILLS` sets
//! how often (default 8; the full run of the README uses 60), `CAPUCHIN_SEED` the randomness.
//! The judgement is a pure function over what was sent and what is there, and it is judged
//! itself: see `controls`.

mod controls;
mod judgement;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::judgement::{Record, Sent};
use crate::support::client::{Client, Event};
use crate::support::daemon::TestDaemon;

const CLIENTS: usize = 5;
const KILLS_DEFAULT: usize = 8;
/// Acknowledgements between two kills, at most.
const ACKS_BETWEEN_KILLS: usize = 25;
/// Pause of a client between two tries while the daemon is down.
const RETRY: Duration = Duration::from_millis(5);

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What the clients share: where the daemon is now, and how far they are.
struct Stage {
    client: Mutex<Client>,
    acks: AtomicUsize,
    over: CancellationToken,
}

impl Stage {
    fn client(&self) -> Client {
        self.client.lock().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_message_survives_kills_at_random_points() {
    let kills = setting("CAPUCHIN_KILLS", KILLS_DEFAULT);
    let seed = setting("CAPUCHIN_SEED", 20_261_121);
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let mut daemon = TestDaemon::start();
    let stage = Arc::new(Stage {
        client: Mutex::new(daemon.client()),
        acks: AtomicUsize::new(0),
        over: CancellationToken::new(),
    });
    let mut threads = Vec::new();
    for number in 0..CLIENTS {
        threads.push(daemon.client().thread(&format!("client {number}")).await);
    }
    let senders: Vec<_> =
        threads.iter().map(|thread| tokio::spawn(send(Arc::clone(&stage), thread.clone()))).collect();
    let readers: Vec<_> =
        threads.iter().map(|thread| tokio::spawn(follow(Arc::clone(&stage), thread.clone()))).collect();

    for _ in 0..kills {
        let target = stage.acks.load(Ordering::SeqCst) + random.usize(0..ACKS_BETWEEN_KILLS);
        while stage.acks.load(Ordering::SeqCst) < target {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..20_000))).await;
        daemon.kill();
        tokio::task::block_in_place(|| daemon.launch());
        *stage.client.lock() = daemon.client();
    }
    stage.over.cancel();
    let mut sent = Vec::new();
    for sender in senders {
        sent.extend(sender.await.unwrap());
    }
    let mut streams = BTreeMap::new();
    for (thread, reader) in threads.iter().zip(readers) {
        streams.insert(thread.clone(), reader.await.unwrap());
    }
    let record = gather(&daemon.client(), &threads, sent, streams).await;
    let found = judgement::violations(&record);
    assert!(found.is_empty(), "seed {seed}, {} sent, violations:\n{}", record.sent.len(), found.join("\n"));
    assert!(record.sent.len() >= kills, "the clients hardly sent anything");
    eprintln!("{kills} kills, {} messages acknowledged, none lost", record.sent.len());
}

/// Sends one message after the other until the end, each until it is acknowledged.
async fn send(stage: Arc<Stage>, thread: String) -> Vec<Sent> {
    let mut sent = Vec::new();
    while !stage.over.is_cancelled() {
        let content = format!("message {} of {thread}", sent.len());
        let key = format!("{thread}-{}", sent.len());
        let turn = acknowledged(&stage, &thread, &key, &content).await;
        stage.acks.fetch_add(1, Ordering::SeqCst);
        sent.push(Sent { thread: thread.clone(), content, turn });
    }
    sent
}

async fn acknowledged(stage: &Stage, thread: &str, key: &str, content: &str) -> String {
    loop {
        let request = stage
            .client()
            .request(Method::POST, &format!("/api/v1/threads/{thread}/messages"))
            .header("idempotency-key", key)
            .json(&json!({ "content": content }));
        if let Ok(response) = request.send().await {
            match response.status() {
                StatusCode::ACCEPTED => {
                    if let Ok(accepted) = response.json::<serde_json::Value>().await {
                        return accepted["turn_id"].as_str().unwrap().to_owned();
                    }
                }
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {}
                other => panic!("{other}: {}", response.text().await.unwrap_or_default()),
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Follows a thread's stream over all lives of the daemon, resuming where it was.
async fn follow(stage: Arc<Stage>, thread: String) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    while !stage.over.is_cancelled() {
        let after = events.last().map_or(0, |event| event.id);
        let client = stage.client();
        tokio::select! {
            () = client.read_events(&thread, after, &mut events, |_| false) => tokio::time::sleep(RETRY).await,
            () = stage.over.cancelled() => {}
        }
    }
    events
}

/// Waits until every turn has ended and collects what is there.
async fn gather(
    client: &Client,
    threads: &[String],
    sent: Vec<Sent>,
    streams: BTreeMap<String, Vec<Event>>,
) -> Record {
    let mut record = Record { sent, streams, ..Record::default() };
    for thread in threads {
        let turns = loop {
            let (status, page) = client.get(&format!("/api/v1/turns?thread={thread}&limit=200")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let mut turns = page["items"].as_array().unwrap().clone();
            let mut next = page["next"].as_str().map(str::to_owned);
            while let Some(after) = next {
                let (_, page) =
                    client.get(&format!("/api/v1/turns?thread={thread}&limit=200&after={after}")).await;
                turns.extend(page["items"].as_array().unwrap().iter().cloned());
                next = page["next"].as_str().map(str::to_owned);
            }
            let open =
                |turn: &serde_json::Value| matches!(turn["state"].as_str(), Some("queued" | "running"));
            if !turns.iter().any(open) {
                break turns;
            }
            tokio::time::sleep(RETRY).await;
        };
        let state = |turn: &serde_json::Value| {
            (turn["id"].as_str().unwrap().to_owned(), turn["state"].as_str().unwrap().to_owned())
        };
        record.turns.extend(turns.iter().map(state));
        record.messages.insert(thread.clone(), client.messages(thread).await);
        let ends = turns.len();
        let all = |events: &[Event]| {
            events.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).count() == ends
        };
        record.logs.insert(thread.clone(), client.events_until(thread, 0, all).await);
    }
    record
}
