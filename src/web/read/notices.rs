//! What every page tells whoever is signed in.

use super::{name_of, rfc3339};
use crate::http::AppState;
use crate::identity::{Principal, Scope};
use crate::web::view::{Halted, Notices};

/// What is to be told now.
pub(in crate::web) async fn notices(state: &AppState, by: &Principal) -> Notices {
    Notices {
        admin: by.scopes.allows(Scope::Admin),
        waiting: waiting(state, by).await.unwrap_or(0),
        unread: unread(state, by).await,
        halted: halted(state, by),
    }
}

/// How many questions wait; `None` when the store does not answer now.
pub(in crate::web) async fn waiting(state: &AppState, by: &Principal) -> Option<usize> {
    // silent-ok: a store that is away is reported by whoever writes to it.
    state.approvals.waiting(by).await.ok()
}

/// How many notifications nobody has read; `None` when they are not this reader's, or the store does not answer now.
pub(in crate::web) async fn unread(state: &AppState, by: &Principal) -> Option<usize> {
    if by.assistant.is_some() || !by.scopes.allows(Scope::Read) {
        return None;
    }
    // silent-ok: a store that is away is reported by whoever writes to it.
    state.notifications.unread(&by.tenant, None).await.ok()
}

/// Why nothing is started.
pub(in crate::web) fn halted(state: &AppState, by: &Principal) -> Option<Halted> {
    let engaged = state.kill_switches.status(&by.tenant)?;
    Some(Halted { by: name_of(state, &engaged.by), reason: engaged.reason, since: rfc3339(engaged.since_ms) })
}
