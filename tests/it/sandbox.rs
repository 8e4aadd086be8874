//! Attacks on the sandbox, run for real against the built program's cages. Each says what stopped it.
//!
//! Every attack is bounded by itself: it counts what it starts, takes and writes, and ends by an alarm, so that it
//! does no harm where a wall fails. Signals that are sent to processes outside are harmless ones.

mod bare;
mod files;
mod limits;
mod lives;
mod network;
mod processes;
mod terminal;
mod tool;
mod walls;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use capuchin::sandbox::{Command, Finished, Layer, Limits, Network, Profile, Sandbox, SandboxOptions};

/// Longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(30);
const OUTPUT: usize = 64 << 10;

/// A sandbox, a workspace, and next to it what nobody may see.
pub struct Range {
    pub sandbox: Sandbox,
    /// Its folder, as the system names it.
    pub folder: PathBuf,
    pub workspace: PathBuf,
    /// A file outside of the workspace, with a secret in it.
    pub secret: PathBuf,
    /// In the arguments of every process of this range.
    pub marker: String,
    _temp: tempfile::TempDir,
}

pub const SECRET: &str = "nobody-reads-this-8c1f";

impl Range {
    /// With every layer; `None` where the system lacks one, which is said.
    pub async fn new() -> Option<Self> {
        Self::without(&[]).await
    }

    /// Without these layers, which shows what the others stop.
    pub async fn without(layers: &[Layer]) -> Option<Self> {
        let temp = tempfile::Builder::new().prefix("cage").tempdir().unwrap();
        let folder = temp.path().canonicalize().unwrap();
        let workspace = folder.join("data/files/work");
        fs::create_dir_all(&workspace).unwrap();
        let secret = folder.join("data/vault.key");
        fs::write(&secret, SECRET).unwrap();
        let mut options = options(&folder);
        options.without = layers.to_vec();
        options.allow_without = layers.to_vec();
        let sandbox = Sandbox::new(options);
        if let Some(missing) = sandbox.layers().await.refusal() {
            skip(&format!("this system lacks {}: {}", missing.layer, missing.evidence));
            return None;
        }
        let marker = marker();
        Some(Self { sandbox, folder, workspace, secret, marker, _temp: temp })
    }

    /// May write the workspace, and little else.
    pub fn profile(&self) -> Profile {
        Profile::writing(vec![self.workspace.clone()], limits())
    }

    /// A script for bash in the workspace; its name is the marker.
    pub fn bash(&self, script: &str) -> Command {
        Command::new("/bin/bash", ["-c", script, &self.marker]).at(&self.workspace).merged()
    }

    /// A Perl program in the workspace.
    pub fn perl(&self, program: &str, arguments: &[&str]) -> Command {
        let all = ["-e", program, "--"].into_iter().chain(arguments.iter().copied());
        Command::new("/usr/bin/perl", all.chain([self.marker.as_str()])).at(&self.workspace).merged()
    }

    /// Runs it, says what came of it, and checks that nothing is left.
    pub async fn attack(&self, what: &str, command: Command, profile: &Profile) -> Finished {
        let finished = self.sandbox.run(command, profile, OUTPUT).await.unwrap();
        eprintln!("{what}: {}; {}", finished.ended.describe(), finished.text().trim());
        self.all_gone().await;
        finished
    }

    /// Waits until no process of this range is left.
    pub async fn all_gone(&self) {
        wait_for("no process is left", || alive(&self.marker).is_empty()).await;
    }
}

/// The options of a daemon whose home is this folder.
pub fn options(folder: &Path) -> SandboxOptions {
    let mut options = SandboxOptions::new(folder.join("cages"));
    options.launcher = PathBuf::from(env!("CARGO_BIN_EXE_capuchin"));
    options.hidden = vec![folder.join("data"), folder.join("cages")];
    options.shared = vec![folder.join("data/files")];
    options
}

/// Low enough to be run into, high enough for bash and Perl.
pub fn limits() -> Limits {
    Limits {
        wall_ms: Some(20_000),
        cpu_s: 20,
        memory_bytes: 128 << 20,
        processes: 64,
        open_files: 128,
        file_bytes: 64 << 20,
        tmp_bytes: 8 << 20,
        disk_free_bytes: 0,
        grace_ms: 200,
    }
}

pub fn open(mut profile: Profile) -> Profile {
    profile.network = Network::Open;
    profile
}

pub fn marker() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!("cage-test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The processes with this marker in their arguments.
pub fn alive(marker: &str) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&arguments).contains(marker)
        })
        .collect()
}

pub async fn wait_for(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Says that something was not tested; where everything has to be, that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
}
