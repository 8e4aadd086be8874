//! The handle: what is near to a question.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use parking_lot::{Mutex, RwLock};

use super::asking::OnBehalf;
use super::error::SemanticError;
use super::shelf::Shelf;
use super::status::SemanticStatus;
use super::store::{self, Model};
use super::vector::{quantised, similarity, sketch};
use super::worker::Worker;
use crate::backends::{Backends, UsageRecorder};
use crate::db::{Db, DbError};
use crate::guard::Guard;
use crate::protocol::ids::{MessageId, TenantId};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::search::{Query, RawId};
use crate::telemetry::Metrics;
use crate::turns::Turns;
use crate::workspaces::Threads;

/// How long a question waits for its vector: of a model on this machine, and of any other.
const WAIT: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(800)];
/// How long the next questions do without after one that failed.
const PAUSE: Duration = Duration::from_secs(10);
/// Messages that are compared by their bytes.
const CANDIDATES: usize = 400;
/// Messages that are near at the most.
const NEAR_MAX: usize = 40;
/// Questions whose vectors are remembered, for their next pages.
const REMEMBERED: usize = 32;
/// Characters of a text that count.
pub(super) const TEXT_CHARS_MAX: usize = 2_000;

/// What it works with.
#[derive(Clone)]
pub struct SemanticParts {
    /// Where vectors are kept.
    pub db: Db,
    /// What was said.
    pub threads: Threads,
    /// Whose things there are.
    pub turns: Turns,
    /// Who makes vectors.
    pub backends: Backends,
    /// What every text passes.
    pub guard: Guard,
    /// Where tokens are counted.
    pub usage: UsageRecorder,
    /// Where questions are counted.
    pub metrics: Metrics,
    /// The backend's name.
    pub backend: String,
    /// The model there.
    pub model: String,
    /// How alike a message and a question must be at least, from 0 to 1.
    pub similarity_min: f32,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Semantic(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) parts: SemanticParts,
    shelves: DashMap<TenantId, Arc<TenantShelf>>,
    asked: Mutex<VecDeque<Asked>>,
    /// Until then questions do without.
    paused: Mutex<Option<Instant>>,
}

/// A question with its vector.
type Asked = (TenantId, String, Arc<Vec<f32>>);

/// What is known of one tenant.
#[derive(Default)]
pub(super) struct TenantShelf {
    pub(super) live: RwLock<Live>,
    pub(super) counts: Mutex<Counts>,
}

/// The vectors that serve. Written by the worker.
#[derive(Default)]
pub(super) struct Live {
    pub(super) model: Option<Model>,
    pub(super) shelf: Shelf,
}

/// For the status. Written by the worker, and the last by questions.
#[derive(Clone, Default)]
pub(super) struct Counts {
    pub(super) waiting: usize,
    pub(super) left_out: usize,
    pub(super) trouble: Option<String>,
    question_trouble: Option<String>,
}

/// A message that means about the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Which.
    pub id: MessageId,
    /// How alike, up to 1.
    pub similarity: f32,
}

// === impl Semantic ===

impl Semantic {
    /// A handle without vectors. Somebody has to run its [`Worker`].
    #[must_use]
    pub fn new(parts: SemanticParts) -> Self {
        let (shelves, asked, paused) = (DashMap::new(), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { parts, shelves, asked, paused }))
    }

    /// One life of what makes vectors.
    #[must_use]
    pub fn worker(&self) -> Worker {
        Worker::new(self.clone())
    }

    /// The messages that mean most nearly what a text asks, the nearest first, as far as the filters go. Nothing, where it
    /// cannot be said within a moment: then words have to do.
    pub async fn near(&self, tenant: &TenantId, text: &str, within: &Query, by: &OnBehalf) -> Vec<Near> {
        let shelf = self.shelf(tenant);
        if shelf.live.read().shelf.len() == 0 || text.trim().is_empty() || self.is_paused() {
            return Vec::new();
        }
        let wait = if self.0.parts.is_local() { WAIT[0] } else { WAIT[1] };
        let asked = tokio::time::timeout(wait, self.question(tenant, text, by)).await;
        let asked = asked.unwrap_or_else(|_| {
            let text = "the question's vector did not come in time";
            Err(ModelError::new(ModelErrorKind::Timeout, text).into())
        });
        let found = match asked {
            Ok(asked) => self.nearest(tenant, &shelf, asked, within).await,
            Err(error) => Err(error),
        };
        self.note(&shelf, found)
    }

    /// How it does for a tenant.
    #[must_use]
    pub fn status(&self, tenant: &TenantId) -> SemanticStatus {
        let shelf = self.shelf(tenant);
        let (vectors, counts) = (shelf.live.read().shelf.len(), shelf.counts.lock().clone());
        SemanticStatus {
            backend: self.0.parts.backend.clone(),
            model: self.0.parts.model.clone(),
            vectors,
            messages: vectors + counts.waiting + counts.left_out,
            left_out: counts.left_out,
            trouble: counts.trouble.or(counts.question_trouble),
        }
    }

    pub(super) fn shelf(&self, tenant: &TenantId) -> Arc<TenantShelf> {
        Arc::clone(&self.0.shelves.entry(tenant.clone()).or_default())
    }

    /// The vector of a question, remembered for its next pages.
    async fn question(
        &self,
        tenant: &TenantId,
        text: &str,
        by: &OnBehalf,
    ) -> Result<Arc<Vec<f32>>, SemanticError> {
        let parts = &self.0.parts;
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        parts.may(tenant, by).await?;
        let known = self.0.asked.lock().iter().find(|(of, said, _)| of == tenant && *said == text).cloned();
        if let Some((_, _, known)) = known {
            return Ok(known);
        }
        let vector = parts.embed(tenant, by, vec![text.clone()]).await?.into_iter().next();
        let vector = Arc::new(vector.unwrap_or_default());
        let mut asked = self.0.asked.lock();
        asked.push_front((tenant.clone(), text, Arc::clone(&vector)));
        asked.truncate(REMEMBERED);
        Ok(vector)
    }

    async fn nearest(
        &self,
        tenant: &TenantId,
        shelf: &Arc<TenantShelf>,
        asked: Arc<Vec<f32>>,
        within: &Query,
    ) -> Result<Vec<Near>, SemanticError> {
        let (shelf, within, figures) = (Arc::clone(shelf), within.clone(), Arc::clone(&asked));
        let scan = tokio::task::spawn_blocking(move || {
            let live = shelf.live.read();
            let model = live.model.filter(|model| model.figures == figures.len());
            (model, live.shelf.nearest(&sketch(&quantised(&figures)), &within, CANDIDATES))
        });
        let (model, ids) = scan.await.unwrap_or_default();
        let Some(model) = model else {
            let text = "a vector of another length came than those that are kept";
            return Err(ModelError::new(ModelErrorKind::Protocol, text).into());
        };
        let least = self.0.parts.similarity_min;
        let read = self.0.parts.db.read(tenant, move |read| store::vectors(read, model.n, &ids));
        let kept: Vec<(RawId, Vec<u8>)> = read.await.map_err(|error: DbError| error)?;
        let mut near: Vec<Near> = kept
            .into_iter()
            .map(|(id, bytes)| Near { id: MessageId::from_bytes(id), similarity: similarity(&asked, &bytes) })
            .filter(|near| near.similarity >= least)
            .collect();
        near.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| b.id.cmp(&a.id)));
        near.truncate(NEAR_MAX);
        Ok(near)
    }

    fn is_paused(&self) -> bool {
        self.0.paused.lock().is_some_and(|until| Instant::now() < until)
    }

    /// Counts how it went, and says so once when it begins to fail.
    fn note(&self, shelf: &TenantShelf, found: Result<Vec<Near>, SemanticError>) -> Vec<Near> {
        let mut counts = shelf.counts.lock();
        match found {
            Ok(near) => {
                counts.question_trouble = None;
                self.0.parts.metrics.search.question("ok");
                near
            }
            Err(error) => {
                let outcome = match &error {
                    SemanticError::Model(error) => error.kind.as_str(),
                    _ => "store",
                };
                self.0.parts.metrics.search.question(outcome);
                *self.0.paused.lock() = Some(Instant::now() + PAUSE);
                if counts.question_trouble.replace(error.to_string()).is_none() {
                    tracing::warn!(%error, "a question is answered by its words alone");
                }
                Vec::new()
            }
        }
    }
}
