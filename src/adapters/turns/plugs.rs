//! The points of a turn at which plugs run: before a model is asked, and after the turn has ended.

use serde_json::{Value, json};

use super::run::Run;
use crate::db::Db;
use crate::extensions::{Context, Hook, Injection};
use crate::guard::TextOf;
use crate::protocol::chat::Role;
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::turns::{Said, TurnsError, exchange, inject, known_keys};
use crate::workspaces::{Answering, WorkspaceError};

/// Longest title of an injection, in bytes.
const TITLE_BYTES_MAX: usize = 200;
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 200;
/// What one turn is told by plugs at most, in bytes; what comes after it is left out.
const INJECTED_BYTES_MAX: usize = 64 * 1024;

// === impl Run ===

impl Run {
    /// Asks the plugs of `query_pre` about the message that is answered, and puts what they say before it. What they
    /// said is kept first, so that a later life of the turn, and every later prompt, has the same.
    pub(super) async fn ask_plugs(&mut self) -> Result<(), ModelError> {
        let plugs = self.turns.parts.extensions.clone();
        let Some(own) = self.history.said.iter().rposition(|said| said.message.role == Role::User) else {
            return Ok(());
        };
        let Some(said) = self.history.said.get(own).filter(|said| said.injected.is_empty()) else {
            return Ok(());
        };
        if !plugs.wants(Hook::QueryPre) {
            return Ok(());
        }
        let data = self.asked(said).await?;
        let context = plugs.run(Hook::QueryPre, &self.task.place.tenant, data).await;
        if let Some(halt) = context.halted {
            let text = format!("the plug {} stopped this turn: {}", halt.by, halt.reason);
            return Err(ModelError::new(ModelErrorKind::Denied, text));
        }
        let wanted = self.wanted(&context);
        if wanted.is_empty() {
            return Ok(());
        }
        let (thread, turn) = (self.task.place.thread, self.task.place.turn);
        let kept =
            self.turns.parts.db.write(&self.task.place.tenant, move |tx| inject(tx, (thread, turn), &wanted));
        let kept = kept.await.map_err(unkept)?;
        self.task.call.tainted |= kept.iter().any(|one| !one.injection.provenance.is_trusted());
        if let Some(said) = self.history.said.get_mut(own) {
            said.injected = kept;
        }
        Ok(())
    }

    /// What plugs are told.
    async fn asked(&self, said: &Said) -> Result<Value, ModelError> {
        let place = &self.task.place;
        let thread = place.thread;
        let known = self.turns.parts.db.read(&place.tenant, move |read| known_keys(read, thread));
        Ok(json!({
            "workspace_id": place.workspace, "thread_id": place.thread, "turn_id": place.turn,
            "assistant_id": place.assistant, "prompt": said.message.plain_text(),
            "provenance": said.provenance.as_str(), "source": self.task.call.source,
            "known_keys": known.await.map_err(unkept)?,
        }))
    }

    /// What plugs said, without secrets and within its bounds; whether it stands in the place of the message, with each.
    fn wanted(&self, context: &Context) -> Vec<(bool, Injection)> {
        let of = TextOf { tenant: self.task.place.tenant.clone(), thread: Some(self.task.place.thread) };
        let clean = |text: &str| self.turns.parts.guard.clean(&of, "plug", text.to_owned()).text;
        let cut = |text: String, most: usize| text.get(..text.floor_char_boundary(most)).map(str::to_owned);
        let mut left = INJECTED_BYTES_MAX;
        let mut wanted = Vec::new();
        for one in &context.injections {
            let text = clean(&one.text);
            let Some(rest) = left.checked_sub(text.len()) else { break };
            if text.trim().is_empty() || one.key.is_empty() || one.key.len() > KEY_BYTES_MAX {
                continue;
            }
            left = rest;
            let title = cut(clean(&one.title), TITLE_BYTES_MAX).unwrap_or_default();
            wanted.push((false, Injection { text, title, ..one.clone() }));
        }
        if let Some(prompt) = context.effective_prompt() {
            let other = Injection {
                plug: "effective_prompt".to_owned(),
                key: format!("effective_prompt:{}", self.task.place.turn),
                title: "What the model reads in the place of your message".to_owned(),
                text: clean(prompt),
                // It stands behind the fence of the message, if that has one.
                provenance: crate::protocol::turn::Provenance::System,
                sources: Vec::new(),
            };
            wanted.push((true, other));
        }
        wanted
    }
}

/// What the plugs of `query_post` are told of a turn that has ended; `None` when it is gone.
pub(in crate::adapters) async fn ended(
    db: Db,
    tenant: TenantId,
    (thread, turn): (ThreadId, TurnId),
) -> Option<Value> {
    let found = db.read(&tenant, move |read| {
        let Some(said) = exchange(read, turn)? else { return Ok(None) };
        let answering = match Answering::read(read, thread) {
            Ok(answering) => answering,
            Err(WorkspaceError::Store(error)) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let messages: Vec<Value> =
            said.messages.iter().map(|(role, content)| json!({ "role": role, "content": content })).collect();
        Ok::<_, TurnsError>(Some(json!({
            "workspace_id": answering.workspace, "thread_id": thread, "turn_id": turn,
            "assistant_id": answering.assistant, "prompt": said.prompt, "provenance": said.provenance.as_str(),
            "source": said.source, "messages": messages, "state": said.record.state.as_str(),
            "backend": said.record.backend, "model": said.record.model,
            "usage": { "input_tokens": said.record.input_tokens, "output_tokens": said.record.output_tokens },
        })))
    });
    found.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "plugs are not told of a turn that could not be read");
        None
    })
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err has")]
fn unkept(error: TurnsError) -> ModelError {
    let text = format!("what plugs say could not be kept: {error}");
    ModelError::new(ModelErrorKind::Configuration, text)
}
