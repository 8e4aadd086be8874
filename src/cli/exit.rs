//! How commands end.

use std::fmt;
use std::process::ExitCode;

use super::client::ClientError;

/// Exit codes; `capuchin --help` documents them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// The settings are wrong.
    BadConfiguration,
    /// The daemon, or what it needs, is not there.
    Unavailable,
    /// The root supervisor gave up.
    GaveUp,
    /// Not allowed.
    Denied,
}

impl Exit {
    /// The number. 2, wrong usage, is clap's.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadConfiguration => 64,
            Self::Unavailable => 69,
            Self::GaveUp => 70,
            Self::Denied => 77,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command failed: what happened, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
}

pub(crate) type Outcome = Result<Exit, Failure>;

// === impl Failure ===

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into(), hint: None }
    }

    pub(crate) fn text(exit: Exit, text: impl fmt::Display) -> Self {
        Self::new(exit, anyhow::anyhow!("{text}"))
    }

    /// What the person can do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Every error of the code below; what the daemon answered decides the exit code.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let Some(answer) = error.downcast_ref::<ClientError>() else { return Self::new(Exit::Failed, error) };
        let (exit, hint) = answer.consequence();
        Self { exit, error, hint: hint.map(str::to_owned) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {:#}", self.error)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  → {hint}"),
            None => Ok(()),
        }
    }
}
