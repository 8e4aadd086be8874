//! `[sandbox]`: the cages of child processes.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Home;
use super::sections::Check;
use crate::sandbox::{Layer, Limits, Network, SandboxOptions};

const MIB: u64 = 1 << 20;

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxConfig {
    /// Layers without which programs are run all the same where the system lacks them: `namespaces`, `landlock`,
    /// `seccomp`, `privileges`, `limits`, `environment`. Default none: then nothing is run without all of them.
    pub allow_without: Vec<Layer>,
    /// `off` or `open`: whether commands of assistants reach other machines. Default `off`.
    pub network: Network,
    /// Files and folders outside of the workspace that every program may read and run. Default none.
    pub read: Vec<PathBuf>,
    /// MiB of memory of a program with everything that it starts. Default 2,048.
    pub memory_mib: u64,
    /// Processes and threads of a program with everything that it starts. Default 1,024.
    pub processes: u64,
    /// Seconds of processor time of one process. Default 600.
    pub cpu_s: u64,
    /// MiB of the largest file that a program writes. Default 1,024.
    pub file_mib: u64,
    /// MiB of the private folder for temporary files, which is memory. Default 512.
    pub tmp_mib: u64,
    /// Open files of one process. Default 1,024.
    pub open_files: u64,
    /// Free MiB that a program leaves on a disk before it is ended. Default 512.
    pub disk_free_mib: u64,
    /// Seconds between TERM and KILL when a program is stopped. Default 2.
    pub grace_s: u64,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            allow_without: Vec::new(),
            network: Network::Off,
            read: Vec::new(),
            memory_mib: limits.memory_bytes / MIB,
            processes: limits.processes,
            cpu_s: limits.cpu_s,
            file_mib: limits.file_bytes / MIB,
            tmp_mib: limits.tmp_bytes / MIB,
            open_files: limits.open_files,
            disk_free_mib: limits.disk_free_bytes / MIB,
            grace_s: limits.grace_ms / 1_000,
        }
    }
}

impl SandboxConfig {
    /// How the sandbox of this home works. `key_file`: of the vault, if it is elsewhere.
    #[must_use]
    pub fn options(&self, home: &Home, key_file: Option<&Path>) -> SandboxOptions {
        let own = [&home.config, &home.keys, &home.data, &home.cache, &home.run].map(PathBuf::from);
        SandboxOptions {
            hidden: own.into_iter().chain(key_file.map(Path::to_path_buf)).collect(),
            shared: vec![home.files(), home.experiments(), home.coders()],
            allow_without: self.allow_without.clone(),
            read: self.read.clone(),
            limits: self.limits(),
            ..SandboxOptions::new(home.cages())
        }
    }

    /// The limits of children for which nobody says otherwise.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            wall_ms: None,
            cpu_s: self.cpu_s,
            memory_bytes: self.memory_mib.saturating_mul(MIB),
            processes: self.processes,
            open_files: self.open_files,
            file_bytes: self.file_mib.saturating_mul(MIB),
            tmp_bytes: self.tmp_mib.saturating_mul(MIB),
            disk_free_bytes: self.disk_free_mib.saturating_mul(MIB),
            grace_ms: self.grace_s.saturating_mul(1_000),
        }
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        const TIB_MIB: u64 = 1 << 20;
        check.within("sandbox.memory_mib", self.memory_mib, 64, TIB_MIB);
        check.within("sandbox.processes", self.processes, 8, 1_000_000);
        check.within("sandbox.cpu_s", self.cpu_s, 1, 604_800);
        check.within("sandbox.file_mib", self.file_mib, 1, TIB_MIB);
        check.within("sandbox.tmp_mib", self.tmp_mib, 1, TIB_MIB);
        check.within("sandbox.open_files", self.open_files, 32, 1_000_000);
        check.within("sandbox.disk_free_mib", self.disk_free_mib, 0, TIB_MIB);
        check.within("sandbox.grace_s", self.grace_s, 0, 60);
        for path in self.read.iter().filter(|path| !path.is_absolute()) {
            check.problem("sandbox.read", format_args!("{} is not an absolute path", path.display()));
        }
    }
}
