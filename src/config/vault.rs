//! `[vault]`: what protects the root key of a new vault. A vault that exists remembers its own protection;
//! `capuchin vault protect` changes it.

use std::path::PathBuf;

use serde::Deserialize;

use super::sections::Check;

/// What holds the root key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultProtection {
    /// systemd's credential where the service has one, else a key file.
    #[default]
    Auto,
    /// The credential `capuchin.vault-key` of the service.
    Credential,
    /// The desktop's keyring.
    Keyring,
    /// A passphrase: the vault starts sealed and waits for `capuchin vault unseal`.
    Passphrase,
    /// A key file outside of the data folder.
    File,
}

/// See the module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConfig {
    /// What protects a new vault. Default `auto`. Without effect on a vault that exists.
    pub protection: VaultProtection,
    /// The key file, an absolute path in a folder that only its owner can open. Default `keys/vault.key` of the home.
    /// Never in the data folder: a copy of the data must not hold its key.
    pub key_file: Option<PathBuf>,
}

impl VaultConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.key_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            check.problem("vault.key_file", "must be an absolute path");
        }
    }
}
