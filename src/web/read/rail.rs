//! The list of chats: all workspaces, each with its newest threads.

use std::collections::HashSet;

use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::web::view::{Rail, RailThread, RailWorkspace};
use crate::workspaces::{Thread, ThreadFilter};

use super::{problem, turns_problem};

/// Most workspaces that are listed.
const WORKSPACES_MAX: usize = 50;
/// Most chats that are listed, over all workspaces.
const THREADS_MAX: usize = 100;

/// What the caller may see, newest chats first.
pub(in crate::web) async fn rail(state: &AppState, by: &Principal) -> Result<Rail, Problem> {
    let workspaces = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    let mut threads =
        state.threads.list(by, ThreadFilter::default(), THREADS_MAX + 1).await.map_err(problem)?;
    let more = threads.len() > THREADS_MAX;
    threads.truncate(THREADS_MAX);
    let pending = state.turns.threads_with_pending(&by.tenant).await.map_err(turns_problem)?;
    let pending: HashSet<_> = pending.into_iter().collect();
    let workspaces = workspaces
        .into_iter()
        .map(|workspace| RailWorkspace {
            id: workspace.id.to_string(),
            name: workspace.name,
            threads: threads
                .iter()
                .filter(|thread| thread.workspace_id == workspace.id)
                .map(|thread| RailThread {
                    id: thread.id.to_string(),
                    title: title_of(thread),
                    running: pending.contains(&thread.id),
                })
                .collect(),
        })
        .collect();
    Ok(Rail { workspaces, current: None, more })
}

/// What a thread is called, also before it has a title.
pub(in crate::web) fn title_of(thread: &Thread) -> String {
    if thread.title.is_empty() { "New chat".to_owned() } else { thread.title.clone() }
}
