//! The statements of identity, one file per table.

pub(super) mod members;
pub(super) mod passkeys;
pub(super) mod sessions;
pub(super) mod tokens;
