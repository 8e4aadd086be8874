//! Search by meaning on a real daemon, with a model that knows a few synonyms.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::embeddings::{Embeddings, Manner};

const SAID: &str = "I am terrified of moths";
const ASKED: &str = "What%20is%20anybody%20afraid%20of%3F";
/// Far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again until it is so.
async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let settled = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.unwrap_or_else(|_| panic!("{what}"));
}

async fn semantic(client: &Client) -> Value {
    let (status, body) = client.get("/api/v1/search/status").await;
    assert_eq!(status, StatusCode::OK);
    body["semantic"].clone()
}

/// Whether every message has a vector, and there is one at all.
async fn is_whole(client: &Client) -> bool {
    let status = semantic(client).await;
    status["messages"].as_u64().is_some_and(|count| count > 0) && status["vectors"] == status["messages"]
}

/// The snippets that a search answers with.
async fn found(client: &Client, query: &str) -> Vec<String> {
    let (status, page) = client.get(&format!("/api/v1/search?q={query}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["snippet"].as_str().unwrap().to_owned()).collect()
}

async fn indexed(client: &Client, word: &str) {
    until("the index has it", || async {
        let (status, page) = client.get(&format!("/api/v1/search?q={word}")).await;
        status == StatusCode::OK && page["items"].as_array().is_some_and(|items| !items.is_empty())
    })
    .await;
}

/// Three conversations; the first has what is asked for.
async fn conversations(client: &Client) -> Vec<String> {
    let mut threads = Vec::new();
    for (title, text) in [("fears", SAID), ("food", "A loaf for Sunday"), ("garage", "The automobile is red")]
    {
        let thread = client.thread(title).await;
        assert_eq!(client.ask(&thread, text).await.kind, "done");
        threads.push(thread);
    }
    indexed(client, "automobile").await;
    threads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_words_for_the_same_are_found_only_by_meaning_and_forgotten_with_their_message() {
    let plain = TestDaemon::start();
    let client = plain.client();
    conversations(&client).await;
    assert!(!found(&client, ASKED).await.iter().any(|text| text.contains("moths")));
    assert_eq!(semantic(&client).await, Value::Null);
    assert!(plain.cli(&["doctor"]).1.contains("is off: what is found is found by its words"));
    drop(plain);

    let model = Embeddings::start().await;
    let mut daemon = TestDaemon::with(Setup { config: model.settings(), ..Setup::default() });
    let threads = conversations(&daemon.client()).await;
    let client = daemon.client();
    until("every message has a vector", || is_whole(&client)).await;
    until("the meaning is found first", || async {
        found(&client, ASKED).await.first().is_some_and(|text| text.contains("moths"))
    })
    .await;
    for (filter, fits) in [
        (format!("&thread={}", threads[0]), true),
        (format!("&thread={}", threads[1]), false),
        ("&kind=memory".to_owned(), false),
        ("&role=system".to_owned(), false),
        ("&before=2020-01-01".to_owned(), false),
        ("&after=2020-01-01".to_owned(), true),
    ] {
        let texts = found(&client, &format!("{ASKED}{filter}")).await;
        assert_eq!(texts.iter().any(|text| text.contains("moths")), fits, "{filter}: {texts:?}");
    }
    let second = client.thread("later").await;
    assert_eq!(client.ask(&second, "What is anybody scared of?").await.kind, "done");
    let (_, context) = client.get(&format!("/api/v1/threads/{second}/injections")).await;
    assert!(context.to_string().contains("moths"), "{context}");
    until("new messages have vectors", || is_whole(&client)).await;
    assert!(daemon.cli(&["doctor"]).1.contains("messages have a vector"));

    let asked = model.texts().iter().filter(|text| text.as_str() == SAID).count();
    daemon.kill();
    daemon.launch();
    let client = daemon.client();
    until("the vectors are there again", || is_whole(&client)).await;
    assert_eq!(model.texts().iter().filter(|text| text.as_str() == SAID).count(), asked, "made once");

    let before = semantic(&client).await["vectors"].as_u64().unwrap();
    for thread in [&threads[0], &second] {
        let gone = client.request(Method::DELETE, &format!("/api/v1/threads/{thread}")).send().await.unwrap();
        assert!(gone.status().is_success(), "{}", gone.status());
    }
    until("the vectors are gone with their messages", || async {
        semantic(&client).await["vectors"].as_u64().unwrap() <= before - 4
    })
    .await;
    assert!(!found(&client, ASKED).await.iter().any(|text| text.contains("moths")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_fails_leaves_search_as_it_is() {
    let model = Embeddings::start().await;
    let daemon = TestDaemon::with(Setup { config: model.settings(), ..Setup::default() });
    let client = daemon.client();
    conversations(&client).await;
    until("every message has a vector", || is_whole(&client)).await;
    for manner in [Manner::Silent, Manner::Garbage, Manner::Broken] {
        model.manner(manner);
        until("the failure is told", || async {
            let words = format!("Where%20is%20the%20automobile%20{}%3F", fastrand::u32(..));
            let texts = found(&client, &words).await;
            assert!(texts.iter().any(|text| text.contains("automobile")), "{manner:?}: {texts:?}");
            !semantic(&client).await["trouble"].is_null()
        })
        .await;
        model.manner(Manner::Good);
        until("it works again", || async {
            found(&client, ASKED).await;
            found(&client, &format!("Who%20is%20afraid%20{}%3F", fastrand::u32(..))).await;
            semantic(&client).await["trouble"].is_null()
        })
        .await;
    }
    let metrics = client.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for outcome in ["ok", "timeout", "protocol", "upstream"] {
        let line = format!("capuchin_search_semantic_questions_total{{outcome=\"{outcome}\"}}");
        assert!(metrics.contains(&line), "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_the_model_refuses_does_not_keep_the_others_waiting() {
    let model = Embeddings::start().await;
    model.manner(Manner::Picky("loaf"));
    let daemon = TestDaemon::with(Setup { config: model.settings(), ..Setup::default() });
    let client = daemon.client();
    conversations(&client).await;
    until("all others have a vector", || async {
        let status = semantic(&client).await;
        let count = |key: &str| status[key].as_u64().unwrap();
        count("left_out") > 0 && count("vectors") + count("left_out") == count("messages")
    })
    .await;
    until("they are found", || async {
        found(&client, ASKED).await.first().is_some_and(|text| text.contains("moths"))
    })
    .await;
}
