//! The answer on its way back: passed as it comes, counted beside it, and cut where its passage ends.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::future::{self, BoxFuture, Either};
use futures::stream;
use tokio_util::sync::CancellationToken;

use crate::backends::{Tally, UsageKey, UsageRecorder};
use crate::budgets::Reservation;
use crate::egress::Reply;
use crate::protocol::chat::Usage;
use crate::protocol::model::ModelError;

/// Counts one call when its answer is over, however it ends.
pub(super) struct Meter {
    recorder: UsageRecorder,
    key: UsageKey,
    /// `None` once it was given back.
    spending: Option<Reservation>,
    /// The figures, from when there is an answer.
    tally: Option<Tally>,
    whole: bool,
}

/// A body that is passed on.
pub(super) struct Counted {
    reply: Reply,
    idle: Duration,
    ended: CancellationToken,
    /// Resolves when the kill switch is engaged.
    halt: Option<BoxFuture<'static, ModelError>>,
    meter: Option<Meter>,
    over: bool,
}

// === impl Meter ===

impl Meter {
    pub(super) const fn new(recorder: UsageRecorder, key: UsageKey, spending: Reservation) -> Self {
        Self { recorder, key, spending: Some(spending), tally: None, whole: false }
    }

    /// The call did not get an answer that costs.
    pub(super) fn release(mut self) {
        if let Some(spending) = self.spending.take() {
            spending.release();
        }
    }

    /// There is an answer, whose figures are these.
    pub(super) fn reading(mut self, tally: Tally) -> Self {
        self.tally = Some(tally);
        self
    }

    fn see(&mut self, bytes: &[u8]) {
        if let Some(tally) = &mut self.tally {
            tally.feed(bytes);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let (Some(spending), Some(tally)) = (self.spending.take(), self.tally.take()) else { return };
        let usage = tally.usage(self.whole);
        self.recorder.record(self.key.clone(), usage);
        if usage != Usage::default() {
            spending.settle(usage);
        }
    }
}

// === impl Counted ===

impl Counted {
    pub(super) fn new(
        reply: Reply,
        idle: Duration,
        (ended, halt): (CancellationToken, Option<BoxFuture<'static, ModelError>>),
        meter: Option<Meter>,
    ) -> Self {
        Self { reply, idle, ended, halt, meter, over: false }
    }

    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, Self::next))
    }

    /// The next piece, the end, or why there is none of either.
    async fn chunk(&mut self) -> Result<Option<Bytes>, String> {
        let Self { reply, idle, ended, halt, .. } = self;
        let halted = async {
            match halt {
                Some(halt) => halt.await,
                None => future::pending().await,
            }
        };
        let stopped = async {
            match future::select(std::pin::pin!(ended.cancelled()), std::pin::pin!(halted)).await {
                Either::Left(_) => "the session has ended".to_owned(),
                Either::Right((halted, _)) => halted.to_string(),
            }
        };
        match future::select(std::pin::pin!(stopped), std::pin::pin!(reply.chunk(*idle))).await {
            Either::Left((why, _)) => Err(why),
            Either::Right((chunk, _)) => chunk.map_err(|error| error.to_string()),
        }
    }

    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        if self.over {
            return None;
        }
        match self.chunk().await {
            Ok(Some(bytes)) => {
                if let Some(meter) = &mut self.meter {
                    meter.see(&bytes);
                }
                Some((Ok(bytes), self))
            }
            Ok(None) => {
                if let Some(meter) = &mut self.meter {
                    meter.whole = true;
                }
                None
            }
            // The connection is cut, so that nobody takes a piece for the whole.
            Err(why) => {
                self.over = true;
                Some((Err(io::Error::other(why)), self))
            }
        }
    }
}
