//! What is found, as the page and the palette show it.

use askama::Template;

use super::{Frame, filters};

/// `/search`.
#[derive(Template)]
#[template(path = "search.html", config = "src/web/askama.toml")]
pub struct SearchPage {
    /// The frame.
    pub frame: Frame,
    /// What is in the form.
    pub asked: SearchDraft,
    /// Names and ids of workspaces to choose from.
    pub workspaces: Vec<(String, String)>,
    /// What was found.
    pub found: SearchView,
}

/// The hits alone, while somebody types.
#[derive(Template)]
#[template(path = "search_hits.html", config = "src/web/askama.toml")]
pub struct SearchFragment<'a> {
    /// What was found.
    pub found: &'a SearchView,
}

/// Threads and hits as the options of the palette.
#[derive(Template)]
#[template(path = "palette_hits.html", config = "src/web/askama.toml")]
pub struct PaletteFragment<'a> {
    /// Titles and ids of threads.
    pub threads: &'a [(String, String)],
    /// What was found.
    pub hits: &'a [HitRow],
}

/// What somebody looks for.
#[derive(Clone, Debug, Default)]
pub struct SearchDraft {
    /// The words.
    pub q: String,
    /// `message`, `memory`, `skill`, `file` or nothing.
    pub kind: String,
    /// `user`, `assistant`, `tool` or nothing.
    pub role: String,
    /// A workspace's id or nothing.
    pub workspace: String,
    /// A day or nothing.
    pub after: String,
    /// A day or nothing.
    pub before: String,
    /// `newest` or nothing.
    pub sort: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct SearchView {
    /// Whether anything was asked.
    pub asked: bool,
    /// In order.
    pub hits: Vec<HitRow>,
    /// The address of the next page.
    pub next: Option<String>,
    /// Why nothing can be said.
    pub trouble: Option<String>,
    /// Whether the time was over before everything was looked at.
    pub partial: bool,
}

/// One hit.
#[derive(Clone, Debug)]
pub struct HitRow {
    /// Where it is.
    pub href: String,
    /// Its title.
    pub title: String,
    /// What it is, or who said it.
    pub what: String,
    /// The part that fits: pieces, and whether each made it fit.
    pub pieces: Vec<(String, bool)>,
    /// When, RFC 3339.
    pub when: String,
}

impl SearchPage {
    const KINDS: &[(&'static str, &'static str)] =
        &[("message", "messages"), ("memory", "memory"), ("skill", "skills"), ("file", "files")];
    const ROLES: &[(&'static str, &'static str)] =
        &[("user", "people"), ("assistant", "assistants"), ("tool", "tools")];
}
