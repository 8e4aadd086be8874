//! Chat platforms: what they say, as one kind of message, and how to say something in their own words.
//!
//! Everything here is a pure function of bytes and text: no sockets, no clocks, no store. Codecs read what a
//! platform sent (after its signature was checked elsewhere) and write calls that somebody else makes.
//! **Invariant:** nothing that a platform or a stranger sends makes a codec panic; what is not understood is
//! dropped, and the rest of the same batch is not.

pub mod codec;
pub mod command;
pub mod discord;
pub mod incoming;
mod json;
pub mod mail;
pub mod markup;
pub mod outgoing;
pub mod platform;
pub mod slack;
pub mod telegram;
pub mod whatsapp;

pub use self::command::Command;
pub use self::incoming::{Incoming, Said, Sender};
pub use self::markup::Part;
pub use self::outgoing::{Answer, Body, Button, Call, CannotSay, Method, Outcome, Outgoing, Post, Style, Us};
pub use self::platform::{Limits, Platform, TextUnit};
