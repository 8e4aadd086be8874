//! Capuchin beside LiteLLM's proxy beside the provider itself, in one run on one machine.
//!
//! `cargo bench --profile release --bench litellm`; what it needs is in the README beside it. One mock provider answers at once.
//! For 1, 16 and 64 clients, whole and streamed: latency p50 and p99, what each proxy adds to it, requests per second, and the
//! resident memory of each after its load. `LITELLM_REQUESTS` bounds the load of LiteLLM, `GATEWAY_REQUESTS` that of the others,
//! `LITELLM_WORKERS` is how many processes it has.

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

#[path = "../support/load.rs"]
mod load;
#[path = "../support/process.rs"]
mod process;
mod proxy;
#[path = "../support/upstream.rs"]
mod upstream;

use std::net::SocketAddr;

use load::{Call, Figures};

const CLIENTS: [usize; 3] = [1, 16, 64];
const PATH: &str = "/v1/chat/completions";

/// Who answers, and how many requests it gets from many clients; from one client a fifth of them.
struct Side {
    name: &'static str,
    address: SocketAddr,
    token: String,
    model: &'static str,
    requests: usize,
}

fn main() {
    let requests = number("GATEWAY_REQUESTS", 20_000);
    let upstream = upstream::start();
    let folder = tempfile::tempdir().expect("a folder");
    let Some(litellm) = proxy::LiteLlm::start(folder.path(), upstream, number("LITELLM_WORKERS", 1)) else {
        println!("LiteLLM is not installed; see benches/litellm/README.md");
        return;
    };
    let config = format!(
        "[backends.mock]\nkind = \"openai\"\nbase_url = \"http://{upstream}/v1\"\nmodel = \"mock\"\nmodels = [\"mock\"]\n"
    );
    let daemon = process::Daemon::start(&folder.path().join("home"), &config);
    let side = |name, address, token: &str, model, requests| Side {
        name,
        address,
        token: token.to_owned(),
        model,
        requests,
    };
    let sides = [
        side("direct", upstream, "x", "mock", requests),
        side("LiteLLM", litellm.address, &litellm.token, "mock", number("LITELLM_REQUESTS", 2_000)),
        side("Capuchin", daemon.console, &daemon.token, "mock/mock", requests),
    ];
    println!(
        "LiteLLM {}, {} at rest; Capuchin {} at rest",
        litellm.version,
        mib(litellm.resident_kib()),
        mib(daemon.resident_kib())
    );
    println!(
        "\n| call | clients | who | p50 | p99 | added p50 | added p99 | requests/s |\n|---|---|---|---|---|---|---|---|"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (call, stream) in [("whole", ""), ("streamed", "\"stream\":true,")] {
        for clients in CLIENTS {
            let mut base = None;
            for side in &sides {
                let figures = runtime.block_on(measured(side, stream, clients));
                print((call, clients), side.name, &figures, base.get_or_insert_with(|| figures.clone()));
            }
        }
    }
    println!(
        "\nresident after all: LiteLLM {}, Capuchin {}",
        mib(litellm.resident_kib()),
        mib(daemon.resident_kib())
    );
}

async fn measured(side: &Side, stream: &str, clients: usize) -> Figures {
    let body = format!(
        "{{\"model\":\"{}\",{stream}\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}]}}",
        side.model
    );
    let call = Call { address: side.address, path: PATH.into(), token: side.token.clone(), body };
    let share = if clients == 1 { side.requests / 5 } else { side.requests }.max(clients);
    load::run(&call, clients, (share / 10).max(clients)).await;
    load::run(&call, clients, share).await
}

fn print((call, clients): (&str, usize), who: &str, figures: &Figures, base: &Figures) {
    let p = |figures: &Figures, share| Figures::percentile(&figures.latencies, share);
    let added = |share| p(figures, share).saturating_sub(p(base, share));
    let of_added = |share| if who == "direct" { String::new() } else { format!("{:.2?}", added(share)) };
    println!(
        "| {call} | {clients} | {who} | {:.2?} | {:.2?} | {} | {} | {:.0} |",
        p(figures, 0.5),
        p(figures, 0.99),
        of_added(0.5),
        of_added(0.99),
        figures.rate(),
    );
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}
