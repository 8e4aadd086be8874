//! What is counted, in whole numbers, so that sums are exact.

use serde::{Deserialize, Serialize};

/// Billionths of a dollar in a dollar.
const NANO: f64 = 1e9;
/// The largest sum in dollars that can be a limit.
pub const USD_MAX: f64 = 1e9;

/// An amount of each thing that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amounts {
    /// Turns, and calls that belong to no turn.
    pub turns: u64,
    /// Tool calls.
    pub tool_calls: u64,
    /// Tokens, in and out.
    pub tokens: u64,
    /// Billionths of a US dollar.
    pub cost_nano: u64,
    /// Milliseconds of work.
    pub wall_ms: u64,
}

/// A limit for any of them; `None` is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Limits {
    /// Turns, and calls that belong to no turn.
    pub turns: Option<u64>,
    /// Tool calls.
    pub tool_calls: Option<u64>,
    /// Tokens, in and out.
    pub tokens: Option<u64>,
    /// Billionths of a US dollar.
    pub cost_nano: Option<u64>,
    /// Milliseconds of work.
    pub wall_ms: Option<u64>,
}

/// One of the things that are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dimension {
    /// Turns.
    Turns,
    /// Tool calls.
    ToolCalls,
    /// Tokens.
    Tokens,
    /// Money.
    Cost,
    /// Time.
    Wall,
}

// === impl Dimension ===

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Turns, Self::ToolCalls, Self::Tokens, Self::Cost, Self::Wall];

    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::ToolCalls => "tool_calls",
            Self::Tokens => "tokens",
            Self::Cost => "cost_usd",
            Self::Wall => "wall_s",
        }
    }

    /// An amount of it for people: `0.42 USD`, `12 s`, `3 turns`.
    #[must_use]
    pub fn show(self, amount: u64) -> String {
        match self {
            Self::Turns => format!("{amount} turns"),
            Self::ToolCalls => format!("{amount} tool calls"),
            Self::Tokens => format!("{amount} tokens"),
            Self::Cost => format!("{} USD", trimmed(usd(amount))),
            Self::Wall => format!("{} s", trimmed(seconds(amount))),
        }
    }
}

// === impl Amounts ===

impl Amounts {
    /// One of them.
    #[must_use]
    pub const fn get(&self, what: Dimension) -> u64 {
        match what {
            Dimension::Turns => self.turns,
            Dimension::ToolCalls => self.tool_calls,
            Dimension::Tokens => self.tokens,
            Dimension::Cost => self.cost_nano,
            Dimension::Wall => self.wall_ms,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            turns: self.turns.saturating_add(other.turns),
            tool_calls: self.tool_calls.saturating_add(other.tool_calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost_nano: self.cost_nano.saturating_add(other.cost_nano),
            wall_ms: self.wall_ms.saturating_add(other.wall_ms),
        }
    }

    /// What is left without the other, at least nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            turns: self.turns.saturating_sub(other.turns),
            tool_calls: self.tool_calls.saturating_sub(other.tool_calls),
            tokens: self.tokens.saturating_sub(other.tokens),
            cost_nano: self.cost_nano.saturating_sub(other.cost_nano),
            wall_ms: self.wall_ms.saturating_sub(other.wall_ms),
        }
    }
}

// === impl Limits ===

impl Limits {
    /// One of them.
    #[must_use]
    pub const fn get(&self, what: Dimension) -> Option<u64> {
        match what {
            Dimension::Turns => self.turns,
            Dimension::ToolCalls => self.tool_calls,
            Dimension::Tokens => self.tokens,
            Dimension::Cost => self.cost_nano,
            Dimension::Wall => self.wall_ms,
        }
    }

    /// The things that are limited, with their limits.
    pub fn each(&self) -> impl Iterator<Item = (Dimension, u64)> {
        Dimension::ALL.into_iter().filter_map(|what| Some((what, self.get(what)?)))
    }
}

/// Dollars as they are shown.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "shown only; sums are made of whole numbers")]
pub fn usd(nano: u64) -> f64 {
    nano as f64 / NANO
}

/// Dollars as they are counted; `None` for what is no sum of money.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
pub fn nano(usd: f64) -> Option<u64> {
    (usd.is_finite() && (0.0..=USD_MAX).contains(&usd)).then(|| (usd * NANO).round() as u64)
}

/// Seconds as they are shown.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "shown only")]
pub fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

fn trimmed(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
