//! The key that systemd gives to the service (`LoadCredentialEncrypted=capuchin.vault-key`). It is read, never
//! written: 32 bytes, 64 hexadecimal digits, or the text of a key file.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{SourceError, TEXT_BYTES_MAX, from_text};
use crate::vault::keys::RootKey;

const NAME: &str = "capuchin.vault-key";

/// Its file in `$CREDENTIALS_DIRECTORY`.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The key, or `None` where systemd gave none.
pub(super) fn read(path: &Path) -> Result<Option<RootKey>, SourceError> {
    let io = |source| SourceError::Io { path: path.to_owned(), source: Arc::new(source) };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut text = Zeroizing::new(Vec::with_capacity(TEXT_BYTES_MAX as usize));
    file.take(TEXT_BYTES_MAX).read_to_end(&mut text).map_err(io)?;
    let not_a_key = || SourceError::NotAKey { place: format!("the credential {NAME}") };
    from_text(&text).map(Some).ok_or_else(not_a_key)
}
