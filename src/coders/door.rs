//! The only way out of a coding CLI: a loopback address that forwards to one configured backend and puts in its credential.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;

use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::model::ModelError;

/// Opens ways for sessions. The edge implements it.
pub trait Door: Send + Sync + 'static {
    /// A way for this session, usable at once.
    ///
    /// # Errors
    /// Of kind `configuration`: there is no such provider, or nothing listens.
    fn open(&self, session: &Visitor) -> Result<Passage, ModelError>;
}

/// Who goes through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visitor {
    /// Whose session it is.
    pub tenant: TenantId,
    /// The thread that it answers.
    pub thread: ThreadId,
    /// The name of the backend that is the CLI.
    pub backend: String,
    /// The name of the backend whose address and credential are used.
    pub provider: String,
}

/// A way through. Ends when it is dropped; requests under way end too.
pub struct Passage {
    /// Where the door listens, on loopback. The cage reaches this address and no other.
    pub listens_on: SocketAddr,
    /// Stands for the `base_url` of the provider, as the settings of that kind of provider write it (with the version path for
    /// `openai`, without for `anthropic` and `gemini`), no slash at its end: what a client adds to the one it adds to the other.
    /// Its host and port are those of `listens_on`.
    pub base_url: String,
    /// Is shown in the place of the key, as the provider's own clients show theirs: `Authorization: Bearer`, `x-api-key` or
    /// `x-goog-api-key`. Worth nothing anywhere else, and nothing after the end of this passage.
    pub token: String,
    /// Its drop ends the token.
    _end: Box<dyn Any + Send + Sync>,
}

// === impl Passage ===

impl Passage {
    /// A way that ends when `end` is dropped.
    pub fn new(
        (listens_on, base_url): (SocketAddr, String),
        token: String,
        end: impl Any + Send + Sync,
    ) -> Self {
        Self { listens_on, base_url, token, _end: Box::new(end) }
    }
}

impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passage").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}
