//! What the assistant does by itself, and what it adds to what it is asked: plugs and everything that they stand on.

use std::sync::Arc;

use super::extensions::{PlugMakers, Rebuilder};
use crate::adapters::knowledge::Knowledge;
use crate::adapters::search::{Finder, Searchable};
use crate::backends::UsageRecorder;
use crate::config::{Config, Home};
use crate::db::Db;
use crate::extensions::Extensions;
use crate::guard::Guard;
use crate::models::Models;
use crate::recall::{Recall, RecallPlug};
use crate::redaction::Redactor;
use crate::search::Search;
use crate::semantic::{Semantic, SemanticParts};
use crate::telemetry::Metrics;
use crate::turns::Turns;
use crate::workspaces::{Threads, Workspaces};

/// See the module. Every field is a cheap handle.
pub(super) struct Mind {
    pub(super) extensions: Extensions,
    pub(super) finder: Finder,
}

/// What finds by meaning; nothing where the settings name no model.
pub(super) fn semantic(
    config: &Config,
    (db, metrics): (&Db, &Metrics),
    (turns, threads): (&Turns, &Threads),
    (models, guard, usage): (&Models, &Guard, &UsageRecorder),
) -> Option<Semantic> {
    let settings = &config.search.semantic;
    let (backend, model) = settings.chosen()?;
    Some(Semantic::new(SemanticParts {
        db: db.clone(),
        threads: threads.clone(),
        turns: turns.clone(),
        backends: models.backends().clone(),
        guard: guard.clone(),
        usage: usage.clone(),
        metrics: metrics.clone(),
        backend: backend.to_owned(),
        model: model.to_owned(),
        similarity_min: settings.similarity_min as f32,
    }))
}

// === impl Mind ===

impl Mind {
    /// The mind of this home. `extensions` has no plugs yet: they are put in here. A plug that cannot be made keeps nobody
    /// from starting: it is at its place, and fails there with the reason.
    pub(super) async fn build(
        extensions: Extensions,
        (home, config, metrics): (&Home, &Config, &Metrics),
        (searchable, semantic): (Searchable, Option<Semantic>),
        mut makers: PlugMakers,
    ) -> Self {
        let search = Search::new(home.search());
        let recall = Recall::new(search.clone(), searchable.threads.clone()).with_semantic(semantic);
        let finder = Finder::new(search, recall.clone(), searchable);
        makers.add("recall", move |config| Arc::new(RecallPlug::new(recall.clone(), config.recall.clone())));
        let (pipelines, problems) = makers.compile(&config.extensions).await;
        for problem in problems {
            tracing::warn!(notice = "capuchin.extension.failing", problem, "a plug cannot be used");
        }
        extensions.install(pipelines);
        extensions.rebuilt_by(Arc::new(Rebuilder(Arc::new(makers))));
        metrics.plugs.read_from(extensions.clone());
        Self { extensions, finder }
    }
}

/// What is found by its words.
pub(super) fn searchable(
    (turns, threads, workspaces): (&Turns, &Threads, &Workspaces),
    knowledge: &Knowledge,
    redactor: &Redactor,
) -> Searchable {
    Searchable {
        turns: turns.clone(),
        threads: threads.clone(),
        memory: knowledge.memory.clone(),
        skills: knowledge.skills.clone(),
        workspaces: workspaces.clone(),
        redactor: redactor.clone(),
    }
}
