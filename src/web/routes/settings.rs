//! The index of settings.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::view::Frame;
use super::super::view::settings::{SettingsPage, Tile};
use crate::http::May;
use crate::http::auth::ReadChats;

const TILES: &[Tile] =
    &[Tile { href: "/about", icon: "about", name: "About", what: "Version, licences, what is inside" }];

/// `GET /settings`.
pub(super) async fn show(_by: May<ReadChats>, reader: Reader) -> Response {
    let frame = Frame::private("Settings", "settings", reader.theme);
    page(StatusCode::OK, &SettingsPage { frame, tiles: TILES })
}
