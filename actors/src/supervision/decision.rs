//! What a supervisor does about an exit. Pure: facts in, decision out; the actor performs it.

use super::exit::Exit;
use super::spec::{AutoShutdown, Restart, Strategy};

/// What happens to a child that has ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is started again, if the intensity or its budget allows.
    Restart,
    /// It stays in the table without a process.
    Keep,
    /// It leaves the table.
    Forget,
}

/// One child as a restart of several sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sibling {
    /// When it is restarted.
    pub restart: Restart,
    /// Whether it has a process.
    pub alive: bool,
}

/// One step of a restart that touches several children; the number is a position in start order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Stop its process and wait for the end.
    Stop(usize),
    /// Take it out of the table: a temporary child is never restarted.
    Forget(usize),
    /// Start it.
    Start(usize),
}

/// What becomes of a child that ended with `exit`.
pub fn on_exit(restart: Restart, exit: &Exit, dynamic: bool) -> Decision {
    match restart {
        Restart::Permanent => Decision::Restart,
        Restart::Transient if exit.is_abnormal() => Decision::Restart,
        Restart::Transient if dynamic => Decision::Forget,
        Restart::Transient => Decision::Keep,
        Restart::Temporary => Decision::Forget,
    }
}

/// Whether a supervisor ends itself because a child has ended for good.
/// `significant_left` tells whether another significant child is alive or being restarted.
pub fn ends_supervisor(
    auto: AutoShutdown,
    significant: bool,
    significant_left: impl FnOnce() -> bool,
) -> bool {
    match auto {
        AutoShutdown::Never => false,
        AutoShutdown::AnySignificant => significant,
        AutoShutdown::AllSignificant => significant && !significant_left(),
    }
}

/// The steps of a restart of `who` under `strategy`, children in start order: first stop the
/// affected from last to first, then start them from first to last.
pub fn restart_steps(strategy: Strategy, children: &[Sibling], who: usize) -> Vec<Step> {
    let affected = match strategy {
        Strategy::OneForOne | Strategy::SimpleOneForOne => who..who.saturating_add(1),
        Strategy::RestForOne => who..children.len(),
        Strategy::OneForAll => 0..children.len(),
    };
    let affected = || children.iter().enumerate().skip(affected.start).take(affected.len());
    let mut steps = Vec::with_capacity(2 * affected().len());
    for (at, child) in affected().rev() {
        if child.alive {
            steps.push(Step::Stop(at));
        }
        if child.restart == Restart::Temporary && at != who {
            steps.push(Step::Forget(at));
        }
    }
    steps.extend(
        affected()
            .filter(|(at, child)| child.restart != Restart::Temporary || *at == who)
            .map(|(at, _)| Step::Start(at)),
    );
    steps
}

#[cfg(test)]
mod tests;
