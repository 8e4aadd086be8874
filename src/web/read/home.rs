//! The facts of Home: nothing here is invented, and nothing changes while nothing happens.

use std::collections::HashSet;

use capuchin_actors::supervision::report::ReportKind;
use capuchin_actors::supervision::{NodeState, NodeView, SnapshotLimits, TreeHandle};
use jiff::Timestamp;

use super::rail::title_of;
use super::{problem, rfc3339, span, turns_problem};
use crate::config::backends::{BackendKind, DEMO};
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::schedules::{Schedule, ScheduleState};
use crate::web::view::pages::{AheadSlot, BackendView, Card, HomeFacts, NextStep, RecentThread, RunningTurn};
use crate::workspaces::{Thread, ThreadFilter};

/// Chats that Home lists.
const RECENT: usize = 6;
/// Times of schedules that Home lists.
const AHEAD: usize = 3;
/// Turns that Home lists.
const RUNNING: usize = 10;
/// The window of the restart figure.
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// What is known now.
pub(in crate::web) async fn facts(state: &AppState, by: &Principal) -> Result<HomeFacts, Problem> {
    let now_ms = Timestamp::now().as_millisecond();
    let threads = state.threads.list(by, ThreadFilter::default(), RECENT).await.map_err(problem)?;
    let running = running(state, by).await?;
    let tree = state.tree.get().and_then(|tree| tree.snapshot(SnapshotLimits::default()));
    let default = state.assistants.default(&by.tenant).await.map_err(super::assistant_problem)?;
    Ok(HomeFacts {
        cards: cards(state, tree.as_ref(), now_ms),
        steps: steps(!threads.is_empty(), &default.backend),
        running,
        ahead: ahead(state, by).await?,
        recent: threads.iter().map(recent).collect(),
        backends: backends(state),
    })
}

/// What happens by itself next, for those who may see schedules.
async fn ahead(state: &AppState, by: &Principal) -> Result<Vec<AheadSlot>, Problem> {
    if by.authorize(&[Scope::Admin]).is_err() || by.assistant.is_some() {
        return Ok(Vec::new());
    }
    if state.schedules.held(&by.tenant).await?.is_some() {
        return Ok(Vec::new());
    }
    let mut next = state.schedules.list(&by.tenant).await?;
    next.retain(|one| one.state == ScheduleState::Active && one.next_ms.is_some());
    next.sort_by_key(|one| one.next_ms);
    // The first slots of all are among those of the schedules that are next.
    let of = |one: &Schedule| {
        state
            .schedules
            .ahead(one, AHEAD)
            .into_iter()
            .map(|slot| (slot.slot_ms, one.clone()))
            .collect::<Vec<_>>()
    };
    let mut slots: Vec<(i64, Schedule)> = next.iter().take(AHEAD).flat_map(of).collect();
    slots.sort_by_key(|(at, _)| *at);
    let slot =
        |(at, one): (i64, Schedule)| AheadSlot { id: one.id.to_string(), name: one.name, at: rfc3339(at) };
    Ok(slots.into_iter().take(AHEAD).map(slot).collect())
}

async fn running(state: &AppState, by: &Principal) -> Result<Vec<RunningTurn>, Problem> {
    let pending = state.turns.threads_with_pending(&by.tenant).await.map_err(turns_problem)?;
    let mut running = Vec::new();
    for thread in pending.into_iter().take(RUNNING) {
        // silent-ok: a thread that was deleted meanwhile, or that this caller may not see, is not listed.
        let Ok(found) = state.threads.get(by, thread).await else { continue };
        let works = state.sessions.view(thread).is_some_and(|session| session.running);
        let word = if works { "running" } else { "queued" };
        running.push(RunningTurn {
            thread: thread.to_string(),
            title: title_of(&found),
            state: word.to_owned(),
        });
    }
    Ok(running)
}

fn cards(state: &AppState, tree: Option<&NodeView>, now_ms: i64) -> Vec<Card> {
    let answering = state.sessions.running();
    let reports = state.tree.get().map(TreeHandle::reports).unwrap_or_default();
    let restarts = reports
        .iter()
        .filter(|report| now_ms - report.at.as_millisecond() < HOUR_MS)
        .filter(|report| matches!(report.kind, ReportKind::Restarted { .. }))
        .count();
    let quarantined = tree.map_or(0, |root| count(root, NodeState::Quarantined));
    let up_ms = i64::try_from(state.started.elapsed().as_millis()).unwrap_or(i64::MAX);
    let started_ms = (now_ms - up_ms + 500).div_euclid(1_000) * 1_000;
    let card = |name, value: String, note: String, warn| Card { name, value, since: None, note, warn };
    vec![
        card("Live sessions", state.sessions.live().to_string(), format!("{answering} answering"), false),
        card(
            "Restarts, last hour",
            restarts.to_string(),
            match quarantined {
                0 => "nobody in quarantine".to_owned(),
                1 => "1 actor in quarantine".to_owned(),
                more => format!("{more} actors in quarantine"),
            },
            quarantined > 0,
        ),
        card("Stored", size(state.db.stats().db_bytes), "on this machine".to_owned(), false),
        Card {
            name: "Up for",
            value: span(up_ms),
            since: Some(started_ms),
            note: format!("version {}", env!("CARGO_PKG_VERSION")),
            warn: false,
        },
    ]
}

/// Bytes in binary units, as people say them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut scaled = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"KiB");
    while scaled >= 1024.0
        && let Some(next) = units.next()
    {
        (scaled, unit) = (scaled / 1024.0, next);
    }
    if scaled < 10.0 { format!("{scaled:.1} {unit}") } else { format!("{scaled:.0} {unit}") }
}

fn count(node: &NodeView, state: NodeState) -> usize {
    usize::from(node.state == state) + node.children.iter().map(|child| count(child, state)).sum::<usize>()
}

fn steps(has_threads: bool, backend: &str) -> Vec<NextStep> {
    vec![
        NextStep {
            done: has_threads,
            title: "Ask something",
            how: "Every message is stored before it is answered, so nothing gets lost.".to_owned(),
            href: Some("/chat"),
        },
        NextStep {
            done: backend != DEMO,
            title: "Connect a model",
            how: "Name a backend in config.toml, for example an Ollama address or a provider with its key in the \
                  environment, and restart."
                .to_owned(),
            href: None,
        },
        NextStep {
            done: false,
            title: "Watch it heal",
            how: "Send /slow 20 in a chat, then restart its session under Runtime while it answers.".to_owned(),
            href: Some("/runtime"),
        },
    ]
}

fn recent(thread: &Thread) -> RecentThread {
    RecentThread { id: thread.id.to_string(), title: title_of(thread), updated: rfc3339(thread.updated_ms) }
}

fn backends(state: &AppState) -> Vec<BackendView> {
    let missing: HashSet<&str> = state
        .config
        .backends
        .0
        .keys()
        .filter(|name| {
            let place = format!("backends.{name} ");
            state.backends.missing_keys().iter().any(|text| text.contains(&place))
        })
        .map(String::as_str)
        .collect();
    let view = |name: &str| {
        let config = state.config.backends.0.get(name);
        let note = match config.map(|config| config.kind) {
            None | Some(BackendKind::Demo) => "built in, offline, from a script".to_owned(),
            Some(BackendKind::Openai) => {
                address(config.and_then(|c| c.base_url.as_deref()), "api.openai.com")
            }
            Some(BackendKind::Openrouter) => {
                address(config.and_then(|c| c.base_url.as_deref()), "openrouter.ai")
            }
            Some(BackendKind::Gemini) => {
                address(config.and_then(|c| c.base_url.as_deref()), "generativelanguage.googleapis.com")
            }
            Some(BackendKind::Ollama) => address(config.and_then(|c| c.base_url.as_deref()), "127.0.0.1"),
            Some(BackendKind::Anthropic) => {
                address(config.and_then(|c| c.base_url.as_deref()), "api.anthropic.com")
            }
            Some(
                BackendKind::Claude
                | BackendKind::Codex
                | BackendKind::GeminiCli
                | BackendKind::Opencode
                | BackendKind::Copilot
                | BackendKind::Acp,
            ) => "a program on this machine, in a cage".to_owned(),
        };
        let word = if missing.contains(name) { "needs_key" } else { "ready" };
        BackendView { name: name.to_owned(), note, state: word }
    };
    state.backends.names().map(view).collect()
}

/// The host of an address, without anything that could be a secret.
fn address(base_url: Option<&str>, own: &str) -> String {
    let Some(url) = base_url else { return own.to_owned() };
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
