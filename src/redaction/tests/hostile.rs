//! Texts made to cost much: the work stays linear.
//!
//! Work is measured against prose of the same size on the same machine at the same time, with room for a
//! factor that no machine's noise explains; a quadratic way would be slower by thousands.

use std::time::{Duration, Instant};

use crate::redaction::Redactor;

/// Bytes of each text: small enough for a build without optimisation.
const BYTES: usize = 32 << 10;
/// How much more than prose a hostile text may cost.
const FACTOR: u32 = 150;

const HOSTILE: &[&str] = &[
    "a",
    "ey",
    "eyJ",
    "eyJ.",
    "-----BEGIN ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-",
    "sk-",
    "sk-ant-",
    "AKIA",
    "https://",
    "ghp_",
    "xoxb-",
    "://",
    "://a:b@",
    "password ",
    "password is ",
    "password1 ",
    "token: x1 ",
    "datadog 1 ",
    "Z2hwX",
    "\u{200b}",
    "a\u{200b}",
    "[REDACTED:",
    "[REDACTED:PASSWORD] ",
    "api_key=",
    "bearer ",
    "=",
    "\\n",
    "%3D",
    "AAAA",
    "sig=",
    "authorization: basic ",
    "(",
    "SG.",
    "EAA",
    "1//0",
    "日",
    "key=a&",
];

fn cost(redactor: &Redactor, text: &str) -> Duration {
    let started = Instant::now();
    let found = redactor.redact(text);
    assert!(found.text.len() <= text.len() + 64 * found.findings.len());
    started.elapsed()
}

#[test]
fn hostile_texts_cost_like_prose_and_not_like_their_square() {
    let redactor = Redactor::new();
    let sentence = "The quick brown fox jumps over the lazy dog, and nobody asked why it did that. ";
    let prose = sentence.repeat(BYTES / sentence.len());
    // Once for what is built at the first need.
    for word in HOSTILE {
        let _built = redactor.redact(&word.repeat(64));
    }
    let calm =
        (0..3).map(|_| cost(&redactor, &prose)).max().unwrap_or_default().max(Duration::from_millis(1));
    for word in HOSTILE {
        let text = word.repeat(BYTES / word.len());
        let spent = (0..2).map(|_| cost(&redactor, &text)).min().unwrap_or_default();
        assert!(spent <= calm * FACTOR, "{word:?}: {spent:?}, and prose {calm:?}");
    }
}
