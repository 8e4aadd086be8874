//! What a backend shows with every call: nothing, a key from the environment, or a secret of the vault, which
//! egress puts in at the last moment.

use crate::egress::{EgressError, Request, Secret};
use crate::protocol::ids::TenantId;

/// See the module.
pub(super) enum Credential {
    /// Nothing, as local servers want it.
    None,
    /// A key that was read at start.
    Key(Secret),
    /// The secret with this name, looked up for every call.
    Named {
        /// Its name.
        name: String,
        /// For whom: `backend NAME`.
        used_by: String,
    },
}

// === impl Credential ===

impl Credential {
    /// The value, if this process holds it here.
    pub(super) const fn value(&self) -> Option<&Secret> {
        match self {
            Self::Key(key) => Some(key),
            Self::None | Self::Named { .. } => None,
        }
    }

    /// Adds it as a header: `prefix` and the value.
    pub(super) fn put(
        &self,
        request: Request,
        header: &'static str,
        prefix: &str,
    ) -> Result<Request, EgressError> {
        match self {
            Self::None => Ok(request),
            Self::Key(key) => Ok(request.secret_header(header, prefix, key)),
            Self::Named { name, used_by } => {
                let request = request.with_header(header, &format!("{prefix}@secret:{name}"))?;
                // Backends are the household's own, whoever's turn it is.
                Ok(request.secrets_in_headers(TenantId::home(), used_by.clone()))
            }
        }
    }
}
