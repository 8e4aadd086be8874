//! The list of chats beside a conversation.

use askama::Template;

/// The list alone, for the live stream.
#[derive(Template)]
#[template(path = "rail.html", config = "src/web/askama.toml")]
pub struct RailFragment<'a> {
    /// What is listed.
    pub rail: &'a Rail,
}

/// All workspaces with their newest chats.
#[derive(Clone, Debug, Default)]
pub struct Rail {
    /// In the order of their names.
    pub workspaces: Vec<RailWorkspace>,
    /// The chat that is open.
    pub current: Option<String>,
    /// Whether there are more chats than are listed.
    pub more: bool,
}

/// One workspace.
#[derive(Clone, Debug)]
pub struct RailWorkspace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its chats, newest first.
    pub threads: Vec<RailThread>,
}

/// One chat.
#[derive(Clone, Debug)]
pub struct RailThread {
    /// Its id.
    pub id: String,
    /// Its title, never empty.
    pub title: String,
    /// Whether an answer is being written.
    pub running: bool,
}
