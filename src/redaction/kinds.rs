//! The table of kinds: one line per kind, one file per trade. How to add one is in the README of this folder.

mod announced;
mod chat;
mod cloud;
mod forges;
mod models;
mod money;
mod plain;
mod services;
mod vendors;

use super::kind::Kind;

/// All kinds. What comes first names a secret that several of them match.
pub(super) static ALL: [&[Kind]; 9] = [
    &models::KINDS,
    &forges::KINDS,
    &cloud::KINDS,
    &chat::KINDS,
    &money::KINDS,
    &services::KINDS,
    &plain::KINDS,
    &vendors::KINDS,
    &announced::KINDS,
];

/// Every kind with its rank.
pub(super) fn each() -> impl Iterator<Item = &'static Kind> {
    ALL.iter().flat_map(|table| table.iter())
}
