//! Performing requests: OTP's functions of a supervisor, and an operator's.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorCell;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::child::Args;
use super::error::CallError;
use super::handle::{ChildInfo, ChildProcess, ChildrenCount};
use super::path::check_id;
use super::report::ReportKind;
use super::spec::{ChildKind, ChildSpec};
use super::stopping::{Tell, Then};
use super::supervisor::{Reply, SupervisorState};
use super::table::{Child, ChildState, Seq};

/// What of a child decides about a request.
struct Found {
    seq: Seq,
    spec: Arc<ChildSpec>,
    is: Is,
}

enum Is {
    Running,
    Stopping,
    Restarting,
    Waiting,
    Quarantined,
    Stopped,
}

impl SupervisorState {
    pub(super) async fn on_start_child(&mut self, spec: ChildSpec, reply: Reply) {
        let answer = if self.is_dynamic() {
            Err(CallError::SimpleOneForOne)
        } else {
            match spec.check(self.spec().strategy, self.spec().auto_shutdown) {
                Ok(()) => self.start_new(spec.id.clone(), Arc::new(spec), None, &reply).await,
                Err(error) => Err(CallError::Spec(error)),
            }
        };
        answer_to(reply, answer);
    }

    pub(super) async fn on_start_dynamic(&mut self, id: Arc<str>, args: Option<Args>, reply: Reply) {
        let answer = match (self.node.template().cloned(), check_id(&id)) {
            (None, _) => Err(CallError::NotDynamic),
            (_, Err(error)) => Err(CallError::Spec(error)),
            (Some(template), Ok(())) => self.start_new(id, template, args, &reply).await,
        };
        answer_to(reply, answer);
    }

    async fn start_new(
        &mut self,
        id: Arc<str>,
        spec: Arc<ChildSpec>,
        args: Option<Args>,
        reply: &Reply,
    ) -> Result<Option<ActorCell>, CallError> {
        let seq = {
            let mut table = self.node.table.lock();
            if let Some((_, child)) = table.find(&id) {
                return Err(already(child, self.is_dynamic()));
            }
            if table.len() >= self.spec().max_children {
                return Err(CallError::MaxChildren(self.spec().max_children));
            }
            if reply.is_closed() {
                // Whoever asked has given up waiting: nobody would know of the child.
                return Err(CallError::Gone);
            }
            table.add(id, spec, args)
        };
        self.start_slot(seq).await.map_err(|error| {
            self.node.table.lock().remove(seq);
            CallError::Start(error)
        })
    }

    pub(super) async fn on_terminate(&mut self, id: &str, reply: Reply) {
        let Some(found) = self.find(id) else {
            let is_template = self.node.template().is_some_and(|template| &*template.id == id);
            let error = if is_template { CallError::SimpleOneForOne } else { CallError::NotFound };
            return answer_to(reply, Err(error));
        };
        match found.is {
            Is::Running if self.is_dynamic() => {
                self.stop_aside(found.seq, Tell::Stop, found.spec.shutdown, Then::StayDown, reply);
            }
            Is::Stopping => self.join_stop(found.seq, Then::StayDown, reply),
            Is::Running | Is::Restarting | Is::Waiting | Is::Quarantined | Is::Stopped => {
                self.stop_slot(found.seq).await;
                self.rest(found.seq, &found.spec);
                answer_to(reply, Ok(None));
            }
        }
    }

    pub(super) async fn on_restart_child(&mut self, id: &str, reply: Reply) {
        let answer = if self.is_dynamic() {
            Err(CallError::SimpleOneForOne)
        } else {
            match self.find(id).map(|found| (found.seq, found.is)) {
                None => Err(CallError::NotFound),
                Some((seq, Is::Stopped)) => self.start_slot(seq).await.map_err(CallError::Start),
                Some((_, Is::Running)) => Err(CallError::Running),
                Some((_, Is::Stopping)) => Err(CallError::Stopping),
                Some((_, Is::Restarting | Is::Waiting)) => Err(CallError::Restarting),
                Some((seq, Is::Quarantined)) => Err(self.quarantined(seq)),
            }
        };
        answer_to(reply, answer);
    }

    pub(super) fn on_delete(&mut self, id: &str, reply: Reply) {
        let answer = if self.is_dynamic() {
            Err(CallError::SimpleOneForOne)
        } else {
            match self.find(id).map(|found| (found.seq, found.is)) {
                None => Err(CallError::NotFound),
                Some((seq, Is::Stopped | Is::Quarantined)) => {
                    self.node.table.lock().remove(seq);
                    Ok(None)
                }
                Some((_, Is::Running)) => Err(CallError::Running),
                Some((_, Is::Stopping)) => Err(CallError::Stopping),
                Some((_, Is::Restarting | Is::Waiting)) => Err(CallError::Restarting),
            }
        };
        answer_to(reply, answer);
    }

    pub(super) async fn on_bounce(&mut self, id: &str, reply: Reply) {
        let Some(found) = self.find(id) else { return answer_to(reply, Err(CallError::NotFound)) };
        match found.is {
            Is::Running if self.is_dynamic() => {
                self.stop_aside(found.seq, Tell::Stop, found.spec.shutdown, Then::StartAgain, reply);
            }
            Is::Stopping => self.join_stop(found.seq, Then::StartAgain, reply),
            Is::Running | Is::Restarting | Is::Waiting | Is::Quarantined | Is::Stopped => {
                self.stop_slot(found.seq).await;
                let answer = self.start_afresh(found.seq).await;
                answer_to(reply, answer);
            }
        }
    }

    pub(super) fn on_drain(&mut self, id: &str, deadline: Duration, reply: Reply) {
        let Some(found) = self.find(id) else { return answer_to(reply, Err(CallError::NotFound)) };
        match found.is {
            Is::Running => {
                let (tell, limit) = Self::drain_of(found.spec.kind, deadline);
                self.stop_aside(found.seq, tell, limit, Then::StayDown, reply);
            }
            Is::Stopping => self.join_stop(found.seq, Then::StayDown, reply),
            Is::Restarting | Is::Waiting | Is::Quarantined | Is::Stopped => {
                self.rest(found.seq, &found.spec);
                answer_to(reply, Ok(None));
            }
        }
    }

    pub(super) async fn on_release(&mut self, id: &str, reply: Reply) {
        let answer = match self.find(id).map(|found| (found.seq, found.is)) {
            None => Err(CallError::NotFound),
            Some((seq, Is::Quarantined | Is::Waiting)) => {
                self.node.report(id, ReportKind::Released);
                self.start_afresh(seq).await
            }
            Some(_) => Err(CallError::NotQuarantined),
        };
        answer_to(reply, answer);
    }

    pub(super) fn on_which(&self, reply: oneshot::Sender<Vec<ChildInfo>>) {
        let mut children: Vec<ChildInfo> = {
            let table = self.node.table.lock();
            let info = |child: &Child| ChildInfo {
                id: child.id.clone(),
                process: process_of(&child.state),
                kind: child.spec.kind,
            };
            table.iter().rev().map(|(_, child)| info(child)).collect()
        };
        if self.is_dynamic() {
            // OTP lists dynamic children by process, oldest process first.
            children.reverse();
            children.sort_by_key(|child| match &child.process {
                ChildProcess::Running(cell) => cell.get_id().pid(),
                ChildProcess::Restarting | ChildProcess::None => 0,
            });
        }
        // silent-ok: nobody waits any more.
        let _ = reply.send(children);
    }

    pub(super) fn on_count(&self, reply: oneshot::Sender<ChildrenCount>) {
        let table = self.node.table.lock();
        let mut count = ChildrenCount::default();
        for (_, child) in table.iter() {
            count.specs += 1;
            count.active += usize::from(child.state.live().is_some());
            match child.spec.kind {
                ChildKind::Worker => count.workers += 1,
                ChildKind::Supervisor => count.supervisors += 1,
            }
        }
        if self.is_dynamic() {
            count.specs = 1;
        }
        // silent-ok: nobody waits any more.
        let _ = reply.send(count);
    }

    /// Starts a child with its whole budget; when that fails it is treated as any failed restart.
    pub(super) async fn start_afresh(&mut self, seq: Seq) -> Result<Option<ActorCell>, CallError> {
        if let Some(child) = self.node.table.lock().get_mut(seq) {
            child.forgive();
        }
        self.start_slot(seq).await.map_err(|error| {
            self.restart_failed(seq, &error);
            CallError::Start(error)
        })
    }

    fn join_stop(&mut self, seq: Seq, then: Then, reply: Reply) {
        match self.jobs.get_mut(&seq) {
            Some(job) => {
                job.then = then;
                job.replies.push(reply);
            }
            None => answer_to(reply, Err(CallError::Stopping)),
        }
    }

    fn quarantined(&self, seq: Seq) -> CallError {
        self.node.table.lock().get(seq).map_or(CallError::NotFound, |child| already(child, false))
    }

    fn find(&self, id: &str) -> Option<Found> {
        let table = self.node.table.lock();
        let (seq, child) = table.find(id)?;
        let is = match &child.state {
            ChildState::Running(_) => Is::Running,
            ChildState::Stopping(_) => Is::Stopping,
            ChildState::Starting | ChildState::Restarting => Is::Restarting,
            ChildState::Backoff { .. } => Is::Waiting,
            ChildState::Quarantined { .. } => Is::Quarantined,
            ChildState::Stopped => Is::Stopped,
        };
        Some(Found { seq, spec: child.spec.clone(), is })
    }
}

/// Why a child with this id cannot be added.
fn already(child: &Child, dynamic: bool) -> CallError {
    match &child.state {
        ChildState::Running(live) => CallError::AlreadyStarted(live.cell.clone()),
        ChildState::Stopping(_) => CallError::Stopping,
        ChildState::Quarantined { until } => CallError::Quarantined {
            reason: child.last_exit(),
            retry_in: until.map(|until| until.saturating_duration_since(Instant::now())),
        },
        ChildState::Starting | ChildState::Restarting | ChildState::Backoff { .. } if dynamic => {
            CallError::Restarting
        }
        ChildState::Starting | ChildState::Restarting | ChildState::Backoff { .. } | ChildState::Stopped => {
            CallError::AlreadyPresent
        }
    }
}

fn process_of(state: &ChildState) -> ChildProcess {
    match state {
        ChildState::Running(live) | ChildState::Stopping(live) => ChildProcess::Running(live.cell.clone()),
        ChildState::Starting | ChildState::Restarting | ChildState::Backoff { .. } => {
            ChildProcess::Restarting
        }
        ChildState::Quarantined { .. } | ChildState::Stopped => ChildProcess::None,
    }
}

fn answer_to(reply: Reply, answer: Result<Option<ActorCell>, CallError>) {
    // silent-ok: nobody waits any more.
    let _ = reply.send(answer);
}
