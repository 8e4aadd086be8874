//! Mail: a message of a mailbox as something said, and answers as mail.
//!
//! Anybody can write any sender into a mail. What proves it is what our own receiving server wrote on top
//! (`Authentication-Results`, RFC 8601), so its name is a setting; without it nobody is authenticated.
//! Mail that no person wrote is dropped, or two programs would answer each other for ever (RFC 3834).

mod arrival;
mod letter;
mod quote;
mod settings;
#[cfg(test)]
mod tests;
mod verdict;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::arrival::{read, read_beginning};
pub use self::letter::{Letter, compose, envelope, message_id};
pub use self::settings::{MailSecurity, MailSettings};

/// The mailbox that is read.
#[derive(Clone, Copy, Debug)]
pub struct Mailbox<'a> {
    /// Its addresses, the first one for writing.
    pub addresses: &'a [String],
    /// How the receiving server names itself in `Authentication-Results`.
    pub server: Option<&'a str>,
}

/// A mail, and what its answer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// What it says.
    pub incoming: super::Incoming,
    /// Where an answer belongs: kept with the message.
    pub thread: Thread,
}

/// Where an answer belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Who gets it.
    pub to: String,
    /// The subject as it came.
    pub subject: String,
    /// The id of the mail that is answered, without brackets; none when it had none.
    pub message_id: Option<String>,
    /// The ids before it, oldest first.
    pub references: Vec<String>,
}

impl Thread {
    /// This as the handle that `Outgoing` takes to answer a mail: `Incoming::message`.
    #[must_use]
    pub fn handle(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// What a handle names.
    #[must_use]
    pub fn of_handle(handle: &str) -> Option<Self> {
        serde_json::from_str(handle).ok()
    }
}

/// Why a mail says nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Dropped {
    /// Not a mail.
    #[error("it is not a mail")]
    NoMail,
    /// No sender, several, or one that is no address: nobody could be asked.
    #[error("it does not have exactly one sender")]
    Sender,
    /// From ourselves.
    #[error("it is from this mailbox itself")]
    Own,
    /// Written by a program: a notice of absence, a report of delivery.
    #[error("a program wrote it")]
    Automatic,
    /// To a list, or to many.
    #[error("it is from a list")]
    List,
    /// Without words and without anything else.
    #[error("it says nothing")]
    Empty,
}

/// Why a mail cannot be written.
#[derive(Debug, Error)]
pub enum LetterError {
    /// An address that is none.
    #[error("not an address of mail")]
    Address(#[from] lettre::address::AddressError),
    /// Another fault of its headers.
    #[error("the mail cannot be composed")]
    Compose(#[from] lettre::error::Error),
    /// A time that no calendar has.
    #[error("no time to send it")]
    Time,
}
