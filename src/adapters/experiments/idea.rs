//! One idea: a fresh folder, a turn of the assistant in it, and the tree that it left.

use std::time::Duration;

use capuchin_actors::ports::keep_ledger::AcceptError;
use serde_json::Value;

use super::life::{Broken, Life};
use crate::budgets::{Limits, NewBudget, Period, Subject, nano};
use crate::experiments::{
    DiffStat, Evidence, Experiment, Iteration, Kind, Past, Reason, Status, Strategy, Trial,
};
use crate::identity::Principal;
use crate::policy::Ceiling;
use crate::protocol::event::EventKind;
use crate::protocol::ids::{ThreadId, TurnId};
use crate::protocol::turn::{Accepted, Confined, Inbound, TurnOverrides};
use crate::workspaces::BoundThread;

/// How often a session that is busy is asked again, and how long that is.
const BUSY_TRIES: u32 = 60;
const BUSY_WAIT: Duration = Duration::from_secs(1);
/// Most bytes that a model is told, and most that are kept of what it said.
const TEXT_BYTES_MAX: usize = 128 << 10;
/// Messages of a turn in which sources are looked for.
const MESSAGES_MAX: usize = 400;

/// Why an idea came to nothing. It is the iteration's failure, not the experiment's.
struct Failed(Reason, String);

/// What the experiment and its strategy are.
type Of<'a> = (&'a Experiment, &'a dyn Strategy);

// === impl Life ===

impl Life {
    /// Works on an idea until its tree is taken in, or it failed.
    pub(super) async fn idea(
        &self,
        of: Of<'_>,
        iterations: &[Iteration],
        (slot, mut one): (usize, Iteration),
    ) -> Result<(), Broken> {
        match self.worked(of, iterations, (slot, &mut one)).await {
            Ok(Ok(())) => one.status = Status::Evaluating,
            Ok(Err(Failed(reason, why))) => {
                (one.status, one.reason, one.summary) = (Status::Failed, reason, why);
            }
            Err(broken) => return Err(broken),
        }
        self.remove(&folder_name(&one)).await;
        self.parts.experiments.keep(&self.key, vec![one]).await?;
        Ok(())
    }

    async fn worked(
        &self,
        (found, how): Of<'_>,
        iterations: &[Iteration],
        (slot, one): (usize, &mut Iteration),
    ) -> Result<Result<(), Failed>, Broken> {
        if one.turn.is_none() || !self.bench.has(&folder_name(one)) {
            if one.turn.is_some() {
                let why = "its folder was lost with the daemon".to_owned();
                return Ok(Err(Failed(Reason::PrepFailed, why)));
            }
            if let Err(failed) = self.prepared((found, how), iterations, (slot, one)).await {
                return Ok(Err(failed));
            }
            self.parts.experiments.keep(&self.key, vec![one.clone()]).await?;
        }
        let accepted = match self.submitted((found, how), one).await {
            Ok(accepted) => accepted,
            Err(failed) => return Ok(Err(failed)),
        };
        one.turn = Some(accepted.turn_id);
        self.parts.experiments.keep(&self.key, vec![one.clone()]).await?;
        if let Err(failed) = self.answered(one, &accepted).await {
            return Ok(Err(failed));
        }
        Ok(self.taken_in((found, how), one).await)
    }

    /// A folder, a thread and a prompt.
    async fn prepared(
        &self,
        (found, how): Of<'_>,
        iterations: &[Iteration],
        (slot, one): (usize, &mut Iteration),
    ) -> Result<(), Failed> {
        let failed = |why: String| Failed(Reason::PrepFailed, why);
        let name = folder_name(one);
        let folder = self.checkout(&one.parent, &name).await.map_err(failed)?;
        let past = Past { experiment: found, iterations };
        let trial = Trial { folder: &folder, answer: "", evidence: &[], patch: "" };
        let prompt = how.build_prompt(&self.lab(found), trial, past, one.number).await;
        one.prompt = cut(prompt.map_err(|error| Failed(Reason::StrategyCrashed, error.to_string()))?);
        if found.kind == Kind::External {
            // Its program may have written there.
            self.checkout(&one.parent, &name).await.map_err(failed)?;
        }
        one.thread = Some(self.thread(found, slot).await.map_err(failed)?);
        Ok(())
    }

    /// The thread of a place in rounds, made with its budget where there is none.
    pub(super) async fn thread(&self, found: &Experiment, slot: usize) -> Result<ThreadId, String> {
        let suffix = if slot == 0 { String::new() } else { format!(" ({})", slot + 1) };
        let bound = BoundThread {
            door: found.door(),
            key: slot.to_string(),
            workspace: found.workspace_id,
            title: format!("experiment:{}{suffix}", found.title),
            brief: "This thread is an experiment. What you change in your private copy of the workspace is measured; only \
                    that counts."
                .to_owned(),
            ceiling: Some(Ceiling::Supervised),
        };
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let db = &self.parts.experiments.parts().db;
        let thread = db.write(&self.key.tenant, move |tx| bound.ensure(tx, now_ms)).await;
        let thread = thread.map_err(|error| error.to_string())?;
        self.limit(found, (slot, thread)).await?;
        Ok(thread)
    }

    /// A budget for the thread: its share of what the experiment may spend.
    async fn limit(&self, found: &Experiment, (slot, thread): (usize, ThreadId)) -> Result<(), String> {
        let spending = found.settings.budget;
        let share = u64::from(found.settings.parallel.unwrap_or(match found.kind {
            Kind::Prompt => crate::experiments::PARALLEL_DEFAULT,
            Kind::Code | Kind::Research | Kind::External => 1,
        }));
        let of = |limit: Option<u64>| limit.map(|limit| limit.div_ceil(share));
        let limits = Limits {
            tokens: of(spending.tokens),
            tool_calls: of(spending.tool_calls),
            cost_nano: of(spending.cost_usd.and_then(nano)),
            ..Limits::default()
        };
        if limits.each().next().is_none() {
            return Ok(());
        }
        let name = budget_name(found, slot);
        let known = self.parts.budgets.list(&self.key.tenant).await.map_err(|error| error.to_string())?;
        if known.iter().any(|state| state.budget.name == name) {
            return Ok(());
        }
        let new = NewBudget { name, subject: Subject::Thread(thread), period: Period::Total, limits };
        let by = Principal::owner(self.key.tenant.clone());
        self.parts.budgets.create(&by, new, None).await.map(drop).map_err(|error| error.to_string())
    }

    /// Budgets of an experiment that is over limit nothing any more.
    pub(super) async fn forget_budgets(&self) {
        let prefix = format!("experiment {}", self.key.id);
        let by = Principal::owner(self.key.tenant.clone());
        let Ok(known) = self.parts.budgets.list(&self.key.tenant).await else { return };
        for state in known.into_iter().filter(|state| state.budget.name.starts_with(&prefix)) {
            if let Err(error) = self.parts.budgets.delete(&by, state.budget.id, None).await {
                tracing::debug!(%error, "the budget of an experiment is still there");
            }
        }
    }

    /// Hands the prompt in as a turn. The same iteration is the same turn, however often this is done.
    async fn submitted(&self, (found, how): Of<'_>, one: &Iteration) -> Result<Accepted, Failed> {
        let none = || Failed(Reason::PrepFailed, "it has no thread".to_owned());
        let folder = format!("{}/{}/{}", self.key.tenant, self.key.id, folder_name(one));
        let tools = how.tools().iter().map(|name| (*name).to_owned()).collect();
        let overrides = TurnOverrides {
            backend: found.settings.backend.clone(),
            model: found.settings.model.clone(),
            confined: Some(Confined { folder, tools }),
            ..TurnOverrides::default()
        };
        let inbound = Inbound {
            tenant: self.key.tenant.clone(),
            thread: one.thread.ok_or_else(none)?,
            content: one.prompt.clone(),
            provenance: found.provenance,
            source: found.door(),
            idempotency_key: Some(one.number.to_string()),
            overrides,
        };
        let mut tries = 0;
        loop {
            match self.parts.sessions.submit(inbound.clone()).await {
                Ok(accepted) => return Ok(accepted),
                Err(AcceptError::Busy { .. } | AcceptError::Timeout) if tries < BUSY_TRIES => {
                    tries += 1;
                    tokio::time::sleep(BUSY_WAIT).await;
                }
                Err(error) => return Err(Failed(Reason::QueryFailed, error.to_string())),
            }
        }
    }

    /// Waits for the end of the turn.
    async fn answered(&self, one: &mut Iteration, accepted: &Accepted) -> Result<(), Failed> {
        let failed = |why: String| Failed(Reason::QueryFailed, why);
        let none = || Failed(Reason::PrepFailed, "it has no thread".to_owned());
        let thread = one.thread.ok_or_else(none)?;
        let mut log = self.parts.turns.stream(&self.key.tenant, thread, accepted.event_id - 1);
        let (kind, data) = loop {
            let event = log.next().await.map_err(|error| failed(error.to_string()))?;
            if event.turn == accepted.turn_id && matches!(event.kind, EventKind::Done | EventKind::Error) {
                let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
                break (event.kind, data);
            }
        };
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        one.answer = cut(text("content"));
        self.count(one, accepted.turn_id).await;
        if kind == EventKind::Error {
            return Err(failed(format!("{}: {}", text("code"), text("message"))));
        }
        Ok(())
    }

    async fn count(&self, one: &mut Iteration, turn: TurnId) {
        let tenant = &self.key.tenant;
        if let Ok(Some(record)) = self.parts.turns.turn(tenant, turn).await {
            one.tokens = record.input_tokens.saturating_add(record.output_tokens);
        }
        if let Ok(steps) = self.parts.turns.steps(tenant, turn).await {
            one.tool_calls = steps.iter().filter(|step| step.kind == "tool_call").count() as u64;
        }
    }

    /// Takes the folder in, with what of it is out of scope.
    async fn taken_in(&self, (found, how): Of<'_>, one: &mut Iteration) -> Result<(), Failed> {
        let (bench, name, parent) = (self.bench.clone(), folder_name(one), one.parent.clone());
        let base = found.base.clone().unwrap_or_default();
        let taken = self.blocking(move || {
            let tree = bench.take_in(&name, &parent)?;
            let (of_this, of_all) = (bench.changes(&parent, &tree)?, bench.changes(&base, &tree)?);
            Ok((tree, of_this, of_all))
        });
        let (tree, of_this, of_all) = taken.await.map_err(|why| Failed(Reason::PrepFailed, why))?;
        one.diff = Some(DiffStat::of(of_this, how.mutation_scope().violations(&of_all)));
        one.tree = Some(tree);
        Ok(())
    }

    /// What the tools of a turn read, for answers that name their sources.
    pub(super) async fn evidence(&self, one: &Iteration) -> Vec<Evidence> {
        let Some((thread, turn)) = one.thread.zip(one.turn) else { return Vec::new() };
        let by = Principal::owner(self.key.tenant.clone());
        let Ok(messages) = self.parts.threads.latest_messages(&by, thread, None, MESSAGES_MAX).await else {
            return Vec::new();
        };
        let of_turn = || messages.iter().filter(|message| message.turn_id == Some(turn));
        let calls: Vec<Value> = of_turn()
            .filter_map(|message| serde_json::from_str::<Vec<Value>>(message.tool_calls.as_deref()?).ok())
            .flatten()
            .collect();
        let read = of_turn().filter(|message| message.outcome.as_deref() == Some("done"));
        read.filter_map(|message| {
            let id = message.call_id.as_deref()?;
            let call = calls.iter().find(|call| call.get("id").and_then(Value::as_str) == Some(id))?;
            Some(Evidence { name: source_of(call)?, text: message.content.clone() })
        })
        .collect()
    }
}

/// What a call was told to read.
fn source_of(call: &Value) -> Option<String> {
    let arguments = call.get("arguments")?;
    let parsed: Value = match arguments {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let name = parsed.get("path").or_else(|| parsed.get("url"))?;
    name.as_str().map(str::to_owned)
}

fn folder_name(one: &Iteration) -> String {
    format!("work-{}", one.number)
}

fn budget_name(found: &Experiment, slot: usize) -> String {
    format!("experiment {} {}", found.id, slot + 1)
}

fn cut(mut text: String) -> String {
    let end = text.len().min(TEXT_BYTES_MAX);
    let end = (0..=end).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text
}
