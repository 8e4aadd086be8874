//! Settings of plugs, taken in while the daemon runs: for the API and the page.

use axum::http::StatusCode;

use super::problem::{FieldProblem, Problem};
use super::state::AppState;
use crate::audit::{Entry, Outcome};
use crate::identity::Principal;

// === impl AppState ===

impl AppState {
    /// Takes the settings of plugs in as they are now, and has the audit told.
    ///
    /// # Errors
    /// A problem with every problem of the settings; then the plugs of before stay.
    pub async fn reload_plugs(&self, by: &Principal) -> Result<(), Problem> {
        let outcome = self.extensions.reload().await;
        let entry = Entry::done("extensions", by.source(), "extensions.reloaded");
        let entry = match &outcome {
            Ok(()) => entry,
            Err(problems) => entry.with_outcome(Outcome::Failed).because(problems.join("; ")),
        };
        self.audit.note(&by.tenant, entry);
        outcome.map_err(|problems| {
            let detail = format!("the plugs of before stay: {}", problems.join("; "));
            let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_settings", detail);
            let field = |detail: String| FieldProblem { pointer: "extensions".to_owned(), detail };
            problem.errors.extend(problems.into_iter().map(field));
            problem
        })
    }
}
