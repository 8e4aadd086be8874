//! Records of cages, so that the next life of the daemon ends what an earlier one left.
//!
//! A cage ends with its daemon by itself. What was stopped by the system at the wrong moment is found here: by its
//! process id together with the time at which it started, because ids are used again.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

/// Where one child is recorded, and its private folder if it has one outside. Both are gone when this is.
#[derive(Debug)]
pub(super) struct Record {
    file: PathBuf,
    tmp: Option<PathBuf>,
}

impl Record {
    /// Notes this process. A record that cannot be written costs the sweep, and nothing else.
    pub(super) fn write(state: &Path, pid: u32, tmp: Option<PathBuf>) -> Self {
        let file = state.join(pid.to_string());
        let started = start_time(pid).unwrap_or(0);
        if let Err(error) = fs::write(&file, started.to_string()) {
            tracing::warn!(%error, "a child process could not be recorded");
        }
        Self { file, tmp }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // silent-ok: the next sweep finds what is left
        let _ = fs::remove_file(&self.file);
        if let Some(tmp) = &self.tmp {
            // silent-ok: as above
            let _ = fs::remove_dir_all(tmp);
        }
    }
}

/// Ends what an earlier life left, and how many cages those were. Before the first child of this life.
pub(super) fn sweep(state: &Path) -> usize {
    let Ok(entries) = fs::read_dir(state) else { return 0 };
    let mut ended = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            // silent-ok: a private folder of a child that is gone; it is tried again at the next start
            let _ = fs::remove_dir_all(&path);
            continue;
        }
        let pid = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
        let Some(pid) = pid else { continue };
        let recorded = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
        if recorded.is_some() && start_time(pid) == recorded {
            end_tree(pid);
            ended += 1;
        }
        // silent-ok: a record that stays is looked at again, and its start time fits nobody
        let _ = fs::remove_file(&path);
    }
    ended
}

/// Kills a process and everything below it. The top goes first: nobody is left to start more in its name.
fn end_tree(pid: u32) {
    let tree = std::iter::once(pid).chain(below(pid));
    for pid in tree.filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
        // silent-ok: it is gone already
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Every process below this one.
pub(super) fn below(pid: u32) -> Vec<u32> {
    let all = parents();
    let mut tree = vec![pid];
    let mut at = 0;
    while let Some(parent) = tree.get(at).copied() {
        tree.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    tree.split_off(1)
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| Some((pid, stat_field(pid, PARENT)?.parse().ok()?)))
        .collect()
}

/// When a process started, in ticks since the machine did; `None` of one that only waits to be taken note of.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    if stat_field(pid, STATE)? == "Z" {
        return None;
    }
    stat_field(pid, STARTED)?.parse().ok()
}

/// Places in `/proc/PID/stat` after the name, from 0.
const STATE: usize = 0;
const PARENT: usize = 1;
const STARTED: usize = 19;

fn stat_field(pid: u32, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, brackets too.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(field).map(str::to_owned)
}

#[cfg(test)]
mod tests;
