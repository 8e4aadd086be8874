//! Texts made to cost much: the work stays linear.
//!
//! Counted in bytes that are given to regexes and decoders, so that no machine's noise can explain it away.

use crate::redaction::Redactor;
use crate::redaction::scan::work_done;

/// Bytes of the shorter text: several of the parts in which a run without end is judged.
const BYTES: usize = 32 << 10;
/// How often each byte of a hostile text may be looked at.
const LOOKS: usize = 400;

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

/// What it costs to clean so many bytes of a word.
fn cost(redactor: &Redactor, word: &str, bytes: usize) -> usize {
    let text = word.repeat(bytes / word.len());
    work_done();
    let found = redactor.redact(&text);
    assert!(found.text.len() <= text.len() + 64 * found.findings.len());
    work_done()
}

#[test]
fn the_work_for_a_hostile_text_grows_with_its_length_and_not_with_its_square() {
    let redactor = Redactor::new();
    for word in HOSTILE {
        let (once, twice) = (cost(&redactor, word, BYTES), cost(&redactor, word, 2 * BYTES));
        assert!(once <= LOOKS * BYTES, "{word:?}: {} looks at each byte", once / BYTES);
        assert!(
            twice <= 2 * once + once / 4 + BYTES,
            "{word:?}: {once} bytes, and {twice} for twice the text"
        );
    }
}
