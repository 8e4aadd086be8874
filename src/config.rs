//! Settings: read whole at start, checked whole, never read again.
//!
//! Four layers, later ones win: compiled-in defaults, `config.toml`, `CAPUCHIN_<SECTION>__<KEY>`
//! variables, command-line flags. Every problem of every layer is reported at once, each with the
//! place that it came from. One struct per section and file; a section that another part of the
//! product owns is a field here and a file of theirs.
//!
//! **Invariant:** a [`Config`] that exists has passed every check; nobody else reads the environment
//! for a setting.

pub mod approvals;
pub mod assistant;
pub mod backends;
pub mod budgets;
pub mod channels;
pub mod console;
pub mod egress;
pub mod extensions;
mod folder;
pub mod home;
pub mod ingress;
mod listen;
pub mod mcp;
pub mod memory;
pub mod notifications;
pub mod presence;
mod problems;
pub mod processes;
mod reader;
pub mod sandbox;
pub mod search;
mod sections;
pub mod sessions;
pub mod skills;
mod sources;
pub mod store;
pub mod telemetry;
mod template;
pub mod tls;
mod tree;
pub mod user_model;
pub mod vault;

pub use approvals::ApprovalsConfig;
pub use assistant::AssistantConfig;
pub use backends::{BackendConfig, BackendKind, BackendsConfig};
pub use budgets::BudgetsConfig;
pub use channels::ChannelsConfig;
pub use console::ConsoleConfig;
pub use egress::EgressConfig;
pub use extensions::{ExtensionsConfig, PlugConfig, RecallPlugConfig, RecallScope};
pub use folder::{FileText, Folder};
pub use home::{Home, HomeError};
pub use ingress::IngressConfig;
pub use mcp::McpConfig;
pub use memory::{MemoryBackendKind, MemoryConfig};
pub use notifications::NotificationsConfig;
pub use presence::{Claim, ClaimError, Occupant, Presence};
pub use problems::{ConfigProblem, ConfigProblems};
pub use processes::{PresetConfig, ProcessesConfig};
pub use sandbox::SandboxConfig;
pub use search::{SearchConfig, SemanticConfig};
pub use sections::Config;
pub use sessions::SessionsConfig;
pub use skills::SkillsConfig;
pub use sources::Sources;
pub use store::StoreConfig;
pub use telemetry::{LogFormat, TelemetryConfig};
pub use template::TEMPLATE;
pub use user_model::{NotALevel, Privacy, UserModelConfig};
pub use vault::{VaultConfig, VaultProtection};

#[cfg(test)]
mod tests;
