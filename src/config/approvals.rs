//! `[approvals]`: questions of assistants to people.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalsConfig {
    /// Seconds after which a question that nobody decided is a denial. Default 3,600.
    pub expire_after_s: u64,
    /// The same for what schedules, webhooks and strangers cause, where nobody is known to look. Default 3,600.
    pub unattended_expire_after_s: u64,
}

impl Default for ApprovalsConfig {
    fn default() -> Self {
        Self { expire_after_s: 3_600, unattended_expire_after_s: 3_600 }
    }
}

impl ApprovalsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        const WEEK_S: u64 = 604_800;
        check.within("approvals.expire_after_s", self.expire_after_s, 10, WEEK_S);
        check.within("approvals.unattended_expire_after_s", self.unattended_expire_after_s, 10, WEEK_S);
    }
}
