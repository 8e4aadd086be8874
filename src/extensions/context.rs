//! What a plug is told, and what it may say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hook::Hook;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::Provenance;

/// Longest `effective_prompt`, in bytes: what MonkeyClaw takes.
pub(super) const EFFECTIVE_PROMPT_BYTES_MAX: usize = 500_000;

/// The word under which a plug assigns another prompt.
pub(super) const EFFECTIVE_PROMPT: &str = "effective_prompt";

/// What passes through the plugs of a point, in their order. A plug gets what the ones before it left.
#[derive(Clone, PartialEq, Debug)]
pub struct Context {
    /// The point.
    pub hook: Hook,
    /// Whose data it is.
    pub tenant: TenantId,
    /// What is known, as [`Hook`] says. What a plug changes here later plugs see, and nobody else.
    pub data: Value,
    /// What plugs say to whoever runs the point. `effective_prompt`, at `query_pre`: the prompt that the model gets.
    pub assigns: Map<String, Value>,
    /// What is put before the prompt, at `query_pre`.
    pub injections: Vec<Injection>,
    /// Who stopped it, and why. No later plug runs.
    pub halted: Option<Halt>,
    /// What plugs tell each other.
    pub private: Map<String, Value>,
    /// When the point was reached, in ms since 1970.
    pub at_ms: i64,
}

/// Something that a plug puts before a prompt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Injection {
    /// Who puts it there.
    pub plug: String,
    /// What it is: the same key is never twice in a thread, and a person can keep it out.
    pub key: String,
    /// What it is, for people; one line.
    pub title: String,
    /// What the model reads.
    pub text: String,
    /// Where it comes from; what is not to be trusted is fenced and taints the turn.
    pub provenance: Provenance,
    /// What it was made of.
    pub sources: Vec<Source>,
}

/// Something that an injection was made of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Source {
    /// `message`, `skill`, `memory`, `file`, `profile`.
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// The end of a pipeline before its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Halt {
    /// The plug.
    pub by: String,
    /// Why, for people.
    pub reason: String,
}

// === impl Context ===

impl Context {
    /// The point is reached now.
    #[must_use]
    pub fn new(hook: Hook, tenant: TenantId, data: Value) -> Self {
        Self {
            hook,
            tenant,
            data,
            assigns: Map::new(),
            injections: Vec::new(),
            halted: None,
            private: Map::new(),
            at_ms: Timestamp::now().as_millisecond(),
        }
    }

    /// A text of the data, empty if there is none.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.data.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Keys of injections that the thread has already, or that a person keeps out of it.
    pub fn known_keys(&self) -> impl Iterator<Item = &str> {
        let known = self.data.get("known_keys").and_then(Value::as_array);
        known.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Stops here.
    #[must_use]
    pub fn halt(self, by: &str, reason: impl Into<String>) -> Self {
        Self { halted: Some(Halt { by: by.to_owned(), reason: reason.into() }), ..self }
    }

    /// Another prompt for the model, if plugs gave one that is not empty and not too long.
    #[must_use]
    pub fn effective_prompt(&self) -> Option<&str> {
        let prompt = self.assigns.get(EFFECTIVE_PROMPT)?.as_str()?;
        (!prompt.trim().is_empty() && prompt.len() <= EFFECTIVE_PROMPT_BYTES_MAX).then_some(prompt)
    }

    /// What plugs have added to it so far, in bytes.
    pub(super) fn weight(&self) -> usize {
        let words = |map: &Map<String, Value>| serde_json::to_vec(map).map_or(usize::MAX, |text| text.len());
        let injected = self.injections.iter().map(|one| one.text.len() + one.title.len() + one.key.len());
        words(&self.assigns).saturating_add(words(&self.private)).saturating_add(injected.sum())
    }
}
