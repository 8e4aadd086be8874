//! The guard: what goes to a model and what comes back passes here, and nowhere else.
//!
//! | file | what |
//! |---|---|
//! | `permit` | whether a model may be asked at all |
//! | `effects` | whether a tool may be called |
//! | `admission` | what a permitted call may spend, and its answer |
//! | `request` | a request without its secrets |
//! | `answer` | an answer without its secrets, as it streams |
//!
//! **Invariant:** no text reaches a model, the store or a stream before it was scanned.

mod admission;
mod answer;
mod effects;
mod permit;
mod request;

pub use admission::Admitted;
pub use effects::ToolUse;
pub use permit::{ModelCall, Permit, honour};

use serde_json::Value;

use crate::approvals::Approvals;
use crate::budgets::Budgets;
use crate::policy::{KillSwitches, Policies};
use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::model::ModelRequest;
use crate::redaction::{Finding, LeakLog, Redactor};

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Guard {
    redactor: Redactor,
    leaks: LeakLog,
    switches: KillSwitches,
    policies: Policies,
    approvals: Approvals,
    budgets: Budgets,
}

/// Whose text it is: for the record of what was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextOf {
    /// The tenant.
    pub tenant: TenantId,
    /// The thread, if it belongs to one.
    pub thread: Option<ThreadId>,
}

/// A text without its secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cleaned {
    /// The text.
    pub text: String,
    /// How many secrets were taken out.
    pub redactions: usize,
}

impl Guard {
    /// A guard that finds what this engine finds, keeps this record of it, and asks these desks.
    #[must_use]
    pub fn new(
        (redactor, leaks): (Redactor, LeakLog),
        switches: KillSwitches,
        policies: Policies,
        approvals: Approvals,
        budgets: Budgets,
    ) -> Self {
        Self { redactor, leaks, switches, policies, approvals, budgets }
    }

    /// Takes the secrets out of a text that is about to be stored or shown. `place` says where it was found.
    #[must_use]
    pub fn clean(&self, of: &TextOf, place: &'static str, text: String) -> Cleaned {
        let found = self.redactor.redact(&text);
        if found.findings.is_empty() {
            return Cleaned { text, redactions: 0 };
        }
        self.note(of, place, &found.findings);
        Cleaned { redactions: found.findings.len(), text: found.text.into_owned() }
    }

    /// Takes the secrets out of everything that a model would read.
    fn clean_request(&self, of: &TextOf, request: &mut ModelRequest) {
        let findings = request::clean(&self.redactor, request);
        self.note(of, "prompt", &findings);
    }

    /// Takes the secrets out of the body of a request in a provider's own words. What a provider has sealed is left as it
    /// came: it knows it, and would refuse it otherwise. Whether anything was found.
    #[must_use]
    pub fn clean_body(&self, of: &TextOf, body: &mut Value) -> bool {
        let findings = request::clean_body(&self.redactor, body);
        self.note(of, "prompt", &findings);
        !findings.is_empty()
    }

    pub(super) const fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn note(&self, of: &TextOf, place: &'static str, findings: &[Finding]) {
        if !findings.is_empty() {
            self.leaks.note(&of.tenant, place, of.thread, findings);
        }
    }
}

#[cfg(test)]
mod tests;
