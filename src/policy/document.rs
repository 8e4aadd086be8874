//! The whole policy of a tenant, as one value.

use sha2::{Digest, Sha256};

use super::mode::{ApprovalMode, Autonomy, Preset};
use super::rule::Rule;
use super::subject::Subject;

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Counts changes, from 1.
    pub version: i64,
    /// When a person is asked.
    pub approvals: ApprovalMode,
    /// How far any assistant may go.
    pub autonomy_max: Autonomy,
    /// The rules of people, oldest first.
    pub rules: Vec<Rule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { version: 1, approvals: ApprovalMode::OnMiss, autonomy_max: Autonomy::Full, rules: Vec::new() }
    }
}

impl Policy {
    /// The name of its settings.
    #[must_use]
    pub fn preset(&self) -> Preset {
        let own = Some((self.approvals, self.autonomy_max));
        [Preset::Careful, Preset::Balanced]
            .into_iter()
            .find(|preset| preset.settings() == own)
            .unwrap_or(Preset::Custom)
    }

    /// The standing rules in their own words, for the model. They hold whether or not it reads them.
    #[must_use]
    pub fn standing(&self, subject: &Subject, now_ms: i64) -> Vec<&str> {
        let live = self.rules.iter().filter(|rule| rule.is_live(now_ms) && rule.subject.matches(subject));
        live.filter_map(|rule| rule.standing.as_deref()).collect()
    }

    /// SHA-256 of what it says, for the audit trail.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.approvals.as_str());
        hasher.update([0]);
        hasher.update(self.autonomy_max.as_str());
        for rule in &self.rules {
            hasher.update([0]);
            // silent-ok: our own shapes always encode
            hasher.update(serde_json::to_vec(rule).unwrap_or_default());
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
