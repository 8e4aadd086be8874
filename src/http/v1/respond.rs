//! From a stream of events to the HTTP answer, streamed or whole. The head waits for the first event, so that a
//! call that fails at once has an honest status; a stream that fails later says so and is then cut, so that no
//! client takes a piece for the whole.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, BoxStream, StreamExt};

use super::error::ApiError;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};

/// Most events that are sent in one piece.
const EVENTS_PER_PIECE: usize = 64;
/// Between the error of a stream and the cut: time for the error to leave.
const CUT_AFTER: Duration = Duration::from_millis(25);

/// Events of an answer; an error is the last item.
pub(super) type Answer = BoxStream<'static, Result<ModelEvent, ApiError>>;

/// One JSON answer in the making, in the shape of a face.
pub(super) trait Document: Send {
    /// Takes one event.
    fn take(&mut self, event: ModelEvent);

    /// The whole answer. `None` while it is not whole.
    fn json(&self) -> Option<Vec<u8>>;
}

/// The events of a stream, in the shape of a face.
pub(super) trait Frames: Send + 'static {
    /// Appends what a client is sent for one event.
    fn take(&mut self, event: &ModelEvent, out: &mut String);

    /// Appends what a client is sent when the answer failed.
    fn fail(&mut self, error: &ApiError, out: &mut String);
}

/// One JSON answer.
pub(super) async fn whole(mut answer: Answer, mut document: impl Document) -> Result<Response, ApiError> {
    while let Some(event) = answer.next().await {
        document.take(event?);
    }
    let body = document.json().ok_or_else(unfinished)?;
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((content_type, body).into_response())
}

/// An event stream.
pub(super) async fn streamed(mut answer: Answer, frames: impl Frames) -> Result<Response, ApiError> {
    let first = answer.next().await.ok_or_else(unfinished)??;
    let events = stream::once(std::future::ready(Ok(first))).chain(answer);
    let pieces = Pieces { events: events.ready_chunks(EVENTS_PER_PIECE), frames, phase: Phase::Open };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(stream::unfold(pieces, Pieces::next))).into_response())
}

/// The body of an event stream in the making.
struct Pieces<S, F> {
    events: S,
    frames: F,
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

impl<S, F> Pieces<S, F>
where
    S: futures::Stream<Item = Vec<Result<ModelEvent, ApiError>>> + Unpin,
    F: Frames,
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
                    self.frames.take(&event, &mut piece);
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
        let mut piece = String::new();
        self.frames.fail(error, &mut piece);
        piece
    }
}

/// A source that ended without a stop or an error.
fn unfinished() -> ApiError {
    ModelError::new(ModelErrorKind::Truncated, "the answer ended before it was whole").into()
}

#[cfg(test)]
mod tests;
