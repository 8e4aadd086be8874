//! What the audit is told about people and their credentials.

use serde_json::Value;

use super::client::Client;
use crate::audit::{Entry, Outcome};

/// An entry with these words beside it.
pub(super) fn with<const N: usize>(mut entry: Entry, words: [(&str, &str); N]) -> Entry {
    entry.detail.extend(words.map(|(name, word)| (name.to_owned(), Value::from(word))));
    entry
}

/// An entry of what somebody did from a browser.
pub(super) fn from(principal: impl Into<String>, action: &'static str, client: &Client) -> Entry {
    let entry = Entry::done("identity", principal, action);
    with(entry, [("address", &client.address.to_string()), ("agent", &client.agent)])
}

/// An entry of what somebody could not do.
pub(super) fn failed(action: &'static str, client: &Client, reason: &str) -> Entry {
    Entry { outcome: Outcome::Failed, reason: reason.to_owned(), ..from("nobody", action, client) }
}
