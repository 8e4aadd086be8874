//! `[processes]`: processes that outlive a turn, and the presets for them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::sections::Check;

/// Most characters of a preset's name.
const NAME_CHARS_MAX: usize = 64;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessesConfig {
    /// Processes of a tenant that run at a time. Default 50; a further one is refused. Those that have ended do not
    /// count.
    pub running_max: usize,
    /// Seconds that a process may run. Default 86,400; then it is killed with everything below it.
    pub run_s: u64,
    /// Seconds that a process which has ended is kept with its transcript. Default 604,800.
    pub kept_s: u64,
    /// Bytes of what has ended and is kept, for each tenant. Default 4,294,967,296; beyond it the oldest are forgotten
    /// early. One whose end nobody saw counts as large as it may be.
    pub kept_bytes: u64,
    /// Bytes of the newest output that are held in memory for each process that runs. Default 262,144. A peer that
    /// falls further behind is dropped and told where to go on.
    pub buffer_bytes: usize,
    /// Largest transcript in bytes. Default 67,108,864; what comes after is shown and not kept, and a line says so.
    pub transcript_bytes_max: u64,
    /// Folders besides those of workspaces in which processes may be started, and which they may change. None by
    /// default. A process that is started elsewhere is refused.
    pub folders: Vec<PathBuf>,
    /// Whether every process reaches other machines. Default false: only those of presets that say so.
    pub network: bool,
    /// Whether a WebSocket of `/sessions` takes an API token in its address, as old clients send it. Default false:
    /// addresses end up in logs and histories; a one-use ticket does not matter there.
    pub query_token: bool,
    /// Commands with a name, besides the built-in ones; one of the same name takes the place of a built-in one.
    pub presets: BTreeMap<String, PresetConfig>,
}

/// A command with a name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresetConfig {
    /// The program. Without it the preset cannot be used.
    pub command: String,
    /// Its arguments; the task is the last one.
    pub args: Vec<String>,
    /// Whether it has a pseudo-terminal. Default false.
    pub interactive: bool,
    /// Whether it reaches other machines. Default false.
    pub network: bool,
}

impl Default for ProcessesConfig {
    fn default() -> Self {
        Self {
            running_max: 50,
            run_s: 86_400,
            kept_s: 604_800,
            kept_bytes: 4_294_967_296,
            buffer_bytes: 262_144,
            transcript_bytes_max: 67_108_864,
            folders: Vec::new(),
            network: false,
            query_token: false,
            presets: BTreeMap::new(),
        }
    }
}

impl ProcessesConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("processes.running_max", self.running_max, 1, 1_000);
        check.within("processes.run_s", self.run_s, 1, 30 * 86_400);
        check.within("processes.kept_s", self.kept_s, 60, 366 * 86_400);
        check.within("processes.kept_bytes", self.kept_bytes, 1 << 20, 1 << 44);
        check.within("processes.buffer_bytes", self.buffer_bytes, 4_096, 16 * 1024 * 1024);
        check.within(
            "processes.transcript_bytes_max",
            self.transcript_bytes_max,
            65_536,
            16 * 1024 * 1024 * 1024,
        );
        if self.folders.iter().any(|folder| !folder.is_absolute()) {
            check.problem("processes.folders", "has absolute paths only");
        }
        for (name, preset) in &self.presets {
            let place = format!("processes.presets.{name}");
            if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
                check.problem(&place, "needs a name of 1 to 64 characters");
            }
            if preset.command.trim().is_empty() {
                check.problem(&place, "needs a command");
            }
        }
    }

    /// The preset with this name.
    #[must_use]
    pub fn preset(&self, name: &str) -> Option<PresetConfig> {
        self.presets.get(name).cloned().or_else(|| built_in(name))
    }

    /// The names of all presets, in order.
    #[must_use]
    pub fn preset_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.presets.keys().cloned().chain(BUILT_IN.iter().map(|name| (*name).to_owned())).collect();
        names.sort();
        names.dedup();
        names
    }
}

const BUILT_IN: [&str; 8] = [
    "claude",
    "claude-interactive",
    "claude-interactive-opus",
    "claude-interactive-sonnet",
    "claude-opus",
    "claude-sonnet",
    "codex",
    "codex-auto",
];

/// Agents of others, as they are started by hand.
fn built_in(name: &str) -> Option<PresetConfig> {
    let args: &[&str] = match name {
        "claude" => &["--print", "--permission-mode", "bypassPermissions"],
        "claude-sonnet" => &["--print", "--permission-mode", "bypassPermissions", "--model", "sonnet"],
        "claude-opus" => &["--print", "--permission-mode", "bypassPermissions", "--model", "opus"],
        "claude-interactive" => &["--permission-mode", "bypassPermissions"],
        "claude-interactive-sonnet" => &["--permission-mode", "bypassPermissions", "--model", "sonnet"],
        "claude-interactive-opus" => &["--permission-mode", "bypassPermissions", "--model", "opus"],
        "codex" => &["exec"],
        "codex-auto" => &["exec", "--full-auto"],
        _ => return None,
    };
    let command = name.split('-').next().unwrap_or(name).to_owned();
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Some(PresetConfig { command, args, interactive: name.contains("interactive"), network: false })
}
