//! What the daemon adds to a model call: `/v1/chat/completions` beside the same upstream called directly.
//!
//! `cargo bench --profile release --bench gateway`. Client, daemon and upstream share the machine. For 1, 16 and 64
//! clients: added latency p50 and p99, requests per second, time to the first byte, CPU seconds of the
//! daemon per 1,000 requests; stateless and as durable turns, whole and streamed. `GATEWAY_REQUESTS` bounds the load.

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

use std::time::Duration;

use load::{Call, Figures};

const CLIENTS: [usize; 3] = [1, 16, 64];

fn main() {
    let requests =
        std::env::var("GATEWAY_REQUESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000_usize);
    let upstream = upstream::start();
    let home = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[backends.mock]\nkind = \"openai\"\nbase_url = \"http://{upstream}/v1\"\nmodel = \"mock\"\nmodels = [\"mock\"]\n"
    );
    let daemon = process::Daemon::start(&home.path().join("home"), &config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let direct = |body: &str| Call {
        address: upstream,
        path: "/v1/chat/completions".into(),
        token: "x".into(),
        body: body.into(),
    };
    let through = |body: &str| Call {
        address: daemon.console,
        path: "/v1/chat/completions".into(),
        token: daemon.token.clone(),
        body: body.into(),
    };
    let whole = r#"{"model":"mock/mock","messages":[{"role":"user","content":"hi"}]}"#;
    let streamed = r#"{"model":"mock/mock","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let durable = r#"{"model":"mock/mock","session_id":"bench-ROUND-{n}-{r}","messages":[{"role":"user","content":"hi"}]}"#;
    println!(
        "| call | clients | direct p50 | added p50 | added p99 | requests/s | first byte p50 | CPU s / 1,000 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, body) in [("stateless", whole), ("stateless, streamed", streamed), ("durable turn", durable)] {
        for clients in CLIENTS {
            let share = if clients == 1 { requests / 5 } else { requests };
            // The first load makes the conversations, the measured one goes on in others.
            let warm = body.replace("ROUND", &format!("warm{clients}"));
            let body = body.replace("ROUND", &clients.to_string());
            let (base, added) = runtime.block_on(async {
                load::run(&direct(&warm), clients, share / 10).await;
                load::run(&through(&warm), clients, share / 10).await;
                let base = load::run(&direct(&body), clients, share).await;
                let before = daemon.cpu();
                let figures = load::run(&through(&body), clients, share).await;
                (base, (figures, daemon.cpu().saturating_sub(before)))
            });
            print(name, clients, &base, &added.0, added.1);
        }
    }
    println!("\nresident after all: {:.1} MiB", daemon.resident_kib() as f64 / 1024.0);
}

fn print(name: &str, clients: usize, base: &Figures, through: &Figures, cpu: Duration) {
    let p = |figures: &Figures, share| Figures::percentile(&figures.latencies, share);
    let added = |share| p(through, share).saturating_sub(p(base, share));
    println!(
        "| {name} | {clients} | {:?} | {:?} | {:?} | {:.0} | {:?} | {:.3} |",
        p(base, 0.5),
        added(0.5),
        added(0.99),
        through.rate(),
        Figures::percentile(&through.first_bytes, 0.5),
        cpu.as_secs_f64() * 1000.0 / through.latencies.len() as f64,
    );
}
