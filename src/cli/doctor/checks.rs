//! The checks, one function each.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{statfs, statvfs};
use rustix::process::{Resource, getrlimit};

use crate::config::backends::KeyRef;
use crate::config::home::check_folder;
use crate::config::{Config, Home, HomeError, Occupant};
use crate::db::{Db, DbError, DbOptions};

use super::super::exit::Failure;
use super::finding::Finding;

const MIB: u64 = 1024 * 1024;
/// Below it the store soon has no space for its log.
const FREE_BYTES_FAIL: u64 = 100 * MIB;
const FREE_BYTES_WARN: u64 = 1024 * MIB;
/// A connection, a stream or a child costs one file each.
const OPEN_FILES_WARN: u64 = 4_096;
/// 2026-01-01: this program did not exist before.
const EARLIEST_MS: i64 = 1_767_225_600_000;
/// File systems by the number that `statfs` gives: what they cannot promise.
const WEAK_FILE_SYSTEMS: [(i64, &str, &str); 5] = [
    (0x6969, "NFS", "does not keep the locks that the database needs"),
    (0x517B, "SMB", "does not keep the locks that the database needs"),
    (0xFF53_4D42, "CIFS", "does not keep the locks that the database needs"),
    (0x0102_1994, "tmpfs", "is memory: everything is gone after a restart of the machine"),
    (0x0102_1997, "9P", "may not write through to the disk"),
];

pub(super) fn daemon(occupant: &Result<Occupant, Failure>) -> Finding {
    match occupant {
        Ok(Occupant::Ready(presence)) => Finding::ok("daemon", format!("runs as process {}", presence.pid)),
        Ok(Occupant::Unready(_)) => Finding::warn("daemon", "is starting or stopping")
            .fix("look again in a moment; if it stays so, read its log"),
        Ok(Occupant::None) => Finding::ok("daemon", "does not run, and nobody else holds its lock"),
        Err(failure) => Finding::fail("daemon", format!("its lock cannot be read: {:#}", failure.error)),
    }
}

/// The clock, against the age of this program and against what the store last wrote.
pub(super) fn clock(home: &Home) -> Finding {
    let now = SystemTime::now();
    if jiff::Timestamp::now().as_millisecond() < EARLIEST_MS {
        return Finding::fail("clock", "the machine's clock is years behind").fix("set it, best by NTP");
    }
    let written = fs::metadata(home.database()).and_then(|found| found.modified()).ok();
    match written.and_then(|written| written.duration_since(now).ok()) {
        Some(ahead) if ahead.as_secs() > 5 => Finding::warn(
            "clock",
            format!("the database was written {} s in the future: the clock went back", ahead.as_secs()),
        )
        .fix("set the clock, best by NTP; order by time is wrong until it has caught up"),
        _ => Finding::ok("clock", "is plausible"),
    }
}

pub(super) fn folders(home: &Home) -> Vec<Finding> {
    home.folders().map(folder).collect()
}

fn folder(path: &Path) -> Finding {
    let id = "home.folder";
    match check_folder(path) {
        Ok(found) if found.permissions().mode() & 0o077 == 0 => {
            Finding::ok(id, format!("{} is private", path.display()))
        }
        Ok(_) => Finding::warn(id, format!("{} can be read by other users", path.display()))
            .fix(format!("chmod 700 {}", path.display())),
        Err(HomeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Finding::ok(id, format!("{} will be made at the first start", path.display()))
        }
        Err(error) => Finding::fail(id, error.to_string()),
    }
}

/// Makes folders private that belong to us. The only repair without a risk.
pub(super) fn fix_folders(home: &Home) -> Vec<String> {
    let ours = |path: &&Path| {
        matches!(check_folder(path), Ok(ref found) if found.permissions().mode() & 0o077 != 0)
            || matches!(check_folder(path), Err(HomeError::WritableByOthers(_)))
    };
    home.folders()
        .filter(ours)
        .filter(|path| fs::set_permissions(path, fs::Permissions::from_mode(0o700)).is_ok())
        .map(|path| format!("{} is private now", path.display()))
        .collect()
}

/// The nearest folder that exists: a new home will be made inside it.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(path)
}

pub(super) fn free_space(home: &Home) -> Finding {
    let id = "disk.free";
    let free = match statvfs(existing(&home.data)) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => return Finding::warn(id, format!("cannot be measured: {error}")),
    };
    let evidence = format!("{} MiB for {}", free / MIB, home.data.display());
    match free {
        ..FREE_BYTES_FAIL => Finding::fail(id, evidence).fix("make space: soon no message can be stored"),
        FREE_BYTES_FAIL..FREE_BYTES_WARN => Finding::warn(id, evidence).fix("make space"),
        _ => Finding::ok(id, evidence),
    }
}

pub(super) fn file_system(home: &Home) -> Finding {
    let id = "disk.file_system";
    let kind = match statfs(existing(&home.data)) {
        Ok(found) => found.f_type,
        Err(error) => return Finding::warn(id, format!("cannot be looked at: {error}")),
    };
    match WEAK_FILE_SYSTEMS.iter().find(|(number, _, _)| *number == kind) {
        Some((_, name, why)) => {
            Finding::warn(id, format!("{} is on {name}, which {why}", home.data.display()))
                .fix("keep the home on a local disk")
        }
        None => Finding::ok(id, "is a local one"),
    }
}

/// Reads every page, but only of a database that nobody has open: the daemon checks its own.
pub(super) async fn database(home: &Home, stopped: bool) -> Finding {
    let id = "database";
    if !home.is_set_up() {
        return Finding::ok(id, "there is none yet");
    }
    if !stopped {
        return Finding::ok(id, "is open in the daemon, which checks it");
    }
    let checked = async {
        let db = Db::open(home.database(), DbOptions::default())?;
        db.integrity_check().await
    };
    match checked.await {
        Ok(problems) => match problems.first() {
            None => Finding::ok(id, "every page and reference is whole"),
            Some(first) => Finding::fail(id, format!("{} problems, the first: {first}", problems.len()))
                .fix("keep a copy of the data folder, then restore a backup"),
        },
        Err(error @ DbError::Newer { .. }) => Finding::fail(id, error.to_string()),
        Err(error @ DbError::Corrupt(_)) => {
            Finding::fail(id, error.to_string()).fix("keep a copy of the data folder, then restore a backup")
        }
        Err(error) => Finding::fail(id, format!("cannot be checked: {error}")),
    }
}

pub(super) fn open_files() -> Finding {
    let id = "limit.open_files";
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < OPEN_FILES_WARN => Finding::warn(id, format!("{limit}")).fix(format!(
            "raise it to {OPEN_FILES_WARN} or more: `ulimit -n`, or LimitNOFILE= of the service"
        )),
        Some(limit) => Finding::ok(id, format!("{limit}")),
        None => Finding::ok(id, "none"),
    }
}

pub(super) fn backends(config: &Config) -> Vec<Finding> {
    if config.backends.0.is_empty() {
        return vec![
            Finding::warn("backends", "none is configured: only the built-in demo answers")
                .fix("add a [backends.NAME]; `capuchin config template` shows how"),
        ];
    }
    let check = |(name, backend): (&String, &crate::config::BackendConfig)| {
        let id = format!("backend.{name}");
        match &backend.api_key {
            None => Finding::ok(id, "needs no key"),
            Some(KeyRef::Env(variable)) if std::env::var_os(variable).is_some_and(|key| !key.is_empty()) => {
                Finding::ok(id, format!("its key is in {variable}"))
            }
            Some(KeyRef::Secret(secret)) => {
                Finding::ok(id, format!("its key is the secret {secret} of the vault"))
            }
            Some(KeyRef::Env(variable)) => Finding::fail(id, format!("{variable} is not set here"))
                .fix(format!("set {variable} for the process that runs `capuchin serve`")),
        }
    };
    config.backends.0.iter().map(check).collect()
}

pub(super) fn port(name: &str, address: SocketAddr) -> Finding {
    let id = format!("port.{name}");
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(id, format!("{address} is free")),
        Err(error) => Finding::fail(id, format!("{address} cannot be used: {error}"))
            .fix(format!("end what uses it, or set {name}.listen to another address")),
    }
}
