//! A file system of its own: an empty one in memory, in which only what was given is in sight.

use std::ffi::{CString, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};
use rustix::process::{getgid, getuid, pivot_root};

use super::super::plan::{Access, Plan};

/// Where the outside is while the inside is built.
const OUTSIDE: &str = "/.outside";
/// A file that is in sight and that nobody was given: the self-test tries to read it.
pub(super) const SEALED: &str = "/.sealed";
/// Programs and libraries.
const SYSTEM: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"];
/// Settings without secrets that programs need.
const SETTINGS: [&str; 12] = [
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/terminfo",
    "/etc/python3",
    "/etc/perl",
    "/etc/java",
    "/etc/ld.so.conf.d",
    "/etc/profile.d",
    "/etc/static",
];
/// Small files of settings, copied because many are links to somewhere else.
const SETTING_FILES: [&str; 16] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/debian_version",
    "/etc/bash.bashrc",
    "/etc/inputrc",
];
const SETTING_BYTES_MAX: u64 = 4 << 20;
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
/// Of the root and the folder of devices: nearly nothing is kept there.
const SMALL: &str = "mode=755,size=8m";
/// Process ids that the kernel keeps back when it counts from the beginning again.
const RESERVED_IDS: u64 = 300;

/// What is in sight besides what the plan gives.
#[derive(Default)]
pub(super) struct Outlook {
    /// Read and run.
    pub(super) read: Vec<PathBuf>,
    /// Change.
    pub(super) write: Vec<PathBuf>,
    /// Devices.
    pub(super) devices: Vec<PathBuf>,
    /// List only.
    pub(super) list: Vec<PathBuf>,
}

/// What a cage without namespaces may see of the system.
pub(super) fn system_files() -> Outlook {
    let all = SYSTEM.iter().chain(&SETTINGS).chain(&SETTING_FILES).chain(&["/proc"]).map(PathBuf::from);
    let read = all.filter(|path| path.exists()).collect();
    let devices = DEVICES.iter().map(|name| Path::new("/dev").join(name)).collect();
    // Of others' processes only names and sizes are in sight: Landlock lets nobody look into them.
    Outlook { read, devices, ..Outlook::default() }
}

/// Leaves the machine's file system for one of its own.
pub(super) fn enter(plan: &Plan) -> io::Result<Outlook> {
    let settings = read_settings();
    let folders: Vec<(&Path, PathBuf)> = SETTINGS
        .iter()
        .filter_map(|path| Some((Path::new(*path), Path::new(path).canonicalize().ok()?)))
        .collect();
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
    let nothing = MountFlags::NOSUID | MountFlags::NODEV;
    mount("cage", "/tmp", "tmpfs", nothing, data(SMALL)?.as_c_str())?;
    fs::create_dir("/tmp/.outside")?;
    pivot_root("/tmp", "/tmp/.outside")?;
    std::env::set_current_dir("/")?;
    for path in SYSTEM {
        system(Path::new(path))?;
    }
    for (path, source) in folders {
        bind(&source, path, true)?;
    }
    write_settings(&settings)?;
    devices()?;
    let tmp = format!("mode=1777,size={}", plan.limits.tmp_bytes);
    for path in ["/tmp", "/dev/shm"] {
        fs::create_dir_all(path)?;
        mount("tmp", path, "tmpfs", nothing, data(&tmp)?.as_c_str())?;
    }
    fs::create_dir("/var")?;
    symlink("/tmp", "/var/tmp")?;
    fs::create_dir("/run")?;
    fs::create_dir("/proc")?;
    let proc = nothing | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", proc, None)?;
    // Where limits by user do not count, as for root, this one does.
    // silent-ok: kernels before 6.14 have one number for all; the self-test tells whether processes are limited
    let _ = fs::write("/proc/sys/kernel/pid_max", (RESERVED_IDS + plan.limits.processes).to_string());
    // Who is root outside owns the kernel's settings in it.
    mount_remount("/proc", MountFlags::BIND | MountFlags::RDONLY | proc, c"")?;
    rustix::system::sethostname(b"cage")?;
    for place in &plan.places {
        match place.access {
            Access::Hidden => {
                fs::create_dir_all(&place.path)?;
                mount("hidden", &place.path, "tmpfs", nothing, data("mode=755,size=64k")?.as_c_str())?;
            }
            access => bind(&place.path, &place.path, access == Access::Read)?,
        }
    }
    fs::write(SEALED, "nobody inside reads this")?;
    unmount(OUTSIDE, UnmountFlags::DETACH)?;
    fs::remove_dir(OUTSIDE)?;
    mount_remount("/", MountFlags::BIND | MountFlags::RDONLY | nothing, c"")?;
    Ok(outlook())
}

fn outlook() -> Outlook {
    let read = SYSTEM.iter().map(PathBuf::from).chain(["/etc".into(), "/proc".into()]);
    let devices = DEVICES.iter().map(|name| Path::new("/dev").join(name)).chain(["/dev/pts".into()]);
    Outlook {
        read: read.filter(|path| path.exists()).collect(),
        write: vec!["/tmp".into(), "/dev/shm".into()],
        devices: devices.filter(|path| path.exists()).collect(),
        list: vec!["/".into()],
    }
}

fn data(text: &str) -> io::Result<CString> {
    CString::new(text).map_err(io::Error::other)
}

fn outside(path: &Path) -> PathBuf {
    Path::new(OUTSIDE).join(path.strip_prefix("/").unwrap_or(path))
}

/// A folder of the system, or the link that it is on systems with one `/usr`.
fn system(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(outside(path)) {
        Ok(found) if found.is_symlink() => symlink(fs::read_link(outside(path))?, path),
        Ok(_) => bind(path, path, true),
        Err(_) => Ok(()),
    }
}

/// Puts what is outside at `source` inside at `target`. Flags that the outside has set may not be taken away.
fn bind(source: &Path, target: &Path, read_only: bool) -> io::Result<()> {
    let source = outside(source);
    if fs::metadata(&source)?.is_dir() {
        fs::create_dir_all(target)?;
    } else if !target.exists() {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(target, "")?;
    }
    mount_bind_recursive(&source, target)?;
    for path in mounts_below(target)? {
        let mut flags = kept(&path)? | MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV;
        if read_only {
            flags |= MountFlags::RDONLY;
        }
        mount_remount(&path, flags, c"")?;
    }
    Ok(())
}

/// This mount and those that came with it.
fn mounts_below(target: &Path) -> io::Result<Vec<PathBuf>> {
    let all = fs::read_to_string(outside(Path::new("/proc/self/mountinfo")))?;
    let points = all.lines().filter_map(|line| line.split(' ').nth(4)).map(unescaped);
    let mut below: Vec<PathBuf> = points.filter(|path| path.starts_with(target)).collect();
    below.sort();
    below.dedup();
    Ok(below)
}

/// A path as the kernel lists it: spaces, tabs, line ends and backslashes are three octal digits.
fn unescaped(listed: &str) -> PathBuf {
    let mut bytes = Vec::with_capacity(listed.len());
    let mut rest = listed.as_bytes();
    while let [first, tail @ ..] = rest {
        let octal = if *first == b'\\' { tail.get(..3) } else { None };
        let escaped = octal.and_then(|three| std::str::from_utf8(three).ok());
        if let Some(byte) = escaped.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = tail.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// The flags of a mount, which stay.
fn kept(path: &Path) -> io::Result<MountFlags> {
    let found = statvfs(path)?.f_flag;
    let pairs = [
        (StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    Ok(pairs.into_iter().filter(|(has, _)| found.contains(*has)).map(|(_, flag)| flag).collect())
}

fn devices() -> io::Result<()> {
    fs::create_dir("/dev")?;
    for name in DEVICES {
        let path = Path::new("/dev").join(name);
        fs::write(&path, "")?;
        mount_bind_recursive(outside(&path), &path)?;
    }
    fs::create_dir("/dev/pts")?;
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("devpts", "/dev/pts", "devpts", flags, data("newinstance,ptmxmode=0666,mode=620")?.as_c_str())?;
    symlink("pts/ptmx", "/dev/ptmx")?;
    for (name, target) in [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        symlink(target, Path::new("/dev").join(name))?;
    }
    Ok(())
}

fn read_settings() -> Vec<(&'static str, Vec<u8>)> {
    let small = |path: &&str| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= SETTING_BYTES_MAX)
    };
    SETTING_FILES.into_iter().filter(small).filter_map(|path| Some((path, fs::read(path).ok()?))).collect()
}

/// The settings, and a list of users with one name in it.
fn write_settings(settings: &[(&str, Vec<u8>)]) -> io::Result<()> {
    fs::create_dir_all("/etc")?;
    for (path, text) in settings {
        fs::write(path, text)?;
    }
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    fs::write("/etc/passwd", format!("cage:x:{user}:{group}::/tmp:/bin/sh\n"))?;
    fs::write("/etc/group", format!("cage:x:{group}:\n"))?;
    fs::write("/etc/hostname", "cage\n")
}
