//! What a supervisor is told to keep alive, and how. OTP's words with OTP's meaning.
//!
//! Plain data and its validation. [`SpecError`] has a variant for everything that OTP refuses.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::budget::Budget;
use super::child::StartChild;
use super::intensity::Intensity;
use super::nested::Subtree;
use super::path::check_id;

/// How long a worker may take to stop unless its spec says otherwise.
pub const SHUTDOWN_DEFAULT: Duration = Duration::from_secs(5);

/// How many children a supervisor accepts unless its spec says otherwise.
pub const CHILDREN_MAX_DEFAULT: usize = 65_536;

/// Which children are restarted together with one that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Only that child.
    OneForOne,
    /// All children.
    OneForAll,
    /// That child and all that were started after it.
    RestForOne,
    /// Only that child; all children are made from one template, on demand.
    SimpleOneForOne,
}

/// When a child that ended by itself is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Always.
    Permanent,
    /// After an abnormal exit only.
    Transient,
    /// Never.
    Temporary,
}

/// How a child is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Killed without being asked.
    Brutal,
    /// Asked to stop, killed when it has not ended after this long.
    After(Duration),
    /// Asked to stop and waited for as long as it takes; right for supervisors.
    Infinity,
}

/// Whether a supervisor ends when significant children have ended for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// No.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
}

/// Whether a child supervises others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildKind {
    /// It does the work.
    Worker,
    /// It keeps others alive.
    Supervisor,
}

/// One child: how to start it, when to restart it, how to stop it.
#[derive(Clone)]
pub struct ChildSpec {
    /// Its name below the supervisor; of a template, the name of the kind of child.
    pub id: Arc<str>,
    /// Starts one incarnation.
    pub start: Arc<dyn StartChild>,
    /// When it is restarted. Default: permanent.
    pub restart: Restart,
    /// How it is stopped. Default: 5 s for workers, infinity for supervisors.
    pub shutdown: Shutdown,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// Whether its end may end the supervisor; see [`AutoShutdown`].
    pub significant: bool,
    /// How long a start may take; `None` waits for as long as it takes, as OTP does.
    pub start_timeout: Option<Duration>,
    /// Its own restart budget, instead of the supervisor's intensity. Only under strategies that
    /// restart children one by one.
    pub budget: Option<Budget>,
}

/// One supervisor: its strategy, its limits and its children.
#[derive(Clone, Debug)]
pub struct SupervisorSpec {
    /// Which children are restarted together.
    pub strategy: Strategy,
    /// How many restarts are tolerated before the supervisor gives up.
    pub intensity: Intensity,
    /// Whether significant children end it.
    pub auto_shutdown: AutoShutdown,
    /// The children in start order; under `simple_one_for_one` exactly one, the template.
    pub children: Vec<ChildSpec>,
    /// How many children it accepts.
    pub max_children: usize,
}

/// Why a specification is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// No such strategy.
    #[error("invalid strategy `{0}`")]
    InvalidStrategy(String),
    /// The number of restarts is negative.
    #[error("invalid intensity {0}: it must be at least 0")]
    InvalidIntensity(i64),
    /// The window is not longer than zero.
    #[error("invalid period {0}: it must be longer than 0")]
    InvalidPeriod(String),
    /// No such automatic shutdown.
    #[error("invalid auto_shutdown `{0}`")]
    InvalidAutoShutdown(String),
    /// No such restart type.
    #[error("invalid restart type `{0}`")]
    InvalidRestartType(String),
    /// Not a way to stop a child.
    #[error("invalid shutdown `{0}`")]
    InvalidShutdown(String),
    /// Two children have one name.
    #[error("duplicate child name `{0}`")]
    DuplicateChildName(String),
    /// A significant child that is permanent, or under a supervisor that never shuts down by itself.
    #[error("bad combination: `{0}` is significant but permanent, or its supervisor has no auto_shutdown")]
    BadCombination(String),
    /// A simple_one_for_one supervisor without exactly one template.
    #[error("bad start spec: simple_one_for_one needs exactly one template, not {0}")]
    BadStartSpec(usize),
    /// A budget where restarts concern several children.
    #[error("`{0}` has a budget of its own, but its supervisor restarts children together")]
    BudgetNeedsOneForOne(String),
    /// An id that is empty, too long, or contains `/` or a control character.
    #[error("invalid child id `{0}`")]
    InvalidId(String),
    /// More children than the supervisor accepts.
    #[error("{0} children, but at most {1} are accepted")]
    TooManyChildren(usize, usize),
}

// === impl ChildSpec ===

impl ChildSpec {
    /// A permanent worker with OTP's defaults.
    pub fn worker(id: &str, start: Arc<dyn StartChild>) -> Self {
        Self {
            id: Arc::from(id),
            start,
            restart: Restart::Permanent,
            shutdown: Shutdown::After(SHUTDOWN_DEFAULT),
            kind: ChildKind::Worker,
            significant: false,
            start_timeout: None,
            budget: None,
        }
    }

    /// A permanent supervisor with children of its own.
    pub fn supervisor(id: &str, spec: SupervisorSpec) -> Self {
        Self {
            shutdown: Shutdown::Infinity,
            kind: ChildKind::Supervisor,
            ..Self::worker(id, Arc::new(Subtree::new(spec)))
        }
    }

    pub(crate) fn check(&self, strategy: Strategy, auto: AutoShutdown) -> Result<(), SpecError> {
        check_id(&self.id)?;
        if self.significant && (auto == AutoShutdown::Never || self.restart == Restart::Permanent) {
            return Err(SpecError::BadCombination(self.id.to_string()));
        }
        if self.budget.is_some() && !strategy.restarts_one_by_one() {
            return Err(SpecError::BudgetNeedsOneForOne(self.id.to_string()));
        }
        Ok(())
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("kind", &self.kind)
            .field("significant", &self.significant)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

// === impl SupervisorSpec ===

impl SupervisorSpec {
    /// A supervisor with OTP's default intensity and these children in start order.
    pub fn new(strategy: Strategy, children: Vec<ChildSpec>) -> Self {
        Self {
            strategy,
            intensity: Intensity::DEFAULT,
            auto_shutdown: AutoShutdown::Never,
            children,
            max_children: CHILDREN_MAX_DEFAULT,
        }
    }

    /// A supervisor of children that are started on demand from `template`.
    pub fn dynamic(template: ChildSpec) -> Self {
        Self::new(Strategy::SimpleOneForOne, vec![template])
    }

    /// Checks everything that OTP checks before it starts anything.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.is_dynamic() && self.children.len() != 1 {
            return Err(SpecError::BadStartSpec(self.children.len()));
        }
        if self.children.len() > self.max_children {
            return Err(SpecError::TooManyChildren(self.children.len(), self.max_children));
        }
        let mut seen = HashSet::new();
        for child in &self.children {
            child.check(self.strategy, self.auto_shutdown)?;
            if !seen.insert(&child.id) {
                return Err(SpecError::DuplicateChildName(child.id.to_string()));
            }
        }
        Ok(())
    }

    /// Whether children are made from a template, on demand.
    pub fn is_dynamic(&self) -> bool {
        self.strategy == Strategy::SimpleOneForOne
    }
}

// === impl Strategy ===

impl Strategy {
    /// OTP's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneForOne => "one_for_one",
            Self::OneForAll => "one_for_all",
            Self::RestForOne => "rest_for_one",
            Self::SimpleOneForOne => "simple_one_for_one",
        }
    }

    /// Whether the end of one child never touches another.
    pub fn restarts_one_by_one(self) -> bool {
        matches!(self, Self::OneForOne | Self::SimpleOneForOne)
    }
}

impl FromStr for Strategy {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        [Self::OneForOne, Self::OneForAll, Self::RestForOne, Self::SimpleOneForOne]
            .into_iter()
            .find(|strategy| strategy.as_str() == text)
            .ok_or_else(|| SpecError::InvalidStrategy(text.to_owned()))
    }
}

// === impl Restart ===

impl Restart {
    /// OTP's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Transient => "transient",
            Self::Temporary => "temporary",
        }
    }
}

impl FromStr for Restart {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        [Self::Permanent, Self::Transient, Self::Temporary]
            .into_iter()
            .find(|restart| restart.as_str() == text)
            .ok_or_else(|| SpecError::InvalidRestartType(text.to_owned()))
    }
}

// === impl AutoShutdown ===

impl FromStr for AutoShutdown {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        match text {
            "never" => Ok(Self::Never),
            "any_significant" => Ok(Self::AnySignificant),
            "all_significant" => Ok(Self::AllSignificant),
            other => Err(SpecError::InvalidAutoShutdown(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
