//! SIGKILL between every two stages of a delivery: stored, its thread made, its turn stored, noted as dispatched, its turn
//! running, its turn ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::*;

fn slow() -> TestDaemon {
    let config = "[backends.demo]\nkind = \"demo\"\npace_ms = 20\n".to_owned();
    TestDaemon::with(Setup { config, ..Setup::default() })
}

async fn switch(client: &Client, engaged: bool) {
    let body = json!({ "engaged": engaged, "reason": "a test" });
    let answer = client.request(Method::PUT, "/api/v1/kill-switch").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
}

/// How often each text was said by a webhook, and how many answers there are.
async fn said(client: &Client) -> (BTreeMap<String, usize>, usize) {
    let messages = messages(client).await;
    let mut texts = BTreeMap::new();
    for message in messages.iter().filter(|message| message["role"] == "user") {
        *texts.entry(message["content"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (texts, messages.iter().filter(|message| message["role"] == "assistant").count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_was_only_stored_is_worked_on_after_the_restart() {
    let mut daemon = quick();
    let client = daemon.client();
    let id = endpoint(&client, json!({ "template": "{{ payload.text }}" })).await;
    switch(&client, true).await;
    deliver(&daemon.ingress, &id, "d1", &json!({ "text": "waits" })).await.unwrap();
    daemon.kill();
    tokio::task::block_in_place(|| daemon.launch());
    let client = daemon.client();
    let waiting = once_all_are(&client, &id, 1, "accepted").await;
    assert_eq!(waiting[0]["turn_id"], Value::Null, "nothing is started while the switch is engaged");
    switch(&client, false).await;
    once_all_are(&client, &id, 1, "processed").await;
    assert_eq!(said(&client).await, (BTreeMap::from([("waits".to_owned(), 1)]), 1));
    // The sender did not see the answer, and sends it once more.
    let (_, again) = deliver(&daemon.ingress, &id, "d1", &json!({ "text": "waits" })).await.unwrap();
    assert_eq!(again["note"], "already processed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_was_stored_and_not_noted_is_found_and_not_made_again() {
    let mut daemon = quick();
    let client = daemon.client();
    let id = endpoint(&client, json!({ "template": "{{ payload.text }}" })).await;
    deliver(&daemon.ingress, &id, "d1", &json!({ "text": "once" })).await.unwrap();
    let turn = once_all_are(&client, &id, 1, "processed").await[0]["turn_id"].clone();
    daemon.kill();
    // As the store is when the daemon dies between the two writes.
    let store = rusqlite::Connection::open(daemon.home().join("data/capuchin.db")).unwrap();
    let undone =
        store.execute("UPDATE webhook_deliveries SET state = 'accepted', turn_id = NULL", []).unwrap();
    assert_eq!(undone, 1);
    drop(store);
    tokio::task::block_in_place(|| daemon.launch());
    let client = daemon.client();
    let log = once_all_are(&client, &id, 1, "processed").await;
    assert_eq!(log[0]["turn_id"], turn);
    assert_eq!(said(&client).await, (BTreeMap::from([("once".to_owned(), 1)]), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_ran_ends_after_the_restart_and_is_not_made_again() {
    let mut daemon = slow();
    let client = daemon.client();
    let id = endpoint(&client, json!({ "template": "{{ payload.text }}" })).await;
    deliver(&daemon.ingress, &id, "d1", &json!({ "text": "tell me a long story" })).await.unwrap();
    let turn = loop {
        let (_, page) = client.get(&format!("{ENDPOINTS}/{id}/deliveries")).await;
        if let Some(turn) = page["items"][0]["turn_id"].as_str() {
            break turn.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    daemon.kill();
    tokio::task::block_in_place(|| daemon.launch());
    let client = daemon.client();
    let ended = loop {
        let (_, page) = client.get(&format!("{ENDPOINTS}/{id}/deliveries")).await;
        if page["items"][0]["status"] != "accepted" {
            break page["items"][0].clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(ended["turn_id"].as_str(), Some(turn.as_str()));
    let (texts, answers) = said(&client).await;
    assert_eq!(texts, BTreeMap::from([("tell me a long story".to_owned(), 1)]));
    // Whole, or cut off by the kill after some of it was visible; never twice.
    assert!(answers <= 1, "{answers}");
}

/// Senders that send until they are told that it is stored, while the daemon is killed at random points.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_delivery_is_worked_on_once_whenever_the_daemon_is_killed() {
    let number = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (kills, seed) = (number("CAPUCHIN_KILLS", 6), number("CAPUCHIN_SEED", 20_261_121));
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let mut daemon = quick();
    let id = endpoint(&daemon.client(), json!({ "template": "{{ payload.text }}" })).await;
    let (ingress, acks, over) = (
        Arc::new(Mutex::new(daemon.ingress.clone())),
        Arc::new(AtomicUsize::new(0)),
        CancellationToken::new(),
    );
    let senders: Vec<_> = (0..3)
        .map(|sender| {
            let (ingress, id, acks, over) =
                (Arc::clone(&ingress), id.clone(), Arc::clone(&acks), over.clone());
            tokio::spawn(async move {
                let mut sent = Vec::new();
                while !over.is_cancelled() {
                    let text = format!("{sender}-{}", sent.len());
                    let address = ingress.lock().clone();
                    match deliver(&address, &id, &text, &json!({ "text": text })).await {
                        Some((StatusCode::ACCEPTED, _)) => {
                            acks.fetch_add(1, Ordering::SeqCst);
                            sent.push(text);
                        }
                        _ => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                }
                sent
            })
        })
        .collect();
    for _ in 0..kills {
        let target = acks.load(Ordering::SeqCst) + random.usize(1..20);
        while acks.load(Ordering::SeqCst) < target {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.u64(0..20_000))).await;
        daemon.kill();
        tokio::task::block_in_place(|| daemon.launch());
        *ingress.lock() = daemon.ingress.clone();
    }
    over.cancel();
    let mut sent = Vec::new();
    for sender in senders {
        sent.extend(sender.await.unwrap());
    }
    let client = daemon.client();
    let (texts, answers) = loop {
        let (texts, answers) = said(&client).await;
        let all = sent.iter().all(|text| texts.contains_key(text));
        let (_, page) = client.get(&format!("{ENDPOINTS}/{id}/deliveries?limit=200")).await;
        let waits = page["items"].as_array().unwrap().iter().any(|item| item["status"] == "accepted");
        if all && !waits {
            break (texts, answers);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let twice: Vec<_> = texts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: {twice:?}");
    assert!(answers <= texts.len(), "seed {seed}: {answers} answers to {} deliveries", texts.len());
    assert!(sent.len() >= kills, "the senders hardly sent anything");
    eprintln!("{kills} kills, {} deliveries acknowledged, each worked on once", sent.len());
}
