//! How each backend stands, out of what is known: its settings, its list of models, and how its calls went. Asks nobody.

use std::time::Duration;

use crate::backends::KeyState;
use crate::models::{BackendHealth, Models, ProbeState, ProbeView};

/// A backend, for people and programs.
pub(crate) struct Standing {
    pub(crate) name: String,
    /// As the settings name it; empty for what is not of the settings.
    pub(crate) kind: String,
    pub(crate) provider: String,
    pub(crate) host: Option<String>,
    pub(crate) local: bool,
    pub(crate) default_model: Option<String>,
    pub(crate) key: KeyState,
    pub(crate) state: State,
    pub(crate) health: BackendHealth,
    /// Models that can be picked.
    pub(crate) models: usize,
    /// How it is asked for them.
    pub(crate) probe: Option<ProbeView>,
}

/// Whether it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// It answered last.
    Ready,
    /// It did not, or cannot be asked.
    Unavailable,
    /// Nobody has asked it yet.
    Unknown,
}

// === impl State ===

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
        }
    }
}

// === impl Standing ===

impl Standing {
    /// Why it is not ready: its key, its last call, or its list of models, in this order.
    pub(crate) fn error(&self) -> Option<String> {
        if let KeyState::Missing(name) = &self.key {
            return Some(format!("the environment has no {name}"));
        }
        let call = self.health.last_failure.as_ref().map(|failure| failure.message.clone());
        let list = self.probe.as_ref().and_then(|probe| probe.error.clone());
        call.or(list)
    }
}

/// All of them, in the order of their names.
pub(crate) fn all(models: &Models) -> Vec<Standing> {
    let (backends, probes) = (models.backends(), models.probes());
    let of = |name: &str| {
        let backend = backends.get(name)?;
        let about = backends.about(name);
        let probe = probes.iter().find(|probe| probe.key.backend == name).cloned();
        let key = about.map_or(KeyState::None, |about| about.key.clone());
        let health = models.health(name);
        let default_model = backend.default_model().map(str::to_owned);
        Some(Standing {
            state: state(&key, &health, default_model.as_deref(), probe.as_ref()),
            name: name.to_owned(),
            kind: about.map(|about| about.kind.clone()).unwrap_or_default(),
            provider: backend.provider().to_owned(),
            host: backend.host().map(str::to_owned),
            local: backend.is_local(),
            default_model,
            key,
            models: probe.as_ref().map_or(0, |probe| probe.models),
            health,
            probe,
        })
    };
    backends.names().filter_map(of).collect()
}

/// Calls say more than lists: a provider may list models to whom it sells none.
fn state(key: &KeyState, health: &BackendHealth, default: Option<&str>, probe: Option<&ProbeView>) -> State {
    let is_out = health.models_open.iter().any(|model| Some(model.as_str()) == default);
    if matches!(key, KeyState::Missing(_)) || health.breaker != "closed" || is_out {
        return State::Unavailable;
    }
    match (&health.last_failure, health.answered_ms, probe.map(|probe| probe.state)) {
        (Some(_), _, _) => State::Unavailable,
        (None, Some(_), _) | (None, None, Some(ProbeState::Ready)) => State::Ready,
        (None, None, Some(ProbeState::Failing | ProbeState::Down)) => State::Unavailable,
        (None, None, _) => State::Unknown,
    }
}

/// Whole milliseconds.
pub(crate) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
