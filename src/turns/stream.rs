//! One view of a thread's events: first from the log, then as they happen.
//!
//! It watches before it reads, so nothing falls between the two, and it skips what it has shown, so
//! nothing comes twice. One that falls behind the hub goes back to the log. Used by every face that
//! streams.

use std::collections::VecDeque;

use futures::stream::{self, Stream};

use crate::protocol::event::ThreadEvent;
use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::turn::Accepted;

use super::error::TurnsError;
use super::hub::Subscription;
use super::ledger::Turns;

/// Events read from the log at once.
const PAGE: usize = 256;

/// See the module. It ends only when it is dropped.
pub struct ThreadStream {
    turns: Turns,
    tenant: TenantId,
    thread: ThreadId,
    live: Subscription,
    /// The last event that was shown.
    cursor: i64,
    /// Events of the log that wait to be shown: at most one page.
    page: VecDeque<ThreadEvent>,
    /// Whether the log may hold more after the page.
    behind: bool,
}

// === impl Turns ===

impl Turns {
    /// The thread's events after `cursor` (0 for all), and then on. Watches from the call.
    #[must_use]
    pub fn stream(&self, tenant: &TenantId, thread: ThreadId, cursor: i64) -> ThreadStream {
        ThreadStream {
            turns: self.clone(),
            tenant: tenant.clone(),
            thread,
            live: self.hub().subscribe(tenant, thread),
            cursor,
            page: VecDeque::new(),
            behind: true,
        }
    }
}

// === impl ThreadStream ===

impl ThreadStream {
    /// A view that was opened before a message was handed in, narrowed to what followed its acceptance.
    /// For a message that was new all of that has been watched, so the log need not be read.
    #[must_use]
    pub fn since(mut self, accepted: &Accepted) -> Self {
        self.cursor = accepted.event_id - 1;
        self.behind = accepted.repeated;
        self
    }

    /// The next event; waits for it. Safe to drop and call again.
    ///
    /// # Errors
    /// The log could not be read. Nothing is lost: the next call tries again.
    pub async fn next(&mut self) -> Result<ThreadEvent, TurnsError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.cursor = event.id;
                return Ok(event);
            }
            if self.behind {
                let read = self.turns.events_after(&self.tenant, self.thread, self.cursor, PAGE).await?;
                self.behind = read.len() == PAGE;
                self.page = read.into();
                continue;
            }
            match self.live.next().await {
                Ok(event) if event.id > self.cursor => {
                    self.cursor = event.id;
                    return Ok(event);
                }
                // Shown already, from the log.
                Ok(_) => {}
                Err(_) => self.behind = true,
            }
        }
    }

    /// The id after which a reader that reconnects goes on.
    #[must_use]
    pub const fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The same as a stream, which ends after its first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<ThreadEvent, TurnsError>> + Send + 'static {
        stream::unfold(Some(self), |view| async move {
            let mut view = view?;
            match view.next().await {
                Ok(event) => Some((Ok(event), Some(view))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}
