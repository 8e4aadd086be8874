//! The control socket: the same routes for the owner's own processes on this machine.
//!
//! Mode 0600 in a private folder, and every connection's user id is asked of the kernel: only
//! the user that runs the daemon comes in, as the owner.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// A bound control socket. Its file goes away with it.
pub(super) struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Binds beside the path and moves the socket there with its mode set, so that nobody meets a
    /// wider one. What an earlier life left there is replaced: the lock of the home says that it is dead.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        let fresh = path.with_extension("new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
        fs::rename(&fresh, path)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// The next connection of our own user; others are refused.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        let (stream, _) = self.listener.accept().await?;
        let uid = stream.peer_cred()?.uid();
        if uid != rustix::process::geteuid().as_raw() {
            tracing::warn!(uid, "another user tried the control socket");
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(stream)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // silent-ok: a file that stays is replaced by the next life
        fs::remove_file(&self.path).ok();
    }
}
