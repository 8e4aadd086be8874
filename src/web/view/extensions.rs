//! Plugs: which run where, and how they do.

use askama::Template;

use super::{Frame, filters};

/// `/settings/extensions`.
#[derive(Template)]
#[template(path = "extensions.html", config = "src/web/askama.toml")]
pub struct ExtensionsPage {
    /// The frame.
    pub frame: Frame,
    /// The points that have plugs, in their order.
    pub points: Vec<PointRow>,
    /// The points that have none: name and when it is reached.
    pub empty: Vec<(&'static str, &'static str)>,
    /// Points that were reached and not told, because plugs are too slow.
    pub untold: u64,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A point with its plugs.
pub struct PointRow {
    /// Its name.
    pub hook: &'static str,
    /// When it is reached.
    pub about: &'static str,
    /// Whether its plugs can stop it.
    pub can_halt: bool,
    /// Its plugs, in the order in which they run.
    pub plugs: Vec<PlugRow>,
}

/// A plug at a point.
pub struct PlugRow {
    /// Its name.
    pub name: String,
    /// `done`, `failed`, `waiting` or `pending`.
    pub state: &'static str,
    /// The same in a word.
    pub state_word: &'static str,
    /// Whether its failure halts the point.
    pub guards: bool,
    /// Times that it ran.
    pub runs: u64,
    /// Times that it failed or was left out.
    pub failures: u64,
    /// Times that it halted.
    pub halts: u64,
    /// Mean time, in words.
    pub mean: String,
    /// Longest time, in words.
    pub longest: String,
    /// The last failure: when, RFC 3339, and what.
    pub trouble: Option<(String, String)>,
}
