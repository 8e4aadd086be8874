//! Permission modes, autonomy levels and approval modes: words of settings that stand for rules.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is none of those that are known.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is one of {known}")]
pub struct UnknownWord {
    /// Those that are known.
    pub known: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $known:literal, { $($(#[$of:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in the store, in the APIs and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word $(| $alias)* => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { known: $known }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;

            fn try_from(word: String) -> Result<Self, UnknownWord> {
                word.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How an assistant is let work, in the words of the coding assistants.
    PermissionMode, "default, accept_edits, plan, dont_ask, bypass_permissions", {
        /// Reads freely in its workspace, asks for the rest.
        Default = "default",
        /// Writes in its workspace too.
        AcceptEdits = "accept_edits" | "acceptEdits",
        /// Reads and thinks; every effect is denied, whatever a rule allows.
        Plan = "plan",
        /// Like `default`, but what would be asked is denied.
        DontAsk = "dont_ask" | "dontAsk",
        /// Nothing is asked, as far as its autonomy reaches.
        BypassPermissions = "bypass_permissions" | "bypassPermissions" | "bypass",
    }
}

words! {
    /// How far an assistant may go alone. The narrower of this and its permission mode holds.
    Autonomy, "read_only, supervised, full", {
        /// Every effect is denied, whatever a rule allows.
        ReadOnly = "read_only",
        /// Works in its workspace; what reaches further is asked.
        Supervised = "supervised",
        /// Whatever its permission mode lets it.
        Full = "full",
    }
}

words! {
    /// How far the turns of a thread may go, whoever answers in it.
    Ceiling, "no_tools, read_only, supervised", {
        /// They answer, and use no tool.
        NoTools = "no_tools",
        /// Every effect is denied.
        ReadOnly = "read_only",
        /// As far as the assistant, and never further than supervised.
        Supervised = "supervised",
    }
}

words! {
    /// When a person is asked.
    ApprovalMode, "off, on_miss, always", {
        /// Never: what would be asked is denied.
        Off = "off",
        /// When no rule of a person answers.
        OnMiss = "on_miss",
        /// For everything but model calls, whatever is allowed.
        Always = "always",
    }
}

words! {
    /// Names for settings of the whole policy.
    Preset, "careful, balanced, custom", {
        /// Asks for everything, and no assistant goes further than supervised.
        Careful = "careful",
        /// Reads freely, asks to write, run and send. The default.
        Balanced = "balanced",
        /// Anything else.
        Custom = "custom",
    }
}

impl Ceiling {
    /// The narrower of the two.
    #[must_use]
    pub const fn over(self, autonomy: Autonomy) -> Autonomy {
        match (self, autonomy) {
            (Self::NoTools | Self::ReadOnly, _) | (_, Autonomy::ReadOnly) => Autonomy::ReadOnly,
            (Self::Supervised, Autonomy::Supervised | Autonomy::Full) => Autonomy::Supervised,
        }
    }

    /// Whether its turns have tools.
    #[must_use]
    pub const fn has_tools(self) -> bool {
        !matches!(self, Self::NoTools)
    }
}

impl Preset {
    /// What it stands for; `Custom` for nothing in particular.
    #[must_use]
    pub const fn settings(self) -> Option<(ApprovalMode, Autonomy)> {
        match self {
            Self::Careful => Some((ApprovalMode::Always, Autonomy::Supervised)),
            Self::Balanced => Some((ApprovalMode::OnMiss, Autonomy::Full)),
            Self::Custom => None,
        }
    }
}
