//! What is found as rows.

use super::{problem, rfc3339};
use crate::adapters::search::{Item, KINDS, Wanted};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::{MessageId, ThreadId};
use crate::search::{Order, TEXT_CHARS_MAX};
use crate::web::routes::address;
use crate::web::view::search::{HitRow, SearchDraft, SearchView};
use crate::workspaces::ThreadFilter;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Hits of a page.
const HITS: usize = 20;
/// Hits of the palette.
const PALETTE_HITS: usize = 8;
/// Threads of the palette.
const PALETTE_THREADS: usize = 5;
/// Threads whose titles are looked through.
const THREADS_MAX: usize = 500;
/// Messages that are shown after one that somebody goes to.
const AFTER: usize = 20;
/// Workspaces to choose from.
const WORKSPACES_MAX: usize = 200;

/// What fits a form.
pub(in crate::web) async fn hits(
    state: &AppState,
    by: &Principal,
    draft: &SearchDraft,
    cursor: &str,
) -> SearchView {
    let Some(wanted) = wanted(draft, cursor) else { return SearchView::default() };
    match state.finder.find(by, &wanted).await {
        Ok(found) => SearchView {
            asked: true,
            hits: found.items.into_iter().map(row).collect(),
            next: found.next.map(|(offset, id)| next(draft, offset, id)),
            trouble: None,
            partial: found.partial,
        },
        Err(error) => SearchView {
            asked: true,
            trouble: Some(crate::web::framed::sentence(&error.to_string())),
            ..SearchView::default()
        },
    }
}

/// What the palette offers for some words: chats by their titles, and what was said.
pub(in crate::web) async fn palette(
    state: &AppState,
    by: &Principal,
    text: &str,
) -> Result<(Vec<(String, String)>, Vec<HitRow>), Problem> {
    let needle = text.to_lowercase();
    let all = state.threads.list(by, ThreadFilter::default(), THREADS_MAX).await.map_err(problem)?;
    let fitting = all.into_iter().filter(|thread| thread.title.to_lowercase().contains(&needle));
    let threads = fitting.take(PALETTE_THREADS).map(|thread| (thread.title, thread.id.to_string())).collect();
    let draft = SearchDraft { q: as_typed(text), ..SearchDraft::default() };
    let mut found = hits(state, by, &draft, "").await.hits;
    found.truncate(PALETTE_HITS);
    Ok((threads, found))
}

/// The last word is not typed to its end yet.
pub(in crate::web) fn as_typed(text: &str) -> String {
    let begun = text.chars().rev().take_while(|c| c.is_alphanumeric()).count();
    let quoted = text.matches('"').count() % 2 == 1;
    let word = text.split_whitespace().next_back().unwrap_or_default();
    if begun < 2 || quoted || word.starts_with('-') { text.to_owned() } else { format!("{text}*") }
}

/// The address where a message is shown in its conversation.
pub(in crate::web) async fn place(
    state: &AppState,
    by: &Principal,
    id: MessageId,
) -> Result<String, Problem> {
    let message = state.threads.message(by, id).await.map_err(problem)?;
    let thread: ThreadId = message.thread_id;
    let later = state.threads.messages(by, thread, Some(id), AFTER + 1).await.map_err(problem)?;
    let before = later.get(AFTER).map(|message| format!("?before={}", message.id)).unwrap_or_default();
    let turn = message.turn_id.map_or_else(|| id.to_string(), |turn| turn.to_string());
    Ok(format!("/c/{thread}{before}#turn-{turn}"))
}

/// Names and ids of the workspaces that this principal sees.
pub(in crate::web) async fn workspaces(
    state: &AppState,
    by: &Principal,
) -> Result<Vec<(String, String)>, Problem> {
    let all = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    Ok(all.into_iter().map(|workspace| (workspace.name, workspace.id.to_string())).collect())
}

fn wanted(draft: &SearchDraft, cursor: &str) -> Option<Wanted> {
    let text = draft.q.trim();
    if text.is_empty() || text.chars().count() > TEXT_CHARS_MAX {
        return None;
    }
    let day = |text: &str| {
        let start = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(start.timestamp().as_millisecond())
    };
    let after = cursor.split_once('-').and_then(|(offset, id)| {
        Some((offset.parse().ok()?, u128::from_str_radix(id, 16).ok()?.to_be_bytes()))
    });
    Some(Wanted {
        text: text.to_owned(),
        workspace: draft.workspace.parse().ok(),
        thread: None,
        role: Some(draft.role.clone()).filter(|role| !role.is_empty()),
        kind: KINDS.iter().find(|kind| **kind == draft.kind).copied(),
        from_ms: day(&draft.after),
        until_ms: day(&draft.before),
        order: if draft.sort == "newest" { Order::Newest } else { Order::Relevance },
        after,
        limit: HITS,
    })
}

fn next(draft: &SearchDraft, offset: usize, id: [u8; 16]) -> String {
    let cursor = format!("{offset}-{:032x}", u128::from_be_bytes(id));
    let pairs = [
        ("q", draft.q.as_str()),
        ("kind", &draft.kind),
        ("role", &draft.role),
        ("workspace", &draft.workspace),
        ("after", &draft.after),
        ("before", &draft.before),
        ("sort", &draft.sort),
        ("cursor", &cursor),
    ];
    address("/search", pairs.into_iter())
}

fn row(item: Item) -> HitRow {
    let href = match (item.kind, item.workspace_id) {
        ("message", _) => format!("/m/{}", item.id),
        ("skill", Some(workspace)) => format!("/library/skills/{}?workspace={workspace}", item.id),
        ("file", Some(workspace)) => format!("/api/v1/workspaces/{workspace}/files/{}", encoded(&item.title)),
        ("skill", None) => format!("/library/skills/{}", item.id),
        _ => "/library?tab=memory".to_owned(),
    };
    let what = match (item.kind, item.author.as_deref(), item.role.as_str()) {
        ("message", Some(author), _) => author.to_owned(),
        ("message", None, "user") => "You".to_owned(),
        ("message", None, "assistant") => "Assistant".to_owned(),
        ("message", None, "tool") => "Tool".to_owned(),
        ("message", None, _) => "System".to_owned(),
        ("memory", ..) => "Memory".to_owned(),
        ("file", ..) => "File".to_owned(),
        _ => "Skill".to_owned(),
    };
    let title = if item.title.is_empty() { "Untitled chat".to_owned() } else { item.title };
    HitRow { href, title, what, pieces: pieces(&item.snippet), when: rfc3339(item.created_ms) }
}

/// A path as it is written in an address.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A snippet as pieces that fit and pieces that do not.
fn pieces(snippet: &crate::search::Snippet) -> Vec<(String, bool)> {
    let mut pieces = Vec::new();
    let mut chars = snippet.text.chars();
    let mut at = 0;
    for (start, end) in &snippet.highlights {
        let before: String = chars.by_ref().take(start.saturating_sub(at)).collect();
        let fits: String = chars.by_ref().take(end.saturating_sub(*start)).collect();
        pieces.push((before, false));
        pieces.push((fits, true));
        at = *end;
    }
    pieces.push((chars.collect(), false));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}
