//! What a report changes. Pure.
//!
//! | who says it | a model that nobody knew | facts that are known | a model that is gone | models that it does not name |
//! |---|---|---|---|---|
//! | the binary | is there | replaces its own, fills gaps of others | stays gone | stay |
//! | a session | is there | replaces the binary's, fills gaps of lists | is back: it has just answered | stay |
//! | a probe, a refresh | is there | replaces all, the newest counts | is back | are gone, but for names that stand for a dated one of the list |
//!
//! What a report does not say takes nothing away: a fact that is known stays until another is said.

use std::collections::BTreeMap;

use super::model::{KnownModel, ModelKey, ModelState, Source};
use crate::backends::{Capabilities, ModelInfo, is_version_of};

/// Most models of one backend that are taken in.
pub(super) const MODELS_MAX: usize = 2_000;
/// Longest name of a model, in bytes.
const ID_BYTES_MAX: usize = 200;
/// Longest name for people, in characters.
const NAME_CHARS_MAX: usize = 120;
/// More tokens than any model takes.
const TOKENS_MAX: u64 = 1_000_000_000;

/// What somebody says about the models of one backend.
#[derive(Clone, Debug)]
pub struct Report {
    /// The backend.
    pub backend: String,
    /// Whose models they are.
    pub provider: String,
    /// Who says it.
    pub source: Source,
    /// The models.
    pub models: Vec<ModelInfo>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The models of one backend and provider, by their names there.
pub(super) type Known = BTreeMap<String, KnownModel>;

// === impl Report ===

impl Report {
    /// The report with what may be kept of it: no nameless models, no names that no URL or page should see, no numbers that
    /// no model has, each model once.
    pub(super) fn checked(mut self) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        self.models.retain(|model| is_name(&model.id) && seen.insert(model.id.clone()));
        self.models.truncate(MODELS_MAX);
        for model in &mut self.models {
            let name: String = model.display_name.chars().filter(|c| !c.is_control()).collect();
            let name = name.trim();
            model.display_name =
                if name.is_empty() { model.id.clone() } else { name.chars().take(NAME_CHARS_MAX).collect() };
            let sane = |tokens: &u64| (1..=TOKENS_MAX).contains(tokens);
            model.context_tokens = model.context_tokens.filter(sane);
            model.output_tokens = model.output_tokens.filter(sane);
            model.created_s = model.created_s.max(0);
        }
        self
    }

    fn key(&self, model: &str) -> ModelKey {
        ModelKey { backend: self.backend.clone(), provider: self.provider.clone(), model: model.to_owned() }
    }
}

fn is_name(id: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&id.len()) && !id.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// The models that the report changes or adds, as they are after it. The report was [`Report::checked`].
pub(super) fn merge(known: &Known, report: &Report) -> Vec<KnownModel> {
    let mut changed = Vec::new();
    for said in &report.models {
        let after = match known.get(&said.id) {
            None => new(said, report),
            Some(before) => told(before, said, report),
        };
        if known.get(&said.id) != Some(&after) {
            changed.push(after);
        }
    }
    // A provider that suddenly has nothing is one that does not work.
    if report.source.is_whole() && !report.models.is_empty() {
        changed.extend(missed(known, report));
    }
    changed
}

fn new(said: &ModelInfo, report: &Report) -> KnownModel {
    KnownModel {
        key: report.key(&said.id),
        display_name: said.display_name.clone(),
        context_tokens: said.context_tokens,
        output_tokens: said.output_tokens,
        capabilities: said.capabilities,
        price: said.price,
        state: state(said),
        source: report.source,
        published_s: said.created_s,
        seen_ms: seen(report),
    }
}

/// A known model after another word about it.
fn told(before: &KnownModel, said: &ModelInfo, report: &Report) -> KnownModel {
    let stronger = report.source.rank() >= before.source.rank();
    let named = said.display_name != said.id;
    let (own, other) = (before.capabilities, said.capabilities);
    let capability = |own: Option<bool>, other: Option<bool>| pick(stronger, own, other);
    let mut after = KnownModel {
        context_tokens: pick(stronger, before.context_tokens, said.context_tokens),
        output_tokens: pick(stronger, before.output_tokens, said.output_tokens),
        capabilities: Capabilities {
            tools: capability(own.tools, other.tools),
            images: capability(own.images, other.images),
            thinking: capability(own.thinking, other.thinking),
        },
        price: pick(stronger, before.price, said.price),
        seen_ms: before.seen_ms.max(seen(report)),
        ..before.clone()
    };
    if named && (stronger || before.display_name == before.key.model) {
        after.display_name.clone_from(&said.display_name);
    }
    if said.created_s != 0 && (stronger || before.published_s == 0) {
        after.published_s = said.created_s;
    }
    match (stronger, report.source) {
        (true, _) => (after.state, after.source) = (state(said), report.source),
        (false, Source::Session) if before.state == ModelState::Gone => after.state = ModelState::Available,
        (false, _) => {}
    }
    after
}

/// Models that the whole list lacks.
fn missed<'k>(known: &'k Known, report: &'k Report) -> impl Iterator<Item = KnownModel> + 'k {
    let is_named = |id: &str| report.models.iter().any(|said| said.id == id || is_version_of(&said.id, id));
    known
        .values()
        .filter(move |model| model.state != ModelState::Gone && !is_named(&model.key.model))
        .map(|model| KnownModel { state: ModelState::Gone, source: report.source, ..model.clone() })
}

fn pick<T>(stronger: bool, own: Option<T>, other: Option<T>) -> Option<T> {
    if stronger { other.or(own) } else { own.or(other) }
}

const fn state(said: &ModelInfo) -> ModelState {
    if said.deprecated { ModelState::Deprecated } else { ModelState::Available }
}

const fn seen(report: &Report) -> i64 {
    match report.source {
        Source::Baseline => 0,
        Source::Session | Source::Probe | Source::Refresh => report.at_ms,
    }
}

#[cfg(test)]
mod tests;
