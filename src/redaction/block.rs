//! Key blocks: `-----BEGIN … PRIVATE KEY-----` to its end, over as many lines as it takes.
//!
//! Lines may be real, or escaped as in JSON and in URLs. A block without an end goes on to the end of the
//! text. The words alone, as in code and prose that speak of such a block, are no block.

use memchr::memmem;

/// How a block begins and ends.
const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";
const DASHES: &str = "-----";
/// What makes it worth hiding.
const PRIVATE: &str = "PRIVATE KEY";
/// Longest name of a block, with its escapes.
const NAME_BYTES_MAX: usize = 72;
/// So many characters of a key make a block that is written without a line break.
const BODY_BYTES: usize = 16;

/// What is there of a block's beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beginning {
    /// None.
    None,
    /// Perhaps one, from here: more text will tell.
    Perhaps(usize),
    /// One from `start`; what it hides goes on at `body`.
    Certain { start: usize, body: usize },
}

/// What is there of a block's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// The block goes on; nothing before this place has to be looked at again.
    None(usize),
    /// It ends here.
    Certain(usize),
}

/// So many blanks after a header are a key that somebody hides.
const BLANKS_MAX: usize = 64;

enum Parsed {
    No,
    Short,
    Yes(usize),
}

/// The first beginning at `from` or later. `last`: no more text comes.
pub(super) fn beginning(text: &str, from: usize, last: bool) -> Beginning {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    for found in memmem::find_iter(rest, BEGIN) {
        let start = from + found;
        match parse_begin(text, start + BEGIN.len(), last) {
            Parsed::Yes(body) => return Beginning::Certain { start, body },
            Parsed::Short => return Beginning::Perhaps(start),
            Parsed::No => {}
        }
    }
    let begun = text.len() - partial(rest, BEGIN.as_bytes());
    if last || begun == text.len() { Beginning::None } else { Beginning::Perhaps(begun) }
}

/// The first end at `from` or later.
pub(super) fn ending(text: &str, from: usize, last: bool) -> Ending {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    for found in memmem::find_iter(rest, END) {
        let start = from + found;
        match parse_name(text, start + END.len()) {
            Parsed::Yes(end) => return Ending::Certain(end),
            Parsed::Short if !last => return Ending::None(start),
            Parsed::Short | Parsed::No => {}
        }
    }
    Ending::None(text.len() - partial(rest, END.as_bytes()))
}

/// How many bytes at the end of `text` are a beginning of `word`.
fn partial(text: &[u8], word: &[u8]) -> usize {
    let longest = word.len().saturating_sub(1).min(text.len());
    (1..=longest).rev().find(|size| text.ends_with(word.get(..*size).unwrap_or_default())).unwrap_or(0)
}

/// The name of a block and its dashes; where they end.
fn parse_name(text: &str, from: usize) -> Parsed {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" %+_".contains(byte);
    let size = rest.iter().take(NAME_BYTES_MAX).take_while(|byte| is_name(byte)).count();
    let dashes = rest.get(size..).unwrap_or_default();
    if dashes.starts_with(DASHES.as_bytes()) {
        Parsed::Yes(from + size + DASHES.len())
    } else if size < NAME_BYTES_MAX && DASHES.as_bytes().starts_with(dashes) {
        Parsed::Short
    } else {
        Parsed::No
    }
}

fn parse_begin(text: &str, from: usize, last: bool) -> Parsed {
    let end = match parse_name(text, from) {
        Parsed::Yes(end) => end,
        Parsed::Short if last => {
            let name = text.get(from..).unwrap_or_default();
            return if is_private(name) { Parsed::Yes(text.len()) } else { Parsed::No };
        }
        other => return other,
    };
    match text.get(from..end) {
        Some(name) if is_private(name) => parse_body(text, end, last),
        _ => Parsed::No,
    }
}

fn is_private(name: &str) -> bool {
    name.contains(PRIVATE) || name.replace("%20", " ").replace(['+', '_'], " ").contains(PRIVATE)
}

/// Whether a key follows, and not more of a sentence about one.
fn parse_body(text: &str, end: usize, last: bool) -> Parsed {
    let rest = text.get(end..).unwrap_or_default();
    let body = rest.trim_start_matches([' ', '\t', '*', '`']);
    if rest.len() - body.len() > BLANKS_MAX {
        return Parsed::Yes(end);
    }
    if body.is_empty() {
        return if last { Parsed::Yes(end) } else { Parsed::Short };
    }
    let breaks = [
        "\n", "\r", "\\n", "\\r", "\\\\n", "\\\\r", "\\u000a", "%0A", "%0a", "%0D", "%0d", "<br", "&#10;",
        "&#xA;",
    ];
    if breaks.iter().any(|start| body.starts_with(start)) {
        return Parsed::Yes(end);
    }
    if !last && breaks.iter().any(|start| start.starts_with(body)) {
        return Parsed::Short;
    }
    let key = body.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte)).count();
    if key >= BODY_BYTES {
        Parsed::Yes(end)
    } else if key == body.len() && !last {
        Parsed::Short
    } else {
        Parsed::No
    }
}
