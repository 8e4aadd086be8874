//! `[skills]`: how what came of skills counts.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SkillsConfig {
    /// Days after which an outcome of using a skill says half as much. Default 90. Fewer follow changes faster and are
    /// less sure.
    pub half_life_days: u32,
}

impl Default for SkillsConfig {
    fn default() -> Self {
        Self { half_life_days: 90 }
    }
}

impl SkillsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("skills.half_life_days", self.half_life_days, 1, 3_650);
    }
}
