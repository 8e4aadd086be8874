//! Performing restarts: what follows when a child ends by itself.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorId;
use tokio::time::Instant;

use super::budget::Verdict;
use super::child::StartError;
use super::decision::{Decision, Sibling, Step, ends_supervisor, on_exit, restart_steps};
use super::exit::{Exit, SHUTDOWN};
use super::report::{ReportKind, micros, millis};
use super::spec::ChildSpec;
use super::supervisor::{SupervisorMsg, SupervisorState};
use super::table::{ChildState, Ended, SelfEnd, Seq};

impl SupervisorState {
    /// A child has ended. News of former incarnations is ignored.
    pub(super) async fn on_exit(&mut self, actor: &ActorId, exit: &Exit) {
        let Some(ended) = self.node.table.lock().detach(actor) else { return };
        if exit.is_abnormal()
            && let Some(below) = &ended.live.node
        {
            below.reap().await;
        }
        if ended.was_stopping {
            self.finish_stop(ended.seq).await;
            return;
        }
        let decision = on_exit(ended.spec.restart, exit, self.is_dynamic());
        if exit.is_abnormal() || decision == Decision::Restart {
            self.node.report(&ended.id, ReportKind::Ended { exit: exit.to_string() });
        }
        match decision {
            Decision::Restart => {
                self.remember_exit(ended.seq, exit.to_string());
                self.restart(ended.seq, ended.ran).await;
            }
            Decision::Keep => self.end_if_significant(&ended),
            Decision::Forget => {
                self.node.table.lock().remove(ended.seq);
                self.end_if_significant(&ended);
            }
        }
    }

    /// The next attempt to restart a child whose restart failed.
    pub(super) async fn on_try_again(&mut self, seq: Seq) {
        let still_wanted = {
            let table = self.node.table.lock();
            table.get(seq).is_some_and(|child| matches!(child.state, ChildState::Restarting))
        };
        if still_wanted {
            self.restart(seq, Duration::ZERO).await;
        }
    }

    /// A wait or a quarantine is over, unless something else happened to the child meanwhile.
    pub(super) async fn on_due(&mut self, seq: Seq, incarnation: u64) {
        let released = {
            let mut table = self.node.table.lock();
            let Some(child) = table.get_mut(seq).filter(|child| child.incarnation == incarnation) else {
                return;
            };
            match child.state {
                ChildState::Backoff { .. } => None,
                ChildState::Quarantined { .. } => {
                    child.forgive();
                    Some(child.id.clone())
                }
                _ => return,
            }
        };
        if let Some(id) = released {
            self.node.report(&id, ReportKind::Released);
        }
        self.restart_alone(seq).await;
    }

    /// Restarts a child, if its budget or the supervisor's intensity allows.
    async fn restart(&mut self, seq: Seq, ran: Duration) {
        let now = Instant::now();
        let verdict = {
            let mut table = self.node.table.lock();
            let Some(child) = table.get_mut(seq) else { return };
            match child.spend(ran, now, fastrand::f64()) {
                Some(verdict) => verdict,
                None if table.window.record(now) => Verdict::RestartNow,
                None => {
                    drop(table);
                    self.give_up(seq);
                    return;
                }
            }
        };
        match verdict {
            Verdict::RestartNow if self.spec().strategy.restarts_one_by_one() => {
                self.restart_alone(seq).await;
            }
            Verdict::RestartNow => self.restart_together(seq).await,
            Verdict::RestartAfter(delay) => self.wait(seq, now, delay),
            Verdict::Quarantine => self.quarantine(seq, now),
        }
    }

    /// Starts one child again; when that fails, it is tried again through the mailbox.
    pub(super) async fn restart_alone(&mut self, seq: Seq) {
        let begun = Instant::now();
        match self.start_slot(seq).await {
            Ok(_) => self.restarted(seq, begun),
            Err(error) => self.restart_failed(seq, &error),
        }
    }

    async fn restart_together(&mut self, seq: Seq) {
        let begun = Instant::now();
        let (order, siblings): (Vec<Seq>, Vec<Sibling>) = {
            let table = self.node.table.lock();
            let sibling = |child: &super::table::Child| Sibling {
                restart: child.spec.restart,
                alive: child.state.live().is_some(),
            };
            table.iter().map(|(seq, child)| (seq, sibling(child))).unzip()
        };
        let Some(who) = order.iter().position(|at| *at == seq) else { return };
        for step in restart_steps(self.spec().strategy, &siblings, who) {
            let (Step::Stop(at) | Step::Forget(at) | Step::Start(at)) = step;
            let Some(touched) = order.get(at).copied() else { continue };
            match step {
                Step::Stop(_) => self.stop_slot(touched).await,
                Step::Forget(_) => self.node.table.lock().remove(touched),
                Step::Start(_) => {
                    if let Err(error) = self.start_slot(touched).await {
                        self.restart_failed(touched, &error);
                        return;
                    }
                }
            }
        }
        self.restarted(seq, begun);
    }

    fn restarted(&self, seq: Seq, begun: Instant) {
        let mut table = self.node.table.lock();
        let Some(child) = table.get_mut(seq) else { return };
        let trouble = child.trouble_mut();
        trouble.restarts_total += 1;
        let kind =
            ReportKind::Restarted { restarts: trouble.restarts_total, took_us: micros(begun.elapsed()) };
        let id = child.id.clone();
        drop(table);
        self.node.report(&id, kind);
    }

    /// Leaves the child in `restarting` and lets requests have their turn before the next attempt.
    pub(super) fn restart_failed(&self, seq: Seq, error: &StartError) {
        let text = super::exit::bounded(&error.to_string());
        self.remember_exit(seq, text.clone());
        self.node.table.lock().set(seq, ChildState::Restarting);
        if let Some(id) = self.id_of(seq) {
            self.node.report(&id, ReportKind::StartFailed { error: text });
        }
        self.tell_myself(SupervisorMsg::TryAgain { seq });
    }

    fn wait(&self, seq: Seq, now: Instant, delay: Duration) {
        let incarnation = self.enter(seq, ChildState::Backoff { until: now + delay });
        if let Some(id) = self.id_of(seq) {
            self.node.report(&id, ReportKind::Backoff { delay_ms: millis(delay) });
        }
        self.tell_myself_after(delay, SupervisorMsg::Due { seq, incarnation });
    }

    fn quarantine(&self, seq: Seq, now: Instant) {
        let (id, reason, release_after) = {
            let table = self.node.table.lock();
            let Some(child) = table.get(seq) else { return };
            let release_after = child.spec.budget.as_ref().and_then(|budget| budget.release_after);
            (child.id.clone(), child.last_exit(), release_after)
        };
        let until = release_after.map(|delay| now + delay);
        let incarnation = self.enter(seq, ChildState::Quarantined { until });
        self.node.report(&id, ReportKind::Quarantined { reason });
        if let Some(delay) = release_after {
            self.tell_myself_after(delay, SupervisorMsg::Due { seq, incarnation });
        }
    }

    /// Too many restarts: the children are stopped in order and the supervisor ends, so that the
    /// one above decides with a wider view.
    fn give_up(&self, seq: Seq) {
        let (id, exit, spec) = {
            let table = self.node.table.lock();
            let Some(child) = table.get(seq) else { return };
            (child.id.clone(), child.last_exit(), child.spec.clone())
        };
        self.rest(seq, &spec);
        let kind = ReportKind::GaveUp { child: id.to_string(), exit: exit.clone() };
        self.node.tree.report(self.node.path.clone(), kind);
        self.end(SelfEnd::GaveUp { child: id, exit });
    }

    fn end_if_significant(&self, ended: &Ended) {
        let left = || {
            let table = self.node.table.lock();
            table.iter().any(|(_, child)| child.spec.significant && child.state.is_wanted())
        };
        if ends_supervisor(self.spec().auto_shutdown, ended.spec.significant, left) {
            let kind = ReportKind::AutoShutdown { child: ended.id.to_string() };
            self.node.tree.report(self.node.path.clone(), kind);
            self.end(SelfEnd::Significant { child: ended.id.clone() });
        }
    }

    /// Ends the supervisor: ractor delivers the stop before any other message, and `post_stop`
    /// stops the children in order.
    fn end(&self, why: SelfEnd) {
        self.node.table.lock().end = Some(why);
        self.myself.stop(Some(SHUTDOWN.to_owned()));
    }

    /// Leaves a child without a process, or without an entry if its kind is not kept.
    pub(super) fn rest(&self, seq: Seq, spec: &ChildSpec) {
        let mut table = self.node.table.lock();
        if self.forgets(spec) {
            table.remove(seq);
        } else {
            table.set(seq, ChildState::Stopped);
        }
    }

    fn enter(&self, seq: Seq, state: ChildState) -> u64 {
        let mut table = self.node.table.lock();
        table.set(seq, state);
        table.get(seq).map_or(0, |child| child.incarnation)
    }

    fn remember_exit(&self, seq: Seq, exit: String) {
        if let Some(child) = self.node.table.lock().get_mut(seq) {
            child.trouble_mut().last_exit = exit;
        }
    }

    pub(super) fn id_of(&self, seq: Seq) -> Option<Arc<str>> {
        self.node.table.lock().get(seq).map(|child| child.id.clone())
    }
}
