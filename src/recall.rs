#![doc = include_str!("recall/README.md")]

mod answer;
mod budget;
mod dates;
mod desk;
mod error;
mod plug;
mod question;
mod ranking;

pub use budget::{Budget, Recalled};
pub use desk::{Around, Recall, Turn};
pub use error::RecallError;
pub use plug::RecallPlug;
pub use question::Question;

#[cfg(test)]
mod tests;
