//! The self-test's inside: tries to break every wall, and says what came of it.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;

use rustix::process::{Pid, Resource, getrlimit, test_kill_process};

use super::super::layers::{Layer, LayerState};
use super::super::prove::Outside;
use super::mounts::SEALED;

const ENVIRONMENT: [&str; 5] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR"];
/// What did not hold, or what held.
type Tried = Result<String, String>;

pub(super) fn run() -> ExitCode {
    let mut told = Vec::new();
    if io::stdin().read_to_end(&mut told).is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(outside) = serde_json::from_slice::<Outside>(&told) else { return ExitCode::FAILURE };
    let state = |layer: &Layer| {
        let tried = match layer {
            Layer::Namespaces => namespaces(&outside),
            Layer::Landlock => landlock(&outside),
            Layer::Seccomp => seccomp(),
            Layer::Privileges => privileges(),
            Layer::Limits => limits(&outside),
            Layer::Environment => environment(),
        };
        let (active, evidence) = match tried {
            Ok(evidence) => (true, evidence),
            Err(evidence) => (false, evidence),
        };
        LayerState { layer: *layer, active, evidence }
    };
    let states: Vec<LayerState> = outside.layers.iter().map(state).collect();
    match serde_json::to_vec(&states) {
        Ok(report) if io::stdout().write_all(&report).is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn namespaces(outside: &Outside) -> Tried {
    for (name, theirs) in &outside.namespaces {
        match fs::read_link(format!("/proc/self/ns/{name}")) {
            Ok(own) if own != *theirs => {}
            _ => return Err(format!("the {name} namespace is the machine's")),
        }
    }
    if outside.canary.exists() {
        return Err("the daemon's folder is in sight".to_owned());
    }
    let daemon = i32::try_from(outside.pid).ok().and_then(Pid::from_raw).filter(|pid| pid.as_raw_pid() > 9);
    if daemon.is_some_and(|pid| test_kill_process(pid).is_ok()) {
        return Err("the daemon's process is in sight".to_owned());
    }
    Ok("six of its own; neither the daemon's folder nor its process is in sight".to_owned())
}

fn landlock(outside: &Outside) -> Tried {
    let sealed =
        if outside.layers.contains(&Layer::Namespaces) { Path::new(SEALED) } else { &outside.canary };
    match fs::read(sealed) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Ok("a file that was not given cannot be read".to_owned())
        }
        Err(error) => Err(format!("a file that should be in sight is not: {error}")),
        Ok(_) => Err("a file that was not given can be read".to_owned()),
    }
}

fn seccomp() -> Tried {
    if !status().contains("Seccomp:\t2") {
        return Err("no filter is in force".to_owned());
    }
    match TcpStream::connect(("127.0.0.1", 9)) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {}
        other => return Err(format!("a socket of the network could be made: {}", other.is_ok())),
    }
    #[allow(deprecated, reason = "it is meant to be refused")]
    let unshared = rustix::thread::unshare(rustix::thread::UnshareFlags::NEWUTS);
    match unshared {
        Err(rustix::io::Errno::PERM) => Ok("a network socket and a new namespace are refused".to_owned()),
        _ => Err("a new namespace could be made".to_owned()),
    }
}

fn privileges() -> Tried {
    let status = status();
    for line in ["NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"] {
        if !status.contains(line) {
            return Err(format!("`{line}` does not hold"));
        }
    }
    Ok("no capability, and none to be gained".to_owned())
}

fn limits(outside: &Outside) -> Tried {
    let limits = &outside.limits;
    let set = [
        (Resource::Cpu, limits.cpu_s),
        (Resource::Data, limits.memory_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Core, 0),
    ];
    if set.iter().any(|(resource, most)| getrlimit(*resource).current.is_none_or(|own| own > *most)) {
        return Err("a limit is not set".to_owned());
    }
    let memory = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
    if Vec::<u8>::new().try_reserve_exact(memory).is_ok() {
        return Err("more memory than allowed can be had".to_owned());
    }
    let mut files = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        files.push(file);
        if files.len() as u64 > limits.open_files {
            return Err("more files than allowed can be open".to_owned());
        }
    }
    drop(files);
    let most = usize::try_from(limits.processes).unwrap_or(usize::MAX);
    // Of root the system counts none. The cage ends who has too many: here that would be this program.
    let processes = if is_root_outside() {
        "processes are counted by the cage".to_owned()
    } else {
        match threads(most) {
            started if started < most => format!("processes at {started}"),
            // Without a namespace others of this user may have ended meanwhile.
            _ => "processes are counted by the cage".to_owned(),
        }
    };
    Ok(format!("memory ends at {} MiB, files at {}, {processes}", memory >> 20, limits.open_files))
}

/// Whether this user is root for the system, whoever it is in here.
fn is_root_outside() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let outside = map.split_whitespace().nth(1).and_then(|uid| uid.parse::<u32>().ok());
    outside.unwrap_or_else(|| rustix::process::getuid().as_raw()) == 0
}

/// How many threads can be started, up to this many: with the first one that is one too many.
fn threads(most: usize) -> usize {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let mut threads = Vec::new();
    for _ in 0..most {
        let wait = std::sync::Arc::clone(&wait);
        let body = move || {
            // silent-ok: it only waits for the end
            let _ = wait.lock().map(|wait| wait.recv());
        };
        match std::thread::Builder::new().stack_size(64 << 10).spawn(body) {
            Ok(thread) => threads.push(thread),
            Err(_) => break,
        }
    }
    drop(go);
    let started = threads.len();
    for thread in threads {
        // silent-ok: it did nothing
        let _ = thread.join();
    }
    started
}

fn environment() -> Tried {
    let foreign = std::env::vars_os().find(|(name, _)| !ENVIRONMENT.iter().any(|known| *known == name));
    if let Some((name, _)) = foreign {
        return Err(format!("{} was inherited", name.to_string_lossy()));
    }
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")
        .map(|entries| {
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        })
        .unwrap_or_default();
    // The fourth is the listing.
    if open.iter().filter(|file| **file > 2).count() > 1 {
        return Err("open files were inherited".to_owned());
    }
    Ok("five variables, three open files".to_owned())
}

fn status() -> String {
    // Without /proc, as in a cage without namespaces, the process is asked itself.
    fs::read_to_string("/proc/self/status").unwrap_or_else(|_| asked())
}

fn asked() -> String {
    use rustix::thread::{SecureComputingMode, capabilities, no_new_privs, secure_computing_mode};
    let none = capabilities(None).is_ok_and(|sets| sets.effective.is_empty() && sets.permitted.is_empty());
    let mut status = String::new();
    if matches!(secure_computing_mode(), Ok(SecureComputingMode::Filter)) {
        status.push_str("Seccomp:\t2\n");
    }
    if no_new_privs().unwrap_or(false) {
        status.push_str("NoNewPrivs:\t1\n");
    }
    if none {
        status.push_str("CapEff:\t0000000000000000\nCapPrm:\t0000000000000000\n");
    }
    status
}
