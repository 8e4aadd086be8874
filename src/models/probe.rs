//! How a backend is asked for its models: how often, and how the last times went.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// Shortest time between two looks, in seconds.
pub const EVERY_S_MIN: u64 = 60;
/// Longest time between two looks, in seconds: a week.
pub const EVERY_S_MAX: u64 = 7 * 24 * 3_600;
/// What it is unless somebody says otherwise: lists change by the week, local ones when somebody fetches a model.
const EVERY_S: u64 = 3_600;

/// Which backend, and whose models: `backend:provider`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProbeKey {
    /// The backend.
    pub backend: String,
    /// Whose models.
    pub provider: String,
}

/// How a probe stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProbeState {
    /// Nobody asked yet in this life of the daemon.
    New,
    /// The last look brought a list.
    Ready,
    /// The last look brought none.
    Failing,
    /// Its child is down, and its supervisor does not start it again by itself.
    Down,
    /// Somebody turned it off.
    Off,
}

/// A probe as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProbeView {
    /// Which.
    pub key: ProbeKey,
    /// How it stands.
    pub state: ProbeState,
    /// Whether it asks by itself.
    pub enabled: bool,
    /// Seconds between two looks.
    pub every_s: u64,
    /// Failures in a row.
    pub failures: u32,
    /// What the last failure was.
    pub error: Option<String>,
    /// When a list came, in milliseconds since 1970.
    pub answered_ms: Option<i64>,
    /// When it is asked next.
    pub next_ms: Option<i64>,
    /// Models that can be picked.
    pub models: usize,
}

/// A probe in memory. Outlives its child, so that a child which crashes does not begin anew with asking.
pub(super) struct Probe {
    pub(super) enabled: bool,
    pub(super) every_s: u64,
    pub(super) failures: u32,
    /// What the provider asked for with its last failure.
    pub(super) asked: Option<Duration>,
    pub(super) error: Option<String>,
    pub(super) down: Option<String>,
    pub(super) answered_ms: Option<i64>,
    pub(super) next_ms: Option<i64>,
    /// Wakes its child.
    pub(super) wake: Arc<Notify>,
    /// One look at a time.
    pub(super) looking: Arc<tokio::sync::Mutex<()>>,
}

// === impl Probe ===

impl Default for Probe {
    fn default() -> Self {
        Self {
            enabled: true,
            every_s: EVERY_S,
            failures: 0,
            asked: None,
            error: None,
            down: None,
            answered_ms: None,
            next_ms: None,
            wake: Arc::default(),
            looking: Arc::default(),
        }
    }
}

impl Probe {
    pub(super) fn state(&self) -> ProbeState {
        match self {
            Self { enabled: false, .. } => ProbeState::Off,
            Self { down: Some(_), .. } => ProbeState::Down,
            Self { failures: 1.., .. } => ProbeState::Failing,
            Self { answered_ms: Some(_), .. } => ProbeState::Ready,
            _ => ProbeState::New,
        }
    }

    pub(super) fn view(&self, key: &ProbeKey, models: usize) -> ProbeView {
        ProbeView {
            key: key.clone(),
            state: self.state(),
            enabled: self.enabled,
            every_s: self.every_s,
            failures: self.failures,
            error: self.down.clone().or_else(|| self.error.clone()),
            answered_ms: self.answered_ms,
            next_ms: self.next_ms.filter(|_| self.enabled),
            models,
        }
    }
}

// === impl ProbeState ===

impl ProbeState {
    /// The word in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ready => "ready",
            Self::Failing => "failing",
            Self::Down => "down",
            Self::Off => "off",
        }
    }
}

// === impl ProbeKey ===

impl fmt::Display for ProbeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.backend, self.provider)
    }
}

/// Words that name no probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a probe is named BACKEND:PROVIDER")]
pub struct BadProbeKey;

impl FromStr for ProbeKey {
    type Err = BadProbeKey;

    fn from_str(text: &str) -> Result<Self, BadProbeKey> {
        let (backend, provider) = text.split_once(':').ok_or(BadProbeKey)?;
        Ok(Self { backend: backend.to_owned(), provider: provider.to_owned() })
    }
}
