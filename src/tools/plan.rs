//! What one call of a tool is going to do.

use crate::policy::{Action, ToolClass};

/// What one call is going to do, before it does it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// What it does to the world. After a crash an effectful call is not made again.
    pub class: ToolClass,
    /// Everything that it wants to do, besides calling the tool itself.
    pub actions: Vec<Action>,
    /// Text that belongs to the actions and that a person sees whole before they allow them: what is written,
    /// sent or run. Empty where the actions say it all.
    pub payload: String,
}

// === impl Plan ===

impl Plan {
    /// A plan without an action.
    #[must_use]
    pub const fn new(class: ToolClass) -> Self {
        Self { class, actions: Vec::new(), payload: String::new() }
    }

    /// The plan with one more action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }

    /// The plan with the text that belongs to its actions.
    #[must_use]
    pub fn with_payload(mut self, payload: impl Into<String>) -> Self {
        self.payload = payload.into();
        self
    }
}
