//! How a turn begins: who answers, what it is told, on whose behalf, and what an earlier life left open.

use std::sync::Arc;

use super::run::{Chain, Run, Task};
use super::{ModelTurns, Reader};
use crate::adapters::knowledge::Told;
use crate::backends::{Backend, scripted};
use crate::db::DbError;
use crate::guard::{ModelCall, TextOf};
use crate::models::Routing;
use crate::policy::{Ceiling, SourceKind, Subject};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::protocol::turn::{TurnOverrides, TurnWork};
use crate::tools::Place;
use crate::turns::{History, OpenCall, OwnMessage, has_read_untrusted, left_open};
use crate::workflows::conversation::{Persona, own};
use crate::workspaces::Answering;

/// What the store knows of a turn that begins, at one moment.
struct Found {
    answering: Answering,
    history: History,
    tainted: bool,
    rounds: u32,
    open: Vec<OpenCall>,
}

/// A turn that may begin.
pub(super) struct Opening {
    pub(super) run: Run,
    /// What it is told of its assistant, as parts of the system prompt.
    pub(super) told: Vec<Told>,
    /// Rounds that are kept already.
    pub(super) rounds: u32,
    /// Calls of the last one that have no answer.
    pub(super) open: Vec<OpenCall>,
}

// === impl ModelTurns ===

impl ModelTurns {
    /// Reads what a turn stands on.
    pub(super) async fn open(
        &self,
        work: TurnWork,
        reporter: super::Reporter,
    ) -> Result<Opening, ModelError> {
        let mut found = self.find(&work).await?;
        let tainted =
            found.tainted || work.content.as_ref().is_some_and(|message| !message.provenance.is_trusted());
        found.history.said.extend(work.content.map(own));
        let answering = found.answering;
        let (tenant, thread, turn) = (work.tenant, work.thread, work.turn_id);
        let reader = Reader {
            tenant: tenant.clone(),
            assistant: answering.assistant,
            workspace: answering.workspace,
            thread,
        };
        let mut told = self.parts.knowledge.told(answering.system_prompt, &reader).await;
        if !answering.brief.is_empty() {
            told.push(Told { what: "What this thread is for", text: answering.brief });
        }
        let texts: Vec<&str> = told.iter().map(|part| part.text.as_str()).collect();
        let system_prompt = texts.join("\n\n");
        let persona = Persona { backend: answering.backend, model: answering.model, system_prompt };
        let (chain, mut persona) = chain(answering.routing, persona, &work.overrides);
        let backend = match work.overrides.call() {
            Some(call) => {
                persona.model.clear();
                scripted(call)
            }
            None => self.first_of(&chain, &mut persona)?,
        };
        if persona.model.is_empty() {
            persona.model = backend.default_model().unwrap_or_default().to_owned();
        }
        let subject = Subject {
            assistant: Some(answering.assistant),
            workspace: Some(answering.workspace),
            thread: Some(thread),
            source: SourceKind::of(work.cause.provenance),
        };
        let ceilings = ceilings(answering.ceiling, &work.overrides);
        let place = Place {
            tenant: tenant.clone(),
            thread,
            turn,
            assistant: answering.assistant,
            workspace: answering.workspace,
            folder: self.folder(&tenant, answering.workspace, work.overrides.confined.as_ref()).await?,
            depth: 0,
        };
        let call = ModelCall {
            of: TextOf { tenant, thread: Some(thread) },
            source: work.cause.source,
            turn: Some(turn),
            subject,
            mode: super::confined::mode(answering.mode, work.overrides.confined.is_some()),
            autonomy: ceilings.iter().fold(answering.autonomy, |autonomy, ceiling| ceiling.over(autonomy)),
            tainted,
            backend: backend.name().to_owned(),
            model: persona.model.clone(),
            local: backend.is_local(),
            private: work.overrides.confined.is_some(),
        };
        let has_tools = ceilings.iter().all(|ceiling| ceiling.has_tools());
        let task =
            Task { backend, chain, persona, call, place, overrides: work.overrides, has_tools, below: None };
        let run = Run::new(self.clone(), task, found.history, reporter).await;
        Ok(Opening { run, told, rounds: found.rounds, open: found.open })
    }

    async fn find(&self, work: &TurnWork) -> Result<Found, ModelError> {
        let own = if work.content.is_some() { OwnMessage::Excluded } else { OwnMessage::Included };
        let (limits, thread, turn) = (self.parts.limits, work.thread, work.turn_id);
        let read = self.parts.db.read(&work.tenant, move |read| {
            let history = limits.history(read, thread, turn, own).map_err(|error| unreadable(&error))?;
            let tainted = has_read_untrusted(read, thread, turn).map_err(|error| unreadable(&error))?;
            let answering = Answering::read(read, thread).map_err(|error| unreadable(&error))?;
            let (rounds, open) = match own {
                OwnMessage::Included => left_open(read, thread, turn).map_err(|error| unreadable(&error))?,
                OwnMessage::Excluded => (0, Vec::new()),
            };
            Ok::<_, Unreadable>(Found { answering, history, tainted, rounds, open })
        });
        Ok(read.await?)
    }

    /// The first of the chain whose backend is there.
    fn first_of(&self, chain: &Chain, persona: &mut Persona) -> Result<Arc<dyn Backend>, ModelError> {
        let there = chain.links.iter().find_map(|link| Some((link, self.parts.backends.get(&link.backend)?)));
        let Some((link, backend)) = there else { return self.backend(&persona.backend) };
        persona.backend.clone_from(&link.backend);
        persona.model.clone_from(&link.model);
        Ok(backend)
    }

    pub(super) fn backend(&self, name: &str) -> Result<Arc<dyn Backend>, ModelError> {
        self.parts.backends.get(name).ok_or_else(|| {
            let known: Vec<_> = self.parts.backends.names().collect();
            let message = format!("there is no backend `{name}`; configured are: {}", known.join(", "));
            ModelError::new(ModelErrorKind::Configuration, message)
        })
    }
}

/// Who may be asked. Whoever chose a model for a message wants that one and no other; that nothing leaves the machine still holds.
fn chain(routing: Routing, persona: Persona, overrides: &TurnOverrides) -> (Chain, Persona) {
    let is_own = overrides.backend.is_none() && overrides.model.is_none() && overrides.call().is_none();
    let routing = match is_own {
        true => routing,
        false => Routing { local_only: routing.local_only, ..Routing::default() },
    };
    let persona = persona.with(overrides);
    let links = routing.chain(&persona.backend, &persona.model);
    (Chain { links, routing, is_own }, persona)
}

/// How far a turn may go: the ceiling of its thread, and its own.
fn ceilings(of_thread: Option<Ceiling>, overrides: &TurnOverrides) -> Vec<Ceiling> {
    let own = overrides.ceiling().map(|word| word.parse().unwrap_or(Ceiling::NoTools));
    of_thread.into_iter().chain(own).collect()
}

/// The thread could not be read: a failed call, in words for the person.
struct Unreadable(ModelError);

impl From<DbError> for Unreadable {
    fn from(error: DbError) -> Self {
        unreadable(&error)
    }
}

impl From<Unreadable> for ModelError {
    fn from(error: Unreadable) -> Self {
        error.0
    }
}

fn unreadable(error: &dyn std::error::Error) -> Unreadable {
    let text = format!("the conversation could not be read: {error}");
    Unreadable(ModelError::new(ModelErrorKind::Configuration, text))
}
