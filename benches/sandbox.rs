//! What a cage costs: a sandboxed `true` beside a bare one, from the start to the end of both.
//!
//! `cargo bench --bench sandbox`. Reports the self-test once, then each kind of child one after the other, and eight
//! at a time: bare, in a cage with every layer, and in one without namespaces.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a measurement prints and may stop"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use capuchin::sandbox::{Command, Layer, Limits, Profile, Sandbox, SandboxOptions};

/// Children of each measurement.
const CHILDREN: usize = 300;
/// At a time, in the second one.
const AT_A_TIME: usize = 8;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    println!("| what | p50 | p99 | {AT_A_TIME} at a time, each |\n|---|---|---|---|");
    let bare = || async {
        let status = tokio::process::Command::new("true").status().await.expect("a child");
        assert!(status.success());
    };
    print_line("`true`, bare", bare).await;
    for (what, without) in [("every layer", Vec::new()), ("without namespaces", vec![Layer::Namespaces])] {
        let started = Instant::now();
        let sandbox = sandbox(folder.path(), without);
        if let Some(missing) = sandbox.layers().await.refusal() {
            println!("| {what}: this system lacks {}: {} | | | |", missing.layer, missing.evidence);
            continue;
        }
        println!("| the self-test, {what} | {} | | |", ms(started.elapsed()));
        let (sandbox, work) = (&sandbox, &folder.path().join("work"));
        std::fs::create_dir_all(work).expect("a folder");
        let caged = || async move {
            let profile = Profile::writing(vec![work.clone()], Limits::default());
            let finished = sandbox.run(Command::new("true", [""; 0]).at(work), &profile, 1_024).await;
            assert!(finished.expect("a cage").ended.success());
        };
        print_line(&format!("`true`, {what}"), caged).await;
    }
}

fn sandbox(folder: &Path, without: Vec<Layer>) -> Sandbox {
    let mut options = SandboxOptions::new(folder.join("cages"));
    options.launcher = env!("CARGO_BIN_EXE_capuchin").into();
    options.allow_without.clone_from(&without);
    options.without = without;
    Sandbox::new(options)
}

async fn print_line<F: Future<Output = ()>>(what: &str, child: impl Fn() -> F) {
    let mut times = Vec::with_capacity(CHILDREN);
    for _ in 0..CHILDREN {
        let started = Instant::now();
        child().await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let started = Instant::now();
    for _ in 0..CHILDREN / AT_A_TIME {
        futures::future::join_all((0..AT_A_TIME).map(|_| child())).await;
    }
    let each = started.elapsed() / u32::try_from(CHILDREN / AT_A_TIME * AT_A_TIME).expect("a number");
    let (p50, p99) = (times[CHILDREN / 2], times[CHILDREN * 99 / 100]);
    println!("| {what} | {} | {} | {} |", ms(p50), ms(p99), ms(each));
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}
