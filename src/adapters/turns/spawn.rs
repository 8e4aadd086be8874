//! `spawn_agent`: a second conversation for one task, below the turn that started it.
//!
//! It has the same assistant, rights, workspace and budgets, its own bounds, and no way to start another or to ask a
//! question. What its tools do is journalled as steps of the turn; its conversation is not kept. After a crash its
//! result is unknown, as is that of any effect.

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::run::{Below, Run, Task};
use crate::protocol::chat::{ChatMessage, Role, ToolCall, ToolSpec};
use crate::protocol::journal::JournalEntry;
use crate::protocol::turn::{Provenance, TurnOverrides};
use crate::tools::{Arguments, Place, ToolError, ToolOutput};
use crate::turns::{History, Said};
use crate::workflows::conversation::{Persona, with_rules};

/// Its name.
pub(super) const SPAWN_AGENT: &str = "spawn_agent";
/// Rounds with tools of a sub-agent.
const ROUNDS_MAX: u32 = 12;
/// Tokens after which a sub-agent has to answer.
const TOKENS_MAX: u64 = 200_000;
const TASK_BYTES_MAX: usize = 16_000;
const NOTICE: &str = "You work on one task for another assistant and cannot ask questions. Do it, then answer with the \
                      result alone.";

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: SPAWN_AGENT.to_owned(),
        description:
            "Gives one task to a helper with its own conversation and the same tools; answers its result."
                .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "task": { "type": "string", "minLength": 1, "maxLength": TASK_BYTES_MAX },
            },
            "required": ["task"],
            "additionalProperties": false,
        }),
    }
}

/// The task as a person sees it.
pub(super) fn task(arguments: &Arguments) -> String {
    arguments.get("task").and_then(Value::as_str).unwrap_or_default().to_owned()
}

// === impl Run ===

impl Run {
    /// Does a task in a conversation of its own.
    pub(super) fn spawn<'a>(
        &'a self,
        call: &'a ToolCall,
        arguments: &'a Arguments,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        self.do_task(call, task(arguments)).boxed()
    }

    async fn do_task(&self, call: &ToolCall, text: String) -> Result<ToolOutput, ToolError> {
        let own = &self.task;
        let persona = Persona {
            system_prompt: with_rules(&own.persona.system_prompt, &[NOTICE]),
            ..own.persona.clone()
        };
        let below = Below { call_id: call.id.clone(), tokens_max: TOKENS_MAX };
        let task = Task {
            backend: own.backend.clone(),
            chain: own.chain.clone(),
            persona,
            call: own.call.clone(),
            place: Place { depth: own.place.depth + 1, ..own.place.clone() },
            overrides: TurnOverrides::default(),
            has_tools: true,
            below: Some(below),
        };
        // What a model wrote after it read what strangers wrote is as good as that.
        let provenance = Provenance::Model;
        let said = vec![Said {
            id: None,
            message: ChatMessage::text(Role::User, text),
            provenance,
            injected: Vec::new(),
        }];
        let history = History { summary: None, said };
        let mut helper = Self::new(self.turns.clone(), task, history, self.reporter.clone()).await;
        let ended = helper.finish(0, Vec::new(), ROUNDS_MAX).await;
        let used = JournalEntry::Spent {
            backend: own.call.backend.clone(),
            model: own.call.model.clone(),
            usage: helper.last_usage,
        };
        let failed = |error: crate::protocol::model::ModelError| ToolError::Failed(error.message);
        self.reporter.keep(used).await.map_err(failed)?;
        ended.map_err(failed)?;
        let output = match helper.task.call.tainted {
            true => ToolOutput::tool(helper.answer),
            false => ToolOutput { text: helper.answer, provenance: Provenance::Model, failed: false },
        };
        Ok(output)
    }
}
