//! Who asks, and what they may.

use crate::protocol::ids::{AssistantId, MemberId, TenantId, TokenId};
use crate::protocol::turn::Provenance;

use super::scope::{Scope, Scopes};
use super::secret::SecretHash;

/// Whose credential was shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Who {
    /// The owner: signed in, or on the machine itself through the control socket.
    Owner,
    /// A member, signed in.
    Member(MemberId),
    /// A program with an API token.
    Token(TokenId),
}

/// An authenticated caller. Everything that it reads or writes is inside its tenant.
#[derive(Clone, PartialEq, Debug)]
pub struct Principal {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose credential it is.
    pub who: Who,
    /// What it may do.
    pub scopes: Scopes,
    /// The only assistant that it may use; `None` for all.
    pub assistant: Option<AssistantId>,
    /// What it may spend in US dollars; `None` for no limit.
    pub budget_usd: Option<f64>,
    /// The signed-in browser session, when it is one.
    pub(crate) session: Option<SecretHash>,
}

/// The caller is known but may not do this.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this needs the scope `{needed}`")]
pub struct Forbidden {
    /// A scope that would do.
    pub needed: Scope,
}

/// A program asks for what only a person may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("only a person who is signed in may do this, no token")]
pub struct NotInPerson;

impl Principal {
    /// The owner of a tenant.
    #[must_use]
    pub fn owner(tenant: TenantId) -> Self {
        Self {
            tenant,
            who: Who::Owner,
            scopes: Scopes::all(),
            assistant: None,
            budget_usd: None,
            session: None,
        }
    }

    /// Allows one thing or says which scope is missing. The only place that compares scopes for a route.
    ///
    /// # Errors
    /// [`Forbidden`] when the principal has none of `any_of`.
    pub fn authorize(&self, any_of: &[Scope]) -> Result<(), Forbidden> {
        if any_of.iter().any(|scope| self.scopes.allows(*scope)) {
            return Ok(());
        }
        Err(Forbidden { needed: any_of.first().copied().unwrap_or(Scope::Admin) })
    }

    /// Allows what only a person may do for themselves: no token, whatever its scopes, passes for one.
    ///
    /// # Errors
    /// [`NotInPerson`].
    pub fn in_person(&self) -> Result<(), NotInPerson> {
        match self.who {
            Who::Owner | Who::Member(_) => Ok(()),
            Who::Token(_) => Err(NotInPerson),
        }
    }

    /// Whether it is a person in a signed-in browser.
    #[must_use]
    pub const fn is_in_browser(&self) -> bool {
        self.session.is_some()
    }

    /// Whether it may use this assistant.
    #[must_use]
    pub fn may_use(&self, assistant: AssistantId) -> bool {
        self.assistant.is_none_or(|only| only == assistant)
    }

    /// The name under which its idempotency keys, sessions and usage are kept: `owner`, or the
    /// member's or token's id.
    #[must_use]
    pub fn source(&self) -> String {
        match self.who {
            Who::Owner => "owner".to_owned(),
            Who::Member(id) => id.to_string(),
            Who::Token(id) => id.to_string(),
        }
    }

    /// Where text that it sends comes from.
    #[must_use]
    pub const fn provenance(&self) -> Provenance {
        match self.who {
            Who::Owner => Provenance::Owner,
            Who::Member(_) => Provenance::Member,
            Who::Token(_) => Provenance::Token,
        }
    }
}

#[cfg(test)]
mod tests;
