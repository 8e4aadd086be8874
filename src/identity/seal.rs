//! The seeds of second factors, which must be read again but never lie open in the store: the vault seals them.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::MemberId;
use crate::vault::{Place, Purpose, SealedColumn, Vault};

use super::totp::Seed;

/// A seed could not be sealed or opened: the vault is sealed, or the row is not what was sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no vault, or it is sealed.
    #[error("the vault is sealed, and seeds of codes are kept in it; unseal it, or sign in with a passkey")]
    Sealed,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}

/// The column that holds them.
pub(super) const SEEDS: SealedColumn =
    SealedColumn { purpose: Purpose::Identity, table: "second_factors", name: "seed", row: "member" };

fn place(member: &MemberId) -> Place<'_> {
    SEEDS.place(member.as_bytes())
}

/// Seals a seed for its person.
pub(super) fn seal(
    vault: &Vault,
    tx: &mut TenantTx<'_>,
    member: MemberId,
    seed: &Seed,
) -> Result<Vec<u8>, SealError> {
    vault.seal(tx, Purpose::Identity, &place(&member), seed).map_err(|error| refused(&error))
}

/// Opens the seed of a person.
pub(super) fn open(
    vault: &Vault,
    read: &TenantRead<'_>,
    member: MemberId,
    sealed: &[u8],
) -> Result<Seed, SealError> {
    let plain = vault.open(read, Purpose::Identity, &place(&member), sealed);
    plain.map(|plain| Seed::new(plain.bytes().to_vec())).map_err(|error| refused(&error))
}

fn refused(error: &crate::vault::VaultError) -> SealError {
    tracing::warn!(%error, "the seed of a second factor could not be sealed or opened");
    SealError::Sealed
}
