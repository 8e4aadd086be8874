//! From a stream of events to the HTTP answer, streamed or whole. The head waits for the first event, so that a
//! call that fails at once has an honest status; a stream that fails later says so and is then cut, so that no
//! client takes a piece for the whole.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, BoxStream, StreamExt};

use super::encode::{Chunks, Completion, Head};
use super::error::ApiError;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};

/// Most events that are sent in one piece.
const EVENTS_PER_PIECE: usize = 64;
/// Between the error of a stream and the cut: time for the error to leave.
const CUT_AFTER: Duration = Duration::from_millis(25);

/// Events of an answer; an error is the last item.
pub(super) type Answer = BoxStream<'static, Result<ModelEvent, ApiError>>;

/// One JSON answer.
pub(super) async fn whole(mut answer: Answer, head: Head) -> Result<Response, ApiError> {
    let mut completion = Completion::default();
    while let Some(event) = answer.next().await {
        completion.take(event?);
    }
    let body = completion.json(&head).ok_or_else(unfinished)?;
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((content_type, body).into_response())
}

/// An event stream.
pub(super) async fn streamed(
    mut answer: Answer,
    head: Head,
    include_usage: bool,
) -> Result<Response, ApiError> {
    let first = answer.next().await.ok_or_else(unfinished)??;
    let events = stream::once(std::future::ready(Ok(first))).chain(answer);
    let chunks = Chunks::new(&head, include_usage);
    let pieces = Pieces { events: events.ready_chunks(EVENTS_PER_PIECE), chunks, phase: Phase::Open };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(stream::unfold(pieces, Pieces::next))).into_response())
}

/// The body of an event stream in the making.
struct Pieces<S> {
    events: S,
    chunks: Chunks,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// More is to come.
    Open,
    /// The last event was sent; the end of the source is awaited.
    Stopped,
    /// An error was sent; the cut follows.
    Failed,
    /// Nothing follows.
    Over,
}

impl<S> Pieces<S>
where
    S: futures::Stream<Item = Vec<Result<ModelEvent, ApiError>>> + Unpin,
{
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            match self.phase {
                Phase::Over => return None,
                Phase::Failed => {
                    tokio::time::sleep(CUT_AFTER).await;
                    self.phase = Phase::Over;
                    return Some((Err(io::Error::other("the answer failed")), self));
                }
                Phase::Open | Phase::Stopped => {}
            }
            let piece = match self.events.next().await {
                Some(events) => self.encode(events),
                None if self.phase == Phase::Stopped => return None,
                None => self.fail(&unfinished()),
            };
            if !piece.is_empty() {
                return Some((Ok(piece.into()), self));
            }
        }
    }

    fn encode(&mut self, events: Vec<Result<ModelEvent, ApiError>>) -> String {
        let mut piece = String::new();
        for event in events {
            match event {
                Ok(event) => {
                    self.chunks.take(&event, &mut piece);
                    if matches!(event, ModelEvent::Stop(_)) {
                        self.phase = Phase::Stopped;
                    }
                }
                Err(error) => piece.push_str(&self.fail(&error)),
            }
        }
        piece
    }

    fn fail(&mut self, error: &ApiError) -> String {
        self.phase = Phase::Failed;
        format!("data: {}\n\n", String::from_utf8_lossy(&error.json()))
    }
}

/// A source that ended without a stop or an error.
fn unfinished() -> ApiError {
    ModelError::new(ModelErrorKind::Truncated, "the answer ended before it was whole").into()
}

#[cfg(test)]
mod tests;
