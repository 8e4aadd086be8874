//! Which passages are open.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backends::{Backends, Relay, UsageRecorder};
use crate::coders::{Door, Passage, Visitor};
use crate::guard::Guard;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Passages(pub(super) Arc<Inner>);

pub(super) struct Inner {
    backends: Backends,
    pub(super) guard: Guard,
    pub(super) usage: UsageRecorder,
    /// Set by the listener's life that is the last.
    listens_on: Mutex<Option<SocketAddr>>,
    /// By token; as many as sessions run. Written when a passage opens and when it ends.
    open: Mutex<HashMap<String, Arc<Open>>>,
}

/// An open passage.
pub(super) struct Open {
    pub(super) visitor: Visitor,
    pub(super) relay: Relay,
    /// Cancelled at its end.
    pub(super) ended: CancellationToken,
}

/// Its drop ends a passage.
struct End {
    inner: Weak<Inner>,
    token: String,
}

// === impl Passages ===

impl Passages {
    /// A desk without passages, for these backends.
    #[must_use]
    pub fn new(backends: Backends, guard: Guard, usage: UsageRecorder) -> Self {
        let (listens_on, open) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { backends, guard, usage, listens_on, open }))
    }

    /// The address of the listener, `None` before there is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        *self.0.listens_on.lock()
    }

    /// The listener listens here.
    pub fn listen_on(&self, address: SocketAddr) {
        *self.0.listens_on.lock() = Some(address);
    }

    /// The passage that this token opens.
    pub(super) fn find(&self, token: &str) -> Option<Arc<Open>> {
        self.0.open.lock().get(token).cloned()
    }
}

impl Door for Passages {
    fn open(&self, session: &Visitor) -> Result<Passage, ModelError> {
        let unusable = |text: String| ModelError::new(ModelErrorKind::Configuration, text);
        let provider = &session.provider;
        let backend = self.0.backends.get(provider);
        let backend = backend.ok_or_else(|| unusable(format!("there is no backend `{provider}`")))?;
        let relay = backend.relay().ok_or_else(|| {
            unusable(format!("the backend `{provider}` is not one that a coding CLI can use"))
        })?;
        let address = self.address().ok_or_else(|| unusable("nothing listens for coding CLIs".to_owned()))?;
        let base_url = format!("http://{address}{}", relay.wire().mount());
        let token = format!("pass-{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let open = Open { visitor: session.clone(), relay, ended: CancellationToken::new() };
        self.0.open.lock().insert(token.clone(), Arc::new(open));
        let end = End { inner: Arc::downgrade(&self.0), token: token.clone() };
        Ok(Passage::new((address, base_url), token, end))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else { return };
        if let Some(open) = inner.open.lock().remove(&self.token) {
            open.ended.cancel();
        }
    }
}
