//! Questions of the program that are open: each is answered once.

use std::collections::VecDeque;

use serde_json::Value;

/// Questions that may be open at once; a program has one open, or a few with tools that run beside each other.
const OPEN_MAX: usize = 64;

/// The open questions. `T` is what an answer needs.
#[derive(Debug)]
pub(in crate::coders) struct Asks<T> {
    next: u64,
    /// Bounded by [`OPEN_MAX`].
    open: VecDeque<Asked<T>>,
}

/// An open question.
#[derive(Debug)]
pub(in crate::coders) struct Asked<T> {
    /// Names it towards the host.
    name: String,
    /// The id of the program's request.
    pub(in crate::coders) request: Value,
    /// The tool that it is about.
    pub(in crate::coders) tool: String,
    /// What an answer needs.
    pub(in crate::coders) manner: T,
}

impl<T> Asks<T> {
    pub(in crate::coders) const fn new() -> Self {
        Self { next: 1, open: VecDeque::new() }
    }

    /// Opens a question and names it. `None`: too many are open, or the program asks under an id that is open already; then
    /// the request has to be answered with no at once.
    pub(in crate::coders) fn open(&mut self, request: &Value, tool: &str, manner: T) -> Option<String> {
        if self.open.len() >= OPEN_MAX || self.open.iter().any(|asked| asked.request == *request) {
            return None;
        }
        let name = format!("ask-{}", self.next);
        self.next = self.next.saturating_add(1);
        self.open.push_back(Asked {
            name: name.clone(),
            request: request.clone(),
            tool: tool.to_owned(),
            manner,
        });
        Some(name)
    }

    /// Closes the question of this name.
    pub(in crate::coders) fn close(&mut self, name: &str) -> Option<Asked<T>> {
        let at = self.open.iter().position(|asked| asked.name == name)?;
        self.open.remove(at)
    }

    /// Forgets the question under a program's id: it has taken it back.
    pub(in crate::coders) fn withdraw(&mut self, request: &Value) {
        self.open.retain(|asked| asked.request != *request);
    }

    /// Closes all.
    pub(in crate::coders) fn close_all(&mut self) -> impl Iterator<Item = Asked<T>> {
        std::mem::take(&mut self.open).into_iter()
    }
}
