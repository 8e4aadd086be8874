//! The end of a tree: by itself, by stop, by its deadline, by the death of its launcher or of the daemon.

use std::io::BufRead;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use capuchin::sandbox::{EndedBy, Sandbox};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;

use super::{Range, alive, limits, marker, options, wait_for};

/// Ignores TERM and starts a daemon of its own, which does too. Ends by itself after a minute.
const STUBBORN: &str = "trap '' TERM; setsid --fork bash -c \"trap '' TERM; for n in \\$(seq 600); do sleep 0.1; done\" $0 & \
                        echo up; for n in $(seq 600); do sleep 0.1; done";
/// The variable by which a run of this test program becomes the daemon that is killed.
const ROLE: &str = "CAPUCHIN_TEST_CAGE_OF";

#[tokio::test]
async fn a_grandchild_that_made_itself_a_daemon_ends_with_its_program() {
    let Some(range) = Range::new().await else { return };
    let script = "setsid --fork bash -c 'trap \"\" TERM HUP; for n in $(seq 600); do sleep 0.1; done' $0 \
                  </dev/null >/dev/null 2>&1; echo gone";
    let started = Instant::now();
    let finished = range.attack("daemonised grandchild", range.bash(script), &range.profile()).await;
    assert!(finished.ended.success() && finished.text() == "gone\n", "{}", finished.text());
    assert!(started.elapsed() < Duration::from_secs(20), "nobody waited for it");
}

async fn until_up(child: &mut capuchin::sandbox::Child) {
    let mut said = [0; 3];
    child.stdout.as_mut().unwrap().read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"up\n");
}

#[tokio::test]
async fn stop_ends_the_whole_tree_even_one_that_does_not_want_to() {
    let Some(range) = Range::new().await else { return };
    let mut child = range.sandbox.spawn(range.bash(STUBBORN), &range.profile()).await.unwrap();
    until_up(&mut child).await;
    let started = Instant::now();
    let ended = child.stop().await;
    assert_eq!((ended.by, ended.signal), (EndedBy::Stopped, Some(9)));
    assert!(started.elapsed() >= Duration::from_millis(limits().grace_ms), "TERM came first");
    assert_eq!(child.wait().await, ended, "it says the same again");
    range.all_gone().await;
}

#[tokio::test]
async fn a_program_may_end_in_order_when_it_is_stopped() {
    let Some(range) = Range::new().await else { return };
    let script = "trap 'echo bye; exit 7' TERM; echo up; for n in $(seq 600); do sleep 0.1; done";
    let mut profile = range.profile();
    profile.limits.grace_ms = 10_000;
    let mut child = range.sandbox.spawn(range.bash(script), &profile).await.unwrap();
    until_up(&mut child).await;
    let mut stdout = child.stdout.take().unwrap();
    let ended = child.stop().await;
    assert_eq!((ended.by, ended.code), (EndedBy::Stopped, Some(7)));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("bye\n"), "{rest}");
}

#[tokio::test]
async fn the_deadline_ends_the_whole_tree() {
    let Some(range) = Range::new().await else { return };
    let mut profile = range.profile();
    profile.limits = profile.limits.within(Duration::from_millis(300));
    let finished = range.attack("deadline", range.bash(STUBBORN), &profile).await;
    assert_eq!(finished.ended.by, EndedBy::Deadline);
}

#[tokio::test]
async fn dropping_the_child_ends_the_whole_tree() {
    let Some(range) = Range::new().await else { return };
    let mut child = range.sandbox.spawn(range.bash(STUBBORN), &range.profile()).await.unwrap();
    until_up(&mut child).await;
    assert!(!alive(&range.marker).is_empty());
    drop(child);
    range.all_gone().await;
}

#[tokio::test]
async fn the_death_of_the_launcher_ends_the_whole_tree() {
    let Some(range) = Range::new().await else { return };
    let mut child = range.sandbox.spawn(range.bash(STUBBORN), &range.profile()).await.unwrap();
    until_up(&mut child).await;
    let launcher = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(launcher, Signal::KILL).unwrap();
    assert_eq!(child.wait().await.by, EndedBy::Lost);
    range.all_gone().await;
}

/// Not a test but the daemon of the next one, when it is told which folder is its own.
#[tokio::test]
async fn a_life_of_a_daemon_that_is_killed() {
    let Some(given) = std::env::var_os(ROLE) else { return };
    let given = given.into_string().unwrap();
    let (folder, marker) = given.split_once(' ').unwrap();
    let sandbox = Sandbox::new(options(Path::new(folder)));
    let command = capuchin::sandbox::Command::new("/bin/bash", ["-c", STUBBORN, marker]).merged();
    let profile = capuchin::sandbox::Profile::writing(Vec::new(), limits());
    let mut child = sandbox.spawn(command, &profile).await.unwrap();
    until_up(&mut child).await;
    eprintln!("up");
    child.wait().await;
}

#[tokio::test]
async fn sigkill_of_the_daemon_leaves_nothing_and_the_next_life_finds_nothing() {
    let Some(range) = Range::new().await else { return };
    let marker = marker();
    let mut daemon = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["sandbox::lives::a_life_of_a_daemon_that_is_killed", "--exact", "--nocapture"])
        .env(ROLE, format!("{} {marker}", range.folder.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(daemon.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "up"), "it did not start");
    assert!(alive(&marker).len() >= 2);
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    wait_for("everything ended with the daemon", || alive(&marker).is_empty()).await;
    let cages = range.folder.join("cages");
    let recorded =
        || std::fs::read_dir(&cages).unwrap().flatten().filter(|entry| entry.file_name() != "canary");
    let runs = |pid: &std::ffi::OsStr| {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    assert_eq!(recorded().count(), 1, "it is on record");
    wait_for("the launcher ended too", || recorded().all(|entry| !runs(&entry.file_name()))).await;
    assert_eq!(range.sandbox.sweep(), 0, "nobody was left to end");
    assert_eq!(recorded().count(), 0, "the record of the dead one is cleared away");
}
