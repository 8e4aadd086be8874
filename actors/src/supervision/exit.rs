//! How a child ended: ractor's supervision events as a closed set of exits.
//!
//! The only place that knows how ractor encodes an end: a handler's error and a panic arrive as
//! `ActorFailed`; a kill arrives as `ActorTerminated` with the text `killed`, and an aborted task
//! with `actor_task_cancelled`. A failed `pre_start` sends no event at all, it is returned to
//! whoever spawned. An end with any other reason is an error, as it is in OTP.

use std::fmt;

use ractor::{ActorId, SupervisionEvent};

/// The reason that a supervisor gives when it stops a child, and the one with which it stops itself.
pub const SHUTDOWN: &str = "shutdown";

/// How much of an error's text is kept, in bytes.
pub const EXIT_TEXT_BYTES_MAX: usize = 512;

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It had nothing left to do.
    Normal,
    /// It was told to stop, or stopped itself in an orderly way (`shutdown` or `shutdown:why`).
    Shutdown(Option<String>),
    /// It was killed, or its task was aborted.
    Killed,
    /// It returned an error, panicked, or stopped with a reason that is neither of the above.
    Failed(String),
}

// === impl Exit ===

impl Exit {
    /// Which actor an event says has ended, and how. `None` for every other event.
    pub fn of_event(event: &SupervisionEvent) -> Option<(ActorId, Self)> {
        match event {
            SupervisionEvent::ActorTerminated(cell, _, reason) => {
                Some((cell.get_id(), Self::of_reason(reason.as_deref())))
            }
            SupervisionEvent::ActorFailed(cell, error) => {
                Some((cell.get_id(), Self::Failed(bounded(&error.to_string()))))
            }
            SupervisionEvent::ActorStarted(_)
            | SupervisionEvent::ProcessGroupChanged(_)
            | SupervisionEvent::PidLifecycleEvent(_) => None,
        }
    }

    /// The exit that a reason passed to `stop` stands for.
    pub fn of_reason(reason: Option<&str>) -> Self {
        match reason {
            None | Some("normal" | "Drained") => Self::Normal,
            Some(SHUTDOWN) => Self::Shutdown(None),
            Some("killed" | "actor_task_cancelled") => Self::Killed,
            Some(other) => match other.strip_prefix("shutdown:") {
                Some(why) => Self::Shutdown(Some(bounded(why))),
                None => Self::Failed(bounded(other)),
            },
        }
    }

    /// Whether a transient child that ended like this is restarted.
    pub fn is_abnormal(&self) -> bool {
        matches!(self, Self::Killed | Self::Failed(_))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown(None) => f.write_str(SHUTDOWN),
            Self::Shutdown(Some(why)) => write!(f, "shutdown: {why}"),
            Self::Killed => f.write_str("killed"),
            Self::Failed(text) => write!(f, "failed: {text}"),
        }
    }
}

/// The start of `text`, at most [`EXIT_TEXT_BYTES_MAX`] bytes of it.
pub(crate) fn bounded(text: &str) -> String {
    let end = text.floor_char_boundary(EXIT_TEXT_BYTES_MAX);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
