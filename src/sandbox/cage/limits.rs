//! The system's limits on each process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::super::profile::Limits;

/// Address space per byte of memory: programs reserve much more than they use, and only use counts.
const RESERVED_PER_BYTE: u64 = 32;

/// `alone`: in a namespace of users of its own, where the user's other processes do not count.
pub(super) fn set(limits: &Limits, alone: bool) -> io::Result<()> {
    let others = if alone { 0 } else { threads_of_user() };
    lower(Resource::Core, 0, 0)?;
    // At the first a signal that says so, a second later KILL.
    lower(Resource::Cpu, limits.cpu_s, limits.cpu_s.saturating_add(1))?;
    for (resource, most) in [
        (Resource::Data, limits.memory_bytes),
        (Resource::As, limits.memory_bytes.saturating_mul(RESERVED_PER_BYTE)),
        (Resource::Nofile, limits.open_files),
        (Resource::Nproc, limits.processes.saturating_add(others)),
        (Resource::Fsize, limits.file_bytes),
    ] {
        lower(resource, most, most)?;
    }
    Ok(())
}

/// Threads of all processes of this user.
fn threads_of_user() -> u64 {
    let user = rustix::process::getuid().as_raw();
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter(|entry| entry.metadata().is_ok_and(|found| found.uid() == user))
        .filter_map(|entry| fs::read_dir(entry.path().join("task")).ok())
        .map(|tasks| tasks.count() as u64)
        .sum()
}

/// Sets a limit, but never above what this process has itself.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let own = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Rlimit { current: Some(soft.min(own)), maximum: Some(hard.min(own)) };
    Ok(setrlimit(resource, limit)?)
}
