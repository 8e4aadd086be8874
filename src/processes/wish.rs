//! What is asked for, and the checked program that it becomes.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::ProcessError;
use super::process::{LABEL_CHARS_MAX, ProcessKind};
use crate::config::{PresetConfig, ProcessesConfig};
use crate::protocol::ids::WorkspaceId;
use crate::protocol::process::TerminalSize;

/// Most bytes of a task.
const TASK_BYTES_MAX: usize = 64 << 10;
/// Most characters of an owner.
const OWNER_CHARS_MAX: usize = 200;
const LABELS_MAX: usize = 32;
const ARGS_MAX: usize = 256;
const ENV_MAX: usize = 64;
/// Most bytes of all arguments and variables together.
const WORDS_BYTES_MAX: usize = 64 << 10;
const PATH_BYTES_MAX: usize = 4 << 10;
const TURNS_MAX: u32 = 10_000;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// What it is for: a line for the shell, or the last argument of the program.
    pub task: String,
    /// How it is started; `exec` without it.
    pub kind: Option<ProcessKind>,
    /// The working folder: absolute, or below the workspace's. The workspace's own without it.
    pub cwd: Option<String>,
    /// The program instead of the shell's.
    pub command: Option<String>,
    /// Its arguments in front of the task.
    pub args: Option<Vec<String>>,
    /// A program with a name, for `print` and `interactive`.
    pub preset: Option<String>,
    /// Variables besides the few that every process has.
    pub env: BTreeMap<String, String>,
    /// Passed on as `--max-turns`, for `print`.
    pub max_turns: Option<u32>,
    /// Whose it is, in the caller's words.
    pub owner: Option<String>,
    /// Words to find it by.
    pub labels: Vec<String>,
    /// The size of the pseudo-terminal, for `interactive`.
    pub size: Option<TerminalSize>,
    /// Whose folder it works in; the default workspace's without it.
    pub workspace: Option<WorkspaceId>,
}

/// A program that may be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is run: a path, or a name that is looked for in the search path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables besides the few that every process has.
    pub env: Vec<(String, String)>,
    /// Its working folder.
    pub cwd: PathBuf,
    /// The folder that it may change: the working folder or one above it.
    pub root: PathBuf,
    /// Its pseudo-terminal.
    pub terminal: Option<TerminalSize>,
    /// Whether it reaches other machines.
    pub network: bool,
}

// === impl Wish ===

impl Wish {
    /// The program that this is, in a workspace whose files are in `folder`.
    pub(super) fn check(&self, config: &ProcessesConfig, folder: &Path) -> Result<Program, ProcessError> {
        if self.task.trim().is_empty() {
            return Err(ProcessError::wish("task", "task is required"));
        }
        plain("task", &self.task, TASK_BYTES_MAX)?;
        plain("cwd", self.cwd.as_deref().unwrap_or_default(), PATH_BYTES_MAX)?;
        let kind = self.kind();
        let (program, args, network) = self.command(kind, config)?;
        let (cwd, root) = place(self.cwd.as_deref(), folder, &config.folders)?;
        let bytes: usize = args.iter().chain(self.env.values()).map(String::len).sum();
        if args.len() > ARGS_MAX || bytes > WORDS_BYTES_MAX + TASK_BYTES_MAX {
            return Err(ProcessError::wish("args", "args are too many or too long"));
        }
        for arg in &args {
            plain("args", arg, TASK_BYTES_MAX)?;
        }
        let terminal = (kind == ProcessKind::Interactive).then(|| self.size.unwrap_or(TerminalSize::DEFAULT));
        if terminal.is_some_and(|size| !size.is_sound()) {
            return Err(ProcessError::wish("cols", format!("rows and cols are 1 to {}", TerminalSize::MAX)));
        }
        let env = self.variables()?;
        Ok(Program { program, args, env, cwd, root, terminal, network: network || config.network })
    }

    pub(super) fn kind(&self) -> ProcessKind {
        self.kind.unwrap_or(ProcessKind::Exec)
    }

    /// Program and arguments, and whether it reaches other machines.
    fn command(
        &self,
        kind: ProcessKind,
        config: &ProcessesConfig,
    ) -> Result<(String, Vec<String>, bool), ProcessError> {
        let preset = self.preset(kind, config)?;
        let own = self.command.as_deref().map(str::trim).filter(|command| !command.is_empty());
        let default = match (kind, own) {
            (_, Some(_)) => PresetConfig::default(),
            (ProcessKind::Print, None) => preset.or_else(|| config.preset("claude")).unwrap_or_default(),
            (_, None) => preset.unwrap_or_default(),
        };
        let program = own.unwrap_or(&default.command);
        if program.is_empty() && self.args.is_none() {
            let args = vec!["-lc".to_owned(), self.task.clone()];
            return Ok(("/bin/sh".to_owned(), args, false));
        }
        if program.is_empty() {
            return Err(ProcessError::wish("command", "command is required with args"));
        }
        plain("command", program, WORDS_BYTES_MAX)?;
        let mut args = self.args.clone().unwrap_or(default.args);
        if let (ProcessKind::Print, Some(turns)) = (kind, self.max_turns) {
            if !(1..=TURNS_MAX).contains(&turns) {
                return Err(ProcessError::wish("maxTurns", format!("maxTurns is 1 to {TURNS_MAX}")));
            }
            args.extend(["--max-turns".to_owned(), turns.to_string()]);
        }
        args.push(self.task.clone());
        Ok((program.to_owned(), args, default.network))
    }

    fn preset(
        &self,
        kind: ProcessKind,
        config: &ProcessesConfig,
    ) -> Result<Option<PresetConfig>, ProcessError> {
        let Some(name) = self.preset.as_deref().filter(|name| !name.is_empty()) else { return Ok(None) };
        if kind == ProcessKind::Exec {
            let text = "preset cannot be used with type \"exec\"; use \"print\" or \"interactive\"";
            return Err(ProcessError::wish("preset", text));
        }
        let Some(preset) = config.preset(name) else {
            let text = format!("unknown preset; there are {}", config.preset_names().join(", "));
            return Err(ProcessError::wish("preset", text));
        };
        Ok(Some(preset))
    }

    fn variables(&self) -> Result<Vec<(String, String)>, ProcessError> {
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if self.env.len() > ENV_MAX || !self.env.keys().all(|name| is_name(name)) {
            let text = format!("env has at most {ENV_MAX} variables with plain names");
            return Err(ProcessError::wish("env", text));
        }
        for value in self.env.values() {
            plain("env", value, WORDS_BYTES_MAX)?;
        }
        Ok(self.env.clone().into_iter().collect())
    }

    pub(super) fn owner(&self) -> Result<String, ProcessError> {
        let owner = self.owner.as_deref().unwrap_or_default().trim();
        if owner.chars().count() > OWNER_CHARS_MAX || owner.chars().any(char::is_control) {
            return Err(ProcessError::wish(
                "owner",
                format!("owner has at most {OWNER_CHARS_MAX} characters"),
            ));
        }
        Ok(owner.to_owned())
    }

    /// The labels: trimmed, in lower case, cut, each once.
    pub(super) fn labels(&self) -> Result<Vec<String>, ProcessError> {
        let mut labels: Vec<String> = Vec::new();
        for label in self.labels.iter().map(|label| label_of(label)).filter(|label| !label.is_empty()) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        if labels.len() > LABELS_MAX {
            return Err(ProcessError::wish("labels", format!("at most {LABELS_MAX} labels")));
        }
        Ok(labels)
    }
}

/// A label as it is kept, and looked for.
pub(super) fn label_of(text: &str) -> String {
    text.trim().to_lowercase().chars().filter(|c| !c.is_control()).take(LABEL_CHARS_MAX).collect()
}

fn plain(field: &'static str, text: &str, bytes_max: usize) -> Result<(), ProcessError> {
    if text.len() > bytes_max || text.contains('\0') {
        return Err(ProcessError::wish(
            field,
            format!("{field} has at most {bytes_max} bytes, none of them 0"),
        ));
    }
    Ok(())
}

/// The working folder, and the folder that may be changed. Only words are compared here; what a name really leads to
/// is the sandbox's matter, which gives the program that folder and nothing else.
fn place(cwd: Option<&str>, folder: &Path, others: &[PathBuf]) -> Result<(PathBuf, PathBuf), ProcessError> {
    let cwd = cwd.map(str::trim).filter(|cwd| !cwd.is_empty());
    let Some(cwd) = cwd else { return Ok((folder.to_owned(), folder.to_owned())) };
    let path = tidy(&folder.join(cwd));
    let root = std::iter::once(folder).chain(others.iter().map(PathBuf::as_path));
    match root.filter(|root| path.starts_with(root)).max_by_key(|root| root.as_os_str().len()) {
        Some(root) => Ok((path.clone(), root.to_owned())),
        None => Err(ProcessError::wish(
            "cwd",
            "cwd is outside of the workspace's folder; name other folders in processes.folders",
        )),
    }
}

/// A path without `.` and `..`, by words.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}

#[cfg(test)]
mod tests;
