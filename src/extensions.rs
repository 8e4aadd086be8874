#![doc = include_str!("extensions/README.md")]

mod answer;
mod command;
mod component;
mod context;
mod desk;
mod hook;
mod pipeline;
mod plug;
mod report;
mod sample;
mod secret_scanner;
mod station;

pub use command::{CommandPlug, CommandWish};
pub use component::{Answerer, COMPONENT_BYTES_MAX, ComponentLimits, ComponentPlug};
pub use context::{Context, Halt, Injection, Source};
pub use desk::{Extensions, Rebuild, Tried};
pub use hook::Hook;
pub use pipeline::{Pipelines, Placed};
pub use plug::{Plug, PlugError};
pub use report::{PlugReport, PlugState, PlugView, Trouble};
pub use secret_scanner::SecretScanner;

#[cfg(test)]
mod tests;
