//! The launcher: a session of its own, nothing inherited, namespaces, and the cage's first process in them.
//!
//! It waits for that process, which ends with it; without namespaces it takes in orphans and ends them.

use std::io;
use std::process::{Command, Stdio};

use rustix::process::{
    Pid, Signal, WaitOptions, getgid, getuid, kill_process, set_child_subreaper, setsid, waitpid,
};
use rustix::thread::{
    CapabilitySet, UnshareFlags, capabilities, configure_capability_in_ambient_set, set_capabilities,
};

use super::super::leftovers::below;
use super::super::plan::Step;
use super::{Failure, loopback};

/// What the first process inside needs to mount and to give everything up, inside its own namespaces only.
const NEEDED: [CapabilitySet; 2] = [CapabilitySet::SYS_ADMIN, CapabilitySet::SETPCAP];
const NICENESS: i32 = 5;
/// Half of all memory is added to what the system thinks that a child takes.
const OUT_OF_MEMORY_FIRST: &str = "500";
/// User and group inside where the daemon's own are root's: nobody in a cage is called root.
const NOT_ROOT: u32 = 1_000;

pub(super) fn run(namespaces: bool, own_network: bool, loopback: bool) -> Result<(), Failure> {
    close_inherited();
    give_way();
    setsid().map_err(|errno| Failure::at(Step::Namespaces)(errno.into()))?;
    if namespaces {
        enter_namespaces(own_network).map_err(Failure::at(Step::Namespaces))?;
        if own_network && loopback {
            loopback::bring_up().map_err(Failure::at(Step::Network))?;
        }
    } else {
        set_child_subreaper(Some(Pid::INIT)).map_err(|errno| Failure::at(Step::Plan)(errno.into()))?;
    }
    let mut inner = Command::new("/proc/self/exe");
    inner.args(["cage", "inner"]).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    let status = inner.status().map_err(Failure::at(Step::Namespaces))?;
    if !namespaces {
        end_descendants();
    }
    tracing::trace!(%status, "the cage is gone");
    Ok(())
}

/// Closes every open file but the first three. Who started the daemon may have left some open.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for file in open.into_iter().filter(|file| *file > 2) {
        // silent-ok: the listing itself was one of them
        let _ = nix::unistd::close(file);
    }
}

/// Behind the daemon for the processor, and before it when the system is out of memory.
fn give_way() {
    // silent-ok: a courtesy; the limits hold without it
    let _ = rustix::process::nice(NICENESS);
    // silent-ok: as above
    let _ = std::fs::write("/proc/self/oom_score_adj", OUT_OF_MEMORY_FIRST);
}

fn enter_namespaces(own_network: bool) -> io::Result<()> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    let mut spaces = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS;
    if own_network {
        spaces |= UnshareFlags::NEWNET;
    }
    #[allow(
        deprecated,
        reason = "it is unsafe for shared tables of open files, which are not unshared here"
    )]
    rustix::thread::unshare(spaces)?;
    let inside = |id: u32| if id == 0 { NOT_ROOT } else { id };
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{} {user} 1", inside(user)))?;
    std::fs::write("/proc/self/gid_map", format!("{} {group} 1", inside(group)))?;
    // Rights inside the new namespaces are lost by the next start of a program unless they are handed on.
    let mut sets = capabilities(None)?;
    sets.inheritable |= NEEDED.into_iter().collect::<CapabilitySet>();
    set_capabilities(None, sets)?;
    for right in NEEDED {
        configure_capability_in_ambient_set(right, true)?;
    }
    Ok(())
}

/// Kills everything below, orphans included, until nothing is left.
fn end_descendants() {
    loop {
        for pid in below(std::process::id()).into_iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
            // silent-ok: it is gone already
            let _ = kill_process(pid, Signal::KILL);
        }
        if waitpid(None, WaitOptions::empty()).is_err() {
            return;
        }
    }
}
