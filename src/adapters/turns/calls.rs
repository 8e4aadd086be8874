//! The calls of a round: understood, judged, made and answered.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};

use super::asking;
use super::run::{Run, digest, key};
use crate::approvals::Approval;
use crate::guard::ToolUse;
use crate::policy::ToolClass;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};
use crate::protocol::ids::MessageId;
use crate::protocol::journal::{CallBegun, CallEnded, CallOutcome, JournalEntry};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::tools::{Arguments, OUTPUT_BYTES_MAX, Tool, ToolCallRun, ToolError, ToolOutput};
use crate::turns::Said;
use crate::workflows::agent::Answer;
use crate::workflows::offer::findings;

/// Why a call is not made that was judged as something else.
const CHANGED: &str = "what this would do has changed since it was judged; call it again";
const REPEATED: &str = "This is the same call with the same answer as before; it was not made again. Do something else, or \
                        say what you have.";

/// Who does the work of a call.
#[derive(Clone)]
pub(super) enum Doer {
    Tool(Arc<dyn Tool>),
    FindTools,
    AskPerson,
    SpawnAgent,
    /// The program that answers the turn, with a tool of its own.
    Program(Box<crate::coders::ToolUse>),
}

/// A call that can be made, if it may.
pub(super) struct Ready {
    pub(super) doer: Doer,
    pub(super) arguments: Arguments,
    pub(super) class: ToolClass,
    pub(super) wanted: ToolUse,
    /// The question about it, if there is one.
    pub(super) asked: Option<Approval>,
}

/// A call that was judged.
pub(super) struct Prepared {
    pub(super) call: ToolCall,
    pub(super) then: Then,
}

pub(super) enum Then {
    Make(Box<Ready>),
    /// It is not made; this is its answer.
    Refuse(CallOutcome, String),
}

/// What came of a call.
pub(super) struct Outcome {
    pub(super) outcome: CallOutcome,
    pub(super) output: ToolOutput,
}

// === impl Prepared ===

impl Prepared {
    /// Whether a person has to decide about it.
    pub(super) fn is_asked(&self) -> bool {
        matches!(&self.then, Then::Make(ready) if ready.asked.is_some())
    }
}

// === impl Outcome ===

impl Outcome {
    fn told(outcome: CallOutcome, text: impl Into<String>) -> Self {
        Self { outcome, output: ToolOutput::system(text) }
    }
}

// === impl Run ===

impl Run {
    /// Makes the calls of a batch together and keeps their answers in their order.
    pub(super) async fn perform(&mut self, batch: Vec<Prepared>) -> Result<Vec<Answer>, ModelError> {
        // Ids first: the order of the answers is that of the calls, whichever is done first.
        let batch: Vec<(MessageId, Prepared)> =
            batch.into_iter().map(|prepared| (MessageId::new(), prepared)).collect();
        let mut wall_left = self.wall_left;
        let this = &*self;
        let made =
            async { Ok(join_all(batch.into_iter().map(|(id, prepared)| this.make(id, prepared))).await) };
        let made = Self::timed(&mut wall_left, made).await;
        self.wall_left = wall_left;
        let mut answers = Vec::new();
        for outcome in made? {
            let (ended, tainted) = outcome?;
            answers.push(self.take_answer(ended, tainted));
        }
        Ok(answers)
    }

    /// Answers a call that goes round in circles.
    pub(super) async fn note(&mut self, id: &str) -> Result<Vec<Answer>, ModelError> {
        let Some((call, _)) = self.calls.get(id).cloned() else { return Ok(Vec::new()) };
        let told = Outcome::told(CallOutcome::Failed, REPEATED);
        let last = self.last_answer(key(&call));
        let (ended, tainted) = self.end(MessageId::new(), call, told).await?;
        let mut answer = self.take_answer(ended, tainted);
        // A note is no other answer of the call.
        answer.digest = last.unwrap_or(answer.digest);
        Ok(vec![answer])
    }

    async fn make(&self, id: MessageId, prepared: Prepared) -> Result<(CallEnded, bool), ModelError> {
        let Prepared { call, then } = prepared;
        let outcome = match then {
            Then::Refuse(outcome, text) => Outcome::told(outcome, text),
            Then::Make(ready) => match self.allow(&call, &ready).await {
                Ok(()) => self.run_call(&call, *ready).await?,
                Err(error) if error.kind == ModelErrorKind::Halted => return Err(error),
                Err(error) => Outcome::told(CallOutcome::Denied, error.message),
            },
        };
        self.end(id, call, outcome).await
    }

    /// The last look before a call is made: one that waited for a person is still what the person saw, its approval is
    /// used up, and it is paid for.
    async fn allow(&self, made: &ToolCall, ready: &Ready) -> Result<(), ModelError> {
        let (guard, call) = (&self.turns.parts.guard, &self.task.call);
        if let Some(approval) = &ready.asked
            && !matches!(ready.doer, Doer::AskPerson)
        {
            let now = self.understand(made).map_err(|why| ModelError::new(ModelErrorKind::Denied, why))?;
            if now.wanted.digest() != ready.wanted.digest() {
                return Err(ModelError::new(ModelErrorKind::Denied, CHANGED));
            }
            guard.redeem(call, approval, &ready.wanted).await?;
        }
        guard.spend_tool_call(call).await
    }

    async fn run_call(&self, call: &ToolCall, ready: Ready) -> Result<Outcome, ModelError> {
        let begun = CallBegun {
            call_id: self.own_id(call),
            tool: call.name.clone(),
            class: class_word(ready.class),
            digest: ready.wanted.digest(),
        };
        self.reporter.keep(JournalEntry::CallBegun(begun)).await?;
        self.reporter.tool((&self.own_id(call), &call.name), "running", self.shown(call)).await;
        let done = match ready.doer {
            Doer::FindTools => Ok(findings(&self.offered, &ready.arguments)),
            Doer::AskPerson => Ok(asking::answer(ready.asked.as_ref())),
            Doer::SpawnAgent => self.spawn(call, &ready.arguments).await,
            Doer::Program(_) => match &self.coding {
                Some(coding) => coding.make(&call.id).await,
                None => Err(ToolError::Refused("there is no program".to_owned())),
            },
            Doer::Tool(tool) => {
                let run = ToolCallRun { arguments: ready.arguments, place: self.task.place.clone() };
                tool.run(run).await
            }
        };
        Ok(match done {
            Ok(output) if output.failed => Outcome { outcome: CallOutcome::Failed, output },
            Ok(output) => Outcome { outcome: CallOutcome::Done, output },
            Err(error) => Outcome { outcome: CallOutcome::Failed, output: failure(&error) },
        })
    }

    /// Keeps the answer of a call, without its secrets and not too long. Whether it may be a stranger's words.
    async fn end(
        &self,
        id: MessageId,
        mut call: ToolCall,
        Outcome { outcome, output }: Outcome,
    ) -> Result<(CallEnded, bool), ModelError> {
        let guard = &self.turns.parts.guard;
        let provenance = output.provenance;
        let mut output = output;
        output.text = guard.clean(&self.task.call.of, "tool_result", output.text).text;
        let content = output.cut(OUTPUT_BYTES_MAX).text;
        let own_id = self.own_id(&call);
        if let Some(coding) = &self.coding {
            coding.settle(&call.id, &content).await;
        }
        self.reporter.answered((&own_id, &call.name), outcome.as_str(), &content).await;
        let message = self.task.below.is_none().then_some(id);
        let model_id = std::mem::replace(&mut call.id, own_id);
        let ended = CallEnded { message, call, outcome, content, provenance };
        self.reporter.keep(JournalEntry::CallEnded(ended.clone())).await?;
        let ended = CallEnded { call: ToolCall { id: model_id, ..ended.call }, ..ended };
        Ok((ended, !provenance.is_trusted()))
    }

    /// Takes an answer into the conversation.
    fn take_answer(&mut self, ended: CallEnded, tainted: bool) -> Answer {
        self.task.call.tainted |= tainted;
        let answer = Answer { key: key(&ended.call), digest: digest(&ended.content) };
        let parts = vec![Part::ToolResult { call_id: ended.call.id, content: ended.content }];
        self.history.said.push(Said {
            id: ended.message,
            message: ChatMessage { role: Role::Tool, parts },
            provenance: ended.provenance,
            injected: Vec::new(),
        });
        answer
    }

    /// The digest of the last answer of a call with this key.
    fn last_answer(&self, wanted: u64) -> Option<u64> {
        let mut id = None;
        let mut last = None;
        for part in self.history.said.iter().flat_map(|said| &said.message.parts) {
            match part {
                Part::ToolCall(call) if key(call) == wanted => id = Some(call.id.as_str()),
                Part::ToolResult { call_id, content }
                    if id == Some(call_id.as_str()) && content != REPEATED =>
                {
                    last = Some(digest(content));
                }
                _ => {}
            }
        }
        last
    }

    /// The id of a call in the journal: a sub-agent's calls are below its own.
    fn own_id(&self, call: &ToolCall) -> String {
        match &self.task.below {
            Some(below) => format!("{}/{}", below.call_id, call.id),
            None => call.id.clone(),
        }
    }

    /// What an event says of a call that has none yet.
    fn shown(&self, call: &ToolCall) -> Value {
        match self.task.below {
            Some(_) => json!({ "arguments": call.arguments }),
            None => json!({}),
        }
    }
}

fn failure(error: &ToolError) -> ToolOutput {
    // What went wrong on the way may repeat what others wrote.
    match error {
        ToolError::Arguments(text) | ToolError::Refused(text) => ToolOutput::system(text.clone()).failed(),
        ToolError::Failed(text) => ToolOutput::tool(text.clone()).failed(),
    }
}

const fn class_word(class: ToolClass) -> &'static str {
    match class {
        ToolClass::ReadOnly => "read_only",
        ToolClass::Idempotent => "idempotent",
        ToolClass::Effectful => "effectful",
    }
}
