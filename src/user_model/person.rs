//! Who somebody is: whose words are noticed, and whose model is whose.

use std::fmt;

use crate::identity::{Principal, Scope, Who};
use crate::protocol::ids::MemberId;
use crate::protocol::turn::Provenance;

/// A person of a tenant: the owner, or a member. Nobody else is observed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Person {
    /// The owner.
    Owner,
    /// A member of the household.
    Member(MemberId),
}

// === impl Person ===

impl Person {
    /// Who wrote a message, if a person of this tenant did so, signed in or on the machine itself. What comes from a
    /// token, a channel, a webhook, a schedule or a tool is nobody's.
    #[must_use]
    pub fn who_wrote(source: &str, provenance: Provenance) -> Option<Self> {
        match provenance {
            Provenance::Owner if source == "owner" => Some(Self::Owner),
            // silent-ok: a source that is no member's is nobody's.
            Provenance::Member => source.parse().ok().map(Self::Member),
            _ => None,
        }
    }

    /// Whose model somebody may see and change: their own; a token that may administer everything, the owner's.
    #[must_use]
    pub fn of(by: &Principal) -> Option<Self> {
        match by.who {
            Who::Owner => Some(Self::Owner),
            Who::Member(id) => Some(Self::Member(id)),
            Who::Token(_) => {
                (by.scopes.allows(Scope::Admin) && by.assistant.is_none()).then_some(Self::Owner)
            }
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner => f.write_str("owner"),
            Self::Member(id) => id.fmt(f),
        }
    }
}
