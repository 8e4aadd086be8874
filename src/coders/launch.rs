//! How a coding CLI is started: arguments, environment and files, as data. Nothing is started or written here.
//!
//! Measured with Codex 0.169.0, Gemini CLI 0.61.0, OpenCode 1.18.33 and Copilot CLI 1.0.102. What all have in common: the
//! provider is an address on the loopback with a token that is good for nothing else, every tool is asked about that a program
//! lets be asked about, and nobody is told anything but the provider (no telemetry, no updates).
//!
//! | program | asks about every tool by | what it does without asking |
//! |---|---|---|
//! | Codex | its dialect (`approvalPolicy`) | what touches nothing |
//! | Gemini CLI | a policy of the administrator | what touches nothing |
//! | OpenCode | `permission` | nothing |
//! | Copilot | itself; there is no setting | reads and searches in the folder, MCP tools that call themselves read-only |
//!
//! The daemon's tools are given to the session by the dialect, so that their token is in no file and no environment.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use toml::{Table, Value as Toml};

use super::acp::{Acp, COPILOT, GEMINI, OPENCODE};
use super::codex::Codex;
use super::dialect::Dialect;

/// The name of the provider in the programs' settings.
const PROVIDER: &str = "capuchin";
/// Where Codex finds its token; its tools do not see it.
const CODEX_TOKEN: &str = "CAPUCHIN_TOKEN";
/// Requests and streams that Codex tries again by itself before it gives up; each is told.
const CODEX_RETRIES: i64 = 2;

/// A coding CLI that is known well enough to be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cli {
    /// OpenAI's Codex.
    Codex,
    /// Google's Gemini CLI.
    Gemini,
    /// OpenCode.
    OpenCode,
    /// GitHub's Copilot CLI.
    Copilot,
}

/// What a launch needs.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The model to begin with.
    pub model: &'a str,
    /// Further models that it may be switched to; only OpenCode has to know them before.
    pub models: &'a [String],
    /// The provider's address on the loopback, without a path: `http://127.0.0.1:4000`. Codex and Copilot and OpenCode ask below
    /// `/v1`, Gemini CLI below `/v1beta`.
    pub base_url: &'a str,
    /// What the program shows to that address.
    pub token: &'a str,
    /// A folder that belongs to this program alone: its home.
    pub home: &'a Path,
    /// What is added to its own instructions. Codex is told by its dialect.
    pub instructions: &'a str,
    /// It runs in a cage of ours, in which it cannot build one of its own: Codex's is off then. It asks all the same.
    pub caged: bool,
}

/// How it is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Launch {
    /// The arguments after the program.
    pub arguments: Vec<String>,
    /// The environment, complete but for `PATH`, locale and where temporary files are. These must not be in the home: Codex does
    /// not build its helpers there.
    pub environment: Vec<(String, String)>,
    /// Files to be written before, each for the owner alone: some hold the token.
    pub files: Vec<(PathBuf, String)>,
}

// === impl Cli ===

impl Cli {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Codex, Self::Gemini, Self::OpenCode, Self::Copilot];

    /// The name of the program.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::OpenCode => "opencode",
            Self::Copilot => "copilot",
        }
    }

    /// A conversation with it that has not begun.
    #[must_use]
    pub fn dialect(self) -> Box<dyn Dialect> {
        match self {
            Self::Codex => Box::new(Codex::new()),
            Self::Gemini => Box::new(Acp::new(&GEMINI)),
            Self::OpenCode => Box::new(Acp::new(&OPENCODE)),
            Self::Copilot => Box::new(Acp::new(&COPILOT)),
        }
    }

    /// How it is started.
    #[must_use]
    pub fn launch(self, wanted: &Wanted<'_>) -> Launch {
        match self {
            Self::Codex => codex(wanted),
            Self::Gemini => gemini(wanted),
            Self::OpenCode => opencode(wanted),
            Self::Copilot => copilot(wanted),
        }
    }
}

fn codex(wanted: &Wanted<'_>) -> Launch {
    let home = wanted.home.join(".codex");
    let settings = codex_settings(wanted).to_string();
    Launch {
        arguments: vec!["app-server".to_owned()],
        environment: environment(
            wanted,
            &[("CODEX_HOME", text(&home).as_str()), (CODEX_TOKEN, wanted.token)],
        ),
        files: vec![(home.join("config.toml"), settings)],
    }
}

/// `approval_policy` is not among them: of its settings file the program refuses "untrusted", in the request for a session it
/// takes it.
fn codex_settings(wanted: &Wanted<'_>) -> Table {
    let off = |names: &[&str]| -> Table {
        names.iter().map(|name| ((*name).to_owned(), Toml::Boolean(false))).collect()
    };
    let provider = table([
        ("name", PROVIDER.into()),
        ("base_url", format!("{}/v1", wanted.base_url).into()),
        ("env_key", CODEX_TOKEN.into()),
        ("wire_api", "responses".into()),
        ("request_max_retries", CODEX_RETRIES.into()),
        ("stream_max_retries", CODEX_RETRIES.into()),
    ]);
    // Without a cage of ours it keeps its own, without the folders for temporary files.
    let sandbox = if wanted.caged { "danger-full-access" } else { "workspace-write" };
    let writable = [("exclude_tmpdir_env_var", true.into()), ("exclude_slash_tmp", true.into())];
    // Pictures are read without a question; what is left of reading is commands, which ask.
    let features =
        ["apps", "browser_use", "computer_use", "goals", "hooks", "plugins", "remote_plugin", "view_image"];
    table([
        ("model", wanted.model.into()),
        ("model_provider", PROVIDER.into()),
        ("sandbox_mode", sandbox.into()),
        ("web_search", "disabled".into()),
        ("check_for_update_on_startup", false.into()),
        ("agents", off(&["enabled"]).into()),
        ("analytics", off(&["enabled"]).into()),
        ("features", off(&features).into()),
        ("model_providers", table([(PROVIDER, provider.into())]).into()),
        ("sandbox_workspace_write", table(writable).into()),
        ("shell_environment_policy", table([("exclude", vec![Toml::from(CODEX_TOKEN)].into())]).into()),
    ])
}

fn gemini(wanted: &Wanted<'_>) -> Launch {
    let home = wanted.home.join(".gemini");
    let policy = home.join("ask.toml");
    let policy_text = text(&policy);
    // One attempt: a second one repeats the text of the first without saying so, and waits for minutes without a word.
    let settings = json!({
        "security": {
            "auth": { "selectedType": "gemini-api-key" },
            "environmentVariableRedaction": { "enabled": true, "blocked": ["GEMINI_API_KEY"] },
        },
        "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false, "maxAttempts": 1 },
        "privacy": { "usageStatisticsEnabled": false },
        "mcp": { "allowed": [PROVIDER] },
    });
    let rule = table([("toolName", "*".into()), ("decision", "ask_user".into()), ("priority", 900.into())]);
    let rules = table([("rule", Toml::Array(vec![rule.into()]))]);
    let arguments = ["--acp", "--skip-trust", "--model", wanted.model, "--admin-policy", &policy_text];
    let variables = [
        ("GEMINI_API_KEY", wanted.token),
        ("GOOGLE_GEMINI_BASE_URL", wanted.base_url),
        ("GEMINI_CLI_NO_RELAUNCH", "1"),
    ];
    let mut files = vec![(home.join("settings.json"), settings.to_string()), (policy, rules.to_string())];
    files.extend(instructions(wanted, home.join("GEMINI.md")));
    Launch {
        arguments: arguments.into_iter().map(str::to_owned).collect(),
        environment: environment(wanted, &variables),
        files,
    }
}

fn opencode(wanted: &Wanted<'_>) -> Launch {
    let home = wanted.home.join(".config/opencode");
    let names = std::iter::once(wanted.model).chain(wanted.models.iter().map(String::as_str));
    let models: serde_json::Map<String, Value> =
        names.map(|name| (name.to_owned(), json!({ "name": name, "tool_call": true }))).collect();
    let model = format!("{PROVIDER}/{}", wanted.model);
    let settings = json!({
        "model": model,
        "small_model": model,
        "enabled_providers": [PROVIDER],
        "provider": { PROVIDER: {
            "npm": "@ai-sdk/openai-compatible",
            "name": PROVIDER,
            "options": { "baseURL": format!("{}/v1", wanted.base_url), "apiKey": wanted.token },
            "models": models,
        } },
        "permission": { "*": "ask" },
        "autoupdate": false,
        "share": "disabled",
    });
    let variables = [
        ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
        ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
        ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
        ("OPENCODE_DISABLE_PROJECT_CONFIG", "1"),
    ];
    // In a file and not in the environment, which its shell gives to every command.
    let mut files = vec![(home.join("opencode.json"), settings.to_string())];
    files.extend(instructions(wanted, home.join("AGENTS.md")));
    Launch { arguments: vec!["acp".to_owned()], environment: environment(wanted, &variables), files }
}

fn copilot(wanted: &Wanted<'_>) -> Launch {
    let home = wanted.home.join(".copilot");
    let base_url = format!("{}/v1", wanted.base_url);
    let home_text = text(&home);
    let variables = [
        ("COPILOT_HOME", home_text.as_str()),
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_AUTO_UPDATE", "false"),
        ("COPILOT_MODEL", wanted.model),
        ("COPILOT_PROVIDER_TYPE", "openai"),
        ("COPILOT_PROVIDER_BASE_URL", base_url.as_str()),
        ("COPILOT_PROVIDER_API_KEY", wanted.token),
        ("COPILOT_PROVIDER_WIRE_API", "completions"),
    ];
    Launch {
        arguments: vec!["--acp".to_owned()],
        environment: environment(wanted, &variables),
        files: instructions(wanted, home.join("copilot-instructions.md")).into_iter().collect(),
    }
}

fn environment(wanted: &Wanted<'_>, further: &[(&str, &str)]) -> Vec<(String, String)> {
    let home = text(wanted.home);
    let all = [("HOME", home.as_str()), ("TERM", "dumb")].into_iter().chain(further.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn instructions(wanted: &Wanted<'_>, file: PathBuf) -> Option<(PathBuf, String)> {
    (!wanted.instructions.is_empty()).then(|| (file, wanted.instructions.to_owned()))
}

fn table<const N: usize>(members: [(&str, Toml); N]) -> Table {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A path as text; homes are ours, and their names are text.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
