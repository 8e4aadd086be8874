//! What one check saw.

use std::fmt;

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warn,
    Fail,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Finding {
    /// Stable name of the check.
    pub(super) id: String,
    pub(super) state: State,
    /// What was seen.
    pub(super) evidence: String,
    /// What to do about it.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(id: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { id: id.into(), state: State::Ok, evidence: evidence.into(), fix: None }
    }

    pub(super) fn warn(id: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { state: State::Warn, ..Self::ok(id, evidence) }
    }

    pub(super) fn fail(id: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { state: State::Fail, ..Self::ok(id, evidence) }
    }

    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok   ",
            State::Warn => "warn ",
            State::Fail => "FAIL ",
        };
        write!(f, "{state}  {:<18} {}", self.id, self.evidence)?;
        match &self.fix {
            Some(fix) => write!(f, "\n       → {fix}"),
            None => Ok(()),
        }
    }
}
