//! A running turn: does what the loop says, and keeps every step before the next one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::calls::Prepared;
use super::coding::Coding;
use super::{ModelTurns, Reporter};
use crate::backends::Backend;
use crate::guard::ModelCall;
use crate::models::{Link, Routing};
use crate::protocol::chat::{Part, Role, ToolCall, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::protocol::turn::TurnOverrides;
use crate::tools::{Place, Reach, Shelved};
use crate::turns::{History, OpenCall};
use crate::workflows::agent::{Agent, Answer, Call, Do, Happened};
use crate::workflows::conversation::Persona;
use crate::workflows::offer::Offered;

/// Who answers what, on whose behalf.
pub(super) struct Task {
    /// Who is asked now, or was last.
    pub(super) backend: Arc<dyn Backend>,
    /// Who may be asked, first to last; never empty.
    pub(super) chain: Chain,
    pub(super) persona: Persona,
    /// Every model call of the turn, as far as the guard is concerned. `tainted` grows.
    pub(super) call: ModelCall,
    pub(super) place: Place,
    pub(super) overrides: TurnOverrides,
    /// Whether it is offered any.
    pub(super) has_tools: bool,
    /// The call of the turn that this is the work of, for a sub-agent.
    pub(super) below: Option<Below>,
}

/// Who may be asked.
#[derive(Clone, Default)]
pub(super) struct Chain {
    /// First to last.
    pub(super) links: Vec<Link>,
    /// What holds for all of them.
    pub(super) routing: Routing,
    /// Whether it is the assistant's own, and not what a message chose.
    pub(super) is_own: bool,
}

/// What a sub-agent is part of.
#[derive(Clone)]
pub(super) struct Below {
    /// The call that started it; its own calls have ids below it.
    pub(super) call_id: String,
    /// Tokens after which it has to answer.
    pub(super) tokens_max: u64,
}

pub(super) struct Run {
    pub(super) turns: ModelTurns,
    pub(super) task: Task,
    pub(super) history: History,
    pub(super) reporter: Reporter,
    pub(super) tools: Vec<Shelved>,
    pub(super) offered: Vec<Offered>,
    /// Calls of the present round by their id, with the class with which an earlier life began them.
    pub(super) calls: HashMap<String, (ToolCall, Option<String>)>,
    /// What the model said last, when it called no tool.
    pub(super) answer: String,
    pub(super) spent: Usage,
    /// Of the answer.
    pub(super) last_usage: Usage,
    /// The session of the program that answers, where the backend is one.
    pub(super) coding: Option<Arc<Coding>>,
    /// Time that a budget leaves for work; `None` for no limit. Waiting for a person takes none of it.
    pub(super) wall_left: Option<Duration>,
}

// === impl Run ===

impl Run {
    pub(super) async fn new(turns: ModelTurns, task: Task, history: History, reporter: Reporter) -> Self {
        let parts = &turns.parts;
        let coding = Coding::of(&task, (&parts.coders, &parts.guard), &parts.db);
        // A program has tools of its own.
        let is_own = coding.is_none() && task.has_tools;
        let mut tools = if is_own { turns.parts.tools.at(&task.place).await } else { Vec::new() };
        let confined = task.overrides.confined.as_ref();
        if let Some(confined) = confined {
            tools.retain(|shelved| {
                shelved.tool.server().is_none() && confined.tools.contains(&shelved.spec.name)
            });
        }
        let offer = |shelved: &Shelved| Offered {
            spec: Arc::clone(&shelved.spec),
            reach: shelved.tool.reach(),
            foreign: shelved.tool.server().is_some(),
        };
        let mut offered: Vec<Offered> = tools.iter().map(offer).collect();
        if task.below.is_none() && is_own && confined.is_none() {
            let own = [super::asking::spec(), super::spawn::spec()];
            let own =
                own.map(|spec| Offered { spec: Arc::new(spec), reach: Reach::OnDemand, foreign: false });
            offered.extend(own);
        }
        Self {
            turns,
            task,
            history,
            reporter,
            tools,
            offered,
            calls: HashMap::new(),
            answer: String::new(),
            spent: Usage::default(),
            last_usage: Usage::default(),
            coding,
            wall_left: None,
        }
    }

    /// Runs to the answer.
    pub(super) async fn finish(
        &mut self,
        rounds: u32,
        open: Vec<OpenCall>,
        rounds_max: u32,
    ) -> Result<(), ModelError> {
        let begun = Happened::Begun { rounds, past: self.past(), open: self.take_open(open) };
        let rounds_max = self.coding.as_ref().map_or(rounds_max, |coding| coding.calls_max);
        let (mut agent, mut next) = Agent::new(rounds_max).next(begun);
        let mut batch: Vec<Prepared> = Vec::new();
        loop {
            let happened = match next {
                Do::Fit => {
                    self.fit().await?;
                    Happened::Fits
                }
                Do::CallModel { round, tools } => Happened::Said(self.round(round, tools).await?),
                Do::Judge(ids) => {
                    batch = self.judge(&ids).await?;
                    Happened::Judged { questions: batch.iter().filter(|call| call.is_asked()).count() }
                }
                Do::Wait => {
                    self.decide(&mut batch).await?;
                    Happened::Decided
                }
                Do::Run => Happened::Answered(self.perform(std::mem::take(&mut batch)).await?),
                Do::Note(id) => Happened::Answered(self.note(&id).await?),
                Do::Finish => return Ok(()),
            };
            (agent, next) = agent.next(happened);
        }
    }

    /// Does work within the time that a budget leaves.
    pub(super) async fn timed<T>(
        wall_left: &mut Option<Duration>,
        work: impl Future<Output = Result<T, ModelError>>,
    ) -> Result<T, ModelError> {
        let Some(left) = *wall_left else { return work.await };
        let began = Instant::now();
        let over = |_| {
            let text = "a budget limits the time of this turn, and it is over";
            Err(ModelError::new(ModelErrorKind::BudgetExceeded, text))
        };
        let outcome = tokio::time::timeout(left, work).await.unwrap_or_else(over);
        *wall_left = Some(left.saturating_sub(began.elapsed()));
        outcome
    }

    pub(super) fn shape(&self, call: &ToolCall) -> Call {
        Call { id: call.id.clone(), key: key(call), class: self.class(call) }
    }

    fn take_open(&mut self, open: Vec<OpenCall>) -> Vec<Call> {
        let shapes = open.iter().map(|open| self.shape(&open.call)).collect();
        self.calls = open.into_iter().map(|open| (open.call.id.clone(), (open.call, open.begun))).collect();
        shapes
    }

    /// The calls of this turn that have answers: those behind the person's last message.
    fn past(&self) -> Vec<Answer> {
        let own = self.history.said.iter().rposition(|said| said.message.role == Role::User).unwrap_or(0);
        let parts = self.history.said.iter().skip(own).flat_map(|said| &said.message.parts);
        let (mut keys, mut past) = (HashMap::new(), Vec::new());
        for part in parts {
            match part {
                Part::ToolCall(call) => {
                    keys.insert(call.id.as_str(), key(call));
                }
                Part::ToolResult { call_id, content } => {
                    past.extend(
                        keys.get(call_id.as_str()).map(|key| Answer { key: *key, digest: digest(content) }),
                    );
                }
                Part::Text { .. } | Part::Image { .. } | Part::Thinking { .. } => {}
            }
        }
        past
    }
}

/// Equal for calls of the same tool with the same arguments, however these are written.
pub(super) fn key(call: &ToolCall) -> u64 {
    let mut hasher = DefaultHasher::new();
    call.name.hash(&mut hasher);
    match serde_json::from_str::<serde_json::Value>(&call.arguments) {
        Ok(value) => value.to_string().hash(&mut hasher),
        Err(_) => call.arguments.hash(&mut hasher),
    }
    hasher.finish()
}

/// Equal for equal answers.
pub(super) fn digest(content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}
