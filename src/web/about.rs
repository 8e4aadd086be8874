//! What is compiled into the daemon, with its licence.

/// Name, licence and purpose.
pub(super) const PARTS: &[(&str, &str, &str)] = &[
    ("SQLite", "public domain", "Keeps every message and every turn."),
    ("Tokio, Hyper, Axum, Tower", "MIT", "Run the daemon and answer your browser."),
    ("ractor", "MIT", "The actors that are supervised."),
    ("rustls, aws-lc", "Apache-2.0, ISC and others", "Encrypt what leaves the machine."),
    (
        "Comrak, mdstream, Ammonia",
        "BSD-2-Clause, MIT, Apache-2.0",
        "Turn Markdown into safe HTML while it grows.",
    ),
    ("Askama", "MIT or Apache-2.0", "The templates of these pages."),
    (
        "Serde, jiff, uuid, clap, tracing and more",
        "MIT or Apache-2.0",
        "Cargo.lock names every crate and version.",
    ),
];
