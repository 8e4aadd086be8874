//! What the processes of a cage take together: threads, memory, and the space on disks.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use rustix::fs::statvfs;
use rustix::process::getpid;

use super::super::leftovers::below;
use super::super::plan::{Access, Plan};

/// What all processes of a cage take now.
#[derive(Clone, Copy, Default)]
pub(super) struct Weight {
    /// Processes and threads.
    pub(super) threads: u64,
    /// Bytes in memory or swapped out that are no file's.
    pub(super) memory: u64,
}

/// Every disk that the program may write to, with the free bytes that it has to leave there.
pub(super) struct Disks {
    floors: BTreeMap<PathBuf, u64>,
}

/// Every process of the cage but this one.
pub(super) fn members() -> Vec<u32> {
    let own = std::process::id();
    if !getpid().is_init() {
        return below(own);
    }
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own).collect()
}

/// What they take. Memory that several share is counted once, but only looked at so closely above `memory_bytes`.
pub(super) fn weigh(memory_bytes: u64) -> Weight {
    let members = members();
    let mut weight = Weight::default();
    for pid in &members {
        let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { continue };
        weight.threads += figure(&status, "Threads:").unwrap_or(1);
        weight.memory += roughly(&status);
    }
    if weight.memory > memory_bytes {
        weight.memory = members.iter().map(|pid| exactly(*pid)).sum();
    }
    weight
}

fn roughly(status: &str) -> u64 {
    let kib = ["RssAnon:", "RssShmem:", "VmSwap:"].into_iter().filter_map(|name| figure(status, name));
    kib.sum::<u64>().saturating_mul(1_024)
}

/// With its part of what it shares. A process that hides this from others of its kind is counted whole.
fn exactly(pid: u32) -> u64 {
    let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
        return fs::read_to_string(format!("/proc/{pid}/status")).map_or(0, |status| roughly(&status));
    };
    let kib = ["Pss_Anon:", "Pss_Shmem:", "SwapPss:"].into_iter().filter_map(|name| figure(&rollup, name));
    kib.sum::<u64>().saturating_mul(1_024)
}

/// The number behind a name at the beginning of a line.
fn figure(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

// === impl Disks ===

impl Disks {
    pub(super) fn of(plan: &Plan) -> Self {
        let least = plan.limits.disk_free_bytes;
        let written = plan.places.iter().filter(|place| place.access == Access::Write);
        let floor = |free: u64| if least < free { least } else { free / 2 };
        let floors = written.filter_map(|place| Some((place.path.clone(), floor(free(&place.path)?))));
        Self { floors: floors.collect() }
    }

    /// Whether one of them is too full.
    pub(super) fn full(&self) -> bool {
        self.floors.iter().any(|(path, floor)| free(path).is_some_and(|free| free < *floor))
    }
}

fn free(path: &std::path::Path) -> Option<u64> {
    let found = statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}
