//! The whole configuration: its sections, and how they come out of the merged layers.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::backends::DEMO;
use super::problems::{ConfigProblems, Problems};
use super::sources::Sources;
use super::tree::{Node, Value};
use super::{
    ApprovalsConfig, AssistantConfig, BackendsConfig, BudgetsConfig, ChannelsConfig, ConsoleConfig,
    EgressConfig, ExtensionsConfig, IngressConfig, McpConfig, MemoryConfig, NotificationsConfig,
    ProcessesConfig, SandboxConfig, SearchConfig, SessionsConfig, SkillsConfig, StoreConfig, TelemetryConfig,
    UserModelConfig, VaultConfig, reader,
};

/// Every setting of the daemon. `Config::default()` is what an empty home runs with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The listener for people and their programs.
    pub console: ConsoleConfig,
    /// The listener for webhooks and platform callbacks.
    pub ingress: IngressConfig,
    /// The database.
    pub store: StoreConfig,
    /// Sessions, their queues and their limits.
    pub sessions: SessionsConfig,
    /// Processes that outlive a turn.
    pub processes: ProcessesConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// The model providers.
    pub backends: BackendsConfig,
    /// What one turn may take, and how budgets count.
    pub budgets: BudgetsConfig,
    /// Outbound requests.
    pub egress: EgressConfig,
    /// The cages of child processes.
    pub sandbox: SandboxConfig,
    /// What protects the vault.
    pub vault: VaultConfig,
    /// What the first assistant of a new home is made of.
    pub assistant: AssistantConfig,
    /// Questions of assistants to people.
    pub approvals: ApprovalsConfig,
    /// What assistants remember.
    pub memory: MemoryConfig,
    /// How things are found.
    pub search: SearchConfig,
    /// How what came of skills counts.
    pub skills: SkillsConfig,
    /// What is noticed of people.
    pub user_model: UserModelConfig,
    /// MCP servers: how long they may take, and how much they may say.
    pub mcp: McpConfig,
    /// Chat platforms and mailboxes.
    pub channels: ChannelsConfig,
    /// How what people are told leaves this machine.
    pub notifications: NotificationsConfig,
    /// Plugs.
    pub extensions: ExtensionsConfig,
}

impl Config {
    /// Reads and checks every layer.
    ///
    /// # Errors
    /// All problems of all layers at once, in the order of their places.
    pub fn load(sources: &Sources) -> Result<Self, ConfigProblems> {
        let mut problems = Problems::default();
        let mut tree = sources.merge(&mut problems);
        let config: Self = read_all(&mut tree, &mut problems);
        config.validate(&mut problems.of(&tree));
        problems.into_result(config)
    }

    fn validate(&self, check: &mut Check<'_>) {
        self.console.validate(check);
        self.ingress.validate(check);
        if self.console.listen == self.ingress.listen && self.console.listen.port() != 0 {
            check.problem("ingress.listen", "is the address of the console; each listener needs its own");
        }
        self.store.validate(check);
        self.sessions.validate(check);
        self.processes.validate(check);
        self.telemetry.validate(check);
        self.assistant.validate(check);
        self.approvals.validate(check);
        self.memory.validate(check);
        self.search.validate(&self.backends, check);
        self.skills.validate(check);
        self.user_model.validate(check);
        self.backends.validate(check);
        self.budgets.validate(check);
        self.egress.validate(check);
        self.sandbox.validate(check);
        self.vault.validate(check);
        self.mcp.validate(check);
        self.channels.validate(check);
        self.notifications.validate(check);
        self.extensions.validate(check);
        for line in &self.assistant.fallbacks {
            let name = line.split(['/', ' ']).next().unwrap_or_default();
            if name != DEMO && !self.backends.0.contains_key(name) {
                check.problem(
                    "assistant.fallbacks",
                    format_args!("names `{name}`, and there is no [backends.{name}]"),
                );
            }
        }
        let name = &self.assistant.backend;
        if name != DEMO && !self.backends.0.contains_key(name) {
            check
                .problem("assistant.backend", format_args!("is `{name}`, and there is no [backends.{name}]"));
        }
    }
}

pub(super) use super::problems::Check;

/// Reads the tree as often as it takes to find every bad value: the first one is noted and cut out,
/// then the rest is read again. What is missing only because it was cut out is no problem of its own.
fn read_all<T: DeserializeOwned + Default>(tree: &mut Node, problems: &mut Problems) -> T {
    let mut cut: Vec<Vec<String>> = Vec::new();
    loop {
        let refusal = match reader::read::<T>(tree) {
            Ok(value) => return value,
            Err(refusal) => refusal,
        };
        let path = refusal.path.clone();
        let consequence = refusal.missing.is_some_and(|key| {
            cut.iter().any(|p| p.split_last().is_some_and(|(last, rest)| last == key && rest == path))
        });
        if !consequence {
            problems.unreadable(tree, refusal);
        }
        if path.is_empty() || !tree.remove(&path) {
            return T::default();
        }
        cut.push(path);
    }
}

impl Node {
    /// The node of a whole configuration without any setting.
    pub(super) fn empty() -> Self {
        Self { origin: super::tree::Origin::Default, value: Value::Table(std::collections::BTreeMap::new()) }
    }
}
