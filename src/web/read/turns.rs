//! A conversation as turns: the stored messages, put to the turns that they belong to.

use std::collections::HashMap;

use super::{problem, rfc3339, span, turns_problem};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::chat::ToolCall;
use crate::protocol::ids::{MessageId, ThreadId, TurnId};
use crate::protocol::turn::TurnState;
use crate::turns::TurnRecord;
use crate::web::markdown::{self, AnswerBlocks};
use crate::web::view::pages::ThreadView;
use crate::web::view::{BlockView, FailureView, ToolView, TurnView, UserView};
use crate::workspaces::Message;

/// Messages of a page.
const MESSAGES: usize = 80;
/// Messages that may lie between a question and its answer: what tools answered, and a thread's queue.
const ANSWER_WITHIN: usize = 200;

/// The newest part of a conversation, or what came before a message.
pub(in crate::web) async fn conversation(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    before: Option<MessageId>,
) -> Result<ThreadView, Problem> {
    // Taken first: what happens while the rest is read is shown by the stream, which begins here.
    let cursor = state.turns.cursor(&by.tenant, thread).await.map_err(turns_problem)?;
    let mut messages =
        state.threads.latest_messages(by, thread, before, MESSAGES + 1).await.map_err(problem)?;
    let earlier = messages.len() > MESSAGES;
    if earlier {
        messages.remove(0);
    }
    let first = messages.first().map(|message| message.id.to_string()).unwrap_or_default();
    let mut turns: Vec<TurnView> = Vec::new();
    let mut place: HashMap<TurnId, usize> = HashMap::new();
    for message in messages {
        let index = match message.turn_id.and_then(|turn| place.get(&turn).copied()) {
            Some(index) => index,
            None => {
                let view = match message.turn_id {
                    Some(turn) => {
                        place.insert(turn, turns.len());
                        match state.turns.turn(&by.tenant, turn).await.map_err(turns_problem)? {
                            Some(record) => of_record(&record),
                            None => bare(&message, turn.to_string()),
                        }
                    }
                    None => bare(&message, message.id.to_string()),
                };
                turns.push(view);
                turns.len() - 1
            }
        };
        if let Some(view) = turns.get_mut(index) {
            add(view, message);
        }
    }
    show_partial_answers(state, by, thread, &mut turns).await?;
    let mut asked = super::approvals::of_thread(state, by, thread, None).await?;
    for (turn, index) in place {
        if let (Some(view), Some(cards)) = (turns.get_mut(index), asked.remove(&turn)) {
            view.approvals = cards;
        }
    }
    Ok(ThreadView { id: thread.to_string(), cursor, turns, earlier, first })
}

/// What running turns have written so far, so that a reload shows it at once.
async fn show_partial_answers(
    state: &AppState,
    by: &Principal,
    thread: ThreadId,
    turns: &mut [TurnView],
) -> Result<(), Problem> {
    if !turns.iter().any(|turn| turn.state == "running") {
        return Ok(());
    }
    for pending in state.turns.pending(&by.tenant, thread).await.map_err(turns_problem)? {
        let id = pending.turn_id.to_string();
        if let Some(view) = turns.iter_mut().find(|view| view.id == id) {
            let mut answer = AnswerBlocks::new();
            answer.push(&pending.partial);
            let begin = view.blocks.len();
            let more = block_views(&mut answer).into_iter();
            view.blocks.extend(more.map(|block| BlockView { index: begin + block.index, ..block }));
        }
    }
    Ok(())
}

/// One turn, with its answer when it has one. `None` when it is gone.
pub(in crate::web) async fn one(
    state: &AppState,
    by: &Principal,
    turn: TurnId,
) -> Result<Option<TurnView>, Problem> {
    let Some(record) = state.turns.turn(&by.tenant, turn).await.map_err(turns_problem)? else {
        return Ok(None);
    };
    let mut view = of_record(&record);
    let question = state.threads.message(by, record.message_id).await.map_err(problem)?;
    add(&mut view, question);
    let asked = super::approvals::of_thread(state, by, record.thread_id, Some(turn)).await?;
    view.approvals = asked.into_values().flatten().collect();
    if record.state.is_terminal() {
        let after = Some(record.message_id);
        let later =
            state.threads.messages(by, record.thread_id, after, ANSWER_WITHIN).await.map_err(problem)?;
        for message in later.into_iter().filter(|message| message.turn_id == Some(turn)) {
            add(&mut view, message);
        }
    }
    Ok(Some(view))
}

/// The blocks of an answer that grows.
pub(in crate::web) fn block_views(answer: &mut AnswerBlocks) -> Vec<BlockView> {
    answer
        .all()
        .into_iter()
        .map(|change| BlockView { index: change.index, pending: change.pending, html: change.html })
        .collect()
}

fn of_record(record: &TurnRecord) -> TurnView {
    let failure = record.failure.as_ref().filter(|_| record.state != TurnState::Stopped);
    let model = match (&record.backend, &record.model) {
        (Some(backend), Some(model)) => format!("{backend}/{model}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) => String::new(),
    };
    TurnView {
        id: record.id.to_string(),
        thread: record.thread_id.to_string(),
        state: record.state.as_str().to_owned(),
        failure: failure.map(|failure| {
            FailureView::new(&failure.code, &super::super::framed::sentence(&failure.message))
        }),
        model,
        input_tokens: record.input_tokens,
        output_tokens: record.output_tokens,
        took: record.started_ms.zip(record.ended_ms).map(|(started, ended)| span(ended - started)),
        ..TurnView::default()
    }
}

/// A message that no turn tells about: it was imported.
fn bare(message: &Message, id: String) -> TurnView {
    TurnView { id, thread: message.thread_id.to_string(), state: "done".to_owned(), ..TurnView::default() }
}

fn add(view: &mut TurnView, message: Message) {
    if message.role == "user" {
        let author = match message.provenance.as_str() {
            "owner" => "You",
            "token" => "A program",
            "system" => "Capuchin",
            _ => "Imported",
        };
        let created = rfc3339(message.created_ms);
        view.user = Some(UserView { content: message.content, author, created });
        return;
    }
    if let Some(call) = &message.call_id {
        let state = message.outcome.as_deref().unwrap_or("done");
        if let Some(card) = view.tools.iter_mut().rev().find(|card| card.is_of(call)) {
            card.goes_on(state, &message.content);
        }
        return;
    }
    view.thinking.push_str(&message.thinking);
    let calls: Vec<ToolCall> =
        message.tool_calls.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    view.tools
        .extend(calls.iter().map(|call| ToolView::new(&call.id, &call.name, &call.arguments, "requested")));
    let begin = view.blocks.len();
    let blocks = markdown::blocks(&message.content).into_iter().enumerate();
    view.blocks.extend(blocks.map(|(index, html)| BlockView { index: begin + index, pending: false, html }));
}
