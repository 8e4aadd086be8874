//! Keys that can be destroyed: values sealed under one more key, which is a file of its own beside the root key and never in
//! the data folder. Without the file nothing opens them again: not this daemon, and no copy or backup of the data.
//!
//! A key is made with O_EXCL and mode 0600 and synced with its folder before anything is sealed with it. Destroying one
//! overwrites it, syncs, and removes it. What a file system keeps elsewhere (snapshots, wear levelling) is out of reach.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{OpenError, SourceError, VaultError};
use super::handle::Vault;
use super::keys::{DataKey, KeyHome, Plain, Purpose};
use super::primitives::{KEY_BYTES, KeyBytes, random_key};
use super::record::{KeyId, Parts, Place};
use crate::config::home::prepare_folder;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::TenantId;

const FILE_MODE: u32 = 0o600;
/// In every record that such a key sealed; no data key of the vault has this number.
const OWN: KeyId = KeyId(0);

/// The folder of such keys. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ErasableKeys {
    folder: Arc<Path>,
}

/// A key that can be destroyed. It has no `Debug`, and is wiped when dropped.
pub struct ErasableKey(KeyBytes);

// === impl ErasableKeys ===

impl ErasableKeys {
    /// The keys in this folder. It is made with the first one.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into() }
    }

    /// The key of this id; `None` when it was destroyed, or never made.
    ///
    /// # Errors
    /// [`VaultError::Source`].
    pub async fn find(&self, id: [u8; 16]) -> Result<Option<ErasableKey>, VaultError> {
        let path = self.path(id);
        blocking(move || read(&path)).await
    }

    /// The key of this id, made where there is none.
    ///
    /// # Errors
    /// [`VaultError::Source`].
    pub async fn find_or_make(&self, id: [u8; 16]) -> Result<ErasableKey, VaultError> {
        let (path, folder) = (self.path(id), Arc::clone(&self.folder));
        blocking(move || match read(&path)? {
            Some(key) => Ok(key),
            None => make(&folder, &path),
        })
        .await
    }

    /// Destroys the key of this id. Whether there was one.
    ///
    /// # Errors
    /// [`VaultError::Source`]; then it may still be there.
    pub async fn destroy(&self, id: [u8; 16]) -> Result<bool, VaultError> {
        let (path, folder) = (self.path(id), Arc::clone(&self.folder));
        blocking(move || destroy(&folder, &path)).await
    }

    fn path(&self, id: [u8; 16]) -> PathBuf {
        let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(format!("{name}.key"))
    }
}

// === impl ErasableKey ===

impl ErasableKey {
    fn under(&self, tenant: &TenantId, purpose: Purpose) -> Result<DataKey, VaultError> {
        let home = KeyHome { tenant: tenant.clone(), purpose, generation: 0 };
        Ok(DataKey::derive(OWN, home, &self.0)?)
    }
}

// === impl Vault ===

impl Vault {
    /// [`Vault::seal`], under a key that can be destroyed besides the vault's own.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_erasable(
        &self,
        tx: &mut TenantTx<'_>,
        (purpose, key): (Purpose, &ErasableKey),
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let inner = key.under(tx.tenant(), purpose)?.seal(place, plain)?;
        self.seal(tx, purpose, place, &inner)
    }

    /// Opens what [`Vault::seal_erasable`] sealed with this key.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_erasable(
        &self,
        read: &TenantRead<'_>,
        (purpose, key): (Purpose, &ErasableKey),
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Plain, VaultError> {
        let inner = self.open(read, purpose, place, sealed)?;
        let parts = Parts::of(inner.bytes())?;
        if parts.key != OWN {
            return Err(OpenError::Refused.into());
        }
        Ok(key.under(read.tenant(), purpose)?.open(place, &parts)?)
    }
}

fn read(path: &Path) -> Result<Option<ErasableKey>, VaultError> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    let mut key = KeyBytes::default();
    match file.read_exact(key.as_mut_slice()) {
        // Overwritten, and the machine stopped before it was removed.
        Ok(()) if key.iter().all(|byte| *byte == 0) => Ok(None),
        Ok(()) => Ok(Some(ErasableKey(key))),
        // Half a key seals nothing: whoever made it was stopped before anything was sealed with it.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}

fn make(folder: &Path, path: &Path) -> Result<ErasableKey, VaultError> {
    prepare_folder(folder).map_err(|error| failed(folder)(io::Error::other(error.to_string())))?;
    let key = random_key()?;
    let write = || {
        let part = path.with_extension("part");
        remove(&part)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&part)?;
        file.write_all(key.as_slice())?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(failed(path))?;
    Ok(ErasableKey(key))
}

fn destroy(folder: &Path, path: &Path) -> Result<bool, VaultError> {
    let erase = || {
        let opened = OpenOptions::new()
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        file.write_all(&[0; KEY_BYTES])?;
        file.sync_all()?;
        remove(path)?;
        File::open(folder)?.sync_all()?;
        Ok(true)
    };
    erase().map_err(failed(path))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| SourceError::Io { path: path.clone(), source: Arc::new(source) }.into()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(VaultError::Store(DbError::Panicked)))
}
