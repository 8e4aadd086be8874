//! What protects this process and its vault: the places of the root key, and a process that nobody looks into.

use std::path::PathBuf;

use crate::config::{Home, VaultConfig, VaultProtection};
use crate::vault::{Source, VaultOptions};

/// Where systemd puts the credentials of a service. The place, never a value.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Closes this process to lookers: no core dump holds its memory, and no other process of the same user attaches
/// to it or reads it. Called before anything secret is in memory; what the system refuses is said and left.
pub fn close_process() {
    use rustix::process::{Resource, Rlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if let Err(error) = rustix::process::setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps could not be turned off");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        tracing::warn!(%error, "other processes of this user may look into this one");
    }
}

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
