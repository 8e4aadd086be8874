//! What an assistant wants to do, as a type. Judging, asking and doing use the same value.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::error::Malformed;
use super::host::canonical_host;
use super::path::Place;
use crate::db::fingerprint;

/// Most characters of a name in an action.
const WORD_CHARS_MAX: usize = 1_024;
/// Most arguments of a command.
const ARGS_MAX: usize = 4_096;

/// What a tool does to the world, as its maker declares it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolClass {
    /// It changes nothing.
    ReadOnly,
    /// Doing it twice is doing it once.
    Idempotent,
    /// Everything else.
    Effectful,
}

/// One action. As JSON: `{"kind": "run_command", "program": "git", "args": ["status"]}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Read a file or a folder.
    ReadPath {
        /// Absolute, or relative to the workspace.
        path: String,
    },
    /// Make, change or delete a file or a folder.
    WritePath {
        /// Absolute, or relative to the workspace.
        path: String,
    },
    /// Run a program. Never a line for a shell: a shell is a program with arguments like any other.
    RunCommand {
        /// What is run: the resolved absolute path where it is known.
        program: String,
        /// Its arguments without the program.
        args: Vec<String>,
    },
    /// Open a connection.
    ReachHost {
        /// Name or address.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// Call a tool.
    CallTool {
        /// The MCP server that has it; `None` for a built-in one.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// Its name.
        tool: String,
        /// What it does to the world.
        class: ToolClass,
    },
    /// Say something to somebody.
    SendTo {
        /// By which channel.
        channel: String,
        /// To whom, by the platform's own id.
        target: String,
    },
    /// Have a secret put into a request.
    UseSecret {
        /// Its name in the vault.
        name: String,
        /// Where it goes.
        host: String,
    },
    /// Start another assistant below this one.
    SpawnAgent {
        /// Which.
        assistant: String,
    },
    /// Ask a model, which shows it the conversation.
    UseModel {
        /// Its backend.
        backend: String,
        /// Its name.
        model: String,
        /// Whether the conversation stays on this machine.
        local: bool,
    },
    /// Something that this version does not know. Always denied.
    Unknown {
        /// What it called itself.
        word: String,
    },
}

/// The known shapes, for reading.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Known {
    ReadPath {
        path: String,
    },
    WritePath {
        path: String,
    },
    RunCommand {
        program: String,
        #[serde(default)]
        args: Vec<String>,
    },
    ReachHost {
        host: String,
        port: u16,
    },
    CallTool {
        #[serde(default)]
        server: Option<String>,
        tool: String,
        class: ToolClass,
    },
    SendTo {
        channel: String,
        target: String,
    },
    UseSecret {
        name: String,
        host: String,
    },
    SpawnAgent {
        assistant: String,
    },
    UseModel {
        backend: String,
        model: String,
        local: bool,
    },
    Unknown {
        word: String,
    },
}

/// Words of the actions that there are.
pub const ACTION_KINDS: [&str; 9] = [
    "read_path",
    "write_path",
    "run_command",
    "reach_host",
    "call_tool",
    "send_to",
    "use_secret",
    "spawn_agent",
    "use_model",
];

// === impl Action ===

impl Action {
    /// The word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ReadPath { .. } => "read_path",
            Self::WritePath { .. } => "write_path",
            Self::RunCommand { .. } => "run_command",
            Self::ReachHost { .. } => "reach_host",
            Self::CallTool { .. } => "call_tool",
            Self::SendTo { .. } => "send_to",
            Self::UseSecret { .. } => "use_secret",
            Self::SpawnAgent { .. } => "spawn_agent",
            Self::UseModel { .. } => "use_model",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// SHA-256 over these actions and the bytes that go with them, in this order. Whoever acts shows the
    /// digest of what is really done; it fits an approval only if that is what the person saw.
    #[must_use]
    pub fn digest(actions: &[Self], payload: &str) -> [u8; 32] {
        // silent-ok: our own shapes always encode
        let json = serde_json::to_vec(actions).unwrap_or_default();
        fingerprint(&[b"capuchin action 1", &json, payload.as_bytes()])
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        if !kind.is_empty() && kind != "unknown" && !ACTION_KINDS.contains(&kind) {
            return Ok(Self::Unknown { word: kind.chars().take(100).collect() });
        }
        let known: Known = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
        Ok(match known {
            Known::ReadPath { path } => Self::ReadPath { path },
            Known::WritePath { path } => Self::WritePath { path },
            Known::RunCommand { program, args } => Self::RunCommand { program, args },
            Known::ReachHost { host, port } => Self::ReachHost { host, port },
            Known::CallTool { server, tool, class } => Self::CallTool { server, tool, class },
            Known::SendTo { channel, target } => Self::SendTo { channel, target },
            Known::UseSecret { name, host } => Self::UseSecret { name, host },
            Known::SpawnAgent { assistant } => Self::SpawnAgent { assistant },
            Known::UseModel { backend, model, local } => Self::UseModel { backend, model, local },
            Known::Unknown { word } => Self::Unknown { word },
        })
    }
}

/// One line for people. What it holds is not escaped: `approvals` does that before it shows it.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadPath { path } => write!(f, "read {path}"),
            Self::WritePath { path } => write!(f, "write {path}"),
            Self::RunCommand { program, args } => {
                write!(f, "run {}", quoted(program))?;
                args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
            }
            Self::ReachHost { host, port } => write!(f, "connect to {host}:{port}"),
            Self::CallTool { server: Some(server), tool, .. } => write!(f, "call {tool} of {server}"),
            Self::CallTool { server: None, tool, .. } => write!(f, "call {tool}"),
            Self::SendTo { channel, target } => write!(f, "send to {target} by {channel}"),
            Self::UseSecret { name, host } => write!(f, "use the secret {name} with {host}"),
            Self::SpawnAgent { assistant } => write!(f, "start the assistant {assistant}"),
            Self::UseModel { backend, model, local } => {
                let place = if *local { "on this machine" } else { "outside this machine" };
                write!(f, "ask the model {model} of {backend}, {place}")
            }
            Self::Unknown { word } => write!(f, "{word}, which is not known here"),
        }
    }
}

/// An argument as a shell would need it, so that two argument lists never look alike.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// An action whose places and hosts have one spelling: what rules are compared with.
pub(super) enum Canonical<'a> {
    Read(Place),
    Write(Place),
    Run { program: &'a str, args: &'a [String] },
    Reach { host: String, port: u16 },
    Tool { server: Option<&'a str>, tool: &'a str, class: ToolClass },
    Send { channel: &'a str, target: &'a str },
    Secret { name: &'a str, host: String },
    Spawn { assistant: &'a str },
    Model { backend: &'a str, model: &'a str, local: bool },
    Unknown,
}

impl<'a> Canonical<'a> {
    pub(super) fn of(action: &'a Action, root: Option<&str>) -> Result<Self, Malformed> {
        Ok(match action {
            Action::ReadPath { path } => Self::Read(Place::of(path, root)?),
            Action::WritePath { path } => Self::Write(Place::of(path, root)?),
            Action::RunCommand { program, args } => {
                word("program", program)?;
                if args.len() > ARGS_MAX || args.iter().any(|arg| arg.contains('\0')) {
                    return Err(Malformed::Word("args"));
                }
                Self::Run { program, args }
            }
            Action::ReachHost { host, port } => Self::Reach { host: canonical(host)?, port: *port },
            Action::CallTool { server, tool, class } => {
                word("tool", tool)?;
                server.iter().try_for_each(|server| word("server", server))?;
                Self::Tool { server: server.as_deref(), tool, class: *class }
            }
            Action::SendTo { channel, target } => {
                word("channel", channel)?;
                word("target", target)?;
                Self::Send { channel, target }
            }
            Action::UseSecret { name, host } => {
                word("name", name)?;
                Self::Secret { name, host: canonical(host)? }
            }
            Action::SpawnAgent { assistant } => {
                word("assistant", assistant)?;
                Self::Spawn { assistant }
            }
            Action::UseModel { backend, model, local } => {
                word("backend", backend)?;
                Self::Model { backend, model, local: *local }
            }
            Action::Unknown { .. } => Self::Unknown,
        })
    }

    /// Whether doing it can change anything or show anything to anybody.
    pub(super) const fn is_effect(&self) -> bool {
        match self {
            Self::Read(place) => !place.is_inside(),
            Self::Tool { class, .. } => !matches!(class, ToolClass::ReadOnly),
            Self::Model { .. } => false,
            _ => true,
        }
    }
}

fn canonical(host: &str) -> Result<String, Malformed> {
    canonical_host(host).ok_or(Malformed::Host)
}

fn word(name: &'static str, text: &str) -> Result<(), Malformed> {
    let fits = !text.is_empty() && text.chars().count() <= WORD_CHARS_MAX;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(Malformed::Word(name)) }
}

#[cfg(test)]
mod tests;
