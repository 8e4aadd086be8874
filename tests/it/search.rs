//! Search of a real daemon: killed at random points, it finds exactly what is stored.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::TestDaemon;

/// Kills.
const KILLS: u64 = 4;
/// Messages before each.
const MESSAGES: usize = 120;

async fn import(client: &Client, lines: &str) -> Option<(StatusCode, Value)> {
    let request = client.request(Method::POST, "/api/v1/threads/import");
    let answer =
        request.header("content-type", "application/x-ndjson").body(lines.to_owned()).send().await.ok()?;
    let status = answer.status();
    Some((status, answer.json().await.ok()?))
}

fn lines(round: u64) -> String {
    let line = |n: usize| {
        let minute = n % 60;
        json!({ "thread": format!("round {round}"), "role": "user", "content": format!("bread of round {round}, loaf {n}"),
                "created_at": format!("2024-01-01T00:{minute:02}:00Z") })
    };
    (0..MESSAGES).map(|n| format!("{}\n", line(n))).collect()
}

/// Everything that a search for `bread` finds, page after page.
async fn found(client: &Client) -> Option<BTreeSet<String>> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let (status, page) =
            client.get(&format!("/api/v1/search?q=bread&limit=200&sort=newest{cursor}")).await;
        if status != StatusCode::OK {
            return None;
        }
        ids.extend(page["items"].as_array()?.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(ids),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_at_any_point_exactly_what_is_stored_is_found() {
    let mut daemon = TestDaemon::start();
    for round in 0..KILLS {
        let client = daemon.client();
        let body = lines(round);
        let sent = tokio::spawn(async move { import(&client, &body).await });
        // A different moment each time: while it is stored, indexed, committed, merged.
        tokio::time::sleep(Duration::from_millis(40 + round * 110)).await;
        daemon.kill();
        // silent-ok: whether the answer came does not matter, the store says what is there
        let _ = sent.await;
        daemon.launch();
    }
    let client = daemon.client();
    for round in 0..KILLS {
        let (status, _) = import(&client, &lines(round)).await.unwrap();
        assert!(status.is_success(), "{status}");
    }
    let (_, threads) = client.get("/api/v1/threads?limit=200").await;
    let mut stored = BTreeSet::new();
    for thread in threads["items"].as_array().unwrap() {
        let id = thread["id"].as_str().unwrap();
        stored.extend(
            client.messages(id).await.iter().map(|message| message["id"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(stored.len(), MESSAGES * usize::try_from(KILLS).unwrap());
    let settled = async {
        while found(&client).await.as_ref() != Some(&stored) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled).await.expect("the index agrees with the store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_is_recalled_in_another_conversation_and_by_the_command_line() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let first = client.thread("first").await;
    assert_eq!(client.ask(&first, "My dentist is called Wilhelmina Oberkampf.").await.kind, "done");
    let seen = async {
        while client.get("/api/v1/search?q=oberkampf").await.1["items"].as_array().is_none_or(Vec::is_empty) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen).await.expect("found");
    let (code, out, _) = daemon.cli(&["search", "dentist", "--json"]);
    assert_eq!(code, 0);
    assert!(out.contains("Oberkampf"), "{out}");
    let second = client.thread("second").await;
    assert_eq!(client.ask(&second, "What is my dentist called?").await.kind, "done");
    let (status, context) = client.get(&format!("/api/v1/threads/{second}/injections")).await;
    assert_eq!(status, StatusCode::OK, "{context}");
    assert!(context.to_string().contains("Oberkampf"), "{context}");
    let lines = daemon.cli(&["thread", "export", &first]).1;
    let (code, _, said) = daemon.cli_reading(&["thread", "import", "-"], &lines);
    assert!(code == 0 && said.contains("0 messages taken in"), "{said}");
}
