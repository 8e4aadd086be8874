//! Backends: who answers. Every provider behind one streaming trait with normalised events.
//!
//! | file | what |
//! |---|---|
//! | `registry` | the configured backends by name |
//! | `remote` | what all providers over a network have |
//! | `answer` | one call: request, stream, retries before the first visible event |
//! | `retry` · `failure` | when to try again · what an error status or body means |
//! | `sse` · `lines` | the formats of streams |
//! | `seal` | whose seal over reasoning it is |
//! | `openai` · `anthropic` · `gemini` · `ollama` · `demo` | the providers, wire types in `wire.rs` |
//! | `program` | programs with an agent of their own, as far as they are backends |
//! | `relay` | requests of others' clients, sent on as they are but for the credential |
//! | `embedding` | texts as vectors, where a provider makes them |
//! | `scripted` | one call of a tool, for turns that ask no model |
//! | `prices` | what a call costs |
//! | `usage` | tokens by day, principal and model, written in batches |
//!
//! **Invariants:** `Stop` is the last event of a good answer; an answer that ends without a reason is
//! `Truncated`; nothing is tried again once any of it was visible, so text never doubles; no error text
//! holds a key.

mod answer;
mod anthropic;
mod credential;
mod demo;
mod embedding;
mod failure;
mod gemini;
mod lines;
mod ollama;
mod openai;
mod prices;
mod program;
mod registry;
mod relay;
mod remote;
mod retry;
mod scripted;
mod seal;
mod sse;
mod store;
#[cfg(test)]
mod testing;
mod usage;

pub use embedding::{Embed, EmbedRequest, Embedded, FIGURES_MAX};
pub use prices::{LISTED_AS_OF, Price, Prices, is_version_of};
pub use registry::{Backends, BuildError};
pub use relay::{Passing, Relay, RelayWire, Tally, Wish};
pub use scripted::{SCRIPTED, scripted};
pub use seal::REDACTED;
pub use usage::{UsageKey, UsageRecorder};

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use serde::Serialize;

use crate::config::backends::ProgramSettings;
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};

/// A provider of models.
pub trait Backend: Send + Sync + 'static {
    /// The name in the settings.
    fn name(&self) -> &str;

    /// The model of calls that name none.
    fn default_model(&self) -> Option<&str>;

    /// Whether what it is asked stays on this machine.
    fn is_local(&self) -> bool;

    /// Whose models it offers: `anthropic`, `openai`, `openrouter` at their own addresses, `compatible` elsewhere.
    fn provider(&self) -> &'static str {
        "compatible"
    }

    /// Whether it is called in the words of Anthropic's Messages, so that parameters of that protocol mean something there.
    fn speaks_messages(&self) -> bool {
        false
    }

    /// Tokens that its models take, prompt and answer together; `None` when nobody said.
    fn context_tokens(&self) -> Option<u64> {
        None
    }

    /// Starts a call when first polled; dropping the stream ends it. The first error is the last item.
    /// An empty `model` means the default model.
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>>;

    /// What makes vectors of texts there; `None` where its protocol has none.
    fn embeddings(&self) -> Option<Arc<dyn Embed>> {
        None
    }

    /// What is set for it, where it is a program with an agent of its own, which turns run in a session of `coders`.
    fn program(&self) -> Option<&ProgramSettings> {
        None
    }

    /// The way on for clients that speak its provider's own words; `None` where there is none.
    fn relay(&self) -> Option<Relay> {
        None
    }

    /// The models that it offers now.
    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>>;
}

/// A model that a backend offers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ModelInfo {
    /// The name to call it by.
    pub id: String,
    /// The name for people; the id where the provider gives none.
    pub display_name: String,
    /// When it was published, in seconds since 1970; 0 when unknown.
    pub created_s: i64,
    /// Tokens that it takes, prompt and answer together, where the provider says so.
    pub context_tokens: Option<u64>,
    /// Tokens of its longest answer.
    pub output_tokens: Option<u64>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What it costs, where the provider's list says so.
    pub price: Option<Price>,
    /// Whether the provider says that it will go away.
    pub deprecated: bool,
}

/// What a model can do; `None` where nobody said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Capabilities {
    /// It calls tools.
    pub tools: Option<bool>,
    /// It sees pictures.
    pub images: Option<bool>,
    /// It shows its reasoning.
    pub thinking: Option<bool>,
}

impl ModelInfo {
    /// A model of which only the name is known.
    #[must_use]
    pub fn named(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            display_name: id.clone(),
            id,
            created_s: 0,
            context_tokens: None,
            output_tokens: None,
            capabilities: Capabilities::default(),
            price: None,
            deprecated: false,
        }
    }
}
