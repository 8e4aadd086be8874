//! From the store and the tree to what the templates show. Reads only.

pub(super) mod approvals;
pub(super) mod audit;
pub(super) mod backends;
pub(super) mod budgets;
pub(super) mod channels;
pub(super) mod context;
pub(super) mod experiments;
pub(super) mod extensions;
pub(super) mod facts;
pub(super) mod home;
pub(super) mod library;
pub(super) mod mcp;
pub(super) mod models;
pub(super) mod notices;
pub(super) mod notifications;
pub(super) mod processes;
pub(super) mod rail;
pub(super) mod safety;
pub(super) mod sandbox;
pub(super) mod schedules;
pub(super) mod search;
pub(super) mod security;
pub(super) mod tokens;
pub(super) mod tree;
pub(super) mod turns;
pub(super) mod vault;
pub(super) mod webhooks;
pub(super) mod you;

use jiff::Timestamp;

use crate::assistants::AssistantError;
use crate::db::DbError;
use crate::http::{AppState, Problem};
use crate::turns::TurnsError;
use crate::workspaces::WorkspaceError;

/// Why a workspace or thread is not shown or changed.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
pub(super) fn problem(error: WorkspaceError) -> Problem {
    match error {
        WorkspaceError::NotFound => Problem::not_found(),
        WorkspaceError::Field { field, .. } | WorkspaceError::Unknown { field } => {
            Problem::invalid_field(format!("/{field}"), error.to_string())
        }
        WorkspaceError::KeyReused(_) => Problem::conflict("idempotency_key_reused", error.to_string()),
        WorkspaceError::NameTaken | WorkspaceError::Stale | WorkspaceError::IsDefault => {
            Problem::conflict("conflict", error.to_string())
        }
        WorkspaceError::Globs
        | WorkspaceError::Root(_)
        | WorkspaceError::Folder(_)
        | WorkspaceError::File(_) => error.into(),
        WorkspaceError::Store(store) => store_problem(&store),
    }
}

/// Why an assistant is not known.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
pub(super) fn assistant_problem(error: AssistantError) -> Problem {
    tracing::warn!(%error, "the default assistant could not be read");
    Problem::unavailable("the assistants cannot be read at the moment")
}

/// Why a turn is not shown.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
pub(super) fn turns_problem(error: TurnsError) -> Problem {
    match error {
        TurnsError::NoThread => Problem::not_found(),
        TurnsError::Store(store) => store_problem(&store),
        other => Problem::conflict("conflict", other.to_string()),
    }
}

fn store_problem(error: &DbError) -> Problem {
    tracing::warn!(%error, "the store did not answer a page");
    Problem::unavailable("the store is not available; try again in a moment")
}

/// A stored time as RFC 3339, to the second.
pub(super) fn rfc3339(ms: i64) -> String {
    Timestamp::from_second(ms.div_euclid(1_000)).map_or_else(|_| String::new(), |time| time.to_string())
}

/// A person by name; what is no member's id is a word of its own: `owner`, `system`, a token's id.
pub(super) fn name_of(state: &AppState, source: &str) -> String {
    let found = state.identity.members().into_iter().find(|member| member.id.to_string() == source);
    found.map_or_else(|| source.to_owned(), |member| member.name)
}

/// A span for people: `4.2 s`, `3 min`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..=9 => format!("{}.{} s", seconds, ms.max(0) % 1_000 / 100),
        10..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests;
