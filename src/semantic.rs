#![doc = include_str!("semantic/README.md")]

mod asking;
mod desk;
mod error;
mod shelf;
mod status;
mod store;
mod vector;
mod worker;

pub use asking::OnBehalf;
pub use desk::{Near, Semantic, SemanticParts};
pub use error::SemanticError;
pub use status::SemanticStatus;
pub use worker::Worker;

#[cfg(test)]
mod tests;
