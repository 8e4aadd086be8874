//! The column that holds the values of secrets.

use super::keys::Purpose;
use super::record::Place;
use super::sealing::SealedColumn;
use crate::protocol::ids::SecretId;

/// See the module.
pub(super) const SECRETS: SealedColumn =
    SealedColumn { purpose: Purpose::Secrets, table: "secrets", name: "sealed", row: "id" };

/// Where the value of a secret is.
pub(super) fn place(id: &SecretId) -> Place<'_> {
    SECRETS.place(id.as_bytes())
}
