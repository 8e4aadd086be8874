//! Programs with an agent of their own as backends: a program that speaks Claude Code's protocol, in its cage, under a real
//! daemon. What it is told to do it does, good and bad.

mod door;
mod real;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::client::{Client, Event};
use crate::support::daemon::{Setup, TestDaemon};
use crate::support::shared::seen;

const PROGRAM: &str = include_str!("scripts/coder.py");

/// A daemon whose assistant is the program, signed in with a login of its own.
struct Host {
    daemon: TestDaemon,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Host {
    fn start() -> Self {
        Self::with("")
    }

    fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = program_in(folder.path());
        let config = format!(
            "[assistant]\nbackend = \"coder\"\n[backends.coder]\nkind = \"claude\"\ncommand = \"{}\"\n{settings}\n",
            program.display()
        );
        let daemon = TestDaemon::with(Setup { config, ..Setup::default() });
        let login = Self::login(&daemon).join(".claude");
        std::fs::create_dir_all(&login).unwrap();
        std::fs::write(login.join(".credentials.json"), "{}").unwrap();
        let client = daemon.client();
        Self { daemon, client, _folder: folder }
    }

    /// The program's own folder.
    fn login(daemon: &TestDaemon) -> PathBuf {
        daemon.home().join("data/coders/home/coder/login")
    }

    /// How it was started, each time.
    fn starts(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(Self::login(&self.daemon).join("starts.jsonl")).unwrap_or_default();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn last(&self, thread: &str) -> String {
        self.client.messages(thread).await.last().unwrap()["content"].as_str().unwrap().trim().to_owned()
    }

    /// Asks, and expects an answer.
    async fn answer(&self, thread: &str, content: &str) -> String {
        let end = self.client.ask(thread, content).await;
        assert_eq!(end.kind, "done", "{end:?}\n{}", self.daemon.log());
        self.last(thread).await
    }

    /// Asks, and expects a failure: its code and its words.
    async fn failure(&self, thread: &str, content: &str) -> (String, String) {
        let end = self.client.ask(thread, content).await;
        assert_eq!(end.kind, "error", "{end:?}");
        let word = |key: &str| end.data[key].as_str().unwrap_or_default().to_owned();
        (word("code"), word("message"))
    }

    /// The question of a turn.
    async fn question(&self, thread: &str, turn: &str) -> Value {
        let pending = |event: &Event| {
            event.kind == "approval" && event.turn() == turn && event.data["state"] == "pending"
        };
        let events = self.client.events_until(thread, 0, |events| events.iter().any(pending)).await;
        let id = events.iter().find(|event| pending(event)).unwrap().data["approval_id"]
            .as_str()
            .unwrap()
            .to_owned();
        self.client.get(&format!("/api/v1/approvals/{id}")).await.1
    }

    async fn decide(&self, approval: &Value, decision: &str) {
        let path = format!("/api/v1/approvals/{}", approval["id"].as_str().unwrap());
        let (status, answer) =
            self.client.post(&path, &json!({ "decision": decision, "reason": "so" })).await;
        assert!(status.is_success(), "{answer}");
    }
}

/// Writes the program into a folder.
fn program_in(folder: &Path) -> PathBuf {
    let program = folder.join("claude");
    std::fs::write(&program, PROGRAM).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// The file with this name somewhere below a folder.
fn found(below: &Path, name: &str) -> Option<PathBuf> {
    std::fs::read_dir(below).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { found(&path, name) } else { (path.file_name()?.to_str()? == name).then_some(path) }
    })
}

/// Processes of this machine with this word among their arguments.
fn running(marker: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|word| word == marker.as_bytes())).count()
}

/// The program's own file as an argument of its interpreter.
fn program(host: &Host) -> String {
    host._folder.path().join("claude").display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_answers_a_thread_and_keeps_its_session() {
    let host = Host::start();
    let thread = host.client.thread("talk").await;
    assert_eq!(host.answer(&thread, "say good morning").await, "good morning");
    assert_eq!(host.answer(&thread, "recall").await, "heard: say good morning | recall");
    let starts = host.starts();
    assert_eq!(starts.len(), 1, "one program for both");
    let names: Vec<&String> = starts[0]["env"].as_object().unwrap().keys().collect();
    assert!(!starts[0].to_string().contains("sk-planted"), "nothing of the daemon's environment: {names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_wants_to_do_is_asked_about_and_done_or_not() {
    let host = Host::start();
    let thread = host.client.thread("tools").await;
    let turn = host.client.say(&thread, "run touch made.txt && echo made").await;
    let asked = host.question(&thread, &turn).await;
    assert!(asked["shown"].as_str().unwrap().contains("touch made.txt"), "{asked}");
    assert!(found(&host.daemon.home().join("data/files"), "made.txt").is_none(), "not before it is allowed");
    host.decide(&asked, "allow").await;
    let events = host.client.turn_events(&thread, &turn).await;
    assert_eq!(events.last().unwrap().kind, "done", "{:?}", events.last());
    assert!(found(&host.daemon.home().join("data/files"), "made.txt").is_some());
    assert_eq!(host.last(&thread).await, "It said: made");
    let states: Vec<&str> = events
        .iter()
        .filter(|event| event.kind == "tool")
        .filter_map(|event| event.data["state"].as_str())
        .collect();
    assert_eq!(states.last(), Some(&"done"), "{states:?}");
    let roles: Vec<String> =
        host.client.messages(&thread).await.iter().map(|message| message["role"].to_string()).collect();
    assert!(roles.contains(&"\"tool\"".to_owned()), "{roles:?}");
    let turn = host.client.say(&thread, "run touch never.txt").await;
    let asked = host.question(&thread, &turn).await;
    host.decide(&asked, "deny").await;
    assert_eq!(host.client.turn_events(&thread, &turn).await.last().unwrap().kind, "done");
    assert!(host.last(&thread).await.contains("did not allow it: so"));
    assert!(found(&host.daemon.home().join("data/files"), "never.txt").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_taken_up_after_the_program_died_and_after_the_daemon_was_killed() {
    let mut host = Host::start();
    let thread = host.client.thread("lives").await;
    assert_eq!(host.answer(&thread, "say one").await, "one");
    let (code, message) = host.failure(&thread, "die").await;
    assert_eq!(code, "upstream", "{message}");
    assert!(message.contains("exit code 3") && message.contains("the last word"), "{message}");
    assert_eq!(host.answer(&thread, "recall").await, "heard: say one | die | recall");
    host.daemon.kill();
    host.daemon.launch();
    host.client = host.daemon.client();
    assert_eq!(host.answer(&thread, "recall").await, "heard: say one | die | recall | recall");
    let resumed = host.starts().iter().filter(|start| start["args"].to_string().contains("--resume")).count();
    assert_eq!(resumed, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_gone_is_begun_anew_with_what_was_said() {
    let host = Host::with("idle_stop_s = 1");
    let thread = host.client.thread("seeded").await;
    assert_eq!(host.answer(&thread, "say my cat is Tom").await, "my cat is Tom");
    let program = program(&host);
    seen(|| (running(&program) == 0).then_some(())).await;
    std::fs::remove_dir_all(Host::login(&host.daemon).join("said")).unwrap();
    let heard = host.answer(&thread, "recall").await;
    assert!(heard.contains("[person]/say my cat is Tom//[you]/my cat is Tom"), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_turn_interrupts_the_program_and_the_session_goes_on() {
    let host = Host::start();
    let thread = host.client.thread("stopped").await;
    let turn = host.client.say(&thread, "wait").await;
    host.client.events_until(&thread, 0, |events| events.iter().any(|event| event.kind == "delta")).await;
    let (status, answer) = host.client.post(&format!("/api/v1/turns/{turn}/stop"), &json!({})).await;
    assert!(status.is_success(), "{answer}");
    host.client.turn_events(&thread, &turn).await;
    assert_eq!(host.answer(&thread, "recall").await, "heard: wait | recall");
    assert_eq!(host.starts().len(), 1, "the same program");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_hangs_is_ended_with_everything_that_it_started() {
    let host = Host::with("silence_timeout_ms = 1500");
    let thread = host.client.thread("hung").await;
    let (code, message) = host.failure(&thread, "hang").await;
    assert_eq!(code, "timeout", "{message}");
    let marker = format!("93{:06}", std::process::id() % 1_000_000);
    let other = host.client.thread("stubborn").await;
    let (code, message) = host.failure(&other, &format!("stubborn {marker}")).await;
    assert_eq!(code, "timeout", "{message}");
    let program = program(&host);
    seen(|| (running(&marker) == 0 && running(&program) == 0).then_some(())).await;
    assert_eq!(host.answer(&thread, "say back").await, "back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_passed_over_and_a_flood_ends_the_program() {
    let host = Host::start();
    let thread = host.client.thread("noise").await;
    assert_eq!(host.answer(&thread, "garbage").await, "clean again");
    let (_, message) = host.failure(&thread, "flood").await;
    assert!(message.contains("a line of more than"), "{message}");
    let program = program(&host);
    seen(|| (running(&program) == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_that_was_used_without_asking_ends_the_session_and_is_in_the_audit_trail() {
    let host = Host::start();
    let thread = host.client.thread("sneaky").await;
    let (code, message) = host.failure(&thread, "sneak touch sneaked.txt").await;
    assert_eq!(code, "denied", "{message}");
    assert!(message.contains("without having been asked"), "{message}");
    let program = program(&host);
    seen(|| (running(&program) == 0).then_some(())).await;
    let (_, audit) = host.client.get("/api/v1/audit?limit=50").await;
    assert!(audit.to_string().contains("coder.tripped"), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_of_the_provider_keep_their_kind() {
    let host = Host::start();
    let thread = host.client.thread("failing").await;
    for (status, code) in [("401", "authentication"), ("400", "invalid_request")] {
        assert_eq!(host.failure(&thread, &format!("fail {status}")).await.0, code);
    }
    assert_eq!(host.answer(&thread, "say fine").await, "fine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_signed_in_and_what_is_not_there_are_told_with_what_to_do() {
    let host = Host::start();
    std::fs::remove_file(Host::login(&host.daemon).join(".claude/.credentials.json")).unwrap();
    let thread = host.client.thread("help").await;
    let (code, message) = host.failure(&thread, "say x").await;
    assert_eq!(code, "authentication");
    assert!(message.contains("provider") && message.contains("claude auth login"), "{message}");
    std::fs::remove_file(host._folder.path().join("claude")).unwrap();
    let (code, message) = host.failure(&thread, "say x").await;
    assert_eq!(code, "configuration");
    assert!(message.contains("npm install -g @anthropic-ai/claude-code"), "{message}");
}
