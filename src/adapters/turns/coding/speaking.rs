//! What a program says between two questions, as the events of a model.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::OwnedMutexGuard;

use crate::audit::{Entry, Outcome};
use crate::coders::{Ask, Ending, Event, ToolKind, ToolUse, Went};
use crate::guard::ToolUse as Wanted;
use crate::policy::Action;
use crate::protocol::chat::{StopReason, ToolCall, Usage};
use crate::protocol::ids::MessageId;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

use super::planning::plan;
use super::running::ended;
use super::{Coding, Talking};

type Item = Result<ModelEvent, ModelError>;

const ENOUGH: &str = "This turn has made as many calls of tools as it may. Answer with what you have.";

/// What was said of a message that begins again: the same is not said twice.
#[derive(Default)]
pub(super) struct Replay {
    said: String,
    /// What of it is still to be said again.
    rest: String,
}

/// A round under way.
struct Round {
    coding: Arc<Coding>,
    talking: OwnedMutexGuard<Talking>,
    /// What the session is begun with; taken when it is.
    request: Option<ModelRequest>,
    tools: bool,
    ready: VecDeque<Item>,
    is_over: bool,
}

// === impl Coding ===

impl Coding {
    /// What the program says up to its next question, or its end. `tools`: whether it may ask.
    pub(in crate::adapters::turns) fn round(
        self: &Arc<Self>,
        request: ModelRequest,
        tools: bool,
    ) -> BoxStream<'static, Item> {
        let coding = Arc::clone(self);
        let begin = async move {
            let talking = Arc::clone(&coding.talking).lock_owned().await;
            let request = Some(request);
            Round { coding, talking, request, tools, ready: VecDeque::new(), is_over: false }
        };
        let rounds = stream::once(begin).flat_map(|round| {
            stream::unfold(round, |mut round| async {
                loop {
                    if let Some(item) = round.ready.pop_front() {
                        return Some((item, round));
                    }
                    if round.is_over {
                        return None;
                    }
                    round.go_on().await;
                }
            })
        });
        rounds.boxed()
    }
}

// === impl Round ===

impl Round {
    async fn go_on(&mut self) {
        if let Some(request) = self.request.take()
            && self.talking.talk.is_none()
        {
            match self.coding.coders.talk(&self.coding.key, self.coding.wish(request)).await {
                Ok(talk) => self.talking.talk = Some(talk),
                Err(error) => return self.end(Err(error)),
            }
        }
        let event = match self.talking.kept.pop_front() {
            Some(event) => Some(event),
            None => match &mut self.talking.talk {
                Some(talk) => talk.next().await,
                None => None,
            },
        };
        match event {
            Some(event) => self.take(event).await,
            None => self.end(Err(ended())),
        }
    }

    async fn take(&mut self, event: Event) {
        match event {
            Event::Text(text) => {
                let text = self.talking.replay.say(&text);
                if !text.is_empty() {
                    self.ready.push_back(Ok(ModelEvent::Text(text)));
                }
            }
            Event::Thinking(text) => self.ready.push_back(Ok(ModelEvent::Thinking(text))),
            Event::Again => self.talking.replay.again(),
            Event::ToolBegun(tool) => {
                self.talking.begun.insert(tool.id.clone(), tool);
            }
            Event::Ask(ask) => self.ask(ask).await,
            Event::ToolEnded { id, went, .. } => self.see(&id, went).await,
            Event::Usage(used) => self.talking.used = used,
            Event::Retrying { status, reason } => {
                tracing::info!(
                    backend = self.coding.key.backend,
                    status,
                    reason,
                    "a program asks its provider again"
                );
            }
            Event::Ready { .. } => {}
            Event::Ended(ending) => {
                self.talking.talk = None;
                match ending {
                    Ending::Stopped(reason) => self.end(Ok(reason)),
                    Ending::Interrupted => {
                        let text = "the program stopped in the middle of its work";
                        self.end(Err(ModelError::new(ModelErrorKind::Upstream, text)));
                    }
                    Ending::Failed(error) => self.end(Err(error)),
                }
            }
            Event::Lost => self.end(Err(ended())),
            Event::Broken(error) => {
                self.talking.talk = None;
                self.end(Err(error));
            }
        }
    }

    /// A question is a call of a tool, and the end of the round.
    async fn ask(&mut self, ask: Ask) {
        if !self.tools {
            return self.coding.deny(&self.talking, &ask.id, ENOUGH).await;
        }
        self.talking.replay = Replay::default();
        let call = ToolCall {
            id: format!("call_{}", MessageId::new()),
            name: ask.tool.name.clone(),
            arguments: ask.tool.arguments.to_string(),
        };
        self.coding.asks.lock().insert(call.id.clone(), ask);
        self.ready.push_back(Ok(ModelEvent::ToolCall(call)));
        self.end(Ok(StopReason::ToolUse));
    }

    /// A tool has ended. One that has run without having been allowed ends the session, unless the policy would have allowed
    /// it without a question.
    async fn see(&mut self, id: &str, went: Went) {
        if went == Went::Refused || self.talking.allowed.contains(id) {
            return;
        }
        let tool = self.talking.begun.get(id).cloned();
        if let Some(tool) = &tool
            && self.coding.would_allow(tool).await
        {
            return;
        }
        let error = self.coding.trip(tool.as_ref()).await;
        self.talking.talk = None;
        self.end(Err(error));
    }

    /// The round is over: what it used, and why.
    fn end(&mut self, why: Result<StopReason, ModelError>) {
        let (used, counted) = (self.talking.used, self.talking.counted);
        self.talking.counted = used;
        let used = since(used, counted);
        *self.coding.of_round.lock() = used;
        let here = if self.coding.is_counted_elsewhere { Usage::default() } else { used };
        self.ready.push_back(Ok(ModelEvent::Usage(here)));
        self.ready.push_back(why.map(ModelEvent::Stop));
        self.is_over = true;
    }
}

// === impl Coding ===

impl Coding {
    /// Whether a tool may be used without anybody being asked.
    async fn would_allow(&self, tool: &ToolUse) -> bool {
        if tool.kind == ToolKind::Internal {
            return true;
        }
        let plan = plan(tool);
        let itself =
            Action::CallTool { server: self.server(tool), tool: tool.name.clone(), class: plan.class };
        let wanted = Wanted {
            actions: std::iter::once(itself).chain(plan.actions).collect(),
            payload: plan.payload,
            workspace_root: self.place.folder.display().to_string(),
            known_hosts: Vec::new(),
        };
        self.guard.would_allow(&self.call, &wanted).await
    }

    /// Ends a session whose program has used a tool without asking.
    async fn trip(&self, tool: Option<&ToolUse>) -> ModelError {
        let name = tool.map_or("a tool", |tool| tool.name.as_str());
        let text = format!(
            "`{}` has used {name} without having been asked to be allowed, so its session was ended; see the audit trail",
            self.key.backend
        );
        let mut entry =
            Entry::done("turn", self.call.source.clone(), "coder.tripped").on(self.key.thread.to_string());
        entry.outcome = Outcome::Denied;
        entry.reason.clone_from(&text);
        if let Err(error) = self.audit.record(&self.key.tenant, entry).await {
            tracing::error!(%error, "an audit entry is lost: {text}");
        }
        self.coders.end(&self.key);
        ModelError::new(ModelErrorKind::Denied, text)
    }
}

// === impl Replay ===

impl Replay {
    /// What of this is new.
    fn say(&mut self, text: &str) -> String {
        self.said.push_str(text);
        if self.rest.is_empty() {
            return text.to_owned();
        }
        if let Some(rest) = self.rest.strip_prefix(text) {
            self.rest = rest.to_owned();
            return String::new();
        }
        let rest = std::mem::take(&mut self.rest);
        match text.strip_prefix(&rest) {
            Some(new) => new.to_owned(),
            // It says something else this time.
            None => format!("\n\n{}", self.said),
        }
    }

    /// The message begins again.
    fn again(&mut self) {
        let said = std::mem::take(&mut self.said);
        if said.len() > self.rest.len() {
            self.rest = said;
        }
    }
}

fn since(used: Usage, counted: Usage) -> Usage {
    Usage {
        input_tokens: used.input_tokens.saturating_sub(counted.input_tokens),
        output_tokens: used.output_tokens.saturating_sub(counted.output_tokens),
        cached_tokens: used.cached_tokens.saturating_sub(counted.cached_tokens),
        reasoning_tokens: used.reasoning_tokens.saturating_sub(counted.reasoning_tokens),
    }
}

#[cfg(test)]
mod tests {
    //! What is said again.

    use super::*;

    #[test]
    fn a_message_that_begins_again_is_said_once() {
        let mut replay = Replay::default();
        assert_eq!(replay.say("Hello "), "Hello ");
        replay.again();
        assert_eq!((replay.say("Hel"), replay.say("lo wor")), (String::new(), "wor".to_owned()));
        assert_eq!(replay.say("ld"), "ld");
    }

    #[test]
    fn another_message_stands_below_what_was_said() {
        let mut replay = Replay::default();
        replay.say("Hello ");
        replay.again();
        assert_eq!(replay.say("He"), "");
        assert_eq!(replay.say("y you"), "\n\nHey you");
        assert_eq!(replay.say("!"), "!");
    }
}
