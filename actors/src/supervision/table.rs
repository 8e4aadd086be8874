//! The children of one supervisor, in start order, found by id and by process.
//!
//! Written by the supervisor actor only; read by snapshots, by path lookups and by whoever cleans
//! up after a killed supervisor. It holds no lock across an await and does no work of its own.
//! A healthy dynamic child costs one entry and two index entries, no task and no timer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ractor::ActorId;
use tokio::time::Instant;

use super::budget::{Spending, Verdict};
use super::child::{Args, Live};
use super::intensity::RestartWindow;
use super::spec::ChildSpec;

/// Position in start order; never reused within one incarnation of the supervisor.
pub(crate) type Seq = u64;

/// See the module.
pub(crate) struct Table {
    children: BTreeMap<Seq, Child>,
    by_id: HashMap<Arc<str>, Seq>,
    by_actor: HashMap<ActorId, Seq>,
    next: Seq,
    /// The restarts that count against the supervisor's intensity.
    pub(crate) window: RestartWindow,
    /// Why the supervisor ends by itself, once it has decided to.
    pub(crate) end: Option<SelfEnd>,
    /// Whether the supervisor has stopped all its children in order.
    pub(crate) in_order: bool,
}

/// Why a supervisor ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelfEnd {
    /// More restarts than its intensity tolerates.
    GaveUp {
        /// The child whose restart was one too many.
        child: Arc<str>,
        /// How that child had ended.
        exit: String,
    },
    /// Its significant children have ended.
    Significant {
        /// The last of them.
        child: Arc<str>,
    },
}

/// One child.
pub(crate) struct Child {
    pub(crate) id: Arc<str>,
    pub(crate) spec: Arc<ChildSpec>,
    pub(crate) args: Option<Args>,
    pub(crate) state: ChildState,
    /// When `state` was entered.
    pub(crate) since: Instant,
    /// How often a start was attempted.
    pub(crate) incarnation: u64,
    /// What went wrong so far; most children have none.
    pub(crate) trouble: Option<Box<Trouble>>,
}

/// Where a child is in its life.
pub(crate) enum ChildState {
    Starting,
    Running(Live),
    /// Asked to stop; its end is not a failure.
    Stopping(Live),
    /// Its restart failed and is about to be tried again.
    Restarting,
    /// Waits for its next start.
    Backoff {
        until: Instant,
    },
    /// Has spent its budget.
    Quarantined {
        until: Option<Instant>,
    },
    Stopped,
}

/// The history of a child that has failed.
#[derive(Default)]
pub(crate) struct Trouble {
    pub(crate) restarts_total: u64,
    pub(crate) last_exit: String,
    pub(crate) spending: Option<Spending>,
}

/// A process that has ended, taken out of its child's entry.
pub(crate) struct Ended {
    pub(crate) seq: Seq,
    pub(crate) spec: Arc<ChildSpec>,
    pub(crate) id: Arc<str>,
    pub(crate) live: Live,
    pub(crate) ran: Duration,
    pub(crate) was_stopping: bool,
}

// === impl Table ===

impl Table {
    pub(crate) fn new(window: RestartWindow) -> Self {
        Self {
            children: BTreeMap::new(),
            by_id: HashMap::new(),
            by_actor: HashMap::new(),
            next: 0,
            window,
            end: None,
            in_order: false,
        }
    }

    /// Adds a child at the end of the start order. The id must be free.
    pub(crate) fn add(&mut self, id: Arc<str>, spec: Arc<ChildSpec>, args: Option<Args>) -> Seq {
        let seq = self.next;
        self.next += 1;
        self.by_id.insert(id.clone(), seq);
        let state = ChildState::Stopped;
        let child = Child { id, spec, args, state, since: Instant::now(), incarnation: 0, trouble: None };
        self.children.insert(seq, child);
        seq
    }

    pub(crate) fn remove(&mut self, seq: Seq) {
        if let Some(child) = self.children.remove(&seq) {
            self.by_id.remove(&child.id);
            if let Some(live) = child.state.live() {
                self.by_actor.remove(&live.cell.get_id());
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.children.len()
    }

    pub(crate) fn get(&self, seq: Seq) -> Option<&Child> {
        self.children.get(&seq)
    }

    pub(crate) fn get_mut(&mut self, seq: Seq) -> Option<&mut Child> {
        self.children.get_mut(&seq)
    }

    pub(crate) fn find(&self, id: &str) -> Option<(Seq, &Child)> {
        let seq = *self.by_id.get(id)?;
        self.children.get(&seq).map(|child| (seq, child))
    }

    /// Whether this is the process of a child.
    pub(crate) fn knows(&self, actor: &ActorId) -> bool {
        self.by_actor.contains_key(actor)
    }

    /// All children in start order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Seq, &Child)> {
        self.children.iter().map(|(seq, child)| (*seq, child))
    }

    /// Enters a state without a process, or one with the process that it has already.
    pub(crate) fn set(&mut self, seq: Seq, state: ChildState) {
        let Some(child) = self.children.get_mut(&seq) else { return };
        let before = std::mem::replace(&mut child.state, state);
        child.since = Instant::now();
        let kept = child.state.live().map(|live| live.cell.get_id());
        if let Some(actor) = before.live().map(|live| live.cell.get_id())
            && kept.as_ref() != Some(&actor)
        {
            self.by_actor.remove(&actor);
        }
        if let Some(actor) = kept {
            self.by_actor.insert(actor, seq);
        }
    }

    /// Marks a running child as asked to stop and returns its process.
    pub(crate) fn set_stopping(&mut self, seq: Seq) -> Option<Live> {
        let live = self.children.get(&seq)?.state.live()?.clone();
        self.set(seq, ChildState::Stopping(live.clone()));
        Some(live)
    }

    /// Takes out the process that has ended. `None` for a process that is not, or no longer,
    /// that of any child: the news of a former incarnation.
    pub(crate) fn detach(&mut self, actor: &ActorId) -> Option<Ended> {
        let seq = self.by_actor.remove(actor)?;
        let child = self.children.get_mut(&seq)?;
        let ran = child.since.elapsed();
        child.since = Instant::now();
        let (live, was_stopping) = match std::mem::replace(&mut child.state, ChildState::Stopped) {
            ChildState::Running(live) => (live, false),
            ChildState::Stopping(live) => (live, true),
            other => {
                child.state = other;
                return None;
            }
        };
        Some(Ended { seq, spec: child.spec.clone(), id: child.id.clone(), live, ran, was_stopping })
    }
}

// === impl Child ===

impl Child {
    pub(crate) fn trouble_mut(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    /// Counts a failure against the child's own budget, if it has one.
    pub(crate) fn spend(&mut self, ran: Duration, now: Instant, random: f64) -> Option<Verdict> {
        let spec = self.spec.clone();
        let budget = spec.budget.as_ref()?;
        let spending = self.trouble_mut().spending.get_or_insert_with(|| Spending::new(budget));
        Some(spending.failed(budget, ran, now, random))
    }

    /// Gives the child its whole budget back.
    pub(crate) fn forgive(&mut self) {
        if let Some(trouble) = &mut self.trouble {
            trouble.spending = None;
        }
    }

    pub(crate) fn last_exit(&self) -> String {
        self.trouble.as_ref().map(|trouble| trouble.last_exit.clone()).unwrap_or_default()
    }
}

// === impl ChildState ===

impl ChildState {
    pub(crate) fn live(&self) -> Option<&Live> {
        match self {
            Self::Running(live) | Self::Stopping(live) => Some(live),
            Self::Starting
            | Self::Restarting
            | Self::Backoff { .. }
            | Self::Quarantined { .. }
            | Self::Stopped => None,
        }
    }

    /// Whether the child runs or is about to, as OTP's `auto_shutdown` asks.
    pub(crate) fn is_wanted(&self) -> bool {
        !matches!(self, Self::Stopped | Self::Quarantined { .. })
    }
}
