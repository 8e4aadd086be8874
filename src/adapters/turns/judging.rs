//! The calls of a round before they are made: understood, judged, and decided about.

use std::sync::Arc;

use serde_json::Value;

use super::calls::{Doer, Prepared, Ready, Then};
use super::coding::planned;
use super::run::Run;
use super::{asking, spawn};
use crate::coders::ToolKind;
use crate::guard::{Permit, ToolUse, honour};
use crate::policy::{Action, ToolClass};
use crate::protocol::chat::{Role, ToolCall};
use crate::protocol::journal::CallOutcome;
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, fits};
use crate::workflows::offer::FIND_TOOLS;

/// Why a call that a crash cut off is not made again.
const UNKNOWN: &str = "unknown: this was begun before the daemon was restarted, and its result is lost. It may have happened \
                       wholly, partly or not at all, and it is not done again by itself. Look before you go on.";
/// Hosts of a message that count as named.
const NAMED_HOSTS_MAX: usize = 32;

// === impl Run ===

impl Run {
    /// The class of a call before it is its turn: as the loop puts calls together. `None` for what cannot be done.
    pub(super) fn class(&self, call: &ToolCall) -> Option<ToolClass> {
        self.understand(call).ok().map(|ready| ready.class)
    }

    /// Judges calls in the light of everything that was read so far.
    pub(super) async fn judge(&mut self, ids: &[String]) -> Result<Vec<Prepared>, ModelError> {
        let mut batch = Vec::with_capacity(ids.len());
        for id in ids {
            let Some((call, begun)) = self.calls.get(id).cloned() else { continue };
            let then = match begun.as_deref() {
                Some("read_only" | "idempotent") | None => self.judge_one(&call).await?,
                Some(_) => Then::Refuse(CallOutcome::Unknown, UNKNOWN.to_owned()),
            };
            batch.push(Prepared { call, then });
        }
        Ok(batch)
    }

    async fn judge_one(&self, call: &ToolCall) -> Result<Then, ModelError> {
        let mut ready = match self.understand(call) {
            Ok(ready) => ready,
            Err(why) => return Ok(Then::Refuse(CallOutcome::Failed, why)),
        };
        let (guard, task) = (&self.turns.parts.guard, &self.task);
        let permit = match ready.doer {
            Doer::FindTools => Ok(Permit::Granted),
            // It touches nothing.
            Doer::Program(ref tool) if tool.kind == ToolKind::Internal => Ok(Permit::Granted),
            Doer::AskPerson => {
                guard.put_question(&task.call, task.place.turn, &ready.wanted, asking::WHY).await
            }
            Doer::Tool(_) | Doer::SpawnAgent | Doer::Program(_) => {
                guard.may(&task.call, task.place.turn, &ready.wanted).await
            }
        };
        match permit {
            Ok(Permit::Granted) => {}
            Ok(Permit::Asked(asked)) => ready.asked = Some(*asked),
            Err(error) if error.kind == ModelErrorKind::Denied => {
                return Ok(Then::Refuse(CallOutcome::Denied, error.message));
            }
            Err(error) => return Err(error),
        }
        Ok(Then::Make(Box::new(ready)))
    }

    /// What a call means, or why it means nothing, in words from which a model can do better.
    pub(super) fn understand(&self, call: &ToolCall) -> Result<Ready, String> {
        if let Some(coding) = &self.coding {
            return self.plan(Doer::Program(Box::new(coding.asked(&call.id)?)), call, Arguments::new());
        }
        let spec = self.offered.iter().map(|tool| &tool.spec).find(|spec| spec.name == call.name);
        let doer = match (call.name.as_str(), spec) {
            (FIND_TOOLS, _) => Doer::FindTools,
            (asking::ASK_PERSON, Some(_)) => Doer::AskPerson,
            (spawn::SPAWN_AGENT, Some(_)) => Doer::SpawnAgent,
            (name, Some(_)) => match self.tools.iter().find(|shelved| shelved.spec.name == name) {
                Some(shelved) => Doer::Tool(Arc::clone(&shelved.tool)),
                None => return Err(format!("there is no tool `{name}`")),
            },
            (name, None) => {
                return Err(format!("there is no tool `{name}`; `{FIND_TOOLS}` tells which there are"));
            }
        };
        let text = if call.arguments.trim().is_empty() { "{}" } else { call.arguments.as_str() };
        let value: Value =
            serde_json::from_str(text).map_err(|error| format!("the arguments are not JSON: {error}"))?;
        if let Some(spec) = spec {
            fits(&spec.parameters, &value)?;
        }
        let Value::Object(arguments) = value else {
            return Err("the arguments are no JSON object".to_owned());
        };
        self.plan(doer, call, arguments)
    }

    fn plan(&self, doer: Doer, call: &ToolCall, arguments: Arguments) -> Result<Ready, String> {
        let (class, actions, payload, server) = match &doer {
            Doer::FindTools => (ToolClass::ReadOnly, Vec::new(), String::new(), None),
            Doer::AskPerson => (ToolClass::ReadOnly, Vec::new(), asking::question(&arguments), None),
            Doer::SpawnAgent => {
                let spawned = Action::SpawnAgent { assistant: self.task.place.assistant.to_string() };
                (ToolClass::Effectful, vec![spawned], spawn::task(&arguments), None)
            }
            Doer::Tool(tool) => {
                let plan = tool.plan(&arguments, &self.task.place).map_err(|error| error.to_string())?;
                (plan.class, plan.actions, plan.payload, tool.server().map(str::to_owned))
            }
            Doer::Program(tool) => {
                let plan = planned(tool);
                let server = self.coding.as_ref().and_then(|coding| coding.server(tool));
                (plan.class, plan.actions, plan.payload, server)
            }
        };
        let itself = Action::CallTool { server, tool: call.name.clone(), class };
        let wanted = ToolUse {
            actions: std::iter::once(itself).chain(actions).collect(),
            payload,
            workspace_root: self.task.place.folder.display().to_string(),
            known_hosts: self.named_hosts(),
        };
        Ok(Ready { doer, arguments, class, wanted, asked: None })
    }

    /// Waits until every question of the batch is decided.
    pub(super) async fn decide(&self, batch: &mut [Prepared]) -> Result<(), ModelError> {
        let asked = |prepared: &Prepared| match &prepared.then {
            Then::Make(ready) => ready.asked.clone(),
            Then::Refuse(..) => None,
        };
        for question in batch.iter().filter_map(asked) {
            self.reporter.asking(&question).await;
        }
        for prepared in batch {
            let Then::Make(ready) = &mut prepared.then else { continue };
            let Some(question) = ready.asked.take() else { continue };
            let decided = self.turns.parts.guard.decision(&self.task.call, &question).await?;
            self.reporter.decided(&decided).await;
            let is_answer = matches!(ready.doer, Doer::AskPerson);
            match honour(&decided) {
                Err(error) if !is_answer => {
                    prepared.then = Then::Refuse(CallOutcome::Denied, error.message);
                }
                _ => ready.asked = Some(decided),
            }
        }
        Ok(())
    }

    /// Hosts of the addresses that the person of this turn wrote.
    fn named_hosts(&self) -> Vec<String> {
        let own = self.history.said.iter().rev().find(|said| said.message.role == Role::User);
        let own = own.filter(|said| said.provenance.is_trusted() && said.provenance != Provenance::Model);
        let text = own.map(|said| said.message.plain_text()).unwrap_or_default();
        let hosts = text.split_whitespace().filter_map(|word| {
            let (_, rest) = word.split_once("https://").or_else(|| word.split_once("http://"))?;
            // The policy gives the host its one spelling; what is none there is no known host.
            let authority = rest.split(['/', '?', '#', '"', ')', '>']).next()?;
            let host = authority.rsplit('@').next()?;
            Some(host.rsplit_once(':').map_or(host, |(host, _)| host).to_owned())
        });
        hosts.take(NAMED_HOSTS_MAX).collect()
    }
}
