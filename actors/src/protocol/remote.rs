//! The closed set of messages that may cross nodes.
//!
//! Everything else stays on the node where it was made. A variant is added at the
//! end and never changed: both sides of a link may be of neighbouring versions.

use serde::{Deserialize, Serialize};

use super::ids::{TenantId, ThreadId, TurnId};
use super::turn::Inbound;

/// Version of [`SessionCommand`]; the first byte of every encoded command.
pub const SESSION_COMMAND_VERSION: u8 = 1;

/// What a node may ask of the session that another node owns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum SessionCommand {
    /// Take a message into the thread.
    Submit(Inbound),
    /// End a turn of the thread.
    Stop {
        /// Whose thread it is.
        tenant: TenantId,
        /// The thread.
        thread: ThreadId,
        /// The turn.
        turn: TurnId,
    },
}
