//! What Codex, Gemini CLI, OpenCode and Copilot are started with: arguments, environment and files, as data.
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

use serde_json::{Value, json};
use toml::{Table, Value as Toml};

use super::launch::{Launch, Launching, RETRIES};

/// The name of the provider in the programs' settings.
const PROVIDER: &str = "capuchin";
/// Where Codex finds its token; its tools do not see it.
const CODEX_TOKEN: &str = "CAPUCHIN_TOKEN";

pub(super) fn codex(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["app-server"]);
    launch.env("CODEX_HOME", of.home.join(".codex").display().to_string());
    if let Some(passage) = of.passage {
        launch.env(CODEX_TOKEN, passage.token.clone());
    }
    launch.file(".codex/config.toml", codex_settings(of).to_string());
}

/// `approval_policy` is not among them: of its settings file the program refuses "untrusted", in the request for a session it
/// takes it. Its own cage cannot be built within ours, so it is off; it asks all the same.
fn codex_settings(of: &Launching<'_>) -> Table {
    let off = |names: &[&str]| -> Table {
        names.iter().map(|name| ((*name).to_owned(), Toml::Boolean(false))).collect()
    };
    // Pictures would be read without a question; what is left of reading are commands, which ask.
    let features =
        ["apps", "browser_use", "computer_use", "goals", "hooks", "plugins", "remote_plugin", "view_image"];
    let mut settings = table([
        ("sandbox_mode", "danger-full-access".into()),
        ("web_search", "disabled".into()),
        ("check_for_update_on_startup", false.into()),
        ("agents", off(&["enabled"]).into()),
        ("analytics", off(&["enabled"]).into()),
        ("features", off(&features).into()),
        ("shell_environment_policy", table([("exclude", vec![Toml::from(CODEX_TOKEN)].into())]).into()),
    ]);
    if let Some(model) = of.model {
        settings.insert("model".to_owned(), model.into());
    }
    if let Some(passage) = of.passage {
        let provider = table([
            ("name", PROVIDER.into()),
            ("base_url", passage.base_url.as_str().into()),
            ("env_key", CODEX_TOKEN.into()),
            ("wire_api", "responses".into()),
            ("request_max_retries", RETRIES.into()),
            ("stream_max_retries", RETRIES.into()),
        ]);
        settings.insert("model_provider".to_owned(), PROVIDER.into());
        settings.insert("model_providers".to_owned(), table([(PROVIDER, provider.into())]).into());
    }
    settings
}

pub(super) fn gemini(of: &Launching<'_>, launch: &mut Launch) {
    let policy = of.home.join(".gemini/ask.toml").display().to_string();
    launch.args(&["--acp", "--skip-trust", "--admin-policy", &policy]);
    if let Some(model) = of.model {
        launch.args(&["--model", model]);
    }
    // Its launcher starts it anew otherwise, and swallows signals.
    launch.env("GEMINI_CLI_NO_RELAUNCH", "1");
    let mut security =
        json!({ "environmentVariableRedaction": { "enabled": true, "blocked": ["GEMINI_API_KEY"] } });
    if let Some(passage) = of.passage {
        put(&mut security, "auth", json!({ "selectedType": "gemini-api-key" }));
        launch.env("GOOGLE_GEMINI_BASE_URL", passage.base_url.clone());
        launch.env("GEMINI_API_KEY", passage.token.clone());
    }
    // One attempt: a second one repeats the text of the first without saying so, and waits for minutes without a word.
    let settings = json!({
        "security": security,
        "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false, "maxAttempts": 1 },
        "privacy": { "usageStatisticsEnabled": false },
        "mcp": { "allowed": [PROVIDER] },
    });
    let rule = table([("toolName", "*".into()), ("decision", "ask_user".into()), ("priority", 900.into())]);
    launch.file(".gemini/settings.json", settings.to_string());
    launch.file(".gemini/ask.toml", table([("rule", Toml::Array(vec![rule.into()]))]).to_string());
    instructions(of, launch, ".gemini/GEMINI.md");
}

pub(super) fn opencode(of: &Launching<'_>, launch: &mut Launch) {
    launch.args(&["acp"]);
    let mut settings = json!({ "permission": { "*": "ask" }, "autoupdate": false, "share": "disabled" });
    if let Some(passage) = of.passage {
        // It has to know all models before.
        let first = of.model.or(of.settings.models.first().map(String::as_str)).unwrap_or("default");
        let names = std::iter::once(first).chain(of.settings.models.iter().map(String::as_str));
        let models: serde_json::Map<String, Value> =
            names.map(|name| (name.to_owned(), json!({ "name": name, "tool_call": true }))).collect();
        let model = format!("{PROVIDER}/{first}");
        let provider = json!({
            "npm": "@ai-sdk/openai-compatible",
            "name": PROVIDER,
            "options": { "baseURL": passage.base_url, "apiKey": passage.token },
            "models": models,
        });
        put(&mut settings, "model", model.clone().into());
        put(&mut settings, "small_model", model.into());
        put(&mut settings, "enabled_providers", json!([PROVIDER]));
        put(&mut settings, "provider", json!({ PROVIDER: provider }));
    }
    for name in ["AUTOUPDATE", "LSP_DOWNLOAD", "MODELS_FETCH", "PROJECT_CONFIG"] {
        launch.env(&format!("OPENCODE_DISABLE_{name}"), "1");
    }
    // In a file and not in the environment, which its shell gives to every command.
    launch.file(".config/opencode/opencode.json", settings.to_string());
    instructions(of, launch, ".config/opencode/AGENTS.md");
}

pub(super) fn copilot(of: &Launching<'_>, launch: &mut Launch) {
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
    instructions(of, launch, ".copilot/copilot-instructions.md");
}

fn instructions(of: &Launching<'_>, launch: &mut Launch, file: &str) {
    if !of.instructions.is_empty() {
        launch.file(file, of.instructions.to_owned());
    }
}

fn put(settings: &mut Value, name: &str, value: Value) {
    if let Some(members) = settings.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn table<const N: usize>(members: [(&str, Toml); N]) -> Table {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
