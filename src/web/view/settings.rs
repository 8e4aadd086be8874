//! The index of settings.

use askama::Template;

use super::{Frame, filters};

/// `/settings`.
#[derive(Template)]
#[template(path = "settings.html", config = "src/web/askama.toml")]
pub struct SettingsPage {
    /// The frame.
    pub frame: Frame,
    /// What there is, in the order of how often it is wanted.
    pub tiles: &'static [Tile],
}

/// One page of the settings.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// Its address.
    pub href: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What is done there.
    pub what: &'static str,
}
