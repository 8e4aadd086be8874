//! Memory: facts that assistants keep over conversations.
//!
//! | category | who sees it | how long it is kept |
//! |---|---|---|
//! | `core` | its assistant, everywhere: it is in every prompt | until it is forgotten |
//! | `custom` | its assistant, everywhere, when it recalls it | until it is forgotten |
//! | `daily` | its assistant, in its workspace | `memory.daily_days` after its last change |
//! | `conversation` | its assistant, in its thread | as long as the thread |
//!
//! A fact of no assistant is every assistant's. What keeps the facts is a [`MemoryBackend`].
//!
//! **Invariant:** a fact that was stored in a conversation that had read untrusted text keeps that provenance until
//! a person has read it: it is in no prompt, and what recalls it is fenced. Such a conversation neither replaces nor
//! forgets a fact that is trusted.
//! **Invariant:** without facts no byte is added to a prompt, and never more than `memory.core_bytes_max`.

mod backend;
mod category;
mod desk;
mod error;
mod fact;
mod markdown;
mod prompt;
mod ranking;
mod sqlite;
mod store;
mod tools;

pub use backend::{FactFilter, MemoryBackend, Visible};
pub use category::{Category, NotACategory};
pub use desk::Memory;
pub use error::MemoryError;
pub use fact::{
    FACTS_MAX, Fact, FactChange, FactScope, KEY_CHARS_MAX, NewFact, TAG_CHARS_MAX, TAGS_MAX, TEXT_BYTES_MAX,
};
pub use markdown::MarkdownMemory;
pub use sqlite::SqliteMemory;
pub use tools::{RECALL_BYTES_MAX, RECALLED_MAX, tools};

#[cfg(test)]
mod tests;
