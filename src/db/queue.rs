//! The writer's queue: bounded, first in first out, with the slot that says whether a writer runs.
//!
//! It outlives writers: between two of them it answers at once that the store is restarting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::error::DbError;
use super::job::Job;

/// A job that waits.
pub(super) type WaitingJob = Box<dyn Job>;

/// Whether somebody works on the queue.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// Nobody. `failure` says how the last one ended, if badly.
    Empty {
        /// Why the last writer stopped by itself.
        failure: Option<DbError>,
    },
    /// A writer takes jobs.
    Running,
    /// The writer ends once the queue is empty; nothing new comes in.
    Draining,
}

/// What the writer finds.
pub(super) enum Next {
    /// The first job.
    Job(WaitingJob),
    /// Nothing came within the time that was given.
    Idle,
    /// Nothing is left and nothing will come.
    Stop,
}

struct State {
    slot: Slot,
    jobs: VecDeque<WaitingJob>,
    /// Whether the writer sleeps, so that a push must wake it.
    asleep: bool,
}

/// See the module.
pub(super) struct Queue {
    state: Mutex<State>,
    /// For the writer: a job, or the order to end.
    work: Condvar,
    /// For its successor: the slot is not draining any more.
    freed: Condvar,
    jobs_max: usize,
}

// === impl Queue ===

impl Queue {
    pub(super) fn new(jobs_max: usize) -> Self {
        Self {
            state: Mutex::new(State {
                slot: Slot::Empty { failure: None },
                jobs: VecDeque::new(),
                asleep: false,
            }),
            work: Condvar::new(),
            freed: Condvar::new(),
            jobs_max,
        }
    }

    /// Puts a job at the end, or says why not.
    pub(super) fn push(&self, job: WaitingJob) -> Result<(), DbError> {
        let mut state = self.state.lock();
        match state.slot {
            Slot::Running if state.jobs.len() >= self.jobs_max => return Err(DbError::Busy),
            Slot::Running => {}
            Slot::Empty { .. } | Slot::Draining => return Err(DbError::Unavailable),
        }
        state.jobs.push_back(job);
        if state.asleep {
            state.asleep = false;
            self.work.notify_one();
        }
        Ok(())
    }

    /// The first job, if one waits. For the writer.
    pub(super) fn try_next(&self) -> Option<WaitingJob> {
        self.state.lock().jobs.pop_front()
    }

    /// The first job, once there is one. For the writer; `idle_after` bounds the wait.
    pub(super) fn next(&self, idle_after: Option<Duration>) -> Next {
        let until = idle_after.map(|wait| Instant::now() + wait);
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Next::Job(job);
            }
            if !matches!(state.slot, Slot::Running) {
                return Next::Stop;
            }
            state.asleep = true;
            match until {
                None => self.work.wait(&mut state),
                Some(until) if self.work.wait_until(&mut state, until).timed_out() => {
                    state.asleep = false;
                    if state.jobs.is_empty() && matches!(state.slot, Slot::Running) {
                        return Next::Idle;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Takes the slot for a new writer, waiting for one that drains; how the last one ended.
    pub(super) fn occupy(&self, wait: Duration) -> Result<Option<DbError>, DbError> {
        let until = Instant::now() + wait;
        let mut state = self.state.lock();
        loop {
            match &state.slot {
                Slot::Empty { failure } => {
                    let failure = failure.clone();
                    // Draining until it really runs: nothing is taken in that might not be served.
                    state.slot = Slot::Draining;
                    return Ok(failure);
                }
                Slot::Running => return Err(DbError::Busy),
                Slot::Draining => {
                    if self.freed.wait_until(&mut state, until).timed_out() {
                        return Err(DbError::Busy);
                    }
                }
            }
        }
    }

    /// Lets jobs in.
    pub(super) fn open(&self) {
        self.state.lock().slot = Slot::Running;
        self.freed.notify_all();
    }

    /// Lets nothing in any more; the writer ends after what waits.
    pub(super) fn drain(&self) {
        let mut state = self.state.lock();
        if matches!(state.slot, Slot::Running) {
            state.slot = Slot::Draining;
            self.work.notify_one();
        }
    }

    /// Empties the slot and answers what still waits.
    pub(super) fn vacate(&self, failure: Option<&DbError>) {
        let left = {
            let mut state = self.state.lock();
            state.slot = Slot::Empty { failure: failure.cloned() };
            self.freed.notify_all();
            std::mem::take(&mut state.jobs)
        };
        // Outside of the lock: an answer may wake somebody who writes again.
        for mut job in left {
            job.answer(Err(failure.unwrap_or(&DbError::Unavailable)));
        }
    }

    /// Jobs that wait, and whether a writer takes them.
    pub(super) fn view(&self) -> (usize, bool) {
        let state = self.state.lock();
        (state.jobs.len(), matches!(state.slot, Slot::Running))
    }
}
