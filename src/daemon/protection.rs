//! What protects this process and its vault: the places of the root key, and a process that nobody looks into.

use std::path::PathBuf;

use crate::config::{Home, VaultConfig, VaultProtection};
use crate::vault::{Source, VaultOptions};

/// Where systemd puts the credentials of a service. The place, never a value.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// What the vault is opened with.
pub(super) fn options(config: &VaultConfig, home: &Home) -> VaultOptions {
    let source = match config.protection {
        VaultProtection::Auto => None,
        VaultProtection::Credential => Some(Source::Credential),
        VaultProtection::Keyring => Some(Source::Keyring),
        VaultProtection::Passphrase => Some(Source::Passphrase),
        VaultProtection::File => Some(Source::File),
    };
    VaultOptions {
        source,
        key_file: config.key_file.clone().unwrap_or_else(|| home.vault_key_file()),
        credentials: std::env::var_os(CREDENTIALS).map(PathBuf::from),
        data: home.data.clone(),
    }
}
