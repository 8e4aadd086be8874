//! Command lines, environments and files of settings. Nothing of the daemon's own environment is among them.

use std::path::{Path, PathBuf};

use serde_json::json;

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
const RETRIES: u32 = 2;
/// Every tool of the Gemini CLI asks, those that read too.
const GEMINI_POLICY: &str = "[[rule]]\ntoolName = \"*\"\ndecision = \"ask_user\"\npriority = 900\n";

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
    fn args(&mut self, args: &[&str]) {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
    }

    fn env(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }

    fn file(&mut self, path: &str, text: String) {
        self.files.push((path.into(), text));
    }
}

/// How this one is started.
pub(in crate::coders) fn launch(of: &Launching<'_>) -> Launch {
    let mut launch = Launch { args: of.settings.args.clone(), ..Launch::default() };
    launch.env("HOME", of.home.display().to_string());
    match of.settings.kind {
        BackendKind::Claude => claude(of, &mut launch),
        BackendKind::Codex => codex(of, &mut launch),
        BackendKind::GeminiCli => gemini(of, &mut launch),
        BackendKind::Opencode => opencode(of, &mut launch),
        BackendKind::Copilot => copilot(of, &mut launch),
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

fn codex(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["app-server"]);
    launch.env("CODEX_HOME", of.home.join(".codex").display().to_string());
    // Its tools inherit little, and nothing that looks like a credential.
    let mut settings = "check_for_update_on_startup = false\n".to_owned();
    if of.passage.is_some() {
        settings.push_str("model_provider = \"capuchin\"\n");
    }
    settings.push_str("[shell_environment_policy]\ninherit = \"core\"\nignore_default_excludes = false\n");
    if let Some(passage) = of.passage {
        let base_url = json!(passage.base_url);
        settings.push_str(&format!(
            "[model_providers.capuchin]\nname = \"capuchin\"\nbase_url = {base_url}\nenv_key = \"CAPUCHIN_TOKEN\"\n\
             wire_api = \"responses\"\nrequest_max_retries = {RETRIES}\nstream_max_retries = {RETRIES}\n"
        ));
        launch.env("CAPUCHIN_TOKEN", passage.token.clone());
    }
    launch.file(".codex/config.toml", settings);
}

fn gemini(of: &Launching<'_>, launch: &mut Launch) {
    let policy = of.home.join(".gemini/capuchin-policy.toml").display().to_string();
    launch.args(&["--acp", "--skip-trust", "--admin-policy", &policy]);
    if let Some(model) = of.model {
        launch.args(&["-m", model]);
    }
    // Its launcher starts it anew otherwise, and swallows signals.
    launch.env("GEMINI_CLI_NO_RELAUNCH", "1");
    let mut settings = json!({
        "privacy": { "usageStatisticsEnabled": false },
        "general": { "enableAutoUpdate": false },
    });
    if let Some(passage) = of.passage {
        settings["security"]["auth"]["selectedType"] = "gemini-api-key".into();
        launch.env("GOOGLE_GEMINI_BASE_URL", passage.base_url.clone());
        launch.env("GEMINI_API_KEY", passage.token.clone());
    }
    launch.file(".gemini/settings.json", settings.to_string());
    launch.file(".gemini/capuchin-policy.toml", GEMINI_POLICY.to_owned());
}

fn opencode(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["acp"]);
    let mut settings = json!({ "autoupdate": false, "share": "disabled", "permission": { "*": "ask" } });
    if let Some(passage) = of.passage {
        let model = of.model.unwrap_or("default");
        let options = json!({ "baseURL": passage.base_url, "apiKey": passage.token });
        let models = json!({ model: { "name": model } });
        let provider = json!({ "npm": "@ai-sdk/openai-compatible", "name": "capuchin", "options": options, "models": models });
        settings["provider"]["capuchin"] = provider;
        settings["model"] = format!("capuchin/{model}").into();
        settings["small_model"] = format!("capuchin/{model}").into();
    }
    launch.env("OPENCODE_CONFIG_CONTENT", settings.to_string());
    for name in
        ["OPENCODE_DISABLE_AUTOUPDATE", "OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_LSP_DOWNLOAD"]
    {
        launch.env(name, "1");
    }
}

fn copilot(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["--acp"]);
    launch.env("COPILOT_HOME", of.home.join(".copilot").display().to_string());
    launch.env("COPILOT_AUTO_UPDATE", "false");
    if let Some(passage) = of.passage {
        launch.env("COPILOT_OFFLINE", "true");
        launch.env("COPILOT_PROVIDER_TYPE", "openai");
        launch.env("COPILOT_PROVIDER_BASE_URL", passage.base_url.clone());
        launch.env("COPILOT_PROVIDER_API_KEY", passage.token.clone());
        launch.env("COPILOT_PROVIDER_WIRE_API", "completions");
    }
    if let Some(model) = of.model {
        launch.env("COPILOT_MODEL", model);
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
