//! What redaction costs: throughput of whole texts, and the delay that it adds to a stream of tokens.
//!
//! `cargo bench --bench redaction`. MB/s on prose, code and hostile texts, without and with 100 known values;
//! then a stream in pieces of about four characters: characters held back on average and at most, µs per piece.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement prints and may stop"
)]

use std::time::{Duration, Instant};

use capuchin::redaction::Redactor;
use zeroize::Zeroizing;

const BYTES: usize = 1 << 20;
const ROUNDS: usize = 5;
const PROSE: &str = "The secret of a good soup is patience, and the token of my affection is a key to the house. On \
    2024-05-17 we counted 1,234 tokens in 56 files; see chapter 7. Das Passwort kennt nur Anna, die morgen kommt. ";
const CODE: &str = include_str!("../src/http/tests/world.rs");
const HOSTILE: [&str; 9] =
    ["a", "ey", "-----BEGIN ", "sk-", "AKIA", "https://", "password is ", "password1 ", "api_key="];

fn main() {
    let (plain, knowing) = (Redactor::new(), Redactor::new());
    let values = (0..100_u32).map(|number| {
        let value = format!("value-{number}-{:x}", u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (format!("v{number}"), Zeroizing::new(value.into_bytes()))
    });
    let began = Instant::now();
    knowing.known().set("bench", values.collect());
    println!("100 known values indexed in {:?}", began.elapsed());
    let began = Instant::now();
    assert!(plain.redact("warm up").findings.is_empty(), "nothing is secret here");
    println!("first scan, which builds the prefilter: {:?}\n", began.elapsed());
    println!("| text | MB/s | MB/s with 100 known values |\n|---|---|---|");
    for (name, text) in [("prose", PROSE), ("code", CODE)].into_iter().chain(HOSTILE.map(|word| (word, word)))
    {
        let text = text.repeat(BYTES / text.len());
        println!("| `{name}` | {:.1} | {:.1} |", speed(&plain, &text), speed(&knowing, &text));
    }
    println!("\n| stream | held on average | held at most | µs per piece |\n|---|---|---|---|");
    for (name, redactor) in [("prose", &plain), ("prose, 100 known values", &knowing)] {
        stream(name, redactor);
    }
}

fn speed(redactor: &Redactor, text: &str) -> f64 {
    let best = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        assert!(!redactor.redact(text).text.is_empty(), "something is shown");
        began.elapsed()
    });
    text.len() as f64 / 1e6 / best.min().unwrap_or(Duration::MAX).as_secs_f64()
}

fn stream(name: &str, redactor: &Redactor) {
    let text = PROSE.repeat(BYTES / PROSE.len() / 4);
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = letters.chunks(4).map(|piece| piece.iter().collect()).collect();
    let mut stream = redactor.stream();
    let (mut held, mut most) = (0, 0);
    let began = Instant::now();
    for piece in &pieces {
        std::hint::black_box(stream.push(piece));
        held += stream.held();
        most = most.max(stream.held());
    }
    let spent = began.elapsed().as_secs_f64() * 1e6 / pieces.len() as f64;
    println!("| {name} | {:.1} | {most} | {spent:.2} |", held as f64 / pieces.len() as f64);
}
