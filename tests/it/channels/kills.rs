//! SIGKILL at every place of a message's way in and of its answer's way out: each is there, and what may be there twice says so.

use std::time::Duration;

use serde_json::{Value, json};

use super::telegram::{ADA, with_ada};
use super::{quick, speaking};
use crate::support::client::Client;
use crate::support::daemon::TestDaemon;
use crate::support::telegram::{Fault, Telegram};

/// Where the daemon is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The platform handed the message over; nothing of it may be stored.
    HandedOver,
    /// The turn runs.
    Running,
    /// The platform has the answer and did not say so.
    Unsaid,
    /// The platform said that it has the answer.
    Said,
    /// Between two parts of the answer.
    BetweenParts,
}

const PLACES: [Place; 5] =
    [Place::HandedOver, Place::Running, Place::Unsaid, Place::Said, Place::BetweenParts];

async fn until(is_there: impl Fn() -> bool) {
    while !is_there() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What Ada said, as it is stored.
async fn stored(client: &Client) -> Vec<Value> {
    let (_, threads) = client.get("/api/v1/threads?limit=50").await;
    let Some(thread) = threads["items"].as_array().unwrap().first() else { return Vec::new() };
    let messages = client.messages(thread["id"].as_str().unwrap()).await;
    messages.iter().filter(|one| one["role"] == "user").map(|one| one["content"].clone()).collect()
}

async fn killed_at(place: Place, daemon: &mut TestDaemon) {
    let platform = Telegram::start().await;
    with_ada(&daemon.client(), &platform).await;
    let (words, parts) = match place {
        Place::BetweenParts => ("/long 1200", 2),
        Place::Running => ("/long 40", 1),
        _ => ("my name is Ada", 1),
    };
    if place == Place::Unsaid {
        platform.fail_next(&[Fault::TakenAndSilent]);
    }
    platform.write(ADA, ADA, words);
    match place {
        Place::HandedOver => until(|| platform.handed() > 0).await,
        Place::Running => until(|| platform.typing() > 0).await,
        Place::Unsaid | Place::Said | Place::BetweenParts => until(|| !platform.sent().is_empty()).await,
    }
    daemon.kill();
    let before = platform.texts(ADA);
    tokio::task::block_in_place(|| daemon.launch());
    let client = daemon.client();

    // A second message, so that what comes of the first one is there before.
    platform.write(ADA, ADA, "how many messages did I write?");
    until(|| platform.texts(ADA).iter().any(|text| text.contains("you have written"))).await;
    assert_eq!(stored(&client).await, [json!(words), json!("how many messages did I write?")], "{place:?}");
    let texts = platform.texts(ADA);
    let answers = &texts[..texts.len() - 1];
    let marked = |text: &&String| text.starts_with("(possible duplicate)");
    let certain: Vec<_> = answers.iter().filter(|text| !marked(text)).collect();
    let mut distinct = certain.clone();
    distinct.dedup();
    assert_eq!(certain, distinct, "{place:?}: an answer came twice and did not say so");
    assert!(certain.len() <= parts && answers.len() >= parts, "{place:?}: {answers:?}");
    match place {
        Place::HandedOver | Place::Running => {
            assert_eq!(answers.iter().filter(marked).count(), 0, "{answers:?}");
        }
        Place::Unsaid => {
            assert_eq!((before.len(), answers.iter().filter(marked).count()), (1, 1), "{answers:?}");
        }
        Place::Said | Place::BetweenParts => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_kill_hits_a_message_and_its_answer_both_are_there() {
    for place in PLACES {
        let mut daemon = if place == Place::Running { speaking(15) } else { quick() };
        killed_at(place, &mut daemon).await;
    }
}
