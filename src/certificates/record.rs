//! What was made, and what is no longer welcome: one JSON object per line.

use std::fmt;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::CertificateError;

/// What a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Signing the others.
    Ca,
    /// A listener.
    Server,
    /// A device.
    Client,
}

/// A certificate that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Issued {
    pub(super) serial: String,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) made_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// A certificate that listeners refuse.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Revoked {
    pub(super) serial: String,
    pub(super) name: String,
    pub(super) at: Timestamp,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Ca, Self::Server, Self::Client];

    /// The word for it; also its folder.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

pub(super) fn issued(path: &Path) -> Result<Vec<Issued>, CertificateError> {
    lines(path)
}

/// The serial numbers of a list of revoked certificates; none when the file is not there.
///
/// # Errors
/// [`CertificateError::Unreadable`] for a line that cannot be read: a list with a gap is no list.
pub fn revoked_serials(path: &Path) -> Result<Vec<String>, CertificateError> {
    Ok(lines::<Revoked>(path)?.into_iter().map(|line| line.serial).collect())
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, CertificateError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(CertificateError::Io { path: path.to_owned(), source }),
    };
    let unreadable = |_| CertificateError::Unreadable { path: path.to_owned() };
    text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(unreadable)
}
