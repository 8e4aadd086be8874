//! The tools that reach the network: `web_fetch` reads a page, `curl` makes any HTTP request.
//!
//! | file | what |
//! |---|---|
//! | `page`, `text` | HTML as readable text with its links |
//! | `charset` | bytes of an answer as text |
//! | `fetch`, `curl` | the tools |
//!
//! Everything goes through `egress`, which judges every address. A plan names the host and the port; a redirect to
//! another host is told and not followed, so policy judges it like any other. A page is only read: nothing that it
//! says is fetched, run or followed, be it a script, a frame, an image or a refresh.

mod charset;
mod curl;
mod fetch;
mod page;
mod text;

use std::sync::Arc;

use super::Tool;
use super::{ToolError, ToolOutput};
use crate::egress::{Egress, EgressError, Request};
use crate::policy::Action;

/// Both.
#[must_use]
pub fn web_tools(egress: &Egress) -> Vec<Arc<dyn Tool>> {
    vec![
        Arc::new(fetch::WebFetch { egress: egress.clone() }),
        Arc::new(curl::Curl { egress: egress.clone() }),
    ]
}

/// To connect to where a request goes.
fn reach(request: &Request) -> Action {
    Action::ReachHost { host: request.host().to_owned(), port: request.port() }
}

/// Before anything was sent: the model can do better.
#[allow(clippy::needless_pass_by_value, reason = "it stands in `map_err`")]
fn refused(error: EgressError) -> ToolError {
    ToolError::Refused(error.to_string())
}

fn failed(error: EgressError) -> ToolError {
    match error {
        EgressError::Refused { .. } | EgressError::BadUrl { .. } | EgressError::Secret(_) => refused(error),
        _ => ToolError::Failed(error.to_string()),
    }
}

/// An answer that says that something went wrong is still an answer.
fn answered(status: u16, text: String) -> ToolOutput {
    let output = ToolOutput::web(text);
    if status < 400 { output } else { output.failed() }
}

#[cfg(test)]
mod tests;
