//! Which daemon lives in a home: a lock that dies with its process, and a note of where it listens.
//!
//! The lock is what counts. It is held on a file in the data folder, because the data is what two
//! daemons must never share; the note beside the socket is only believed while the lock is held.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::home::Home;

const FILE_MODE: u32 = 0o600;
/// A look at the lock holds it for an instant; whoever wants it for good tries again for this long.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// What a running daemon says about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Presence {
    /// Its process.
    pub pid: u32,
    /// When that process started, in the kernel's ticks since boot: tells it from a later process with
    /// the same number. 0 where the system does not say.
    pub process_start: u64,
    /// When it was ready, in milliseconds since the epoch.
    pub ready_ms: i64,
    /// Version of its binary.
    pub version: String,
    /// Address of the console; none for a daemon inside another command.
    pub console: Option<String>,
    /// Address of the ingress; none for a daemon inside another command.
    pub ingress: Option<String>,
    /// Its control socket.
    pub control: PathBuf,
}

/// Who is in a home.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Occupant {
    /// Nobody.
    None,
    /// A daemon that is starting or stopping; its process, if it has said so.
    Unready(Option<u32>),
    /// A daemon that has announced itself.
    Ready(Presence),
}

/// Why a home could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// A daemon lives there.
    #[error("a daemon{} is already running in this home", of_pid(*.0))]
    Taken(Option<u32>),
    /// The lock could not be used.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A home that is ours until this is dropped or the process dies, however it dies.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
    note: PathBuf,
}

fn of_pid(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

// === impl Presence ===

impl Presence {
    /// The presence of this process.
    #[must_use]
    pub fn of_this_process(home: &Home, console: Option<String>, ingress: Option<String>) -> Self {
        let pid = std::process::id();
        Self {
            pid,
            process_start: process_start(pid).unwrap_or(0),
            ready_ms: jiff::Timestamp::now().as_millisecond(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            console,
            ingress,
            control: home.control_socket(),
        }
    }

    /// Whether the process is still the one that wrote this.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.process_start == 0 || process_start(self.pid) == Some(self.process_start)
    }
}

// === impl Claim ===

impl Claim {
    /// Takes the home, whose folders must exist.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] when a daemon lives there.
    pub async fn take(home: &Home) -> Result<Self, ClaimError> {
        let path = home.lock_file();
        let io = |source| ClaimError::Io { path: path.clone(), source };
        let mut lock = open_lock(&path).map_err(io)?;
        for look in 1.. {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if look < LOOKS => tokio::time::sleep(BETWEEN_LOOKS).await,
                Err(TryLockError::WouldBlock) => return Err(ClaimError::Taken(read_pid(&mut lock))),
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
        lock.set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .map_err(io)?;
        let note = home.daemon_file();
        remove_if_there(&note).map_err(io)?;
        Ok(Self { _lock: lock, note })
    }

    /// Says where the daemon listens. Call it when every listener answers.
    ///
    /// # Errors
    /// The note could not be written.
    pub fn announce(&self, presence: &Presence) -> io::Result<()> {
        let draft = self.note.with_extension("json.new");
        remove_if_there(&draft)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(presence)?)?;
        std::fs::rename(&draft, &self.note)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // silent-ok: a note that stays is not believed without the lock.
        let _ = remove_if_there(&self.note);
    }
}

/// Looks who is in a home. Never waits, changes nothing.
///
/// # Errors
/// The lock file exists and cannot be opened.
pub fn look(home: &Home) -> io::Result<Occupant> {
    let mut lock = match File::open(home.lock_file()) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Occupant::None),
        Err(error) => return Err(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => return Ok(Occupant::None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let note = std::fs::read(home.daemon_file()).ok();
    let presence = note.and_then(|note| serde_json::from_slice::<Presence>(&note).ok());
    Ok(presence
        .filter(Presence::is_alive)
        .map_or_else(|| Occupant::Unready(read_pid(&mut lock)), Occupant::Ready))
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

fn read_pid(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.rewind().and_then(|()| lock.read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Start of a process in ticks since boot, from `/proc`; `None` when it is gone or there is no `/proc`.
fn process_start(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, spaces and brackets too: fields count from its end.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests;
