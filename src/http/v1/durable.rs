//! Calls that are turns of a stored thread: the events of the thread's log, as far as they belong to one turn.
//!
//! The log holds only what is durable, so the answer cannot overtake its commit. The turn goes on when the
//! caller has gone. The assistant's own tools are used here, not by the caller, who is not told of their calls.

use std::collections::VecDeque;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::error::ApiError;
use super::respond::Answer;
use crate::http::problem::Problem;
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::event::{EventKind, ThreadEvent};
use crate::protocol::ids::TurnId;
use crate::protocol::model::ModelEvent;
use crate::protocol::turn::TurnFailure;
use crate::turns::ThreadStream;

/// The events of one turn, to its end or until the console drains.
pub(in crate::http) fn answer(log: ThreadStream, turn: TurnId, stopping: CancellationToken) -> Answer {
    let view = TurnView { log, turn, stopping, round: 1, told: 0, ready: VecDeque::new(), over: false };
    stream::unfold(view, TurnView::next).boxed()
}

/// A view of a log in progress.
struct TurnView {
    log: ThreadStream,
    turn: TurnId,
    stopping: CancellationToken,
    /// The model's round that speaks: before each one but the last it called tools.
    round: u32,
    /// Bytes of this round's text that were handed out.
    told: usize,
    ready: VecDeque<Result<ModelEvent, ApiError>>,
    over: bool,
}

#[derive(Deserialize)]
struct TextData {
    text: String,
    /// Left out for the first one.
    round: Option<u32>,
}

#[derive(Deserialize)]
struct DoneData {
    content: String,
    stop_reason: StopReason,
}

impl TurnView {
    async fn next(mut self) -> Option<(Result<ModelEvent, ApiError>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((event, self));
            }
            if self.over {
                return None;
            }
            match self.stopping.run_until_cancelled(self.log.next()).await {
                Some(Ok(event)) if event.turn == self.turn => self.take(&event),
                Some(Ok(_)) => {}
                None => {
                    self.over = true;
                    let text = "the daemon is stopping; the turn goes on when it is back";
                    self.ready.push_back(Err(Problem::unavailable(text).into()));
                }
                Some(Err(error)) => {
                    self.over = true;
                    tracing::warn!(%error, "the log of a thread could not be read");
                    let error = Problem::unavailable(
                        "the answer could not be read; send the same idempotency key again",
                    );
                    self.ready.push_back(Err(error.into()));
                }
            }
        }
    }

    fn take(&mut self, event: &ThreadEvent) {
        self.over = event.kind.ends_turn();
        let events = match self.read(event.kind, &event.data) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(%error, id = event.id, kind = event.kind.as_str(), "an event of the log is unreadable");
                self.over = true;
                vec![Err(Problem::internal().into())]
            }
        };
        self.ready.extend(events);
    }

    fn read(
        &mut self,
        kind: EventKind,
        data: &str,
    ) -> Result<Vec<Result<ModelEvent, ApiError>>, serde_json::Error> {
        Ok(match kind {
            EventKind::Delta => {
                let TextData { text, round } = serde_json::from_str(data)?;
                let gap = self.begin(round.unwrap_or(1)).map(|gap| Ok(ModelEvent::Text(gap)));
                self.told += text.len();
                gap.into_iter().chain([Ok(ModelEvent::Text(text))]).collect()
            }
            EventKind::Thinking => {
                let TextData { text, .. } = serde_json::from_str(data)?;
                vec![Ok(ModelEvent::Thinking(text))]
            }
            EventKind::Usage => vec![Ok(ModelEvent::Usage(serde_json::from_str::<Usage>(data)?))],
            EventKind::Done => {
                let done: DoneData = serde_json::from_str(data)?;
                // Pieces that were thrown away since are in the whole.
                let rest = done.content.get(self.told..).filter(|rest| !rest.is_empty());
                let rest = rest.map(|rest| Ok(ModelEvent::Text(rest.to_owned())));
                rest.into_iter().chain([Ok(ModelEvent::Stop(done.stop_reason))]).collect()
            }
            EventKind::Error => vec![Err(serde_json::from_str::<TurnFailure>(data)?.into())],
            EventKind::Accepted | EventKind::Approval | EventKind::Tool => Vec::new(),
        })
    }

    /// A round speaks. What stands between its text and that of the round before.
    fn begin(&mut self, round: u32) -> Option<String> {
        let spoke = self.told > 0;
        if round == self.round {
            return None;
        }
        (self.round, self.told) = (round, 0);
        spoke.then(|| "\n\n".to_owned())
    }
}
