//! `[extensions]`: which plugs run at which of the sixteen points, in which order, and what each may take.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::sections::Check;
use crate::extensions::Hook;

/// The plugs that need no table of their own.
pub const BUILT_IN: [&str; 5] = ["secret_scanner", "recall", "skills", "user_model", "observation"];

/// Most plugs at one point, those for every point among them.
const PLUGS_MAX: usize = 32;
/// Most characters of a plug's name.
const NAME_CHARS_MAX: usize = 40;
/// Longest time of all plugs of a point: whoever waits for a session to wake waits 30 s.
const TOTAL_MS_MAX: u64 = 25_000;

/// See the module. `capuchin extension reload` takes changes of it in without a restart.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtensionsConfig {
    /// Milliseconds that a plug may take at a point, unless it says otherwise. Default 5,000; then it is left, and what it
    /// had to say with it.
    pub timeout_ms: u64,
    /// Milliseconds that all plugs of a point may take together. Default 15,000; those that come later are left out.
    pub total_timeout_ms: u64,
    /// Plugs that run at every point, before its own. None by default.
    pub global: Vec<String>,
    /// The plugs of each point in their order.
    pub hooks: HooksConfig,
    /// What the plug `recall` may put before a message.
    pub recall: RecallPlugConfig,
    /// What the plug `skills` may put before a message.
    pub skills: SkillsPlugConfig,
    /// When the plug `user_model` says something.
    pub user_model: UserModelPlugConfig,
    /// Plugs of yours: a program or a WebAssembly component each, by the name that the lists use.
    pub plugs: BTreeMap<String, PlugConfig>,
}

/// The plugs of each point, in their order.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HooksConfig {
    /// Before a model is asked. Default `secret_scanner`, `recall`, `skills`, `user_model`.
    pub query_pre: Vec<String>,
    /// After a turn. Default `secret_scanner`, `observation`, `skills`.
    pub query_post: Vec<String>,
    /// Before a session wakes.
    pub session_starting: Vec<String>,
    /// When it is awake.
    pub session_started: Vec<String>,
    /// Before it rests.
    pub session_stopping: Vec<String>,
    /// When it rests.
    pub session_stopped: Vec<String>,
    /// After a workspace was made.
    pub workspace_created: Vec<String>,
    /// After it was changed.
    pub workspace_updated: Vec<String>,
    /// After it was deleted.
    pub workspace_deleted: Vec<String>,
    /// After a thread or a chat channel was made.
    pub channel_created: Vec<String>,
    /// After it was changed.
    pub channel_updated: Vec<String>,
    /// After it was deleted.
    pub channel_deleted: Vec<String>,
    /// Before an experiment begins.
    pub experiment_started: Vec<String>,
    /// After it has ended. Default `skills`, which learns from it.
    pub experiment_completed: Vec<String>,
    /// Before a round of an experiment.
    pub iteration_started: Vec<String>,
    /// After it. Default `skills`, which weighs those that it had.
    pub iteration_completed: Vec<String>,
}

/// `[extensions.recall]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecallPlugConfig {
    /// Passages of earlier conversations at most. Default 10.
    pub max_results: usize,
    /// Characters of all of them. Default 4,000.
    pub max_chars: usize,
    /// Tokens of all of them, about. Default 1,000.
    pub max_tokens: usize,
    /// Where is looked: `workspace` or `everywhere`. Default `workspace`: what was said in one project stays there.
    pub scope: RecallScope,
}

/// Where earlier conversations are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecallScope {
    /// In the workspace of the thread.
    #[default]
    Workspace,
    /// In all workspaces.
    Everywhere,
}

/// `[extensions.skills]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SkillsPlugConfig {
    /// Skills at most. Default 5.
    pub max_results: usize,
    /// Characters of all of them. Default 2,000.
    pub max_chars: usize,
}

/// `[extensions.user_model]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserModelPlugConfig {
    /// Characters of a message below which it says nothing. Default 10.
    pub min_query_length: usize,
}

/// A plug of a person: `command` or `component`.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlugConfig {
    /// A program with its arguments. It reads a line of JSON for each call and writes one; it runs in a cage without network.
    pub command: Vec<String>,
    /// A WebAssembly component, an absolute path.
    pub component: Option<PathBuf>,
    /// What it is told besides: given to a component when it begins, and to a program with every call.
    pub options: Map<String, Value>,
    /// Whether what it says counts as the system's own word. Default false: it is a tool's, which is fenced and taints; and it
    /// may not put another prompt in the place of a message.
    pub trusted: bool,
    /// Whether a failure of it halts its point. Default false: then it is as if it were not there.
    pub guards: bool,
    /// Milliseconds that it may take; `timeout_ms` above without it.
    pub timeout_ms: Option<u64>,
    /// Memory in MiB. Default 256 for a program with all that it starts, 64 for a component.
    pub memory_mib: Option<u64>,
    /// How much a component may compute in one call, in wasmtime's fuel: about an instruction each. Default 1,000,000,000.
    pub fuel: Option<u64>,
    /// Whether a program is started for each call and reads to the end of its input. Default false: it is kept.
    pub once: bool,
    /// Files and folders that a program may read besides the system's. Its own file is among them.
    pub read: Vec<PathBuf>,
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Default for ExtensionsConfig {
    fn default() -> Self {
        Self {
            timeout_ms: 5_000,
            total_timeout_ms: 15_000,
            global: Vec::new(),
            hooks: HooksConfig::default(),
            recall: RecallPlugConfig::default(),
            skills: SkillsPlugConfig::default(),
            user_model: UserModelPlugConfig::default(),
            plugs: BTreeMap::new(),
        }
    }
}

impl Default for HooksConfig {
    fn default() -> Self {
        let none = Vec::new;
        Self {
            query_pre: names(&["secret_scanner", "recall", "skills", "user_model"]),
            query_post: names(&["secret_scanner", "observation", "skills"]),
            session_starting: none(),
            session_started: none(),
            session_stopping: none(),
            session_stopped: none(),
            workspace_created: none(),
            workspace_updated: none(),
            workspace_deleted: none(),
            channel_created: none(),
            channel_updated: none(),
            channel_deleted: none(),
            experiment_started: none(),
            experiment_completed: names(&["skills"]),
            iteration_started: none(),
            iteration_completed: names(&["skills"]),
        }
    }
}

impl Default for RecallPlugConfig {
    fn default() -> Self {
        Self { max_results: 10, max_chars: 4_000, max_tokens: 1_000, scope: RecallScope::Workspace }
    }
}

impl Default for SkillsPlugConfig {
    fn default() -> Self {
        Self { max_results: 5, max_chars: 2_000 }
    }
}

impl Default for UserModelPlugConfig {
    fn default() -> Self {
        Self { min_query_length: 10 }
    }
}

// === impl HooksConfig ===

impl HooksConfig {
    /// The plugs of a point, in their order.
    #[must_use]
    pub const fn at(&self, hook: Hook) -> &Vec<String> {
        match hook {
            Hook::QueryPre => &self.query_pre,
            Hook::QueryPost => &self.query_post,
            Hook::SessionStarting => &self.session_starting,
            Hook::SessionStarted => &self.session_started,
            Hook::SessionStopping => &self.session_stopping,
            Hook::SessionStopped => &self.session_stopped,
            Hook::WorkspaceCreated => &self.workspace_created,
            Hook::WorkspaceUpdated => &self.workspace_updated,
            Hook::WorkspaceDeleted => &self.workspace_deleted,
            Hook::ChannelCreated => &self.channel_created,
            Hook::ChannelUpdated => &self.channel_updated,
            Hook::ChannelDeleted => &self.channel_deleted,
            Hook::ExperimentStarted => &self.experiment_started,
            Hook::ExperimentCompleted => &self.experiment_completed,
            Hook::IterationStarted => &self.iteration_started,
            Hook::IterationCompleted => &self.iteration_completed,
        }
    }
}

// === impl ExtensionsConfig ===

impl ExtensionsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("extensions.timeout_ms", self.timeout_ms, 10, TOTAL_MS_MAX);
        check.within("extensions.total_timeout_ms", self.total_timeout_ms, 10, TOTAL_MS_MAX);
        check.within("extensions.recall.max_results", self.recall.max_results, 0, 50);
        check.within("extensions.recall.max_chars", self.recall.max_chars, 0, 60_000);
        check.within("extensions.recall.max_tokens", self.recall.max_tokens, 0, 15_000);
        check.within("extensions.skills.max_results", self.skills.max_results, 0, 50);
        check.within("extensions.skills.max_chars", self.skills.max_chars, 0, 60_000);
        check.within("extensions.user_model.min_query_length", self.user_model.min_query_length, 0, 10_000);
        self.list("extensions.global", &self.global, check);
        for hook in Hook::ALL {
            let place = format!("extensions.hooks.{hook}");
            let own = self.hooks.at(hook);
            self.list(&place, own, check);
            if own.len() + self.global.len() > PLUGS_MAX {
                check.problem(&place, format_args!("has more than {PLUGS_MAX} plugs with those of global"));
            }
        }
        for (name, plug) in &self.plugs {
            plug.validate(name, check);
        }
    }

    fn list(&self, place: &str, list: &[String], check: &mut Check<'_>) {
        for (at, name) in list.iter().enumerate() {
            if !BUILT_IN.contains(&name.as_str()) && !self.plugs.contains_key(name) {
                check.problem(
                    place,
                    format_args!(
                        "names `{name}`, which is neither built in ({}) nor a table [extensions.plugs.{name}]",
                        BUILT_IN.join(", ")
                    ),
                );
            }
            if list.iter().take(at).any(|other| other == name) {
                check.problem(place, format_args!("names `{name}` twice"));
            }
        }
    }
}

// === impl PlugConfig ===

impl PlugConfig {
    fn validate(&self, name: &str, check: &mut Check<'_>) {
        let place = format!("extensions.plugs.{name}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(plain) {
            check.problem(&place, "needs a name of 1 to 40 small letters, digits, - and _");
        }
        if BUILT_IN.contains(&name) {
            check.problem(&place, "has the name of a plug that is built in");
        }
        match (self.command.first(), &self.component) {
            (Some(program), None) if program.trim().is_empty() => {
                check.problem(&place, "has a command without a program");
            }
            (Some(_), None) => {}
            (None, Some(path)) if !path.is_absolute() => {
                check.problem(&place, "has a component whose path is not absolute");
            }
            (None, Some(_)) => {}
            _ => check.problem(&place, "needs either command or component"),
        }
        if self.component.is_some() && (self.once || !self.read.is_empty()) {
            check.problem(&place, "is a component, for which once and read mean nothing");
        }
        if self.read.iter().any(|path| !path.is_absolute()) {
            check.problem(&format!("{place}.read"), "has absolute paths only");
        }
        if let Some(within) = self.timeout_ms {
            check.within(&format!("{place}.timeout_ms"), within, 10, TOTAL_MS_MAX);
        }
        if let Some(memory) = self.memory_mib {
            check.within(&format!("{place}.memory_mib"), memory, 1, 65_536);
        }
        if let Some(fuel) = self.fuel {
            check.within(&format!("{place}.fuel"), fuel, 1_000, 1_000_000_000_000);
        }
    }
}
