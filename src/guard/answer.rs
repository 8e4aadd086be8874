//! An answer without its secrets, as it streams.
//!
//! Text and reasoning are two texts; each is scanned across its pieces. What is held back of one
//! comes out before anything of the other, so the order is the model's.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::stream::{BoxStream, Stream};
use futures::{FutureExt as _, StreamExt as _};

use super::{Guard, TextOf, request};
use crate::budgets::Reservation;
use crate::protocol::model::{ModelError, ModelEvent};
use crate::redaction::StreamRedactor;

type Item = Result<ModelEvent, ModelError>;

pub(super) fn screen(
    guard: Guard,
    of: TextOf,
    (spending, halt): (Reservation, Option<BoxFuture<'static, ModelError>>),
    answer: BoxStream<'static, Item>,
) -> BoxStream<'static, Item> {
    let speaking = None;
    Screened {
        answer,
        guard,
        of,
        spending,
        halt,
        speaking,
        resealed: false,
        ready: VecDeque::new(),
        ended: false,
    }
    .boxed()
}

/// Which of the two texts is being said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    Text,
    Thinking,
}

struct Screened {
    answer: BoxStream<'static, Item>,
    guard: Guard,
    of: TextOf,
    /// Sees every event; its end settles what the call has used.
    spending: Reservation,
    /// Resolves when the call has to end at once.
    halt: Option<BoxFuture<'static, ModelError>>,
    speaking: Option<(Voice, StreamRedactor)>,
    /// Whether reasoning was changed since its last seal, which is then void.
    resealed: bool,
    ready: VecDeque<Item>,
    ended: bool,
}

impl Screened {
    fn absorb(&mut self, item: Item) {
        if let Ok(event) = &item {
            self.spending.observe(event);
        }
        match item {
            Ok(ModelEvent::Text(piece)) => self.say(Voice::Text, &piece),
            Ok(ModelEvent::Thinking(piece)) => self.say(Voice::Thinking, &piece),
            Ok(ModelEvent::ThinkingSignature(seal)) => {
                self.pause();
                if !std::mem::take(&mut self.resealed) {
                    self.ready.push_back(Ok(ModelEvent::ThinkingSignature(seal)));
                }
            }
            Ok(ModelEvent::ToolCall(mut call)) => {
                self.pause();
                let found = request::clean_arguments(self.guard.redactor(), &mut call.arguments);
                self.guard.note(&self.of, "tool_call", &found);
                self.ready.push_back(Ok(ModelEvent::ToolCall(call)));
            }
            Ok(usage @ ModelEvent::Usage(_)) => self.ready.push_back(Ok(usage)),
            Ok(stop @ ModelEvent::Stop(_)) => {
                self.pause();
                self.ready.push_back(Ok(stop));
            }
            Err(mut error) => {
                self.pause();
                error.message = self.guard.clean(&self.of, "error", error.message).text;
                self.ready.push_back(Err(error));
            }
        }
    }

    fn say(&mut self, voice: Voice, piece: &str) {
        if self.speaking.as_ref().is_some_and(|(other, _)| *other != voice) {
            self.pause();
        }
        let guard = &self.guard;
        let (_, text) = self.speaking.get_or_insert_with(|| (voice, guard.redactor().stream()));
        let shown = text.push(piece);
        self.show(voice, shown);
    }

    /// Lets out what is held back of the text so far.
    fn pause(&mut self) {
        let Some((voice, text)) = self.speaking.as_mut() else { return };
        let (voice, shown) = (*voice, text.finish());
        self.show(voice, shown);
        self.speaking = None;
    }

    fn show(&mut self, voice: Voice, shown: String) {
        let found = self.speaking.as_mut().map(|(_, text)| text.take_findings()).unwrap_or_default();
        if !found.is_empty() {
            self.resealed |= voice == Voice::Thinking;
            let place = if voice == Voice::Text { "answer" } else { "thinking" };
            self.guard.note(&self.of, place, &found);
        }
        if !shown.is_empty() {
            let event = if voice == Voice::Text { ModelEvent::Text } else { ModelEvent::Thinking };
            self.ready.push_back(Ok(event(shown)));
        }
    }
}

impl Stream for Screened {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(item));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            if let Some(Poll::Ready(halted)) = self.halt.as_mut().map(|halt| halt.poll_unpin(cx)) {
                self.ended = true;
                self.absorb(Err(halted));
                continue;
            }
            match ready!(self.answer.poll_next_unpin(cx)) {
                Some(item) => self.absorb(item),
                None => {
                    self.ended = true;
                    self.pause();
                }
            }
        }
    }
}
