//! Where `@secret:name` is resolved: a port, so that egress knows no vault.

use futures::future::BoxFuture;

use super::Secret;
use crate::protocol::ids::TenantId;

/// Why a named secret is not given out. Nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretRefusal {
    /// There is none with this name.
    #[error("there is no secret `{name}`; store it with: capuchin vault set {name}")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It is not for this host.
    #[error(
        "the secret `{name}` is not granted to {host}; grant it with: capuchin vault grant {name} {host}"
    )]
    NotGranted {
        /// The name.
        name: String,
        /// The host that the request goes to.
        host: String,
    },
    /// The vault waits for its passphrase.
    #[error("the vault is sealed; open it with: capuchin vault unseal")]
    Sealed,
    /// It is there and cannot be opened.
    #[error("the secret `{name}` cannot be opened: {why}")]
    Broken {
        /// The name.
        name: String,
        /// What is wrong.
        why: String,
    },
}

/// Gives out the value of a secret for one request to one host.
pub trait SecretSource: Send + Sync + 'static {
    /// The value, if this host may have it. `used_by` says for what: `backend anthropic`, `channel slack`.
    fn resolve(
        &self,
        tenant: &TenantId,
        name: &str,
        host: &str,
        used_by: &str,
    ) -> BoxFuture<'static, Result<Secret, SecretRefusal>>;
}
