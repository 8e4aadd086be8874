//! Workspaces: where their assistants work.

use askama::Template;

use super::{Frame, filters};

/// `/settings/workspaces`.
#[derive(Template)]
#[template(path = "workspaces.html", config = "src/web/askama.toml")]
pub struct WorkspacesPage {
    /// The frame.
    pub frame: Frame,
    /// In the order of their names.
    pub workspaces: Vec<WorkspaceRow>,
    /// What was typed as the name of a new one.
    pub name: String,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether new chats are in it.
    pub is_default: bool,
    /// A person's folder; empty for the daemon's own.
    pub root: String,
    /// Globs of files that the search finds, one in a line.
    pub indexed: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Counts changes.
    pub version: i64,
}
