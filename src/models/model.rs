//! A model as it is known.

use crate::backends::{Capabilities, Price};

/// What a model is known by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ModelKey {
    /// The backend, as the settings name it.
    pub backend: String,
    /// Whose models it offers.
    pub provider: String,
    /// The model, as the provider calls it.
    pub model: String,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownModel {
    /// What it is known by.
    pub key: ModelKey,
    /// Its name for people.
    pub display_name: String,
    /// Tokens that it takes, prompt and answer together; `None` wherever nobody said.
    pub context_tokens: Option<u64>,
    /// Tokens of its longest answer.
    pub output_tokens: Option<u64>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What its provider's list says that it costs.
    pub price: Option<Price>,
    /// Whether it can be called.
    pub state: ModelState,
    /// Who said most of this.
    pub source: Source,
    /// When it was published, in seconds since 1970; 0 when unknown.
    pub published_s: i64,
    /// When it was last said to be there, in milliseconds since 1970; 0 for what is only in the binary.
    pub seen_ms: i64,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word in the store and in the APIs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Whether a model can be called.
    ModelState {
        /// It is offered.
        Available = "available",
        /// It is offered, and its provider says that it will go away.
        Deprecated = "deprecated",
        /// The last whole list of its provider lacked it.
        Gone = "gone",
    }
}

words! {
    /// Who says something about models.
    Source {
        /// The binary.
        Baseline = "baseline",
        /// A call that was answered, or a session of a program that knows its models.
        Session = "session",
        /// A prober, from time to time.
        Probe = "probe",
        /// Somebody who wanted the list anew.
        Refresh = "refresh",
    }
}

// === impl Source ===

impl Source {
    /// Whose word counts: more is stronger, of equals the newest counts.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Baseline => 0,
            Self::Session => 1,
            Self::Probe | Self::Refresh => 2,
        }
    }

    /// Whether what it does not name is not there.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Probe | Self::Refresh)
    }
}
