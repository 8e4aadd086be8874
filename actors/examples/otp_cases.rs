//! Runs supervisor cases that were recorded from Erlang/OTP and prints what ours did.
//!
//! `cargo run --example otp_cases -- FILE` prints one JSON line per case,
//! `{"id","trace","results","sup_alive"}`, in the shapes of the file's `expect`. Where a case has
//! an `expect` and ours differs, the id goes to standard error and the exit code is 1.
//! Time is virtual: waits cost nothing, and every run gives the same lines.

#[path = "otp_cases/oracle.rs"]
mod oracle;

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let Some(file) = std::env::args().nth(1) else {
        writeln!(io::stderr(), "usage: otp_cases FILE")?;
        return Ok(ExitCode::from(64));
    };
    let cases = oracle::cases(&std::fs::read_to_string(file)?)?;
    // Children crash on purpose; their panics are part of the cases, not news.
    std::panic::set_hook(Box::new(|_| {}));
    let mut differing = 0;
    let mut out = io::stdout().lock();
    for case in &cases {
        let outcome = oracle::run(case)?;
        writeln!(out, "{}", serde_json::to_string(&outcome)?)?;
        if outcome.differs_from(case) {
            differing += 1;
            writeln!(io::stderr(), "differs: {}", outcome.id)?;
        }
    }
    writeln!(io::stderr(), "{} cases, {differing} differ", cases.len())?;
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
