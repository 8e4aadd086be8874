//! Why a request is refused: words for the owner's delivery log, never for the sender.

/// See the module. No variant carries anything that the sender wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The endpoint has no secret: nothing can be verified.
    #[error("the endpoint has no secret")]
    NoKey,
    /// A header or another part that is needed is missing or empty.
    #[error("{part} is missing or empty")]
    Missing {
        /// The header, or what else.
        part: &'static str,
    },
    /// A part that has to be single is there more than once: it could mean one thing here and another
    /// elsewhere.
    #[error("{part} is there more than once")]
    Repeated {
        /// The header, or what else.
        part: &'static str,
    },
    /// A part does not look as this source writes it.
    #[error("{part} is not written as this source writes it")]
    Malformed {
        /// The header, or what else.
        part: &'static str,
    },
    /// No secret of the endpoint made this signature, or the token is another one.
    #[error("no secret of the endpoint fits")]
    Mismatch,
    /// Signed by the source, but too long ago, or in the future.
    #[error("{part} is too far from this machine's time")]
    Stale {
        /// Where the time stands.
        part: &'static str,
    },
    /// Sent by the source, but its event or id is longer than an event or id may be, or has control
    /// characters.
    #[error("{part} is too long or has control characters")]
    Unusable {
        /// The header, or what else.
        part: &'static str,
    },
}

// === impl Refusal ===

impl Refusal {
    /// The word of the delivery log.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoKey => "no_secret",
            Self::Missing { .. } => "missing",
            Self::Repeated { .. } => "repeated",
            Self::Malformed { .. } => "malformed",
            Self::Mismatch => "mismatch",
            Self::Stale { .. } => "stale",
            Self::Unusable { .. } => "unusable",
        }
    }
}
