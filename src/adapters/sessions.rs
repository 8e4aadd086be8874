//! `WatchSession` over plugs: those of `session_starting` may keep a session from waking, the others hear of it.

use capuchin_actors::ports::watch_session::{Refusal, Rest, WatchSession};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::db::Db;
use crate::extensions::{Extensions, Hook};
use crate::protocol::ids::{TenantId, ThreadId};
use crate::workspaces::{Answering, WorkspaceError};

/// Plugs that hear of sessions, and where they are looked up.
#[derive(Clone)]
pub struct PlugWatch {
    plugs: Extensions,
    db: Db,
}

// === impl PlugWatch ===

impl PlugWatch {
    /// These plugs, over this store.
    #[must_use]
    pub const fn new(plugs: Extensions, db: Db) -> Self {
        Self { plugs, db }
    }

    fn tell(&self, hook: Hook, tenant: &TenantId, thread: ThreadId, why: Option<Rest>) {
        let (db, of) = (self.db.clone(), tenant.clone());
        self.plugs.tell_what(hook, tenant, async move { Some(session(&db, &of, thread, why).await) });
    }
}

impl WatchSession for PlugWatch {
    fn starting(&self, tenant: &TenantId, thread: ThreadId) -> BoxFuture<'static, Result<(), Refusal>> {
        if !self.plugs.wants(Hook::SessionStarting) {
            return futures::future::ready(Ok(())).boxed();
        }
        let (this, tenant) = (self.clone(), tenant.clone());
        async move {
            let data = session(&this.db, &tenant, thread, None).await;
            match this.plugs.run(Hook::SessionStarting, &tenant, data).await.halted {
                None => Ok(()),
                Some(halt) => Err(Refusal {
                    reason: format!(
                        "the plug {} does not let this conversation begin: {}",
                        halt.by, halt.reason
                    ),
                }),
            }
        }
        .boxed()
    }

    fn started(&self, tenant: &TenantId, thread: ThreadId) {
        self.tell(Hook::SessionStarted, tenant, thread, None);
    }

    fn stopping(&self, tenant: &TenantId, thread: ThreadId, why: Rest) {
        self.tell(Hook::SessionStopping, tenant, thread, Some(why));
    }

    fn stopped(&self, tenant: &TenantId, thread: ThreadId, why: Rest) {
        self.tell(Hook::SessionStopped, tenant, thread, Some(why));
    }
}

/// What plugs are told of a session. Of one whose thread is gone only its id is left.
async fn session(db: &Db, tenant: &TenantId, thread: ThreadId, why: Option<Rest>) -> Value {
    let answering = db.read(tenant, move |read| Answering::read(read, thread)).await;
    let answering = answering.map_err(|error| match error {
        WorkspaceError::NotFound => {}
        error => tracing::warn!(%error, "plugs are told of a session without what it is"),
    });
    let answering = answering.ok();
    let config = answering.as_ref().map(|one| {
        json!({
            "assistant_id": one.assistant, "backend": one.backend, "model": one.model, "mode": one.mode,
            "autonomy": one.autonomy, "ceiling": one.ceiling,
        })
    });
    let mut data =
        json!({ "session_id": thread, "workspace_id": answering.map(|one| one.workspace), "config": config });
    if let (Some(why), Some(data)) = (why, data.as_object_mut()) {
        data.insert("reason".to_owned(), why.as_str().into());
    }
    data
}
