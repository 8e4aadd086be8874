//! Which actions a rule is about. A field that is left out matches everything.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::action::{Action, Canonical, ToolClass};
use super::command::CommandPattern;
use super::error::BadPattern;
use super::glob::{Glob, PathGlob, Reading};
use super::host::HostPattern;
use super::path::Place;

/// Where a path is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// In the workspace.
    Inside,
    /// Elsewhere.
    Outside,
}

/// Which paths.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathPattern {
    /// A path pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathGlob>,
    /// Only in the workspace, or only elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<Whereabouts>,
}

/// Which actions. As JSON: `{"kind": "write_path", "path": "notes/**"}`; `{"kind": "any"}` is every action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionPattern {
    /// Every action.
    Any,
    /// Reading of these paths.
    ReadPath(PathPattern),
    /// Writing of these paths.
    WritePath(PathPattern),
    /// These commands.
    RunCommand(CommandPattern),
    /// Connections.
    ReachHost {
        /// To these hosts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostPattern>,
        /// On this port.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// Calls of tools.
    CallTool {
        /// Of these servers; a rule with a server is not about built-in tools.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<Glob>,
        /// With these names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<Glob>,
        /// Of this class.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<ToolClass>,
    },
    /// Messages to somebody.
    SendTo {
        /// By these channels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Glob>,
        /// To these targets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Glob>,
    },
    /// Uses of secrets.
    UseSecret {
        /// With these names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Glob>,
        /// With these hosts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostPattern>,
    },
    /// Starts of other assistants.
    SpawnAgent {
        /// Of these.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assistant: Option<Glob>,
    },
    /// Questions to models.
    UseModel {
        /// Of these backends.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        backend: Option<Glob>,
        /// With these names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Glob>,
        /// On this machine, or elsewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        local: Option<bool>,
    },
}

// === impl ActionPattern ===

impl ActionPattern {
    /// The pattern that only this action matches; `None` for what is never allowed.
    ///
    /// # Errors
    /// [`BadPattern`] for a path or a host without a plain spelling.
    pub fn exactly(action: &Action) -> Result<Option<Self>, BadPattern> {
        let only = |text: &str| Some(Glob::exactly(text));
        let path = |path: &str| {
            Ok::<_, BadPattern>(PathPattern { path: Some(PathGlob::exactly(path)?), whereabouts: None })
        };
        let host = |host: &str| HostPattern::try_from(host.to_owned()).map(Some);
        Ok(Some(match action {
            Action::ReadPath { path: named } => Self::ReadPath(path(named)?),
            Action::WritePath { path: named } => Self::WritePath(path(named)?),
            Action::RunCommand { program, args } => Self::RunCommand(CommandPattern::exactly(program, args)),
            Action::ReachHost { host: named, port } => {
                Self::ReachHost { host: host(named)?, port: Some(*port) }
            }
            Action::CallTool { server, tool, class } => Self::CallTool {
                server: server.as_deref().map(Glob::exactly),
                tool: only(tool),
                class: Some(*class),
            },
            Action::SendTo { channel, target } => {
                Self::SendTo { channel: only(channel), target: only(target) }
            }
            Action::UseSecret { name, host: named } => {
                Self::UseSecret { name: only(name), host: host(named)? }
            }
            Action::SpawnAgent { assistant } => Self::SpawnAgent { assistant: only(assistant) },
            Action::UseModel { backend, model, local } => {
                Self::UseModel { backend: only(backend), model: only(model), local: Some(*local) }
            }
            Action::Unknown { .. } => return Ok(None),
        }))
    }

    pub(super) fn matches(&self, action: &Canonical<'_>, reading: Reading) -> bool {
        let text = |pattern: &Option<Glob>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(text, reading))
        };
        let at = |pattern: &Option<HostPattern>, host: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(host))
        };
        match (self, action) {
            (Self::Any, _) => true,
            (Self::ReadPath(pattern), Canonical::Read(place))
            | (Self::WritePath(pattern), Canonical::Write(place)) => pattern.matches(place, reading),
            (Self::RunCommand(pattern), Canonical::Run { program, args }) => {
                pattern.matches(program, args, reading)
            }
            (Self::ReachHost { host, port }, Canonical::Reach { host: found, port: used }) => {
                at(host, found) && port.is_none_or(|port| port == *used)
            }
            (
                Self::CallTool { server, tool, class },
                Canonical::Tool { server: of, tool: name, class: is },
            ) => {
                let of =
                    server.as_ref().is_none_or(|server| of.is_some_and(|of| server.matches(of, reading)));
                of && text(tool, name) && class.is_none_or(|class| class == *is)
            }
            (Self::SendTo { channel, target }, Canonical::Send { channel: by, target: to }) => {
                text(channel, by) && text(target, to)
            }
            (Self::UseSecret { name, host }, Canonical::Secret { name: used, host: found }) => {
                text(name, used) && at(host, found)
            }
            (Self::SpawnAgent { assistant }, Canonical::Spawn { assistant: name }) => text(assistant, name),
            (
                Self::UseModel { backend, model, local },
                Canonical::Model { backend: of, model: name, local: is },
            ) => text(backend, of) && text(model, name) && local.is_none_or(|local| local == *is),
            _ => false,
        }
    }
}

impl PathPattern {
    fn matches(&self, place: &Place, reading: Reading) -> bool {
        let there = match self.whereabouts {
            None => true,
            Some(Whereabouts::Inside) => place.is_inside(),
            Some(Whereabouts::Outside) => !place.is_inside(),
        };
        there && self.path.as_ref().is_none_or(|path| path.matches(place, reading))
    }
}

/// The pattern as JSON without its braces' noise: for one line of a table.
impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // silent-ok: our own shapes always encode
        let json = serde_json::to_value(self).unwrap_or_default();
        let Some(fields) = json.as_object() else { return Ok(()) };
        f.write_str(fields.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default())?;
        fields.iter().filter(|(name, _)| *name != "kind").try_for_each(|(name, value)| match value.as_str() {
            Some(text) => write!(f, " {name}={text}"),
            None => write!(f, " {name}={value}"),
        })
    }
}
