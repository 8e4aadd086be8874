//! A conversation as it goes on.
//!
//! Reads the durable log from before the oldest turn that has not ended, so that it always
//! knows the whole of every running answer, whatever the reader has seen. A turn is first
//! sent whole; then only the blocks that changed, at most every [`FLUSH_EVERY`]; and whole
//! once more, from the store, when it has ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::http::AppState;
use crate::identity::Principal;
use crate::protocol::event::{EventKind, ThreadEvent};
use crate::protocol::ids::{ThreadId, TurnId};
use crate::turns::ThreadStream;
use crate::web::headers::fragment;
use crate::web::markdown::AnswerBlocks;
use crate::web::read;
use crate::web::view::{ToolFragment, ToolView, TurnFragment, TurnView};

/// Longest time between a piece of an answer and its place on the page.
const FLUSH_EVERY: Duration = Duration::from_millis(60);
/// Pause after the log could not be read.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// Turns that ended while the reader was away; after more it loads the page again.
const ENDED_MAX: usize = 40;

/// What happens in a thread after the reader's cursor.
pub(super) fn follow(
    state: AppState,
    by: Principal,
    thread: ThreadId,
    after: i64,
) -> impl Stream<Item = Value> + Send + 'static {
    stream::unfold(Feed::new(state, by, thread, after), |mut feed| async move {
        let message = feed.next().await;
        Some((message, feed))
    })
}

struct Feed {
    state: AppState,
    by: Principal,
    thread: ThreadId,
    /// Where the reader is; the log is read from here or earlier.
    after: i64,
    log: Option<ThreadStream>,
    /// Turns that have not ended, in their order.
    open: BTreeMap<TurnId, OpenTurn>,
    /// Turns that ended and were not yet sent.
    ended: Vec<(TurnId, &'static str)>,
    ready: VecDeque<Value>,
    flush_at: Option<Instant>,
}

/// A turn that has not ended.
struct OpenTurn {
    view: TurnView,
    answer: AnswerBlocks,
    /// The round of its last piece.
    round: u64,
    /// Reasoning that was not sent yet.
    thought: String,
    /// Tool calls that were not sent yet.
    calls: Vec<ToolView>,
    /// Whether the reader has to get all of it.
    whole: bool,
}

impl Feed {
    fn new(state: AppState, by: Principal, thread: ThreadId, after: i64) -> Self {
        Self {
            state,
            by,
            thread,
            after,
            log: None,
            open: BTreeMap::new(),
            ended: Vec::new(),
            ready: VecDeque::new(),
            flush_at: None,
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return message;
            }
            match self.event_or_flush().await {
                Some(event) => self.take(&event).await,
                None => self.flush().await,
            }
        }
    }

    /// The next event, or `None` when it is time to send what came so far.
    async fn event_or_flush(&mut self) -> Option<ThreadEvent> {
        loop {
            let flush_at = self.flush_at;
            let log = match &mut self.log {
                Some(log) => log,
                None => match self.state.turns.cursor(&self.by.tenant, self.thread).await {
                    Ok(cursor) => {
                        let from = self.after.min(cursor);
                        self.log.insert(self.state.turns.stream(&self.by.tenant, self.thread, from))
                    }
                    Err(_) => {
                        // silent-ok: whoever writes to the store reports it; the reader only waits.
                        sleep(RETRY_AFTER).await;
                        continue;
                    }
                },
            };
            let due = async {
                match flush_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = due => return None,
                event = log.next() => match event {
                    Ok(event) => return Some(event),
                    // silent-ok: nothing is lost, the next call reads the log again.
                    Err(_) => sleep(RETRY_AFTER).await,
                },
            }
        }
    }

    async fn take(&mut self, event: &ThreadEvent) {
        self.flush_at.get_or_insert_with(|| Instant::now() + FLUSH_EVERY);
        if event.kind.ends_turn() {
            let was_open = self.open.remove(&event.turn).is_some();
            if was_open || event.id > self.after {
                self.ended.push((event.turn, ending(event)));
                self.flush_at = Some(Instant::now());
            }
            return;
        }
        // silent-ok: the log holds objects that we wrote; one that is none says nothing.
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return };
        let text = data.get("text").and_then(Value::as_str).unwrap_or_default();
        match event.kind {
            EventKind::Accepted => self.opened(event.turn).await,
            EventKind::Delta => {
                if let Some(turn) = self.open.get_mut(&event.turn) {
                    let round = data.get("round").and_then(Value::as_u64).unwrap_or(1);
                    if std::mem::replace(&mut turn.round, round) != round {
                        // What a model says after its tools have answered begins anew.
                        turn.answer.push("\n\n");
                    }
                    turn.answer.push(text);
                }
            }
            EventKind::Thinking => {
                if let Some(turn) = self.open.get_mut(&event.turn) {
                    turn.thought.push_str(text);
                }
            }
            EventKind::Tool => {
                if let Some(turn) = self.open.get_mut(&event.turn) {
                    turn.card(&data);
                }
            }
            EventKind::Approval => self.asked(event.turn).await,
            EventKind::Usage | EventKind::Done | EventKind::Error => {}
        }
    }

    /// A turn was accepted. If it has ended since, its last event follows in the log.
    async fn opened(&mut self, turn: TurnId) {
        // silent-ok: a turn that cannot be read now, or was deleted, comes whole with its last event or not at all.
        let Ok(Some(view)) = read::turns::one(&self.state, &self.by, turn).await else { return };
        if matches!(view.state.as_str(), "queued" | "running") {
            let answer = AnswerBlocks::new();
            self.open.insert(
                turn,
                OpenTurn { view, answer, round: 1, thought: String::new(), calls: Vec::new(), whole: true },
            );
        }
    }

    /// A question was asked or answered: its turn is sent again with all of its questions.
    async fn asked(&mut self, turn: TurnId) {
        let Some(open) = self.open.get_mut(&turn) else { return };
        let found = read::approvals::of_thread(&self.state, &self.by, self.thread, Some(turn)).await;
        // silent-ok: the whole turn comes with its last event; the inbox has the question meanwhile.
        let Ok(mut found) = found else { return };
        open.view.approvals = found.remove(&turn).unwrap_or_default();
        open.whole = true;
    }

    /// Makes messages of everything that came since the last time.
    async fn flush(&mut self) {
        self.flush_at = None;
        let topic = format!("thread:{}", self.thread);
        let ended = std::mem::take(&mut self.ended);
        if ended.len() > ENDED_MAX {
            self.ready.push_back(json!({ "topic": topic, "what": "reset" }));
            return;
        }
        for (turn, words) in ended {
            // silent-ok: a deleted turn has nothing to show.
            let Ok(Some(view)) = read::turns::one(&self.state, &self.by, turn).await else { continue };
            if let Some(html) = fragment(&TurnFragment { turn: &view }) {
                let message =
                    json!({ "topic": topic, "what": "turn", "turn": view.id, "html": html, "ended": words });
                self.ready.push_back(message);
            }
        }
        // The lane works on the oldest turn; all others wait.
        for (index, turn) in self.open.values_mut().enumerate() {
            let state = if index == 0 { "running" } else { "queued" };
            if turn.view.state != state {
                turn.view.state = state.to_owned();
                turn.whole = true;
            }
            turn.flush(&topic, &mut self.ready);
        }
        if let (Some(last), Some(log)) = (self.ready.back_mut(), &self.log)
            && let Some(fields) = last.as_object_mut()
        {
            fields.insert("cursor".to_owned(), json!(log.cursor()));
        }
    }
}

impl OpenTurn {
    /// A call was asked for, or something became of one.
    fn card(&mut self, data: &Value) {
        let field = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        let known = self.calls.iter().chain(&self.view.tools).find(|card| card.is_of(field("id"))).cloned();
        let mut card =
            known.unwrap_or_else(|| ToolView::new(field("id"), field("name"), field("arguments"), ""));
        card.goes_on(field("state"), field("output"));
        put(&mut self.calls, card);
    }

    fn flush(&mut self, topic: &str, ready: &mut VecDeque<Value>) {
        let id = self.view.id.clone();
        let at = self.view.thinking.encode_utf16().count();
        let thought = std::mem::take(&mut self.thought);
        self.view.thinking.push_str(&thought);
        let calls = std::mem::take(&mut self.calls);
        calls.iter().cloned().for_each(|card| put(&mut self.view.tools, card));
        let growth = if self.whole { None } else { Some(self.answer.grow()) };
        let Some(growth) = growth.filter(|growth| !growth.reset) else {
            self.whole = false;
            self.view.blocks = read::turns::block_views(&mut self.answer);
            if let Some(html) = fragment(&TurnFragment { turn: &self.view }) {
                ready.push_back(json!({ "topic": topic, "what": "turn", "turn": id, "html": html }));
            }
            self.view.blocks.clear();
            return;
        };
        if !thought.is_empty() {
            ready.push_back(
                json!({ "topic": topic, "what": "thinking", "turn": id, "at": at, "text": thought }),
            );
        }
        for tool in &calls {
            if let Some(html) = fragment(&ToolFragment { turn: &self.view, tool }) {
                ready.push_back(json!({ "topic": topic, "what": "tool", "turn": id, "html": html }));
            }
        }
        for change in growth.changes {
            ready.push_back(json!({
                "topic": topic, "what": "block", "turn": id,
                "n": change.index, "pending": change.pending, "html": change.html,
            }));
        }
    }
}

/// Puts a card in the place of the one of the same call, or behind the others.
fn put(cards: &mut Vec<ToolView>, card: ToolView) {
    match cards.iter_mut().find(|known| known.id == card.id) {
        Some(known) => *known = card,
        None => cards.push(card),
    }
}

/// What is announced to people who do not see the page.
fn ending(event: &ThreadEvent) -> &'static str {
    let state = |data: &Value| data.get("state").and_then(Value::as_str).map(str::to_owned);
    match event.kind {
        EventKind::Done => "The answer is finished.",
        _ => match serde_json::from_str::<Value>(&event.data).ok().as_ref().and_then(state).as_deref() {
            Some("stopped") => "The answer was stopped.",
            _ => "There is no whole answer. The page says why.",
        },
    }
}
