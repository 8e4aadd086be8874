//! A credential in memory: no `Debug`, no `Display`, no `Serialize`, wiped when dropped.

use std::sync::Arc;

use zeroize::Zeroizing;

/// The shortest piece of a secret that counts as the secret in a text, in bytes.
const PIECE_BYTES: usize = 8;
/// What stands where a secret stood.
const MASK: &str = "[redacted]";
/// How keys of well-known providers begin; with 16 more characters such a word is masked whosever it is.
const KEY_PREFIXES: [&str; 8] = ["sk-", "sk_", "pk-", "rk_", "xai-", "gsk_", "hf_", "AIza"];

/// See the module. A cheap clone of one copy.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes a secret over. White space around it is not part of it.
    #[must_use]
    pub fn new(value: String) -> Self {
        let value = Zeroizing::new(value);
        Self(Arc::new(Zeroizing::new(value.trim().to_owned())))
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The value as it stands inside a text of JSON.
    pub(super) fn quoted(&self) -> Zeroizing<String> {
        let quoted = Zeroizing::new(serde_json::Value::from(self.expose()).to_string());
        let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Zeroizing::new(inside.unwrap_or_default().to_owned())
    }

    /// Masks every word of a text that holds eight or more characters of this secret in a row.
    #[must_use]
    pub fn mask_in(&self, text: &str) -> String {
        let value = self.0.as_bytes();
        mask_words(text, |word| {
            let mut pieces = value.windows(PIECE_BYTES.min(value.len()).max(1));
            pieces.any(|piece| word.as_bytes().windows(piece.len()).any(|window| window == piece))
        })
    }
}

/// Masks every word of a text that looks like some provider's key.
#[must_use]
pub fn mask_keys(text: &str) -> String {
    mask_words(text, |word| {
        KEY_PREFIXES.iter().any(|prefix| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 16))
    })
}

/// A word is what can stand in a key: anything but white space, quotes, brackets and list punctuation.
fn mask_words(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let ends_word = |c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c);
    text.split_inclusive(ends_word)
        .flat_map(|piece| {
            let word = piece.trim_end_matches(ends_word);
            let rest = piece.get(word.len()..).unwrap_or_default();
            [if !word.is_empty() && is_secret(word) { MASK } else { word }, rest]
        })
        .collect()
}

#[cfg(test)]
mod tests;
