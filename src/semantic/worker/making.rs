//! Messages become vectors: what may be sent is sent, what comes back is kept.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::timeout;

use super::{Tending, Worker};
use crate::db::DbError;
use crate::policy::{SourceKind, Subject};
use crate::protocol::ids::{MessageId, TenantId, ThreadId};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::search::RawId;
use crate::semantic::asking::OnBehalf;
use crate::semantic::desk::{Live, TEXT_CHARS_MAX};
use crate::semantic::error::SemanticError;
use crate::semantic::shelf::{Entry, Shelf};
use crate::semantic::store::{self, Model};
use crate::semantic::vector::{quantised, sketch_words};
use crate::workspaces::{Answering, FoundMessage, WorkspaceError};

/// How long the vectors of one request may take.
const WITHIN: Duration = Duration::from_secs(120);
/// Texts in a row that the provider refuses before it is taken for a failure of its own.
const REFUSED_MAX: usize = 8;

impl Worker {
    /// Makes the vectors of these messages, as far as they want any.
    pub(super) async fn make(
        &self,
        tenant: &TenantId,
        own: &mut Tending,
        ids: Vec<MessageId>,
    ) -> Result<(), SemanticError> {
        let mut found = self.parts().threads.found(tenant, self.without(tenant, ids).await?).await?;
        let mut seen = HashSet::new();
        found.retain(|one| {
            let said = matches!(one.role.as_str(), "user" | "assistant") && !one.content.trim().is_empty();
            said && seen.insert(one.id)
        });
        let found = self.permitted(tenant, own, found).await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut parts = vec![found];
        while let Some(mut part) = parts.pop() {
            match self.embed(tenant, &part).await {
                Ok(vectors) => {
                    own.refused_in_a_row = 0;
                    self.keep(tenant, own, part, vectors).await?;
                }
                // Perhaps one of them is too long, or nothing that this model takes: the others are not.
                Err(error) if is_of_the_text(&error) && part.len() > 1 => {
                    let rest = part.split_off(part.len() / 2);
                    parts.extend([rest, part]);
                }
                Err(error) if is_of_the_text(&error) && own.refused_in_a_row < REFUSED_MAX => {
                    own.refused_in_a_row += 1;
                    own.left_out += part.len();
                    own.refused.extend(part.iter().map(|one| one.id));
                    tracing::debug!(%error, %tenant, "a message has no vector");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Those of these that have none.
    async fn without(
        &self,
        tenant: &TenantId,
        mut ids: Vec<MessageId>,
    ) -> Result<Vec<MessageId>, SemanticError> {
        if let Some(model) = self.model(tenant) {
            let some: Vec<RawId> = ids.iter().map(|id| *id.as_bytes()).collect();
            let read = self.parts().db.read(tenant, move |read| store::having(read, model.n, &some));
            let having: HashSet<RawId> = read.await.map_err(|error: DbError| error)?.into_iter().collect();
            ids.retain(|id| !having.contains(id.as_bytes()));
        }
        Ok(ids)
    }

    /// Those whose texts may be sent; the rules can be about a thread, a workspace or an assistant.
    async fn permitted(
        &self,
        tenant: &TenantId,
        own: &mut Tending,
        found: Vec<FoundMessage>,
    ) -> Result<Vec<FoundMessage>, SemanticError> {
        let (mut known, mut permitted) = (HashMap::<ThreadId, bool>::new(), Vec::with_capacity(found.len()));
        for message in found {
            let thread = message.thread_id;
            let may = match known.get(&thread) {
                Some(may) => *may,
                None => {
                    let may = self.may(tenant, thread).await?;
                    known.insert(thread, may);
                    may
                }
            };
            if may {
                permitted.push(message);
            } else {
                own.left_out += 1;
            }
        }
        Ok(permitted)
    }

    async fn may(&self, tenant: &TenantId, thread: ThreadId) -> Result<bool, SemanticError> {
        let answering = self.parts().db.read(tenant, move |read| Answering::read(read, thread)).await;
        let answering = match answering {
            Ok(answering) => answering,
            Err(WorkspaceError::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let subject = Subject {
            assistant: Some(answering.assistant),
            workspace: Some(answering.workspace),
            thread: Some(thread),
            source: SourceKind::Owner,
        };
        match self.parts().may(tenant, &OnBehalf::daemon(subject)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind == ModelErrorKind::Denied => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn embed(&self, tenant: &TenantId, found: &[FoundMessage]) -> Result<Vec<Vec<f32>>, ModelError> {
        let texts =
            found.iter().map(|message| message.content.chars().take(TEXT_CHARS_MAX).collect()).collect();
        let by = OnBehalf::daemon(OnBehalf::nobody());
        let made = timeout(WITHIN, self.parts().embed(tenant, &by, texts)).await;
        made.unwrap_or_else(|_| {
            Err(ModelError::new(ModelErrorKind::Timeout, "the vectors did not come in time"))
        })
    }

    /// Keeps vectors, in the store first.
    async fn keep(
        &self,
        tenant: &TenantId,
        own: &mut Tending,
        found: Vec<FoundMessage>,
        vectors: Vec<Vec<f32>>,
    ) -> Result<(), SemanticError> {
        let model = self.model_of(tenant, own, vectors.first().map_or(0, Vec::len)).await?;
        let made: Vec<(MessageId, String, Vec<u8>)> = found
            .iter()
            .zip(&vectors)
            .map(|(message, vector)| (message.id, message.content.clone(), quantised(vector)))
            .collect();
        let bytes: HashMap<RawId, Vec<u8>> =
            made.iter().map(|(id, _, bytes)| (*id.as_bytes(), bytes.clone())).collect();
        let write = self.parts().db.write(tenant, move |tx| store::keep(tx, model.n, &made));
        let kept: HashSet<RawId> = write.await.map_err(|error: DbError| error)?.into_iter().collect();
        let entries = found.into_iter().filter(|message| kept.contains(message.id.as_bytes()));
        let entries: Vec<Entry> = entries
            .map(|message| Entry {
                id: *message.id.as_bytes(),
                place: store::place_of(message.thread_id, message.workspace_id, message.assistant_id),
                by_assistant: message.role == "assistant",
                at_ms: message.created_ms,
                vector: bytes.get(message.id.as_bytes()).cloned().unwrap_or_default(),
            })
            .collect();
        let shelf = self.semantic.shelf(tenant);
        let mut live = shelf.live.write();
        live.shelf.remove(&kept);
        live.shelf.add(entries);
        Ok(())
    }

    /// The model of vectors with this many figures. One that was not there begins with none, and the others go.
    async fn model_of(
        &self,
        tenant: &TenantId,
        own: &mut Tending,
        figures: usize,
    ) -> Result<Model, SemanticError> {
        if let Some(model) = self.model(tenant).filter(|model| model.figures == figures) {
            return Ok(model);
        }
        let name = self.name();
        let write = self.parts().db.write(tenant, move |tx| store::model_of(tx, &name, figures));
        let model: Model = write.await.map_err(|error: DbError| error)?;
        let shelf = Shelf::new(sketch_words(figures));
        *self.semantic.shelf(tenant).live.write() = Live { model: Some(model), shelf };
        own.looked = None;
        self.drop_others(tenant, model).await?;
        Ok(model)
    }
}

/// Whether another text may fare better.
fn is_of_the_text(error: &ModelError) -> bool {
    matches!(error.kind, ModelErrorKind::InvalidRequest | ModelErrorKind::TooLarge)
}
