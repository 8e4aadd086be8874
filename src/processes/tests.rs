//! Records and desks on a real store, with actors that are played.

use std::sync::Arc;

use capuchin_actors::ports::run_process::{KeepError, ProcessLines, ProcessReport, RunProcess};
use capuchin_actors::process::{OpenProcess, ProcessDirectory, ProcessPorts, StartRefused};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::*;
use crate::adapters::processes::KeptProcesses;
use crate::config::{Home, ProcessesConfig};
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::{Principal, RequestKey, Who};
use crate::policy::{
    ApprovalMode, Author, Autonomy, Effect, KillSwitches, NewRule, Origin, Policies, PolicyChange,
    SubjectPattern,
};
use crate::protocol::ids::{TenantId, TokenId};
use crate::protocol::process::{KillReason, OutputStream, ProcessEnd, ProcessId, ProcessKey};
use crate::redaction::{LeakLog, Redactor};
use crate::workspaces::Workspaces;

/// A process that ended well.
pub(super) fn process() -> Process {
    Process {
        id: ProcessId::from_number(1),
        kind: ProcessKind::Exec,
        task: "echo".to_owned(),
        command: "/bin/sh -lc echo".to_owned(),
        cwd: "/ws".to_owned(),
        state: ProcessState::Exited,
        code: Some(0),
        signal: None,
        reason: "exit code 0".to_owned(),
        pid: None,
        owner: String::new(),
        labels: Vec::new(),
        source: "owner".to_owned(),
        workspace: None,
        thread: None,
        terminal: None,
        lines: 0,
        screen: None,
        created_ms: 0,
        ended_ms: Some(0),
    }
}

/// A store, and actors that are played by the test: a start is kept, and nothing runs.
pub(super) struct World {
    pub(super) processes: Processes,
    home: tempfile::TempDir,
    db: Db,
    _writer: WriterRun,
}

struct NoTree;

impl OpenProcess for NoTree {
    fn open(&self, _: ProcessKey) -> BoxFuture<'static, Result<(), StartRefused>> {
        futures::future::ready(Ok(())).boxed()
    }
}

struct NoPorts;

impl RunProcess for NoPorts {
    fn run(&self, _: ProcessKey, _: ProcessLines) -> BoxFuture<'static, ProcessEnd> {
        futures::future::pending().boxed()
    }
}

impl World {
    pub(super) fn owner() -> Principal {
        owner()
    }

    pub(super) async fn new(running_max: usize) -> Self {
        Self::with(ProcessesConfig { running_max, ..ProcessesConfig::default() }).await
    }

    async fn with(config: ProcessesConfig) -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let place = Home::locate(Some(home.path())).unwrap();
        place.prepare().unwrap();
        let scanner = (Redactor::new(), LeakLog::new(db.clone()));
        let records = Records::new(db.clone(), scanner, place.processes(), config);
        let keeper = Arc::new(KeptProcesses::new(records.clone()));
        let ports = ProcessPorts { runner: Arc::new(NoPorts), keeper };
        let directory = ProcessDirectory::new(ports, Arc::new(NoTree));
        let judges = (Policies::new(db.clone()), KillSwitches::open(db.clone()).await.unwrap());
        let workspaces = Workspaces::new(db.clone(), &place);
        Self { processes: Processes::new(records, directory, judges, workspaces), home, db, _writer: writer }
    }

    async fn start(&self, wish: Wish) -> Result<Process, ProcessError> {
        self.processes.start(&owner(), wish, None).await.map(|made| made.thing)
    }

    async fn begun(&self, wish: Wish) -> ProcessKey {
        let started = self.start(wish).await.unwrap();
        let key = ProcessKey { tenant: TenantId::home(), id: started.id };
        self.processes.records().begin(key.clone()).await.unwrap();
        key
    }

    async fn say(&self, key: &ProcessKey, stream: OutputStream, text: &str) {
        let report = ProcessReport::Output { stream, bytes: text.as_bytes().to_vec() };
        self.processes.records().report(key.clone(), report).await.unwrap();
    }

    async fn get(&self, key: &ProcessKey) -> Process {
        self.processes.get(&key.tenant, key.id).await.unwrap()
    }
}

fn owner() -> Principal {
    Principal::owner(TenantId::home())
}

fn wish(task: &str) -> Wish {
    Wish { task: task.to_owned(), ..Wish::default() }
}

fn end(code: i32, killed: Option<KillReason>) -> ProcessEnd {
    ProcessEnd { code: Some(code), signal: None, killed, reason: format!("exit code {code}") }
}

#[tokio::test]
async fn the_limit_holds_at_and_over_and_what_has_ended_does_not_count() {
    let world = World::new(2).await;
    let one = world.begun(wish("one")).await;
    world.start(wish("two")).await.unwrap();
    let refused = world.start(wish("three")).await.unwrap_err();
    assert!(matches!(refused, ProcessError::TooMany { running_max: 2 }), "{refused}");
    world.processes.records().settle(one.clone(), end(0, None)).await.unwrap();
    world.start(wish("three")).await.unwrap();
    assert_eq!(world.get(&one).await.state, ProcessState::Exited);
}

#[tokio::test]
async fn the_first_end_counts_and_a_killed_one_has_no_exit_code() {
    let world = World::new(9).await;
    let key = world.begun(wish("x")).await;
    let records = world.processes.records();
    records.settle(key.clone(), end(0, Some(KillReason::Asked))).await.unwrap();
    records.settle(key.clone(), end(0, None)).await.unwrap();
    records.lose(key.clone(), "late").await.unwrap();
    let found = world.get(&key).await;
    assert_eq!((found.state, found.code), (ProcessState::Killed, None));
    assert_eq!(records.begin(key).await.unwrap_err(), KeepError::Fenced);
}

#[tokio::test]
async fn a_new_life_of_the_daemon_says_what_is_lost_and_keeps_what_was_said() {
    let world = World::new(9).await;
    let (ran, done) = (world.begun(wish("one")).await, world.begun(wish("two")).await);
    let waits = world.start(wish("three")).await.unwrap();
    world.say(&ran, OutputStream::Stdout, "before\n").await;
    world.processes.records().settle(done.clone(), end(0, None)).await.unwrap();
    assert_eq!(world.processes.records().lose_all().await.unwrap(), 2);
    for id in [ran.id, waits.id] {
        let found = world.processes.get(&ran.tenant, id).await.unwrap();
        assert_eq!((found.state, found.code), (ProcessState::Lost, None));
        assert!(found.reason.contains("the daemon ended"));
    }
    assert_eq!(world.get(&done).await.state, ProcessState::Exited);
    let said = world.processes.transcript(&ran.tenant, ran.id, 0).await.unwrap();
    assert!(said.text.ends_with("before\n"), "{}", said.text);
}

#[tokio::test]
async fn secrets_are_in_no_row_no_transcript_and_no_stream() {
    let world = World::new(9).await;
    let secret = format!("ghp_{}", "a1B2c3D4e5".repeat(4).split_at(36).0);
    let key = world.begun(wish(&format!("curl -H 'authorization: {secret}'"))).await;
    let mut peer = world.processes.follow(&key.tenant, key.id, None, false).unwrap();
    world.say(&key, OutputStream::Stdout, &format!("token {}", &secret[..10])).await;
    world.processes.records().rest(key.clone()).await.unwrap();
    world.say(&key, OutputStream::Stdout, &format!("{}\nnext\n", &secret[10..])).await;
    let found = world.get(&key).await;
    let said = world.processes.transcript(&key.tenant, key.id, 0).await.unwrap();
    let (streamed, _) = peer.catch_up();
    for text in [&found.task, &found.command, &said.text, &streamed] {
        assert!(!text.contains("a1B2c3D4e5"), "{text}");
    }
    assert!(streamed.contains("next"), "{streamed}");
}

#[tokio::test]
async fn a_terminal_that_rests_shows_what_is_typed() {
    let world = World::new(9).await;
    let key = world.begun(Wish { kind: Some(ProcessKind::Interactive), ..wish("sh") }).await;
    let mut peer = world.processes.follow(&key.tenant, key.id, None, false).unwrap();
    world.say(&key, OutputStream::Stdout, "gi").await;
    assert_eq!(peer.catch_up().0, "");
    world.processes.records().rest(key.clone()).await.unwrap();
    assert_eq!(peer.catch_up().0, "gi");
}

#[tokio::test]
async fn what_is_killed_before_it_is_begun_is_never_begun() {
    let world = World::new(9).await;
    let started = world.start(wish("x")).await.unwrap();
    let key = ProcessKey { tenant: TenantId::home(), id: started.id };
    world.processes.kill(&key.tenant, "owner", key.id).await.unwrap();
    assert_eq!(world.processes.records().begin(key.clone()).await.unwrap_err(), KeepError::Fenced);
    let found = world.get(&key).await;
    assert_eq!((found.state, found.reason.as_str()), (ProcessState::Killed, "killed"));
}

#[tokio::test]
async fn the_recent_output_is_what_it_said_while_it_runs_and_after() {
    let world = World::new(9).await;
    let key = world.begun(wish("x")).await;
    world.say(&key, OutputStream::Stdout, "said\n").await;
    let recent = async || world.processes.recent(&key.tenant, &world.get(&key).await).await.unwrap();
    let running = recent().await;
    assert_eq!(running.text, "said\n");
    world.processes.records().settle(key.clone(), end(0, None)).await.unwrap();
    assert_eq!(recent().await, running);
}

#[tokio::test]
async fn lists_are_filtered_and_others_see_nothing() {
    let world = World::new(9).await;
    let labelled = Wish { labels: vec!["Night".into()], owner: Some("robin".into()), ..wish("one") };
    let one = world.begun(labelled).await;
    world.begun(wish("two")).await;
    world.processes.records().settle(one.clone(), end(1, None)).await.unwrap();
    let count = async |filter| world.processes.list(&TenantId::home(), filter).await.unwrap().len();
    assert_eq!(count(ProcessFilter::default()).await, 2);
    assert_eq!(count(ProcessFilter { label: Some(" NIGHT".into()), ..Default::default() }).await, 1);
    assert_eq!(count(ProcessFilter { owner: Some("robin".into()), ..Default::default() }).await, 1);
    assert_eq!(count(ProcessFilter { owner: Some("rob".into()), ..Default::default() }).await, 0);
    for (status, wanted) in [(StatusWord::Running, 1), (StatusWord::Exited, 1), (StatusWord::Killed, 0)] {
        assert_eq!(count(ProcessFilter { status: Some(status), ..Default::default() }).await, wanted);
    }
    let neighbours = "neighbours".parse().unwrap();
    let foreign = world.processes.get(&neighbours, one.id).await;
    assert!(matches!(foreign, Err(ProcessError::NotFound)));
    assert!(world.processes.list(&neighbours, ProcessFilter::default()).await.unwrap().is_empty());
}

#[tokio::test]
async fn rules_deny_everybody_rules_that_ask_refuse_programs_and_limits_of_assistants_are_not_meant() {
    let world = World::new(9).await;
    let policies = world.processes.policies.clone();
    let change = PolicyChange { autonomy_max: Some(Autonomy::ReadOnly), approvals: Some(ApprovalMode::Off) };
    policies.change(&TenantId::home(), Author::at_console("owner".into()), 1, change).await.unwrap();
    assert!(world.start(wish("ls")).await.is_ok());
    let rule = |effect, program: &str| {
        let action = json!({ "kind": "run_command", "program": program });
        let new = NewRule {
            effect,
            action: serde_json::from_value(action).unwrap(),
            subject: SubjectPattern::default(),
            even_untrusted: false,
            standing: None,
            note: "house rule".to_owned(),
            expires_ms: None,
            origin: Origin::Person,
        };
        let policies = policies.clone();
        world
            .db
            .write(&TenantId::home(), move |tx| policies.add(tx, &Author::at_console("owner".into()), new))
    };
    rule(Effect::Deny, "rm").await.unwrap();
    rule(Effect::Ask, "git").await.unwrap();
    let denied = world.start(wish("rm -r x")).await.unwrap_err();
    assert!(denied.to_string().contains("house rule"), "{denied}");
    assert!(world.start(wish("git push")).await.is_ok(), "a person has answered by starting it");
    let program = Principal { who: Who::Token(TokenId::new()), ..owner() };
    let asked = world.processes.start(&program, wish("git push"), None).await.unwrap_err();
    assert!(asked.to_string().contains("a program cannot answer that"), "{asked}");
    world.processes.start(&program, wish("ls"), None).await.unwrap();
}

#[tokio::test]
async fn a_repeated_request_starts_nothing_twice() {
    let world = World::new(9).await;
    let key = || Some(RequestKey::new(&owner(), "POST /sessions", "k", b"{}"));
    let one = world.processes.start(&owner(), wish("x"), key()).await.unwrap();
    let two = world.processes.start(&owner(), wish("x"), key()).await.unwrap();
    assert_eq!((one.thing.id, one.repeated, two.repeated), (two.thing.id, false, true));
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_with_its_transcript() {
    let world = World::new(9).await;
    let (old, new) = (world.begun(wish("old")).await, world.begun(wish("new")).await);
    for key in [&old, &new] {
        world.processes.records().settle(key.clone(), end(0, None)).await.unwrap();
    }
    let id = old.id.number();
    let aged = world.db.write(&TenantId::home(), move |tx| {
        tx.execute("UPDATE processes SET ended_ms = 1 WHERE tenant = ?1 AND id = ?2", &[&id])
    });
    aged.await.unwrap();
    assert_eq!(world.processes.records().prune().await.unwrap(), 1);
    assert!(world.processes.get(&old.tenant, old.id).await.is_err());
    let path = |key: &ProcessKey| world.home.path().join(format!("data/processes/home/{}.md", key.id));
    assert!(!path(&old).exists() && path(&new).exists());
}

#[tokio::test]
async fn of_too_much_the_oldest_is_forgotten_and_what_was_not_seen_to_end_counts_whole() {
    // Each counts 64 KiB and its transcript.
    let (kept_bytes, transcript_bytes_max) = (2 * 65_536 + 1_000, 65_536);
    let config = ProcessesConfig { kept_bytes, transcript_bytes_max, ..ProcessesConfig::default() };
    let world = World::with(config).await;
    let records = world.processes.records();
    for _ in 0..2 {
        let key = world.begun(wish("x")).await;
        records.settle(key, end(0, None)).await.unwrap();
    }
    assert_eq!(records.prune().await.unwrap(), 0);
    world.begun(wish("lost")).await;
    assert_eq!(records.prune().await.unwrap(), 0, "what runs is not counted");
    let aged = world.db.write(&TenantId::home(), |tx| {
        tx.execute("UPDATE processes SET ended_ms = ended_ms - 1000 WHERE tenant = ?1 AND ended_ms > 0", &[])
    });
    aged.await.unwrap();
    records.lose_all().await.unwrap();
    assert_eq!(records.prune().await.unwrap(), 2);
    let left = world.processes.list(&TenantId::home(), ProcessFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|one| one.state).collect::<Vec<_>>(), [ProcessState::Lost]);
}
