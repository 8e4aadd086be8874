//! The layers of a cage, and what the self-test found of each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A layer of a cage.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Own users, mounts, processes, network, host name and message queues; only what was given is in sight.
    Namespaces,
    /// Files, ports, signals and abstract sockets by Landlock.
    Landlock,
    /// System calls by seccomp.
    Seccomp,
    /// No capability, and none to be gained.
    Privileges,
    /// Limits on memory, processor, processes, files.
    Limits,
    /// An environment and open files that name nothing of the parent.
    Environment,
}

/// What the self-test found of one layer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LayerState {
    /// Which.
    pub layer: Layer,
    /// Whether it held.
    pub active: bool,
    /// What was tried and what came of it, or why the layer is missing.
    pub evidence: String,
}

/// What the self-test found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Layers {
    /// Every layer, outermost first.
    pub states: Vec<LayerState>,
    /// Missing layers that the settings do without.
    pub done_without: Vec<Layer>,
}

// === impl Layer ===

impl Layer {
    /// Every layer, outermost first.
    pub const ALL: [Self; 6] =
        [Self::Namespaces, Self::Landlock, Self::Seccomp, Self::Privileges, Self::Limits, Self::Environment];

    /// Its name in settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Privileges => "privileges",
            Self::Limits => "limits",
            Self::Environment => "environment",
        }
    }
}

impl Layer {
    /// What it is, in a sentence.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Namespaces => "Own users, files, processes and network: only what was given is in sight.",
            Self::Landlock => "Rules on files, ports and signals, behind what is in sight.",
            Self::Seccomp => "System calls that no tool needs are refused.",
            Self::Privileges => "No rights, and none to be gained.",
            Self::Limits => "Memory, processor, processes and disks are not taken whole.",
            Self::Environment => "Nothing of the daemon is inherited.",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

// === impl Layers ===

impl Layers {
    /// Whether this layer held.
    #[must_use]
    pub fn has(&self, layer: Layer) -> bool {
        self.states.iter().any(|state| state.layer == layer && state.active)
    }

    /// The first layer that is missing and that the settings do not do without: nothing is run then.
    #[must_use]
    pub fn refusal(&self) -> Option<&LayerState> {
        self.states.iter().find(|state| !state.active && !self.done_without.contains(&state.layer))
    }

    /// Whether programs can be run.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.refusal().is_none()
    }
}
