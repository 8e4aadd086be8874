//! Command lines, environments and files of settings. Nothing of the daemon's own environment is among them.

use std::path::{Path, PathBuf};

use super::known;
use crate::coders::door::Passage;
use crate::config::backends::{BackendKind, ProgramMode, ProgramSettings};

/// Which session a program is started with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::coders) enum Session {
    /// A new one. Programs that let others choose call it so.
    New(String),
    /// An earlier one.
    Earlier(String),
}

/// What a start depends on.
pub(in crate::coders) struct Launching<'a> {
    pub(in crate::coders) settings: &'a ProgramSettings,
    /// Its own folder.
    pub(in crate::coders) home: &'a Path,
    pub(in crate::coders) session: &'a Session,
    pub(in crate::coders) model: Option<&'a str>,
    /// What is added to its own instructions, where those are in a file.
    pub(in crate::coders) instructions: &'a str,
    /// The way to its provider, unless it uses a login of its own.
    pub(in crate::coders) passage: Option<&'a Passage>,
}

/// How a program is started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::coders) struct Launch {
    pub(in crate::coders) args: Vec<String>,
    pub(in crate::coders) env: Vec<(String, String)>,
    /// Files to write before, below its home.
    pub(in crate::coders) files: Vec<(PathBuf, String)>,
}

/// Tools of Claude Code that outlive a turn, ask people by themselves, or change where it works.
const CLAUDE_WITHOUT: &str = "AskUserQuestion,CronCreate,CronDelete,CronList,EnterWorktree,ExitWorktree,ListAgents,Monitor,\
                              ScheduleWakeup,SendMessage,Workflow";
/// Further tries of a call that a program makes by itself. Its session is told of each; the daemon's deadlines hold.
pub(super) const RETRIES: u32 = 2;

// === impl Session ===

impl Session {
    pub(in crate::coders) fn id(&self) -> &str {
        match self {
            Self::New(id) | Self::Earlier(id) => id,
        }
    }
}

// === impl Launch ===

impl Launch {
    pub(super) fn args(&mut self, args: &[&str]) {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
    }

    pub(super) fn env(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }

    pub(super) fn file(&mut self, path: &str, text: String) {
        self.files.push((path.into(), text));
    }
}

/// How this one is started.
pub(in crate::coders) fn launch(of: &Launching<'_>) -> Launch {
    let mut launch = Launch { args: of.settings.args.clone(), ..Launch::default() };
    launch.env("HOME", of.home.display().to_string());
    match of.settings.kind {
        BackendKind::Claude => claude(of, &mut launch),
        BackendKind::Codex => known::codex(of, &mut launch),
        BackendKind::GeminiCli => known::gemini(of, &mut launch),
        BackendKind::Opencode => known::opencode(of, &mut launch),
        BackendKind::Copilot => known::copilot(of, &mut launch),
        _ => any(of, &mut launch),
    }
    launch
}

fn claude(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
    launch.args(&["--include-partial-messages", "--permission-prompt-tool", "stdio", "--permission-mode"]);
    launch.args(&[if of.settings.mode == ProgramMode::Plan { "plan" } else { "default" }]);
    // Neither the person's own settings, hooks and servers, nor those of whoever wrote the folder.
    launch.args(&["--setting-sources", "", "--strict-mcp-config", "--disallowedTools", CLAUDE_WITHOUT]);
    match of.session {
        Session::New(id) => launch.args(&["--session-id", id]),
        Session::Earlier(id) => launch.args(&["--resume", id]),
    }
    if let Some(model) = of.model {
        launch.args(&["--model", model]);
    }
    launch.env("CLAUDE_CONFIG_DIR", of.home.join(".claude").display().to_string());
    launch.env("CLAUDE_CODE_MAX_RETRIES", RETRIES.to_string());
    for name in ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER"] {
        launch.env(name, "1");
    }
    if let Some(passage) = of.passage {
        launch.env("ANTHROPIC_BASE_URL", passage.base_url.clone());
        launch.env("ANTHROPIC_API_KEY", passage.token.clone());
    }
}

/// A program of which nothing is known but that it speaks the protocol.
fn any(of: &Launching<'_>, launch: &mut Launch) {
    if let Some(passage) = of.passage {
        launch.env("CAPUCHIN_BASE_URL", passage.base_url.clone());
        launch.env("CAPUCHIN_TOKEN", passage.token.clone());
    }
    if let Some(model) = of.model {
        launch.env("CAPUCHIN_MODEL", model);
    }
}
