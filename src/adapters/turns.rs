//! `RunTurn` over backends and tools: the agentic loop with the stored thread, against a real model.
//!
//! Owns the bound on models that are asked at once; a turn over it waits, and its deadline counts.
//!
//! | file | what |
//! |---|---|
//! | `opening` | who answers, what it is told, what an earlier life left open |
//! | `run` | does what the loop of `workflows::agent` says |
//! | `round` · `chain` | what a model is told and says · which of the assistant's models it is |
//! | `judging` · `calls` | understands and judges · makes and answers tool calls |
//! | `asking` · `spawn` | `ask_person` · `spawn_agent` |
//! | `fitting` | shortens the conversation |
//! | `plugs` | what plugs say before and after |
//! | `coding` | turns that a program with an agent of its own answers |
//! | `confined` | turns of experiments, which work elsewhere |
//! | `preview` | shows a person what the next turn would be told |
//! | `reporter` | tells the recorder |
//!
//! **Invariant:** what the model said, and every call, is durable before anything follows from it.
//! **Invariant:** no tool runs that the guard has not judged with these very arguments.

mod asking;
mod calls;
mod chain;
mod coding;
mod confined;
mod fitting;
mod judging;
mod opening;
mod plugs;
mod preview;
mod reporter;
mod round;
mod run;
mod spawn;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use capuchin_actors::ports::run_turn::{RunTurn, TurnReport};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc};

use super::knowledge::{Knowledge, Reader};
use crate::backends::Backends;
use crate::coders::Coders;
use crate::config::SessionsConfig;
use crate::db::Db;
use crate::extensions::Extensions;
use crate::guard::Guard;
use crate::models::Models;
use crate::protocol::model::ModelError;
use crate::protocol::turn::TurnWork;
use crate::telemetry::Metrics;
use crate::tools::Tools;
use crate::turns::HistoryLimits;
use crate::workspaces::Workspaces;
use opening::Opening;
pub(super) use plugs::ended as turn_ended;
pub use preview::Preview;
use reporter::Reporter;

/// What turns work with.
pub struct TurnParts {
    /// The store, for what a turn stands on.
    pub db: Db,
    /// Who answers.
    pub backends: Backends,
    /// What is known of their models.
    pub models: Models,
    /// Who is asked before anything goes out.
    pub guard: Guard,
    /// Programs with an agent of their own.
    pub coders: Coders,
    /// The plugs.
    pub extensions: Extensions,
    /// What assistants know.
    pub knowledge: Knowledge,
    /// What they can do.
    pub tools: Tools,
    /// Where they do it.
    pub workspaces: Workspaces,
    /// Where those of experiments do it.
    pub experiments: PathBuf,
    /// What is counted.
    pub metrics: Metrics,
    /// How much of a conversation goes into a prompt.
    pub limits: HistoryLimits,
    /// Tokens that a model takes whose backend does not say.
    pub context_tokens: u64,
    /// Rounds with tools of one turn.
    pub rounds_max: u32,
}

/// The port to models and tools. Cheap to clone.
#[derive(Clone)]
pub struct ModelTurns {
    parts: Arc<TurnParts>,
    places: Arc<Semaphore>,
}

// === impl ModelTurns ===

impl ModelTurns {
    /// The port over these parts, with so many models asked at a time.
    #[must_use]
    pub fn new(parts: TurnParts, running_turns_max: usize) -> Self {
        Self { parts: Arc::new(parts), places: Arc::new(Semaphore::new(running_turns_max)) }
    }

    async fn run_turn(self, work: TurnWork, reports: mpsc::Sender<TurnReport>) -> Result<(), ModelError> {
        let began = Instant::now();
        let Opening { mut run, rounds, open, .. } = self.open(work, Reporter::new(reports)).await?;
        let pass = self.parts.guard.begin_turn(&run.task.call).await?;
        run.wall_left = pass.wall_left();
        if rounds == 0 {
            run.ask_plugs().await?;
        }
        let outcome = run.finish(rounds, open, self.parts.rounds_max).await;
        self.parts.metrics.turns.duration.observe(began.elapsed());
        outcome
    }
}

impl RunTurn for ModelTurns {
    fn run(
        &self,
        work: TurnWork,
        reports: mpsc::Sender<TurnReport>,
    ) -> BoxFuture<'static, Result<(), ModelError>> {
        self.clone().run_turn(work, reports).boxed()
    }
}

// === impl TurnParts ===

impl TurnParts {
    /// How much of a conversation goes into a prompt, as the settings say.
    #[must_use]
    pub const fn limits(config: &SessionsConfig) -> HistoryLimits {
        HistoryLimits { messages_max: config.history_messages_max, bytes_max: config.history_bytes_max }
    }
}
