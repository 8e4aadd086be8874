//! The plug: before a model is asked, what was said before is put before the prompt. A prompt of a stranger, a webhook or a
//! page gets nothing: what others said here is not for them.

use std::collections::HashSet;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::budget::{Budget, key};
use super::desk::Recall;
use super::error::RecallError;
use crate::config::{RecallPlugConfig, RecallScope};
use crate::extensions::{Context, Injection, Plug, PlugError, Source};
use crate::policy::{SourceKind, Subject};
use crate::protocol::ids::{AssistantId, ThreadId, WorkspaceId};
use crate::protocol::turn::Provenance;
use crate::search::{Query, SearchError};
use crate::semantic::OnBehalf;

/// A prompt of fewer characters says nothing that could be recalled for.
const PROMPT_CHARS_MIN: usize = 3;

/// See the module.
pub struct RecallPlug {
    recall: Recall,
    config: RecallPlugConfig,
}

// === impl RecallPlug ===

impl RecallPlug {
    /// Recalls as the settings say.
    #[must_use]
    pub const fn new(recall: Recall, config: RecallPlugConfig) -> Self {
        Self { recall, config }
    }

    async fn add(&self, mut context: Context) -> Result<Context, PlugError> {
        let prompt = context.text("prompt").to_owned();
        // What was said to its owner is not for whoever writes from outside.
        let trusted = Provenance::parse(context.text("provenance")).is_some_and(Provenance::is_trusted);
        if !trusted || prompt.chars().count() < PROMPT_CHARS_MIN {
            return Ok(context);
        }
        let Some(within) = self.within(&context) else { return Ok(context) };
        let within = self.of_assistant(&context, within).await?;
        let by = on_behalf(&context);
        let found = match self.recall.turns(&context.tenant, &prompt, within, &by).await {
            Ok(found) => found,
            // A daemon that has just begun has nothing to recall yet.
            Err(RecallError::Search(SearchError::Building)) => return Ok(context),
            Err(error) => return Err(unavailable(error)),
        };
        let known: HashSet<String> = context.known_keys().map(str::to_owned).collect();
        let budget = Budget {
            results: self.config.max_results,
            chars: self.config.max_chars,
            tokens: self.config.max_tokens,
        };
        for recalled in budget.choose(&found, &known) {
            context.injections.push(Injection {
                plug: self.name().to_owned(),
                key: key(recalled.id),
                title: recalled.title,
                text: recalled.text,
                provenance: recalled.provenance,
                sources: vec![Source { kind: "message".to_owned(), id: recalled.id.to_string() }],
            });
        }
        Ok(context)
    }

    /// An assistant knows what was said to it, and not what was said to others.
    async fn of_assistant(&self, context: &Context, within: Query) -> Result<Query, PlugError> {
        let assistant: AssistantId =
            context.text("assistant_id").parse().map_err(|_| unavailable("no assistant"))?;
        let owners = self.recall.findable(&context.tenant, assistant).await.map_err(unavailable)?;
        Ok(Query { owners: Some(owners), ..within })
    }

    /// Where it looks: never in the thread that asks, which the model has anyway. `None` without a place that is known.
    fn within(&self, context: &Context) -> Option<Query> {
        let thread: ThreadId = context.text("thread_id").parse().ok()?;
        let workspace: WorkspaceId = context.text("workspace_id").parse().ok()?;
        let scope = match self.config.scope {
            RecallScope::Workspace => Some(*workspace.as_bytes()),
            RecallScope::Everywhere => None,
        };
        let roles = ["user", "assistant"].map(str::to_owned).to_vec();
        Some(Query { not_group: Some(*thread.as_bytes()), scope, roles, ..Query::default() })
    }
}

/// Whose question it is.
fn on_behalf(context: &Context) -> OnBehalf {
    // What cannot be read was refused above, or is least trusted.
    let provenance = Provenance::parse(context.text("provenance")).unwrap_or(Provenance::Tool);
    let subject = Subject {
        assistant: context.text("assistant_id").parse().ok(),
        workspace: context.text("workspace_id").parse().ok(),
        thread: context.text("thread_id").parse().ok(),
        source: SourceKind::of(provenance),
    };
    OnBehalf { source: context.text("source").to_owned(), subject }
}

fn unavailable(error: impl std::fmt::Display) -> PlugError {
    PlugError::Unavailable(error.to_string())
}

impl Plug for RecallPlug {
    fn name(&self) -> &'static str {
        "recall"
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        self.add(context).boxed()
    }
}
