//! Experiments on a real daemon: the example as people run it, and ideas that cheat, never end, flood, or meet a kill.

mod hostile;
mod scheduled;
mod strategies;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::daemon::{Setup, TestDaemon};

const EXPERIMENTS: &str = "/api/v1/experiments";
/// States in which nothing happens by itself any more.
const RESTING: [&str; 5] = ["awaiting_human", "accepted", "rejected", "cancelled", "halted"];

/// A daemon, and a folder of a person that a workspace works in.
struct Bench {
    daemon: TestDaemon,
    client: Client,
    workspace: String,
    folder: PathBuf,
    _temp: tempfile::TempDir,
}

impl Bench {
    /// With these files.
    async fn with(files: &[(&str, &str)]) -> Self {
        Self::configured("[backends.demo]\nkind = \"demo\"\npace_ms = 0\n".to_owned(), files).await
    }

    /// The same with these settings.
    async fn configured(config: String, files: &[(&str, &str)]) -> Self {
        let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
        let token = daemon.create_token("chat,read,operate,admin,processes,approve");
        let client = Client::new(&daemon.console, &token);
        let temp = tempfile::Builder::new().prefix("work").tempdir().unwrap();
        let folder = temp.path().join("project");
        fs::create_dir(&folder).unwrap();
        for (path, text) in files {
            fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            fs::write(folder.join(path), text).unwrap();
        }
        let (status, made) = client.post("/api/v1/workspaces", &json!({ "name": "project" })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let workspace = made["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/workspaces/{workspace}/folder");
        let moved = client.request(Method::PUT, &path).json(&json!({ "path": folder })).send().await.unwrap();
        assert_eq!(moved.status(), StatusCode::OK);
        Self { daemon, client, workspace, folder, _temp: temp }
    }

    /// A started experiment with these settings; its id.
    async fn started(&self, settings: Value, more: Value) -> String {
        let mut body = json!({
            "title": "trial", "kind": "code", "goal": "make it better", "workspace_id": self.workspace,
            "settings": settings,
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, made) = self.client.post(EXPERIMENTS, &body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        self.act(&id, "start", json!({})).await;
        id
    }

    async fn act(&self, id: &str, what: &str, body: Value) -> Value {
        let (status, after) = self.client.post(&format!("{EXPERIMENTS}/{id}/{what}"), &body).await;
        assert_eq!(status, StatusCode::OK, "{what}: {after}");
        after
    }

    async fn get(&self, id: &str) -> Value {
        self.client.get(&format!("{EXPERIMENTS}/{id}")).await.1
    }

    async fn iterations(&self, id: &str) -> Vec<Value> {
        let (_, page) = self.client.get(&format!("{EXPERIMENTS}/{id}/iterations")).await;
        page["items"].as_array().unwrap().clone()
    }

    /// Waits until something holds; fails with where the experiment is.
    async fn until(&self, id: &str, holds: impl Fn(&Value, &[Value]) -> bool) -> (Value, Vec<Value>) {
        for _ in 0..6_000 {
            let (found, iterations) = (self.get(id).await, self.iterations(id).await);
            if holds(&found, &iterations) {
                return (found, iterations);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never came to this: {:#}\n{:#?}", self.get(id).await, self.iterations(id).await);
    }

    async fn over(&self, id: &str) -> (Value, Vec<Value>) {
        self.until(id, |found, _| RESTING.contains(&found["state"].as_str().unwrap_or_default())).await
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }
}

/// An idea that writes a file.
fn writes(path: &str, text: &str) -> String {
    format!("use write_file {}", json!({ "path": path, "content": text }))
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/faster")
}

#[test]
fn the_example_accepts_rejects_and_rolls_back_by_one_command() {
    let run =
        Command::new(example().join("run")).env("CAPUCHIN", env!("CARGO_BIN_EXE_capuchin")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{out}\n{err}");
    let told = |number: u32, words: &str| {
        let line = err.lines().find(|line| line.starts_with(&format!("iteration {number}: ")));
        let line = line.unwrap_or_else(|| panic!("nothing is said of iteration {number}:\n{err}"));
        assert!(line.contains(words), "{line}");
        line.to_owned()
    };
    assert!(told(1, "rejected").contains("worse"));
    assert!(told(2, "rejected").contains("tests fail"), "what it says of itself counts for nothing");
    assert!(told(3, "rejected").contains("test.sh (changed) is out of scope"));
    told(4, "accepted");
    assert!(out.contains("accepted: the program in the workspace is another one"), "{out}");
    assert!(out.contains("rolled back: every file is as it was"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_before_anything_reaches_the_workspace() {
    let bench = Bench::with(&[("src/a.txt", "bad\n"), ("check.sh", "grep -q good src/a.txt\n")]).await;
    let settings = json!({
        "scope": ["src/**"], "tests": { "command": ["sh", "check.sh"] }, "ideas": [writes("src/a.txt", "good\n")],
    });
    let id = bench.started(settings, json!({})).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(
        (&found["state"], &iterations[0]["status"]),
        (&json!("awaiting_human"), &json!("accepted")),
        "{found:#}"
    );
    assert_eq!(bench.read("src/a.txt"), "bad\n", "nobody said yes");
    let (_, asked) = bench.client.get("/api/v1/approvals?state=pending").await;
    let shown = asked["items"][0].to_string();
    assert!(shown.contains("src/a.txt"), "{shown}");
    let (code, _, err) = bench.daemon.cli(&["experiment", "decide", &id, "accept"]);
    assert_eq!(code, 0, "{err}");
    let (found, _) = bench.over_after_gate(&id).await;
    assert_eq!((&found["state"], &found["applied"]), (&json!("accepted"), &json!("yes")), "{found:#}");
    assert_eq!(bench.read("src/a.txt"), "good\n");
    let (_, report, _) = bench.daemon.cli(&["experiment", "report", &id, "--format", "html"]);
    assert!(report.contains("<svg") && report.contains("accepted"), "{report}");
    let (_, diff, _) = bench.daemon.cli(&["experiment", "diff", &id, "1"]);
    assert!(diff.contains("-bad\n+good"), "{diff}");
    // A file that somebody changed since is not written over.
    fs::write(bench.folder.join("src/a.txt"), "mine\n").unwrap();
    let (status, refused) = bench.client.post(&format!("{EXPERIMENTS}/{id}/rollback"), &json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    fs::write(bench.folder.join("src/a.txt"), "good\n").unwrap();
    assert_eq!(bench.act(&id, "rollback", json!({})).await["applied"], "undone");
    assert_eq!(bench.read("src/a.txt"), "bad\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_leaves_everything_and_continue_goes_on() {
    let bench = Bench::with(&[("src/a.txt", "bad\n"), ("check.sh", "grep -q good src/a.txt\n")]).await;
    let settings = json!({
        "scope": ["src/**"], "tests": { "command": ["sh", "check.sh"] },
        "ideas": [writes("src/a.txt", "good\n"), writes("src/b.txt", "more\n")],
    });
    let id = bench.started(settings, json!({ "iterations_max": 2 })).await;
    bench.over(&id).await;
    let (code, _, err) = bench.daemon.cli(&["experiment", "decide", &id, "continue", "--reason", "not yet"]);
    assert_eq!(code, 0, "{err}");
    // The second idea is no better than the first, so it is the last word.
    let (found, iterations) = bench.until(&id, |found, _| found["state"] == "rejected").await;
    assert_eq!(found["reason"], "max_iterations_reached", "{found:#}");
    assert_eq!((iterations.len(), &iterations[1]["status"]), (2, &json!("rejected")), "{iterations:#?}");
    assert_eq!(bench.read("src/a.txt"), "bad\n");
    assert!(!bench.folder.join("src/b.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_of_a_prompt_are_tried_beside_each_other_on_cases() {
    let bench = Bench::with(&[("prompt.txt", "Hello {{input}}\n")]).await;
    let settings = json!({
        "prompt": { "file": "prompt.txt", "cases": [
            { "input": "Ada", "expect": "Nice to meet you, **Ada**" },
            { "input": "Kurt", "expect": "Kurt" },
        ] },
        "apply": "auto", "ideas": [writes("prompt.txt", "Goodbye {{input}}\n"), writes("prompt.txt", "My name is {{input}}\n")],
    });
    let id = bench.started(settings, json!({ "kind": "prompt" })).await;
    let (found, iterations) = bench.over(&id).await;
    assert_eq!(found["state"], "accepted", "{found:#} {iterations:#?}");
    assert_eq!(iterations.iter().map(|one| &one["round"]).collect::<Vec<_>>(), [&json!(1), &json!(1)]);
    assert_eq!(bench.read("prompt.txt"), "My name is {{input}}\n");
}

impl Bench {
    async fn over_after_gate(&self, id: &str) -> (Value, Vec<Value>) {
        self.until(id, |found, _| found["state"] == "accepted").await
    }
}
