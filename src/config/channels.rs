//! `[channels]`: chat platforms and mailboxes. Which there are is no setting: `capuchin channel add`.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelsConfig {
    /// Seconds that a platform may take to answer one call. Default 30. What it had by then may stand there: the next try says
    /// so.
    pub call_timeout_s: u64,
}

impl Default for ChannelsConfig {
    fn default() -> Self {
        Self { call_timeout_s: 30 }
    }
}

impl ChannelsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("channels.call_timeout_s", self.call_timeout_s, 1, 600);
    }
}
