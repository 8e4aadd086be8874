//! What the daemon costs while it does little: time to ready, memory, and disk.
//!
//! `cargo bench --bench footprint`. From exec to the ready line on an empty home and with 100,000 stored
//! messages; resident memory at rest, after 1,000 turns in 100 threads, and per live session at 10,000
//! live sessions; the size of the binary. `FOOTPRINT_SESSIONS` bounds the last load.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a measurement has no public face and shares its tools"
)]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement prints, waits and may stop"
)]

#[path = "support/load.rs"]
mod load;
#[path = "support/process.rs"]
mod process;
#[path = "support/upstream.rs"]
mod upstream;

use std::path::Path;
use std::time::Duration;

use load::Call;
use process::Daemon;

const STARTS: usize = 15;
const MESSAGES: usize = 100_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let upstream = upstream::start();
    let config = format!(
        "[backends.mock]\nkind = \"openai\"\nbase_url = \"http://{upstream}/v1\"\nmodel = \"mock\"\nmodels = [\"mock\"]\n\
         [sessions]\nidle_after_s = 3600\nqueue_per_tenant = 100000\n"
    );
    println!("| what | figure |\n|---|---|");
    let size = std::fs::metadata(process::binary()).expect("the binary").len();
    println!("| binary | {:.1} MiB |", size as f64 / (1 << 20) as f64);
    let empty =
        (0..STARTS).map(|n| Daemon::start(&folder.path().join(format!("empty{n}")), "").started_in).collect();
    print_starts("exec to ready, empty home", empty);
    let full = folder.path().join("full");
    drop(Daemon::start(&full, ""));
    fill(&full);
    print_starts(
        "exec to ready, 100,000 messages",
        (0..STARTS).map(|_| Daemon::start(&full, "").started_in).collect(),
    );
    memory(&folder.path().join("memory"), &config);
}

fn print_starts(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (min, median, max) = (times[0], times[times.len() / 2], times[times.len() - 1]);
    println!("| {what}: median (min, max) | {:.1} ms ({:.1}, {:.1}) |", ms(median), ms(min), ms(max));
}

/// Stores 100,000 messages of 200 bytes in 1,000 threads of the default workspace.
fn fill(home: &Path) {
    let database = home.join("data").join("capuchin.db");
    let mut connection = rusqlite::Connection::open(database).expect("the database");
    let workspace: Vec<u8> =
        connection.query_row("SELECT id FROM workspaces LIMIT 1", [], |row| row.get(0)).expect("a workspace");
    let transaction = connection.transaction().expect("a transaction");
    let text = "x".repeat(200);
    for _ in 0..1_000 {
        let thread = uuid::Uuid::now_v7();
        transaction
            .execute(
                "INSERT INTO threads (id, tenant, workspace_id, created_ms, updated_ms) VALUES (?1, 'home', ?2, 0, 0)",
                (thread.as_bytes(), &workspace),
            )
            .expect("a thread");
        for _ in 0..MESSAGES / 1_000 {
            transaction
                .execute(
                    "INSERT INTO messages (id, tenant, thread_id, role, content, provenance, created_ms)
                     VALUES (?1, 'home', ?2, 'user', ?3, 'owner', 0)",
                    (uuid::Uuid::now_v7().as_bytes(), thread.as_bytes(), &text),
                )
                .expect("a message");
        }
    }
    transaction.commit().expect("a commit");
}

fn memory(home: &Path, config: &str) {
    let sessions =
        std::env::var("FOOTPRINT_SESSIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_usize);
    let daemon = Daemon::start(home, config);
    std::thread::sleep(Duration::from_secs(2));
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!("| resident at rest | {:.1} MiB |", mib(daemon.resident_kib()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let turn = |session: &str| Call {
        address: daemon.console,
        path: "/v1/chat/completions".into(),
        token: daemon.token.clone(),
        body: format!(
            r#"{{"model":"mock/mock","session_id":"{session}","messages":[{{"role":"user","content":"hi"}}]}}"#
        ),
    };
    runtime.block_on(load::run(&turn("turns-{n}"), 100, 1_000));
    println!("| resident after 1,000 turns in 100 threads | {:.1} MiB |", mib(daemon.resident_kib()));
    let before = daemon.resident_kib();
    let batch = 100;
    for first in 0..sessions / batch {
        runtime.block_on(load::run(&turn(&format!("live-{first}-{{n}}")), batch, batch));
    }
    std::thread::sleep(Duration::from_secs(2));
    let growth = daemon.resident_kib().saturating_sub(before);
    println!("| growth per live session at {sessions} | {:.1} KiB |", growth as f64 / sessions as f64);
    println!("| resident with {sessions} live sessions | {:.1} MiB |", mib(daemon.resident_kib()));
}
