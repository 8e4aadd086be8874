//! The index of settings.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::view::settings::{SettingsPage, Tile};
use crate::http::May;
use crate::http::auth::ReadChats;

const fn tile(href: &'static str, icon: &'static str, name: &'static str, what: &'static str) -> Tile {
    Tile { href, icon, name, what }
}

const TILES: &[Tile] = &[
    tile("/settings/safety", "shield", "Safety", "What assistants may do, and the kill switch"),
    tile("/settings/budgets", "gauge", "Budgets", "What may be spent, and what is left of it"),
    tile(
        "/settings/backends",
        "library",
        "Backends",
        "Who answers, how they fare, and who else does when one does not",
    ),
    tile("/settings/models", "library", "Models", "What can be picked, what it costs, and who said so"),
    tile("/settings/notifications", "bell", "Notifications", "What you are told, where and when"),
    tile("/settings/workspaces", "list", "Workspaces", "Projects, and the folders that assistants work in"),
    tile("/library", "library", "Library", "What assistants are told, remember and can look up"),
    tile("/you", "people", "You", "What is known about you, and how to have it forgotten"),
    tile("/settings/mcp", "tool", "MCP servers", "Whose tools assistants use, and what changed"),
    tile("/settings/extensions", "tool", "Extensions", "Plugs: code that runs at points of what happens"),
    tile("/channels", "channel", "Channels", "Chat platforms, who talks there, what is owed"),
    tile("/webhooks", "down", "Webhooks", "Programs outside that tell what happened"),
    tile("/vault", "vault", "Vault", "Keys and tokens, who used them, what leaked"),
    tile("/audit", "audit", "Audit", "Who did what, and why it was allowed"),
    tile("/processes", "tool", "Processes", "Programs that go on by themselves"),
    tile("/settings/security", "people", "Security", "Passkeys, codes, devices, tokens, people"),
    tile("/about", "about", "About", "Version, licences, what is inside"),
];

/// `GET /settings`.
pub(super) async fn show(_by: May<ReadChats>, reader: Reader) -> Response {
    let frame = reader.frame("Settings", "settings");
    page(StatusCode::OK, &SettingsPage { frame, tiles: TILES })
}
