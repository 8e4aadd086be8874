//! One call of a provider over HTTP: send, read, decode, and try again while nothing was visible.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::credential::Credential;
use super::failure::{self, ERROR_BODY_BYTES_MAX, Failure, RetryHeaders};
use super::lines::LineParser;
use super::retry::RetryPolicy;
use super::sse::{SseError, SseEvent, SseParser};
use crate::egress::{Destination, EgressError, Reply, Request, Secret};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent};

/// Longest whole answer, in bytes.
const WHOLE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long the text of an error answer is waited for.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the end of a body is waited for once the answer in it is whole.
const END_TIMEOUT: Duration = Duration::from_millis(20);

/// The limits of a backend's calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallLimits {
    /// Until the first byte of a streamed answer.
    pub(super) first: Duration,
    /// Between two pieces of it.
    pub(super) idle: Duration,
    /// For an answer that is not streamed.
    pub(super) whole: Duration,
    pub(super) retry: RetryPolicy,
}

/// Where a backend's calls go, and with what.
pub(super) struct Upstream {
    pub(super) destination: Destination,
    /// `Err`: the key that is configured but missing, in words.
    pub(super) credential: Result<Credential, String>,
    pub(super) limits: CallLimits,
    /// Adds the protocol's headers, the credential among them.
    pub(super) authorise: fn(Request, &Credential) -> Result<Request, EgressError>,
}

/// A prepared call.
pub(super) struct Call {
    pub(super) upstream: Arc<Upstream>,
    pub(super) path: Cow<'static, str>,
    pub(super) body: Bytes,
    pub(super) stream: bool,
}

/// How a protocol's answer becomes events. One per try.
pub(super) trait Decoder: Default + Send + 'static {
    /// Whether a stream is lines of JSON and not server-sent events.
    const LINES: bool = false;

    /// Takes one event of a stream. `true`: the answer is whole, nothing more is read.
    fn event(&mut self, event: SseEvent<'_>, key: Option<&Secret>, out: &mut Events)
    -> Result<bool, Failure>;

    /// The stream ended in order.
    fn end(&mut self, out: &mut Events) -> Result<(), Failure>;

    /// Whether the answer is whole even if the connection breaks now.
    fn is_whole(&self) -> bool;

    /// Takes an answer that was not streamed.
    fn whole(&mut self, body: &[u8], key: Option<&Secret>, out: &mut Events) -> Result<(), Failure>;
}

/// Events that are decoded and not yet taken: at most those of one piece of the body.
pub(super) type Events = VecDeque<ModelEvent>;

// === impl Upstream ===

impl Upstream {
    fn credential(&self) -> Result<&Credential, Failure> {
        self.credential
            .as_ref()
            .map_err(|missing| ModelError::new(ModelErrorKind::Configuration, missing).into())
    }

    /// The key, as far as this process has it at hand: what must not be in a text.
    fn key(&self) -> Result<Option<&Secret>, Failure> {
        Ok(self.credential()?.value())
    }

    /// The body of a GET, tried once.
    pub(super) async fn get(&self, path: &str) -> Result<Bytes, ModelError> {
        let get = async {
            let request = (self.authorise)(self.destination.get(path), self.credential()?)?;
            let reply = self.accepted(request.send(self.limits.first).await?).await?;
            Ok(reply.whole(WHOLE_BYTES_MAX, self.limits.idle).await?)
        };
        get.await.map_err(|failure: Failure| failure.error)
    }

    /// The body of the answer to a question that changes nothing, tried once.
    pub(super) async fn ask(&self, path: &str, body: Bytes) -> Result<Bytes, ModelError> {
        let ask = async {
            let request = (self.authorise)(self.destination.post_json(path, body), self.credential()?)?;
            let reply = self.accepted(request.send(self.limits.whole).await?).await?;
            Ok(reply.whole(WHOLE_BYTES_MAX, self.limits.whole).await?)
        };
        ask.await.map_err(|failure: Failure| failure.error)
    }

    /// The reply, if its status is good.
    async fn accepted(&self, reply: Reply) -> Result<Reply, Failure> {
        let status = reply.status();
        if status == 200 {
            return Ok(reply);
        }
        let headers = RetryHeaders::of(&reply);
        let body = reply.beginning(ERROR_BODY_BYTES_MAX, ERROR_BODY_TIMEOUT).await;
        Err(failure::of_answer(status, &headers, &body, self.key()?, jiff::Timestamp::now()))
    }
}

// === impl Call ===

impl Call {
    /// The answer as it comes. Nothing is sent before the stream is polled.
    pub(super) fn answer<D: Decoder>(self) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let answer = Answer::<D> {
            call: self,
            tries: 0,
            visible: false,
            ready: Events::new(),
            failed: None,
            phase: Phase::Before,
        };
        stream::unfold(answer, Answer::next).boxed()
    }

    async fn send(&self) -> Result<Reply, Failure> {
        let upstream = &self.upstream;
        let request = upstream.destination.post_json(&self.path, self.body.clone());
        let request = (upstream.authorise)(request, upstream.credential()?)?;
        let limit = if self.stream { upstream.limits.first } else { upstream.limits.whole };
        upstream.accepted(request.send(limit).await?).await
    }
}

/// A call in progress: what its stream carries from item to item.
struct Answer<D> {
    call: Call,
    /// Tries that were begun.
    tries: u32,
    /// Something of this answer was handed out that a second try would repeat.
    visible: bool,
    ready: Events,
    /// The last item, once everything ready is taken.
    failed: Option<ModelError>,
    phase: Phase<D>,
}

enum Phase<D> {
    /// The next try is to be made.
    Before,
    /// A stream is being read.
    Reading(Box<Reading<D>>),
    /// The answer is whole; the end of its body is awaited, so that the connection can be used again.
    Ending(Box<Reply>),
    /// Nothing is read any more.
    After,
}

/// What came of waiting once.
enum Step<D> {
    /// There is more to read.
    More,
    /// A stream has begun.
    Opened(Box<Reading<D>>),
    /// The answer is whole, its body may not be.
    Whole,
    /// The body is at its end.
    Ended,
}

/// How a body is cut into events.
enum Parser {
    Sse(SseParser),
    Lines(LineParser),
}

/// A streamed answer.
struct Reading<D> {
    reply: Reply,
    parser: Parser,
    decoder: D,
    /// Something of the body was seen.
    begun: bool,
    /// An event was seen.
    any_event: bool,
}

// === impl Answer ===

impl<D: Decoder> Answer<D> {
    async fn next(mut self) -> Option<(Result<ModelEvent, ModelError>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.visible |= is_visible(&event);
                return Some((Ok(event), self));
            }
            let step = match &mut self.phase {
                Phase::After => return self.failed.take().map(|error| (Err(error), self)),
                Phase::Before => self.open().await,
                Phase::Reading(reading) => reading.read(&self.call.upstream, &mut self.ready).await,
                Phase::Ending(reply) => {
                    // silent-ok: without this end the connection is closed instead of kept, nothing else.
                    while matches!(reply.chunk(END_TIMEOUT).await, Ok(Some(_))) {}
                    Ok(Step::Ended)
                }
            };
            match step {
                Ok(Step::More) => {}
                Ok(Step::Opened(reading)) => self.phase = Phase::Reading(reading),
                Ok(Step::Whole) => self.phase = std::mem::replace(&mut self.phase, Phase::After).ending(),
                Ok(Step::Ended) => self.phase = Phase::After,
                Err(failure) => {
                    self.phase = Phase::After;
                    self.fail(failure).await;
                }
            }
        }
    }

    /// Begins a try.
    async fn open(&mut self) -> Result<Step<D>, Failure> {
        self.tries += 1;
        let reply = self.call.send().await?;
        let content_type = reply.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
        if content_type.starts_with("text/html") {
            return Err(failure::protocol("the provider answered with a web page; is base_url right?"));
        }
        let mut decoder = D::default();
        // A server that cannot stream answers a stream request in one piece.
        if self.call.stream && !content_type.starts_with("application/json") {
            let parser = if D::LINES {
                Parser::Lines(LineParser::default())
            } else {
                Parser::Sse(SseParser::default())
            };
            let reading = Reading { reply, parser, decoder, begun: false, any_event: false };
            return Ok(Step::Opened(Box::new(reading)));
        }
        let body = reply.whole(WHOLE_BYTES_MAX, self.call.upstream.limits.whole).await?;
        decoder.whole(&body, self.call.upstream.key()?, &mut self.ready)?;
        Ok(Step::Ended)
    }

    /// Either prepares another try or keeps the error as the last item.
    async fn fail(&mut self, failure: Failure) {
        if !self.visible && !self.ready.iter().any(is_visible) {
            self.ready.clear();
            let policy = self.call.upstream.limits.retry;
            if let Some(pause) = policy.pause(&failure, self.tries, fastrand::f64()) {
                let kind = failure.error.kind.as_str();
                tracing::debug!(kind, tries = self.tries, pause_ms = pause.as_millis(), "trying again");
                tokio::time::sleep(pause).await;
                self.phase = Phase::Before;
                return;
            }
        }
        self.failed = Some(failure.error);
    }
}

// === impl Reading ===

impl<D: Decoder> Reading<D> {
    /// Reads one piece of the body.
    async fn read(&mut self, upstream: &Upstream, out: &mut Events) -> Result<Step<D>, Failure> {
        let limit = if self.begun { upstream.limits.idle } else { upstream.limits.first };
        let chunk = match self.reply.chunk(limit).await {
            Ok(chunk) => chunk,
            // The connection broke after the last word was said.
            Err(EgressError::Broken { .. } | EgressError::Timeout { .. }) if self.decoder.is_whole() => None,
            Err(error) => return Err(error.into()),
        };
        let Some(chunk) = chunk else {
            if self.take(None, upstream.key()?, out)? {
                return Ok(Step::Ended);
            }
            if !self.any_event && self.begun {
                return Err(failure::protocol(
                    "the provider's answer is not an event stream; is base_url right?",
                ));
            }
            self.decoder.end(out)?;
            return Ok(Step::Ended);
        };
        self.begun = true;
        let whole = self.take(Some(&chunk), upstream.key()?, out)?;
        Ok(if whole { Step::Whole } else { Step::More })
    }

    /// Takes a piece of the body, or what is left of it at its end. Whether the answer is whole.
    fn take(
        &mut self,
        chunk: Option<&[u8]>,
        key: Option<&Secret>,
        out: &mut Events,
    ) -> Result<bool, Failure> {
        let mut whole = false;
        let Self { parser, decoder, any_event, .. } = self;
        let mut sink = |event: SseEvent<'_>| {
            *any_event = true;
            if !whole {
                whole = decoder.event(event, key, out)?;
            }
            Ok::<_, Failure>(())
        };
        match (parser, chunk) {
            (Parser::Sse(parser), Some(chunk)) => parser.feed(chunk, sink)?,
            (Parser::Lines(parser), Some(chunk)) => parser.feed(chunk, sink)?,
            (Parser::Lines(parser), None) => parser.rest(&mut sink)?,
            // An event that its empty line did not close is none.
            (Parser::Sse(_), None) => {}
        }
        Ok(whole)
    }
}

impl<D> Phase<D> {
    fn ending(self) -> Self {
        match self {
            Self::Reading(reading) => Self::Ending(Box::new(reading.reply)),
            Self::Before | Self::Ending(_) | Self::After => Self::After,
        }
    }
}

impl From<SseError> for Failure {
    fn from(error: SseError) -> Self {
        failure::protocol(error.to_string())
    }
}

/// The answer that ended before its reason.
pub(super) fn truncated() -> Failure {
    let text = "the provider's answer ended before it was whole";
    ModelError::new(ModelErrorKind::Truncated, text).into()
}

/// What a second try would repeat before a reader's eyes.
const fn is_visible(event: &ModelEvent) -> bool {
    !matches!(event, ModelEvent::Usage(_))
}
