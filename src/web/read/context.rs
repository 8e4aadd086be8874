//! What stands behind a conversation.

use super::{problem, rfc3339, span, turns_problem};
use crate::adapters::turns::Preview;
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::{ThreadId, TurnId};
use crate::turns::{Compaction, Injected, StepRecord, TurnRecord};
use crate::web::view::Frame;
use crate::web::view::context::{
    ContextPage, InjectedView, PreviewView, RunPage, StepView, SummaryView, ToldView,
};

/// What the next message would be answered with.
pub(in crate::web) async fn context(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    frame: Frame,
) -> Result<ContextPage, Problem> {
    let found = state.threads.get(by, thread).await.map_err(problem)?;
    let made = state.turns.compactions(&by.tenant, thread).await.map_err(turns_problem)?;
    let newest = made.iter().find(|summary| summary.undone_ms.is_none()).map(|summary| summary.id);
    let summaries =
        made.into_iter().map(|made| summary(made.undone_ms.is_none() && Some(made.id) == newest, made));
    let injected = state.turns.injections(&by.tenant, thread).await.map_err(turns_problem)?;
    let preview = state.model_turns.preview(&by.tenant, thread).await;
    Ok(ContextPage {
        frame,
        thread: thread.to_string(),
        title: super::rail::title_of(&found),
        preview: preview.map(previewed).map_err(|error| error.to_string()),
        injected: injected.into_iter().rev().map(injected_view).collect(),
        summaries: summaries.collect(),
    })
}

fn injected_view(one: Injected) -> InjectedView {
    let provenance = one.injection.provenance;
    let is_skill = one.injection.sources.iter().any(|source| source.kind == "skill");
    let skill_of = is_skill.then(|| one.turn.to_string());
    InjectedView {
        id: one.id.to_string(),
        plug: one.injection.plug,
        title: one.injection.title,
        length: length(one.injection.text.len()),
        text: one.injection.text,
        instead: one.instead,
        stranger: (!provenance.is_trusted()).then(|| provenance.as_str()),
        created: rfc3339(one.created_ms),
        is_out: one.removed_ms.is_some(),
        skill_of,
    }
}

fn summary(is_used: bool, made: Compaction) -> SummaryView {
    let state = match made.undone_ms {
        Some(_) => "undone",
        None if is_used => "used",
        None => "replaced",
    };
    SummaryView {
        id: made.id.to_string(),
        text: made.summary,
        made_by: made.made_by,
        messages: made.messages,
        created: rfc3339(made.created_ms),
        state,
    }
}

fn previewed(preview: Preview) -> PreviewView {
    let told = preview.told.into_iter();
    PreviewView {
        model: format!("{}/{}", preview.backend, preview.model),
        tokens: preview.input_tokens,
        tokens_max: preview.context_tokens,
        told: told
            .map(|part| ToldView { what: part.what, length: length(part.text.len()), text: part.text })
            .collect(),
        messages: preview.messages,
        length: length(preview.message_bytes),
        tools: preview.tools,
        tools_on_demand: preview.tools_on_demand,
        is_tainted: preview.is_tainted,
    }
}

/// Bytes for people.
fn length(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        _ => format!("{} kB", bytes / 1_000),
    }
}

/// What was done for one answer.
pub(in crate::web) async fn run(
    state: &AppState,
    by: &Principal,
    turn: TurnId,
    frame: Frame,
) -> Result<RunPage, Problem> {
    let found = state.turns.turn(&by.tenant, turn).await.map_err(turns_problem)?;
    let record = found.ok_or_else(Problem::not_found)?;
    state.threads.get(by, record.thread_id).await.map_err(problem)?;
    let steps = state.turns.steps(&by.tenant, turn).await.map_err(turns_problem)?;
    let skills = state.knowledge.skills.used(&by.tenant, turn).await?;
    Ok(RunPage {
        frame,
        thread: record.thread_id.to_string(),
        turn: turn.to_string(),
        state: record.state.as_str().to_owned(),
        facts: facts(&record),
        steps: steps.into_iter().map(step).collect(),
        skills: skills.into_iter().map(|(_, name)| name).collect(),
    })
}

fn facts(turn: &TurnRecord) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let (Some(backend), Some(model)) = (&turn.backend, &turn.model) {
        facts.push(("Model", format!("{backend}/{model}")));
    }
    facts.push(("Tokens", format!("{} in, {} out", turn.input_tokens, turn.output_tokens)));
    if let (Some(began), Some(ended)) = (turn.started_ms, turn.ended_ms) {
        facts.push(("Took", span(ended - began)));
    }
    if turn.attempt > 1 {
        facts.push(("Begun", format!("{} times, after restarts of the daemon", turn.attempt)));
    }
    if let Some(failure) = &turn.failure {
        facts.push(("Ended with", failure.code.clone()));
    }
    facts
}

fn step(step: StepRecord) -> StepView {
    let word = |name: &str| step.detail.as_ref().and_then(|detail| detail.get(name)?.as_str());
    let round = step.detail.as_ref().and_then(|detail| detail.get("round")?.as_u64());
    let (what, about) = match step.kind.as_str() {
        "model_call" => {
            let about = round.map(|round| format!("round {round}")).unwrap_or_default();
            ("Asked the model".to_owned(), about)
        }
        "tool_call" => {
            let class = word("class").unwrap_or_default().replace('_', " ");
            (format!("Called {}", word("tool").unwrap_or("a tool")), class)
        }
        "approval" => ("Asked a person".to_owned(), String::new()),
        "compaction" => ("Summarised older messages".to_owned(), String::new()),
        other => (other.replace('_', " "), String::new()),
    };
    StepView {
        number: step.seq,
        what,
        about,
        state: step.state,
        began: rfc3339(step.started_ms),
        took: step.finished_ms.map(|ended| span(ended - step.started_ms)),
    }
}
