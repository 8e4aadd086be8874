//! The tables of `supervision.toml`, field by field.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::super::backoff::Backoff;
use super::super::budget::Budget;
use super::super::declaration::Terms;
use super::super::duration;
use super::super::intensity::Intensity;
use super::super::spec::{AutoShutdown, CHILDREN_MAX_DEFAULT, Restart, SHUTDOWN_DEFAULT, Shutdown, Strategy};

/// How long a worker's start may take unless its table says otherwise.
const START_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// A duration with its unit.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) Duration);

/// How a worker is stopped: `brutal_kill`, `infinity`, or how long it may take.
#[derive(Clone, Copy)]
pub(super) struct Stop(pub(super) Shutdown);

/// `[supervisor.NAME]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SupervisorSettings {
    /// `one_for_one`, `one_for_all`, `rest_for_one` or `simple_one_for_one`.
    #[serde(deserialize_with = "word")]
    pub(super) strategy: Strategy,
    /// How many restarts are tolerated before it gives up. Default: 1 within 5 s.
    intensity: Option<Limit>,
    /// `never` (default), `any_significant` or `all_significant`.
    #[serde(default, deserialize_with = "word")]
    pub(super) auto_shutdown: AutoShutdown,
    /// Children in start order.
    #[serde(default)]
    pub(super) children: Vec<String>,
    /// What every child of a dynamic supervisor is made from.
    pub(super) template: Option<String>,
    /// How many children it accepts. Default: 65 536.
    #[serde(default = "children_max_default")]
    pub(super) max_children: usize,
    /// When it is restarted itself. Default: `permanent`.
    #[serde(default = "permanent", deserialize_with = "word")]
    restart: Restart,
    /// Whether its end may end its own supervisor. Default: false.
    #[serde(default)]
    significant: bool,
    /// A restart budget of its own.
    budget: Option<BudgetSettings>,
}

/// `[worker.NAME]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkerSettings {
    /// Who starts it.
    pub(super) factory: String,
    /// `permanent` (default), `transient` or `temporary`.
    #[serde(default = "permanent", deserialize_with = "word")]
    restart: Restart,
    /// How long it may take to stop. Default: 5 s.
    #[serde(default = "stop_default")]
    pub(super) shutdown: Stop,
    /// How long its start may take. Default: 30 s.
    #[serde(default = "start_timeout_default")]
    pub(super) start_timeout: Time,
    /// Whether its end may end its supervisor. Default: false.
    #[serde(default)]
    significant: bool,
    /// A restart budget of its own.
    budget: Option<BudgetSettings>,
}

/// So many restarts within a time.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    restarts: i64,
    within: Time,
}

/// A child's own restart budget.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetSettings {
    restarts: i64,
    within: Time,
    /// Waits between restarts. Default: none.
    backoff: Option<BackoffSettings>,
    /// When quarantine ends by itself. Default: never.
    release_after: Option<Time>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackoffSettings {
    first: Time,
    max: Time,
    /// Default: 20.
    #[serde(default = "jitter_default")]
    jitter_percent: u8,
    healthy_after: Time,
}

// === impl SupervisorSettings ===

impl SupervisorSettings {
    pub(super) fn intensity(&self) -> Result<Intensity, String> {
        self.intensity.map_or(Ok(Intensity::DEFAULT), Limit::checked)
    }

    pub(super) fn terms(&self, parent: Option<&Self>) -> Result<Terms, String> {
        terms(self.restart, self.significant, self.budget, parent)
    }
}

// === impl WorkerSettings ===

impl WorkerSettings {
    pub(super) fn terms(&self, parent: &SupervisorSettings) -> Result<Terms, String> {
        terms(self.restart, self.significant, self.budget, Some(parent))
    }
}

fn terms(
    restart: Restart,
    significant: bool,
    budget: Option<BudgetSettings>,
    parent: Option<&SupervisorSettings>,
) -> Result<Terms, String> {
    if let Some(parent) = parent {
        if significant && (parent.auto_shutdown == AutoShutdown::Never || restart == Restart::Permanent) {
            return Err("significant, but permanent or under a supervisor without auto_shutdown".to_owned());
        }
        if budget.is_some() && !parent.strategy.restarts_one_by_one() {
            return Err("a budget, but under a supervisor that restarts children together".to_owned());
        }
    }
    let budget = budget.map(BudgetSettings::checked).transpose()?;
    Ok(Terms { restart, significant, budget })
}

impl Limit {
    fn checked(self) -> Result<Intensity, String> {
        Intensity::new(self.restarts, self.within.0).map_err(|error| error.to_string())
    }
}

impl BudgetSettings {
    fn checked(self) -> Result<Budget, String> {
        let limit = Limit { restarts: self.restarts, within: self.within }.checked()?;
        let backoff = self.backoff.map(BackoffSettings::checked).transpose()?;
        Ok(Budget { limit, backoff, release_after: self.release_after.map(|time| time.0) })
    }
}

impl BackoffSettings {
    fn checked(self) -> Result<Backoff, String> {
        if self.first.0.is_zero() || self.max.0 < self.first.0 {
            return Err("backoff: `first` must be longer than 0 and at most `max`".to_owned());
        }
        if self.jitter_percent > 100 {
            return Err("backoff: `jitter_percent` is at most 100".to_owned());
        }
        Ok(Backoff {
            first: self.first.0,
            max: self.max.0,
            jitter_percent: self.jitter_percent,
            healthy_after: self.healthy_after.0,
        })
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let time = duration::parse(&text).map(Self);
        time.ok_or_else(|| de::Error::custom(format!("`{text}` is no duration like 500ms, 5s, 2m or 1h")))
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.as_str() {
            "brutal_kill" => Ok(Self(Shutdown::Brutal)),
            "infinity" => Ok(Self(Shutdown::Infinity)),
            other => duration::parse(other).map(|time| Self(Shutdown::After(time))).ok_or_else(|| {
                de::Error::custom(format!("`{text}` is neither a duration nor brutal_kill nor infinity"))
            }),
        }
    }
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(de::Error::custom)
}

fn permanent() -> Restart {
    Restart::Permanent
}

fn stop_default() -> Stop {
    Stop(Shutdown::After(SHUTDOWN_DEFAULT))
}

fn start_timeout_default() -> Time {
    Time(START_TIMEOUT_DEFAULT)
}

fn children_max_default() -> usize {
    CHILDREN_MAX_DEFAULT
}

fn jitter_default() -> u8 {
    20
}
