//! What the next turn of a conversation would be told, put together as a turn puts it together.

use tokio::sync::mpsc;

use super::{ModelTurns, Opening, Reporter};
use crate::adapters::knowledge::Told;
use crate::budgets::Estimate;
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::model::ModelError;
use crate::protocol::turn::{Cause, Provenance, TurnOverrides, TurnWork};
use crate::workflows::compaction::weight;

/// A prompt before anybody asked for it.
#[derive(Clone, PartialEq, Debug)]
pub struct Preview {
    /// Who would answer.
    pub backend: String,
    /// With which model.
    pub model: String,
    /// The system prompt, part by part.
    pub told: Vec<Told>,
    /// The summary that stands for older messages.
    pub summary: Option<String>,
    /// Messages that are told word for word.
    pub messages: usize,
    /// Bytes of these.
    pub message_bytes: usize,
    /// Tools with their schemas in the prompt.
    pub tools: Vec<String>,
    /// Tools that are named only, until they are looked for.
    pub tools_on_demand: Vec<String>,
    /// Tokens of all of it at most, as far as that can be guessed.
    pub input_tokens: u64,
    /// Tokens that the model takes.
    pub context_tokens: u64,
    /// Whether text of strangers is in the conversation, so that what it leads to is judged more strictly.
    pub is_tainted: bool,
}

// === impl ModelTurns ===

impl ModelTurns {
    /// The prompt that a message of the owner would get now, without the message.
    ///
    /// # Errors
    /// Those of a turn that cannot begin.
    pub async fn preview(&self, tenant: &TenantId, thread: ThreadId) -> Result<Preview, ModelError> {
        let work = TurnWork {
            tenant: tenant.clone(),
            thread,
            turn_id: TurnId::new(),
            content: None,
            attempt: 1,
            cause: Cause { source: "owner".to_owned(), provenance: Provenance::Owner },
            overrides: TurnOverrides::default(),
        };
        // Nobody hears what a turn reports that does not run.
        let (reports, _) = mpsc::channel(1);
        let Opening { run, mut told, .. } = self.open(work, Reporter::new(reports)).await?;
        let rules = self.parts.guard.standing(tenant, &run.task.call.subject).await;
        if !rules.is_empty() {
            told.push(Told { what: "Standing rules", text: rules.join("\n") });
        }
        let request = run.request(true).await?;
        let tools: Vec<String> = request.tools.iter().map(|tool| tool.name.clone()).collect();
        let others = run.offered.iter().map(|tool| tool.spec.name.clone());
        let tools_on_demand = others.filter(|name| !tools.contains(name)).collect();
        Ok(Preview {
            backend: run.task.call.backend.clone(),
            model: run.task.call.model.clone(),
            told,
            messages: run.history.said.len(),
            message_bytes: run.history.said.iter().map(weight).sum(),
            tools,
            tools_on_demand,
            input_tokens: Estimate::of(&request).input_tokens,
            context_tokens: run.context_tokens(),
            is_tainted: run.task.call.tainted,
            summary: run.history.summary,
        })
    }
}
