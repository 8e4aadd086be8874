//! Memory: facts that assistants keep over conversations.
//!
//! | category | who sees it | how long it is kept |
//! |---|---|---|
//! | `core` | its assistant, everywhere: it is in every prompt | until it is forgotten |
//! | `custom` | its assistant, everywhere, when it recalls it | until it is forgotten |
//! | `daily` | its assistant, in its workspace | `memory.daily_days` after its last change |
//! | `conversation` | its assistant, in its thread | as long as the thread |
//!
//! A fact of no assistant is every assistant's. What keeps the facts is a [`MemoryBackend`]. Any of them can be pinned by a
//! person: then it is in every prompt of whom it is for, in a budget of its own, and one that would not fit is refused.
//! A fact may have an end: then it is in no prompt and nobody recalls it, and `memory.expired_days` later it is forgotten.
//!
//! Every change is a version with who made it, when and why; any of them can be put back, as a new version, and what was
//! forgotten for `memory.forgotten_days`. History is in the database whatever keeps the facts: of Markdown files that
//! people change by hand it has what was found at the next change, and not who made it so.
//!
//! **Invariant:** a fact that was stored in a conversation that had read untrusted text keeps that provenance until
//! a person has read it: it is in no prompt, and what recalls it is fenced. Such a conversation neither replaces nor
//! forgets a fact that is trusted.
//! **Invariant:** without facts no byte is added to a prompt, and never more than `memory.core_bytes_max` and
//! `memory.pinned_bytes_max`.
//! **Invariant:** models pin nothing.
//! **Invariant:** what is purged is in no table, no index and no key of a repeated call any more.

mod backend;
mod category;
mod confidence;
mod desk;
mod error;
mod expiry;
mod fact;
mod history;
mod markdown;
mod model_desk;
mod prompt;
mod ranking;
mod sqlite;
mod store;
mod tools;
mod version;

pub use backend::{FactFilter, MemoryBackend, Visible};
pub use category::{Category, NotACategory};
pub use confidence::Confidence;
pub use desk::Memory;
pub use error::MemoryError;
pub use expiry::{last_day, parse_expiry};
pub use fact::{
    FACTS_MAX, Fact, FactChange, FactScope, KEY_CHARS_MAX, NewFact, TAG_CHARS_MAX, TAGS_MAX, TEXT_BYTES_MAX,
};
pub use markdown::MarkdownMemory;
pub use sqlite::SqliteMemory;
pub use tools::{RECALL_BYTES_MAX, RECALLED_MAX, tools};
pub use version::{Change, Deed, FactDiff, FactVersion, Note, VERSIONS_MAX, WHY_CHARS_MAX, diff};

#[cfg(test)]
mod tests;
