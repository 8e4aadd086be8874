//! How each plug did, for people: counted in memory, gone with the daemon.

use serde::Serialize;

/// What one plug did at one point since the pipelines were put in place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PlugReport {
    /// Times that it ran.
    pub runs: u64,
    /// Times that it halted its point.
    pub halts: u64,
    /// Times that it failed, however.
    pub failures: u64,
    /// Time that it took in all, in µs.
    pub total_us: u64,
    /// The longest time, in µs.
    pub longest_us: u64,
    /// Times that it was left out because it failed too often, or because the time of its point was over.
    pub left_out: u64,
    /// The last failure.
    pub trouble: Option<Trouble>,
}

/// One plug at one point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PlugView {
    /// Its name.
    pub name: String,
    /// Whether its failure halts the point.
    pub guards: bool,
    /// What it does now.
    pub state: PlugState,
    /// How it did.
    pub report: PlugReport,
}

/// What a plug does now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlugState {
    /// It has not run yet.
    Unused,
    /// Its last run was good.
    Working,
    /// Its last run was not.
    Failing,
    /// It failed too often, and is left out for a while.
    Resting,
}

// === impl PlugReport ===

impl PlugReport {
    /// Its mean time in µs.
    #[must_use]
    pub const fn mean_us(&self) -> u64 {
        match self.total_us.checked_div(self.runs) {
            Some(mean) => mean,
            None => 0,
        }
    }
}

// === impl PlugState ===

impl PlugState {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Working => "working",
            Self::Failing => "failing",
            Self::Resting => "resting",
        }
    }
}

/// A failure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Trouble {
    /// When, in ms since 1970.
    pub at_ms: i64,
    /// What, for people.
    pub what: String,
}
