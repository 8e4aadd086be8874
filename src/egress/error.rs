//! Why a request had no whole answer.

use std::error::Error as StdError;
use std::time::Duration;

use super::resolver::{LookupFailed, Refusal};
use super::source::SecretRefusal;

/// See the module. The texts name hosts, never a URL's query, a header or a body.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The configured address cannot be used.
    #[error("the address cannot be used: {why}")]
    BadUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The host leads to an address that the configuration does not allow.
    #[error(
        "{host} is or leads to an address that is not allowed (this machine and private networks need \
         allow_private = true at a backend, or egress.allow_private_hosts for anything else; link-local and \
         metadata addresses are never reached)"
    )]
    Refused {
        /// The host.
        host: String,
    },
    /// The name is unknown, or nobody could be asked.
    #[error("the name {host} could not be looked up")]
    Lookup {
        /// The host.
        host: String,
        /// What the system said.
        #[source]
        source: reqwest::Error,
    },
    /// The name leads nowhere.
    #[error("the name {host} could not be looked up")]
    Unknown {
        /// The host.
        host: String,
    },
    /// No connection.
    #[error("no connection to {host}: {}", root_cause(source))]
    Connect {
        /// The host.
        host: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// No connection of bytes, or none that is encrypted for this host.
    #[error("no connection to {host}: {source}")]
    NoStream {
        /// The host.
        host: String,
        /// What happened.
        #[source]
        source: std::io::Error,
    },
    /// The other side did not act in time.
    #[error("{host} did not {what} within {} ms", after.as_millis())]
    Timeout {
        /// The host.
        host: String,
        /// What it should have done.
        what: &'static str,
        /// The limit.
        after: Duration,
    },
    /// The connection broke.
    #[error("the connection to {host} broke: {}", root_cause(source))]
    Broken {
        /// The host.
        host: String,
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
    /// The answer is longer than allowed.
    #[error("the answer of {host} is longer than {bytes_max} bytes")]
    TooLong {
        /// The host.
        host: String,
        /// The limit.
        bytes_max: u64,
    },
    /// A redirect that is not followed.
    #[error("{host} answered with a redirect that is not followed: {why}")]
    Redirect {
        /// The host that sent it.
        host: String,
        /// Why not.
        why: &'static str,
    },
    /// A secret that is not given out. Nothing was sent.
    #[error(transparent)]
    Secret(#[from] SecretRefusal),
    /// A secret was named and there is no vault. Nothing was sent.
    #[error("the request names a secret, and there is no vault to take it from")]
    NoVault,
    /// A secret cannot go where it was named. Nothing was sent.
    #[error("the secret was not sent: {why}")]
    SecretPlace {
        /// Why not.
        why: &'static str,
    },
    /// A header that is none. Nothing was sent.
    #[error("`{name}` and its value do not make a header")]
    BadHeader {
        /// Its name.
        name: String,
    },
    /// The client itself could not be set up (no TLS roots on this machine, a value that no header can hold).
    #[error("the request could not be made: {}", root_cause(source))]
    Setup {
        /// What happened.
        #[source]
        source: reqwest::Error,
    },
}

impl EgressError {
    pub(super) fn of(source: reqwest::Error, host: &str, connect_timeout: Duration) -> Self {
        let source = source.without_url();
        let host = host.to_owned();
        if source.is_builder() {
            Self::Setup { source }
        } else if caused_by::<Refusal>(&source) {
            Self::Refused { host }
        } else if caused_by::<LookupFailed>(&source) {
            Self::Lookup { host, source }
        } else if source.is_timeout() {
            Self::Timeout { host, what: "take a connection", after: connect_timeout }
        } else if source.is_connect() {
            Self::Connect { host, source }
        } else {
            Self::Broken { host, source }
        }
    }
}

fn caused_by<E: StdError + 'static>(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<E>())
}

/// The innermost cause: "connection refused" rather than "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
