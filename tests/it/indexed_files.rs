//! Files that were opted in, on a real daemon.

use std::fs;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::TestDaemon;

/// Far above what a slow machine needs: files are looked at every half minute.
const PATIENCE: Duration = Duration::from_secs(120);

async fn files(client: &Client, words: &str) -> Vec<Value> {
    let (status, page) = client.get(&format!("/api/v1/search?kind=file&q={words}")).await;
    if status != StatusCode::OK {
        return Vec::new();
    }
    page["items"].as_array().unwrap().clone()
}

async fn until(client: &Client, words: &str, count: usize) -> Vec<Value> {
    let seen = async {
        loop {
            let found = files(client, words).await;
            if found.len() == count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen)
        .await
        .unwrap_or_else(|_| panic!("{words} is not found {count} times"))
}

async fn opt_in(client: &Client, workspace: &str, globs: Value) -> StatusCode {
    let request = client.request(Method::PATCH, &format!("/api/v1/workspaces/{workspace}"));
    request.json(&json!({ "indexed_files": globs })).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_found_once_they_are_opted_in_and_gone_when_they_are_not() {
    let folder = tempfile::Builder::new().prefix("files").tempdir().unwrap();
    let docs = folder.path().join("docs");
    fs::create_dir(&docs).unwrap();
    let key = ["ghp", "_", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"].concat();
    fs::write(docs.join("guide.md"), format!("# Guide\nThe pantograph needs oil.\ntoken = {key}\n")).unwrap();
    fs::write(folder.path().join("other.md"), "Another pantograph.").unwrap();
    let daemon = TestDaemon::start();
    let client = daemon.client();
    let (status, made) = client.post("/api/v1/workspaces", &json!({ "name": "Railway" })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made["indexed_files"], json!([]));
    let path = json!({ "path": fs::canonicalize(folder.path()).unwrap() });
    let moved =
        client.request(Method::PUT, &format!("/api/v1/workspaces/{id}/folder")).json(&path).send().await;
    assert_eq!(moved.unwrap().status(), StatusCode::OK);
    assert_eq!(opt_in(&client, &id, json!(["../*"])).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(opt_in(&client, &id, json!(["docs/**/*.md"])).await, StatusCode::OK);

    let found = until(&client, "pantograph", 1).await;
    assert_eq!(found[0]["title"], "docs/guide.md");
    assert_eq!(found[0]["id"], "docs/guide.md:1");
    assert_eq!(found[0]["workspace_id"], id.as_str());
    assert!(found[0]["snippet"].as_str().unwrap().contains("needs oil"));
    assert!(!found[0].to_string().contains(&key), "{found:?}");
    let (code, out, _) = daemon.cli(&["search", "pantograph", "--kind", "file"]);
    assert!(code == 0 && out.contains("docs/guide.md"), "{out}");

    fs::write(docs.join("guide.md"), "Now about bogies.").unwrap();
    until(&client, "bogies", 1).await;
    assert!(files(&client, "pantograph").await.is_empty());
    assert_eq!(opt_in(&client, &id, json!([])).await, StatusCode::OK);
    assert!(files(&client, "bogies").await.is_empty(), "what is not opted in is not shown from now on");
}
