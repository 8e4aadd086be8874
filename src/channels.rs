//! Chat platforms: who talks to us there, what they say, and what they are owed.
//!
//! | part | what |
//! |---|---|
//! | `channel`, `credentials`, `people` | a connection, what it proves itself with (sealed), who may talk |
//! | `fields` | what a person is asked for, as tables |
//! | `inbox`, `counting`, `reception` | what came, stored before it is acknowledged |
//! | `outbox`, `paying`, `drafts`, `outbox_view` | what must reach somebody, and what became of it |
//! | `lease`, `session` | who takes the messages, and where a connection goes on |
//! | `notices` | what people are told of, over their channels |
//! | `desk`, `live`, `store` | the handle, what runs, its statements |
//! | `platform`, `incoming`, `outgoing`, `codec`, `markup`, `command` | the platforms in one form: pure functions of bytes and text |
//! | `telegram`, `slack`, `discord`, `whatsapp`, `mail` | each platform's own words |
//!
//! Codecs read what a platform sent, after its signature was checked, and write calls that somebody else makes.
//! **Invariant:** nothing that a platform or a stranger sends makes a codec panic; what is not understood is
//! dropped, and the rest of the same batch is not.
//! **Invariant:** a message is stored before anybody is told that it came, and looked at once.
//! **Invariant:** what must be said is recorded with what it tells, and sent until the platform has it or says no; a repeat
//! that may be one says so.

mod channel;
pub mod codec;
pub mod command;
mod counting;
mod credentials;
mod desk;
pub mod discord;
mod drafts;
mod error;
mod fields;
mod inbox;
pub mod incoming;
mod json;
mod lease;
mod live;
pub mod mail;
pub mod markup;
mod notices;
pub mod outbox;
mod outbox_view;
pub mod outgoing;
mod paying;
mod people;
pub mod platform;
mod reception;
mod session;
pub mod slack;
mod store;
pub mod telegram;
pub mod whatsapp;

pub use self::channel::{CHANNELS_MAX, Channel, ChannelChange, ChannelSettings, Groups, Mode, NewChannel};
pub use self::command::Command;
pub use self::counting::Counted;
pub use self::credentials::{CredentialField, Credentials, Needed, NewCredentials, fields};
pub use self::desk::{ChannelView, Channels, OutboxBell};
pub use self::drafts::Draft;
pub use self::error::ChannelError;
pub use self::fields::{OFFERED, SettingField, SettingKind, settings};
pub use self::inbox::{Bound, Letter, Writer};
pub use self::incoming::{Incoming, Said, Sender};
pub use self::lease::HOLDER;
pub use self::live::{Beat, ChannelState, LiveChannel};
pub use self::markup::Part;
pub use self::outbox_view::{KnownConversation, Owed, Undelivered};
pub use self::outgoing::{Answer, Body, Button, Call, CannotSay, Method, Outcome, Outgoing, Post, Style, Us};
pub use self::paying::{DueNow, dead_letter};
pub use self::people::{Person, PersonChange, Standing};
pub use self::platform::{Limits, Platform, TextUnit};
pub use self::reception::ChannelReception;
