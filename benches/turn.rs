//! What a tool call costs in a turn: durable turns of the demo with none, one and eight calls of `list_files`.
//!
//! `cargo bench --bench turn`. Every call is a round of its own: the model is asked, the call is judged and written
//! down, the tool runs, its answer is written down. One client, one conversation for every ten turns.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a measurement has no public face and shares its tools"
)]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement prints, waits and may stop"
)]

#[path = "support/load.rs"]
mod load;
#[path = "support/process.rs"]
mod process;

use std::path::Path;
use std::time::Duration;

use load::{Call, Figures};

const TURNS: usize = 500;
const CALLS: [u32; 3] = [0, 1, 8];

fn main() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path().join("home");
    let daemon = process::Daemon::start(&home, "[backends.demo]\nkind = \"demo\"\npace_ms = 0\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("| calls in a turn | p50 | p99 | p50 of each call |\n|---|---|---|---|");
    let mut bare = Duration::ZERO;
    for calls in CALLS {
        let content: String =
            (0..calls).map(|place| format!("use list_files {{\\\"path\\\": \\\"d{place}\\\"}}\\n")).collect();
        let content = if content.is_empty() { "hi".to_owned() } else { content };
        let call = |round: &str| Call {
            address: daemon.console,
            path: "/v1/chat/completions".into(),
            token: daemon.token.clone(),
            body: format!(
                r#"{{"model":"demo/demo","session_id":"{round}-{calls}-{{n}}-{{r}}","messages":[{{"role":"user","content":"{content}"}}]}}"#
            ),
        };
        runtime.block_on(load::run(&call("warm"), 1, TURNS / 10));
        folders(&home);
        let figures = runtime.block_on(load::run(&call("turn"), 1, TURNS));
        let p = |share| Figures::percentile(&figures.latencies, share);
        if calls == 0 {
            bare = p(0.5);
        }
        let each = p(0.5)
            .saturating_sub(bare)
            .checked_div(calls)
            .map_or_else(String::new, |each| format!("{each:?}"));
        println!("| {calls} | {:?} | {:?} | {each} |", p(0.5), p(0.99));
    }
}

/// Something to list in every workspace that there is.
fn folders(home: &Path) {
    let files = home.join("data/files/home");
    for workspace in std::fs::read_dir(files).into_iter().flatten().flatten() {
        for place in 0..8 {
            std::fs::create_dir_all(workspace.path().join(format!("d{place}"))).expect("a folder");
        }
    }
}
