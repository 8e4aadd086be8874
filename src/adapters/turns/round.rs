//! One round: what the model is told, and what it says, passed on as it comes. Which model it is: `chain`.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use capuchin_actors::ports::run_turn::TurnReport;
use futures::StreamExt;
use futures::stream::BoxStream;
use tracing::Span;

use super::coding::told;
use super::run::Run;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall, Usage};
use crate::protocol::ids::MessageId;
use crate::protocol::journal::JournalEntry;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use crate::protocol::turn::{Provenance, TurnAnswer};
use crate::telemetry::spans;
use crate::turns::Said;
use crate::workflows::agent::{CALLS_PER_ROUND_MAX, Call};
use crate::workflows::conversation::{prompt, with_rules};
use crate::workflows::offer::offer;
use crate::workflows::tool_calls::written;

/// What has been heard of an answer so far.
#[derive(Default)]
pub(super) struct Heard {
    /// How long its first word took.
    pub(super) first: Option<Duration>,
    /// Whether people may have seen anything of it.
    pub(super) shown: bool,
    /// What it used, as far as it was said.
    pub(super) usage: Usage,
}

type Answer = BoxStream<'static, Result<ModelEvent, ModelError>>;

// === impl Run ===

impl Run {
    /// Asks the model. The calls that it wants; what it said before them is kept. Without calls it has answered.
    pub(super) async fn round(&mut self, round: u32, tools: bool) -> Result<Vec<Call>, ModelError> {
        let tools = tools && !self.is_exhausted();
        if round > 1 {
            self.keep_beginning(round).await?;
        }
        let mut answer = self.ask(round, tools).await;
        if answer.as_ref().is_err_and(|error| error.kind == ModelErrorKind::TooLarge)
            && self.shorten().await?
        {
            answer = self.ask(round, tools).await;
        }
        let mut answer = answer?;
        self.spent = self.spent.plus(answer.usage);
        if answer.tool_calls.is_empty() && tools {
            self.take_written(&mut answer);
        }
        if answer.tool_calls.is_empty() {
            self.answer = std::mem::take(&mut answer.text);
            self.last_usage = answer.usage;
            return Ok(Vec::new());
        }
        self.keep_round(answer).await
    }

    /// The request of a round, as it is before the guard has seen it.
    pub(super) async fn request(&self, tools: bool) -> Result<ModelRequest, ModelError> {
        let task = &self.task;
        let mut request = prompt(&task.persona, &self.history, &task.overrides)?;
        let standing = self.turns.parts.guard.standing(&task.call.of.tenant, &task.call.subject).await;
        request.system = with_rules(&request.system, &standing);
        if let Some(coding) = &self.coding {
            return Ok(if coding.is_under_way() {
                ModelRequest { messages: Vec::new(), ..request }
            } else {
                told(request)
            });
        }
        if tools && !self.offered.is_empty() {
            request.tools = offer(&self.offered, &request.messages);
        }
        Ok(request)
    }

    /// Passes the answer on as it comes. Ends with the stream, or with nobody listening. Calls of a model that has no
    /// tools in this round are dropped.
    pub(super) async fn relay(
        &self,
        mut answer: Answer,
        (round, tools): (u32, bool),
        span: &Span,
        heard: &mut Heard,
    ) -> Result<TurnAnswer, ModelError> {
        let started = Instant::now();
        let call = &self.task.call;
        let mut said =
            TurnAnswer { backend: call.backend.clone(), model: call.model.clone(), ..TurnAnswer::default() };
        let mut ids = HashSet::new();
        while let Some(event) = answer.next().await {
            let event = match event? {
                ModelEvent::ToolCall(call) => {
                    if !tools || said.tool_calls.len() >= CALLS_PER_ROUND_MAX {
                        continue;
                    }
                    let call = self.with_own_id(call, (round, said.tool_calls.len()), &mut ids);
                    said.tool_calls.push(call.clone());
                    ModelEvent::ToolCall(call)
                }
                event => event,
            };
            let is_word = matches!(event, ModelEvent::Text(_) | ModelEvent::Thinking(_));
            if heard.first.is_none() && (is_word || matches!(event, ModelEvent::ToolCall(_))) {
                heard.first = Some(started.elapsed());
                if is_word {
                    self.turns.parts.metrics.turns.first_token.observe(started.elapsed());
                }
            }
            let event = match (&self.coding, event) {
                // Budgets have seen what they count; the turn tells all.
                (Some(coding), ModelEvent::Usage(_)) => ModelEvent::Usage(coding.used()),
                (_, event) => event,
            };
            absorb(&mut said, &event);
            heard.usage = said.usage;
            if self.task.below.is_none() {
                heard.shown |= !matches!(event, ModelEvent::Usage(_));
                self.reporter.send(TurnReport::Model(event)).await;
            }
        }
        spans::record_usage(span, &said.usage);
        self.turns.parts.metrics.models.used(&said.backend, &said.usage);
        if said.stop_reason.is_none() {
            let text = "the answer ended without a finish reason, so it may not be whole";
            return Err(ModelError::new(ModelErrorKind::Truncated, text));
        }
        Ok(said)
    }

    /// A call with an id that no other call of the turn has: some providers count anew in every answer.
    fn with_own_id(
        &self,
        mut call: ToolCall,
        (round, place): (u32, usize),
        ids: &mut HashSet<String>,
    ) -> ToolCall {
        let is_taken = |id: &str| {
            let parts = self.history.said.iter().flat_map(|said| &said.message.parts);
            parts.into_iter().any(|part| matches!(part, Part::ToolCall(known) if known.id == id))
        };
        if call.id.is_empty() || ids.contains(&call.id) || is_taken(&call.id) {
            call.id = format!("call_{}_{round}_{place}", self.task.place.turn);
        }
        ids.insert(call.id.clone());
        call
    }

    /// Calls that the model wrote into its text, when it has none of its own.
    fn take_written(&self, answer: &mut TurnAnswer) {
        let is_offered = |name: &str| self.offered.iter().any(|tool| tool.spec.name == name);
        let Some(found) = written(&answer.text, is_offered) else { return };
        answer.text = found.text;
        let calls = found.calls.into_iter().take(CALLS_PER_ROUND_MAX).map(|call| ToolCall {
            id: format!("call_{}", MessageId::new()),
            name: call.name,
            arguments: serde_json::Value::Object(call.arguments).to_string(),
        });
        answer.tool_calls = calls.collect();
    }

    async fn keep_beginning(&self, round: u32) -> Result<(), ModelError> {
        if self.task.below.is_some() {
            return Ok(());
        }
        self.reporter.keep(JournalEntry::ModelCall { round }).await
    }

    /// Keeps what the model said before it called tools.
    async fn keep_round(&mut self, answer: TurnAnswer) -> Result<Vec<Call>, ModelError> {
        let message = MessageId::new();
        let mut parts = Vec::with_capacity(answer.tool_calls.len() + 2);
        if !answer.thinking.is_empty() || answer.signature.is_some() {
            parts.push(Part::Thinking { text: answer.thinking.clone(), signature: answer.signature.clone() });
        }
        if !answer.text.is_empty() {
            parts.push(Part::Text { text: answer.text.clone() });
        }
        parts.extend(answer.tool_calls.iter().cloned().map(Part::ToolCall));
        let shapes = answer.tool_calls.iter().map(|call| self.shape(call)).collect();
        self.calls = answer.tool_calls.iter().map(|call| (call.id.clone(), (call.clone(), None))).collect();
        let entry = match self.task.below {
            None => JournalEntry::Round { message, answer: Box::new(answer) },
            Some(_) => {
                JournalEntry::Spent { backend: answer.backend, model: answer.model, usage: answer.usage }
            }
        };
        self.reporter.keep(entry).await?;
        self.history.said.push(Said {
            id: Some(message),
            message: ChatMessage { role: Role::Assistant, parts },
            provenance: Provenance::Model,
            injected: Vec::new(),
        });
        Ok(shapes)
    }

    /// Whether a sub-agent has used up its tokens.
    fn is_exhausted(&self) -> bool {
        let used = self.spent.input_tokens.saturating_add(self.spent.output_tokens);
        self.task.below.as_ref().is_some_and(|below| used >= below.tokens_max)
    }
}

fn absorb(said: &mut TurnAnswer, event: &ModelEvent) {
    match event {
        ModelEvent::Text(text) => said.text.push_str(text),
        ModelEvent::Thinking(text) => said.thinking.push_str(text),
        ModelEvent::ThinkingSignature(seal) => said.signature = Some(seal.clone()),
        ModelEvent::Usage(usage) => said.usage = *usage,
        ModelEvent::Stop(reason) => said.stop_reason = Some(*reason),
        ModelEvent::ToolCall(_) => {}
    }
}
