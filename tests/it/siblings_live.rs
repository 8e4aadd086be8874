//! One session that crashes in a loop is quarantined with its reason, and its siblings never notice.

use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::daemon::TestDaemon;

const SIBLINGS: usize = 1_000;
/// Threads that answer at the same time: so few that a slow machine answers each well within the window
/// in which crashes are counted.
const AT_ONCE: usize = 40;

/// Tries until the session is out of service: far more than are needed, however slow the machine is.
const TRIES: usize = 2_000;

/// Every node of a tree.
fn nodes(tree: &Value) -> Vec<&Value> {
    let children = tree["children"].as_array().map_or(&[][..], Vec::as_slice);
    std::iter::once(tree).chain(children.iter().flat_map(nodes)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_crashes_in_a_loop_is_quarantined_while_a_thousand_others_answer() {
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let crasher = client.thread("crasher").await;
    let siblings: Vec<String> = futures::stream::iter(0..SIBLINGS)
        .map(|number| {
            let client = client.clone();
            async move { client.thread(&format!("sibling {number}")).await }
        })
        .buffer_unordered(16)
        .collect()
        .await;

    let crash = async {
        for _ in 0..TRIES {
            let path = format!("/api/v1/threads/{crasher}/messages");
            let (status, answer) = client.post(&path, &json!({ "content": "/crash" })).await;
            match status {
                StatusCode::ACCEPTED => {}
                StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                    if answer["detail"].as_str().is_some_and(|detail| detail.contains("quarantined")) {
                        return answer;
                    }
                }
                other => panic!("{other}: {answer}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the session was not quarantined");
    };
    let others = futures::stream::iter(&siblings)
        .map(|thread| {
            let client = client.clone();
            async move { client.ask(thread, "hello").await }
        })
        .buffer_unordered(AT_ONCE)
        .for_each(|answer| async move { assert_eq!(answer.kind, "done", "{answer:?}") });
    let (refusal, ()) = futures::join!(crash, others);
    assert!(refusal["detail"].as_str().unwrap().contains("crash"), "{refusal}");

    let (status, tree) = client.get("/api/v1/runtime/tree").await;
    assert_eq!(status, StatusCode::OK);
    let quarantined: Vec<_> =
        nodes(&tree).into_iter().filter(|node| node["state"] == "quarantined").collect();
    let [node] = quarantined[..] else { panic!("one is quarantined: {quarantined:?}") };
    let path = node["path"].as_str().unwrap();
    assert!(path.ends_with(&crasher), "{node}");
    assert!(node["last_exit"].as_str().is_some_and(|reason| reason.contains("crash")), "{node}");

    let release = format!("/api/v1/runtime/actors/{path}/release");
    let released = client.request(Method::POST, &release).send().await.unwrap();
    assert!(released.status().is_success(), "{}", released.status());
    assert_eq!(client.ask(&crasher, "hello again").await.kind, "done");
}
