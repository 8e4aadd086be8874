//! Bytes of an answer as text: by their mark, by the header, by what a page says of itself, else as UTF-8.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Where a page says its encoding, if it does.
const LOOK_BYTES: usize = 1_024;

/// The text. A byte order mark counts more than anything that is said.
pub(super) fn decoded(bytes: &[u8], content_type: &str) -> String {
    let said = label(content_type).or_else(|| {
        let start = String::from_utf8_lossy(bytes.get(..LOOK_BYTES).unwrap_or(bytes)).to_ascii_lowercase();
        label(&start)
    });
    let unsaid = || if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
    let (text, ..) = said.unwrap_or_else(unsaid).decode(bytes);
    text.into_owned()
}

/// What follows the first `charset=`.
fn label(text: &str) -> Option<&'static Encoding> {
    let (_, rest) = text.split_once("charset=")?;
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).unwrap_or(rest.len());
    Encoding::for_label(rest.get(..end)?.as_bytes())
}

#[cfg(test)]
mod tests;
