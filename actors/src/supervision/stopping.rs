//! Performing stops: in order and waited for, or beside the mailbox with timers.
//!
//! Children that were declared are stopped as OTP does it: the supervisor waits. A child of a
//! dynamic supervisor, and a child that drains, is stopped without waiting, so that a slow one
//! delays nobody else: its entry says `stopping`, its end arrives like any other, and timers
//! enforce the deadline.

use std::time::Duration;

use futures::future::join_all;
use ractor::ActorId;

use super::child::{KILL_GRACE, Live, Stopped};
use super::error::CallError;
use super::report::ReportKind;
use super::spec::{ChildKind, Shutdown};
use super::supervisor::{Reply, SupervisorMsg, SupervisorState};
use super::table::{ChildState, Seq};

/// A stop that the supervisor does not wait for.
pub(crate) struct StopJob {
    /// Who waits for the end. Bounded by the number of concurrent callers.
    pub(super) replies: Vec<Reply>,
    pub(super) then: Then,
}

/// What follows a stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    StayDown,
    StartAgain,
}

/// How a child is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tell {
    /// Stop after the current message.
    Stop,
    /// Stop after all queued messages.
    Drain,
}

impl SupervisorState {
    /// Stops all children: declared ones from last to first, dynamic ones all at once.
    pub(super) async fn stop_all(&mut self) {
        let running: Vec<Seq> = {
            let table = self.node.table.lock();
            table.iter().rev().filter(|(_, child)| child.state.live().is_some()).map(|(seq, _)| seq).collect()
        };
        if self.is_dynamic() {
            self.stop_together(running.into_iter().rev().collect()).await;
        } else {
            for seq in running {
                self.stop_slot(seq).await;
            }
        }
    }

    /// Stops one child as its spec says and waits for the end. Its entry stays, without a process.
    pub(super) async fn stop_slot(&mut self, seq: Seq) {
        let Some((shutdown, live)) = self.begin_stop(seq) else { return };
        let stopped = live.stop(shutdown).await;
        self.end_stop(seq, stopped);
    }

    async fn stop_together(&mut self, children: Vec<Seq>) {
        let stops: Vec<_> = children
            .into_iter()
            .filter_map(|seq| self.begin_stop(seq).map(|(shutdown, live)| (seq, shutdown, live)))
            .collect();
        // All are told first, in start order, so that they end side by side.
        for (_, shutdown, live) in &stops {
            if *shutdown != Shutdown::Brutal {
                live.ask_to_stop();
            }
        }
        let waits =
            stops.iter().map(|(seq, shutdown, live)| async move { (*seq, live.stop(*shutdown).await) });
        for (seq, stopped) in join_all(waits).await {
            self.end_stop(seq, stopped);
        }
    }

    /// Tells a child to stop and returns; the reply comes with its end.
    pub(super) fn stop_aside(&mut self, seq: Seq, tell: Tell, limit: Shutdown, then: Then, reply: Reply) {
        let Some((_, live)) = self.begin_stop(seq) else {
            // silent-ok: nobody waits any more.
            let _ = reply.send(Err(CallError::NotFound));
            return;
        };
        let job = self.jobs.entry(seq).or_insert_with(|| StopJob { replies: Vec::new(), then });
        job.replies.push(reply);
        job.then = then;
        match (limit, tell) {
            (Shutdown::Brutal, _) => self.kill_aside(seq, &live),
            (_, Tell::Stop) => live.ask_to_stop(),
            // silent-ok: a child that cannot be told has ended, and its end is on its way.
            (_, Tell::Drain) => drop(live.cell.drain()),
        }
        if let Shutdown::After(deadline) = limit {
            let actor = live.cell.get_id();
            self.tell_myself_after(deadline, SupervisorMsg::Overdue { seq, actor });
        }
    }

    /// The deadline of a stop has passed.
    pub(super) fn on_overdue(&mut self, seq: Seq, actor: ActorId) {
        if let Some(live) = self.still_stopping(seq, &actor) {
            self.report_stop(seq, Stopped::Overdue);
            self.kill_aside(seq, &live);
        }
    }

    /// A killed child should have ended: it never will.
    pub(super) async fn on_lost(&mut self, seq: Seq, actor: &ActorId) {
        if self.still_stopping(seq, actor).is_some() {
            self.report_stop(seq, Stopped::Leaked);
            self.node.table.lock().set(seq, ChildState::Stopped);
            self.finish_stop(seq).await;
        }
    }

    /// A child that was being stopped has ended: does what was to follow and answers who waits.
    pub(super) async fn finish_stop(&mut self, seq: Seq) {
        let job = self.jobs.remove(&seq);
        let then = job.as_ref().map_or(Then::StayDown, |job| job.then);
        let mut result = match then {
            Then::StayDown => {
                let spec = self.node.table.lock().get(seq).map(|child| child.spec.clone());
                if let Some(spec) = spec {
                    self.rest(seq, &spec);
                }
                Ok(None)
            }
            Then::StartAgain => self.start_afresh(seq).await,
        };
        for reply in job.map(|job| job.replies).unwrap_or_default() {
            let answer = match &result {
                Ok(cell) => Ok(cell.clone()),
                // An error cannot be cloned; whoever asked first hears why.
                Err(_) => std::mem::replace(&mut result, Err(CallError::Restarting)),
            };
            // silent-ok: nobody waits any more.
            let _ = reply.send(answer);
        }
    }

    /// Kills a child, and after the grace looks whether it has ended. Its own children, if it
    /// supervises, are reaped when its end arrives.
    fn kill_aside(&self, seq: Seq, live: &Live) {
        live.cell.kill();
        self.tell_myself_after(KILL_GRACE, SupervisorMsg::Lost { seq, actor: live.cell.get_id() });
    }

    fn still_stopping(&self, seq: Seq, actor: &ActorId) -> Option<Live> {
        let table = self.node.table.lock();
        match &table.get(seq)?.state {
            ChildState::Stopping(live) if live.cell.get_id() == *actor => Some(live.clone()),
            _ => None,
        }
    }

    fn begin_stop(&self, seq: Seq) -> Option<(Shutdown, Live)> {
        let mut table = self.node.table.lock();
        let live = table.set_stopping(seq)?;
        Some((table.get(seq)?.spec.shutdown, live))
    }

    fn end_stop(&mut self, seq: Seq, stopped: Stopped) {
        self.report_stop(seq, stopped);
        self.node.table.lock().set(seq, ChildState::Stopped);
        for reply in self.jobs.remove(&seq).map(|job| job.replies).unwrap_or_default() {
            // silent-ok: nobody waits any more.
            let _ = reply.send(Ok(None));
        }
    }

    fn report_stop(&self, seq: Seq, stopped: Stopped) {
        let kind = match stopped {
            Stopped::Gracefully | Stopped::Brutally => return,
            Stopped::Overdue => ReportKind::ShutdownOverdue,
            Stopped::Leaked => ReportKind::Leaked,
        };
        if let Some(id) = self.id_of(seq) {
            self.node.report(&id, kind);
        }
    }

    /// How long a child may take to stop, and how it is told to drain.
    pub(super) fn drain_of(kind: ChildKind, deadline: Duration) -> (Tell, Shutdown) {
        match kind {
            ChildKind::Worker => (Tell::Drain, Shutdown::After(deadline)),
            // A supervisor has no work of its own to finish: it stops its children in order.
            ChildKind::Supervisor => (Tell::Stop, Shutdown::After(deadline)),
        }
    }
}
