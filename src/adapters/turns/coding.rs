//! Turns that a program with an agent of its own answers: each question of the program is a call of a tool, judged, asked
//! about, journalled and shown like any other; between two of them it is a model that speaks.
//!
//! | file | what |
//! |---|---|
//! | `prompting` | what the program is told of the thread |
//! | `planning` | what its tools do, as typed actions |
//! | `speaking` | what it says between two questions, as the events of a model |
//! | `running` | a call that was decided: allowed and waited for, or denied |
//!
//! **Invariant:** nothing but an answer of the guard allows a call; a tool that has run without one ends the session.

mod planning;
mod prompting;
mod running;
mod speaking;

pub(super) use planning::plan as planned;
pub(super) use prompting::told;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Mutex as InUse;

use super::run::Task;
use crate::audit::Audit;
use crate::coders::{Ask, Coders, Event, SessionKey, Talk, ToolUse};
use crate::config::backends::ProgramSettings;
use crate::db::Db;
use crate::guard::{Guard, ModelCall};
use crate::protocol::chat::Usage;
use crate::tools::Place;

/// What a program's session is to a turn. Dropping it interrupts the program.
pub(super) struct Coding {
    coders: Coders,
    audit: Audit,
    guard: Guard,
    key: SessionKey,
    place: Place,
    call: ModelCall,
    /// Calls of tools of the turn.
    pub(super) calls_max: u32,
    /// Whether its provider's calls are counted where they are made, so that budgets count them there and not here.
    is_counted_elsewhere: bool,
    /// Tokens of the round that was over last.
    of_round: Mutex<Usage>,
    /// Questions without an answer, by the id of their call. Bounded by what a program asks at a time.
    asks: Mutex<HashMap<String, Ask>>,
    talking: Arc<InUse<Talking>>,
}

/// How far the talk is.
#[derive(Default)]
struct Talking {
    /// Until the prompt is over.
    talk: Option<Talk>,
    /// What came while a tool was waited for.
    kept: VecDeque<Event>,
    /// Tools that have begun, and those that were allowed.
    begun: HashMap<String, ToolUse>,
    allowed: HashSet<String>,
    /// Tokens that the program has told, and those that rounds have counted.
    used: Usage,
    counted: Usage,
    replay: speaking::Replay,
}

// === impl Coding ===

impl Coding {
    /// The session of this turn's thread, where its backend is a program.
    pub(super) fn of(task: &Task, (coders, guard): (&Coders, &Guard), db: &Db) -> Option<Arc<Self>> {
        let ProgramSettings { name, calls_max, provider, .. } = task.backend.program()?;
        if task.below.is_some() || task.overrides.call().is_some() {
            return None;
        }
        Some(Arc::new(Self {
            coders: coders.clone(),
            audit: Audit::new(db.clone()),
            guard: guard.clone(),
            key: SessionKey {
                tenant: task.place.tenant.clone(),
                thread: task.place.thread,
                backend: name.clone(),
            },
            place: task.place.clone(),
            call: task.call.clone(),
            calls_max: *calls_max,
            is_counted_elsewhere: provider.is_some(),
            of_round: Mutex::default(),
            asks: Mutex::default(),
            talking: Arc::default(),
        }))
    }

    /// Whether the program has been told what is wanted.
    pub(super) fn is_under_way(&self) -> bool {
        // Nobody holds the talk between two rounds.
        self.talking.try_lock().is_ok_and(|talking| talking.talk.is_some())
    }

    /// Tokens of the round that is over.
    pub(super) fn used(&self) -> Usage {
        *self.of_round.lock()
    }
}
