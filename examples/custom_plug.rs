//! A plug in Rust, and a pipeline around it: `cargo run --example custom_plug`.
//!
//! It keeps office hours: outside of them it stops a question before any model is asked, inside it adds what the assistant should
//! know. In a program of yours a daemon takes it as `StartOptions { plugs: vec![(Some(Hook::QueryPre), plug)], .. }`.

#![allow(clippy::print_stdout, reason = "an example says what happens")]

use std::sync::Arc;
use std::time::Duration;

use capuchin::extensions::{
    Context, Extensions, Hook, Injection, Pipelines, Placed, Plug, PlugError, Source,
};
use capuchin::protocol::ids::TenantId;
use capuchin::protocol::turn::Provenance;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

/// Answers from one hour to another.
struct OfficeHours {
    from: i64,
    to: i64,
}

impl Plug for OfficeHours {
    fn name(&self) -> &str {
        "office_hours"
    }

    fn call(&self, mut context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            let hour = context.at_ms / 3_600_000 % 24;
            if !(self.from..self.to).contains(&hour) {
                return Ok(context
                    .halt(self.name(), format!("it is {hour} o'clock (UTC), and the office is closed")));
            }
            let key = format!("office_hours:{hour}");
            // What the thread has already, or a person keeps out of it, need not be said again.
            if context.known_keys().all(|known| known != key) {
                context.injections.push(Injection {
                    plug: self.name().to_owned(),
                    key,
                    title: "Office hours".to_owned(),
                    text: format!("The office closes at {} o'clock UTC; it is {hour} now.", self.to),
                    provenance: Provenance::System,
                    sources: vec![Source { kind: "clock".to_owned(), id: "utc".to_owned() }],
                });
            }
            Ok(context)
        }
        .boxed()
    }

    fn guards(&self) -> bool {
        true
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (from, to) in [(0, 24), (0, 0)] {
        let plug = Arc::new(OfficeHours { from, to });
        let placed = Placed { plug, within: Duration::from_secs(1) };
        let extensions = Extensions::new(Pipelines::compile(&[], &[(Hook::QueryPre, placed)]));
        let data = json!({ "prompt": "When do you close?", "known_keys": [] });
        let context = extensions.run(Hook::QueryPre, &TenantId::home(), data).await;
        match context.halted {
            Some(halt) => println!("{} halts: {}", halt.by, halt.reason),
            None => context.injections.iter().for_each(|one| println!("[{}] {}", one.title, one.text)),
        }
        for (name, report) in extensions.reports(Hook::QueryPre) {
            println!("{name}: {} runs, {} halts, {} failures", report.runs, report.halts, report.failures);
        }
    }
}
