//! Facts as rows, and what they said before.

use jiff::Timestamp;

use super::library::OWNERS_MAX;
use super::{assistant_problem, name_of, rfc3339};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::memory::{Category, Fact, FactVersion, Visible, diff, last_day};
use crate::protocol::ids::FactId;
use crate::web::view::Frame;
use crate::web::view::facts::{FactDraft, FactPage, FactRow, GoneRow, MemoryView, VersionRow};

/// Facts that are shown; a search finds the others.
const FACTS_MAX: usize = 200;
/// Facts that were forgotten and are shown.
const GONE_MAX: usize = 50;

/// What is remembered: the newest, or what fits a question.
pub(in crate::web) async fn memory(
    state: &AppState,
    by: &Principal,
    question: String,
    draft: FactDraft,
) -> Result<MemoryView, Problem> {
    let memory = &state.knowledge.memory;
    let all = Visible::default();
    let mut found = match question.trim().is_empty() {
        true => memory.list(&by.tenant, all, None, (None, FACTS_MAX + 1)).await?,
        false => memory.search(&by.tenant, &question, all, None, FACTS_MAX + 1).await?,
    };
    let more = found.len() > FACTS_MAX;
    found.truncate(FACTS_MAX);
    if question.trim().is_empty() {
        let at = |category| Category::ALL.into_iter().position(|known| known == category);
        found.sort_by(|a, b| {
            (a.is_trusted(), !a.pinned, at(a.category), b.updated_ms).cmp(&(
                b.is_trusted(),
                !b.pinned,
                at(b.category),
                a.updated_ms,
            ))
        });
    }
    let assistants = state.assistants.list(&by.tenant, None, OWNERS_MAX).await.map_err(assistant_problem)?;
    let assistants: Vec<(String, String)> =
        assistants.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let facts = found.into_iter().map(|fact| fact_row(state, &assistants, fact)).collect();
    let gone = memory.forgotten(&by.tenant, all, GONE_MAX).await?;
    Ok(MemoryView {
        question,
        facts,
        more,
        gone: gone.into_iter().map(|version| gone_row(state, version)).collect(),
        gone_days: memory.forgotten_days(),
        backend: memory.backend(),
        assistants,
        draft,
    })
}

fn fact_row(state: &AppState, assistants: &[(String, String)], fact: Fact) -> FactRow {
    let owner = fact.scope.assistant.map(|id| id.to_string());
    let name = owner.as_ref().and_then(|id| assistants.iter().find(|(known, _)| known == id));
    let whose = match (&owner, name) {
        (None, _) => "every assistant",
        (Some(_), Some((_, name))) => name,
        (Some(_), None) => "an assistant that is gone",
    };
    let of = match fact.category {
        Category::Core => format!("{whose}, in every prompt"),
        Category::Custom => whose.to_owned(),
        Category::Daily => format!("{whose}, in one workspace"),
        Category::Conversation => format!("{whose}, in one chat"),
    };
    FactRow {
        id: fact.id.to_string(),
        category: fact.category.as_str(),
        tags: fact.tags.join(" "),
        by: who(state, &fact.source),
        confidence: fact.confidence.word(),
        expires: fact.expires_ms.map(last_day).unwrap_or_default(),
        expired: fact.is_expired(Timestamp::now().as_millisecond()),
        pinned: fact.pinned,
        trusted: fact.is_trusted(),
        changed: rfc3339(fact.updated_ms),
        version: fact.version,
        key: fact.key,
        text: fact.text,
        of,
    }
}

fn gone_row(state: &AppState, version: FactVersion) -> GoneRow {
    GoneRow {
        id: version.fact.id.to_string(),
        by: who(state, &version.note.by),
        at: rfc3339(version.note.at_ms),
        key: version.fact.key,
        text: version.fact.text,
    }
}

/// Who did something, in words.
fn who(state: &AppState, source: &str) -> String {
    match source.starts_with("turn ") {
        true => "the assistant".to_owned(),
        false => name_of(state, source),
    }
}

/// The page of what a fact said before.
pub(in crate::web) async fn history(
    state: &AppState,
    by: &Principal,
    id: FactId,
    frame: impl Fn(String) -> Frame,
) -> Result<FactPage, Problem> {
    let memory = &state.knowledge.memory;
    let versions = memory.versions(&by.tenant, Visible::default(), id).await?;
    let newest = versions.first().ok_or_else(Problem::not_found)?;
    let is_gone = newest.note.deed.is_end();
    let (key, version) = (newest.fact.key.clone(), (!is_gone).then_some(newest.fact.version));
    let origin = origin(state, by, versions.iter().rev()).await;
    let before = versions.iter().skip(1).map(Some).chain([None]);
    let rows = versions.iter().zip(before).enumerate().map(|(at, (version, before))| {
        let can_return = at > 0 || is_gone;
        VersionRow { can_return, ..row(state, version, before) }
    });
    let versions = rows.collect();
    Ok(FactPage { frame: frame(key), id: id.to_string(), version, versions, origin, notice: None })
}

fn row(state: &AppState, version: &FactVersion, before: Option<&FactVersion>) -> VersionRow {
    let base = before.map_or(&version.fact, |before| &before.fact);
    let found = diff(base, &version.fact);
    VersionRow {
        number: version.number,
        deed: version.note.deed.as_str(),
        by: who(state, &version.note.by),
        at: rfc3339(version.note.at_ms),
        why: version.note.why.clone(),
        fields: found.fields.iter().map(|(name, was, is)| format!("{name}: {was} → {is}")).collect(),
        text: found.text.into_iter().map(|(change, piece)| (change.as_str(), piece)).collect(),
        can_return: true,
    }
}

/// The run of the first turn that had to do with it, if one did and its chat is still there.
async fn origin<'v>(
    state: &AppState,
    by: &Principal,
    versions: impl Iterator<Item = &'v FactVersion>,
) -> Option<String> {
    let mut turns = versions.filter_map(|version| version.note.by.strip_prefix("turn ")?.parse().ok());
    let turn = turns.next()?;
    let found = state.turns.turn(&by.tenant, turn).await;
    // silent-ok: a link less, to a page that could not be shown either.
    let record = found.ok()??;
    Some(format!("/c/{}/turns/{turn}/run", record.thread_id))
}
