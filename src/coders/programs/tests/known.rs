//! What each program is started with. The words were taken by the programs themselves; the tables keep them.

use serde_json::{Value, json};

use super::{BackendKind, Launch, launched, passage};

const TOKEN: &str = "throw-away";
const URL: &str = "http://127.0.0.1:4000/p";

fn with(kind: BackendKind) -> Launch {
    launched(kind, Some(&passage()))
}

fn file<'a>(launch: &'a Launch, path: &str) -> &'a str {
    &launch.files.iter().find(|(file, _)| file.to_str() == Some(path)).unwrap().1
}

fn variable<'a>(launch: &'a Launch, name: &str) -> Option<&'a str> {
    launch.env.iter().find(|(variable, _)| variable == name).map(|(_, value)| value.as_str())
}

#[test]
fn codex_asks_its_provider_hides_its_token_from_tools_and_has_no_agents_of_its_own() {
    let launch = with(BackendKind::Codex);
    assert_eq!(launch.args, ["app-server"]);
    assert_eq!(variable(&launch, "CODEX_HOME"), Some("/home/coder/.codex"));
    assert_eq!(variable(&launch, "CAPUCHIN_TOKEN"), Some(TOKEN));
    let settings: toml::Table = file(&launch, ".codex/config.toml").parse().unwrap();
    let expected: toml::Table = r#"
        model = "m-1"
        model_provider = "capuchin"
        sandbox_mode = "danger-full-access"
        web_search = "disabled"
        check_for_update_on_startup = false
        agents.enabled = false
        analytics.enabled = false
        shell_environment_policy.exclude = ["CAPUCHIN_TOKEN"]
        [features]
        apps = false
        browser_use = false
        computer_use = false
        goals = false
        hooks = false
        plugins = false
        remote_plugin = false
        view_image = false
        [model_providers.capuchin]
        name = "capuchin"
        base_url = "http://127.0.0.1:4000/p"
        env_key = "CAPUCHIN_TOKEN"
        wire_api = "responses"
        request_max_retries = 2
        stream_max_retries = 2
    "#
    .parse()
    .unwrap();
    assert_eq!(settings, expected);
    assert!(!settings.contains_key("approval_policy"), "the program refuses it there");
}

#[test]
fn gemini_asks_about_every_tool_and_tries_once() {
    let launch = with(BackendKind::GeminiCli);
    let policy = "/home/coder/.gemini/ask.toml";
    assert_eq!(launch.args, ["--acp", "--skip-trust", "--admin-policy", policy, "--model", "m-1"]);
    assert_eq!(variable(&launch, "GEMINI_API_KEY"), Some(TOKEN));
    assert_eq!(variable(&launch, "GOOGLE_GEMINI_BASE_URL"), Some(URL));
    let policy: toml::Table = file(&launch, ".gemini/ask.toml").parse().unwrap();
    let expected: toml::Table =
        "[[rule]]\ntoolName = \"*\"\ndecision = \"ask_user\"\npriority = 900".parse().unwrap();
    assert_eq!(policy, expected);
    let settings: Value = serde_json::from_str(file(&launch, ".gemini/settings.json")).unwrap();
    assert_eq!(settings["general"]["maxAttempts"], 1);
    assert_eq!(settings["security"]["auth"]["selectedType"], "gemini-api-key");
    let blocked = json!({ "enabled": true, "blocked": ["GEMINI_API_KEY"] });
    assert_eq!(settings["security"]["environmentVariableRedaction"], blocked);
    assert_eq!(settings["privacy"]["usageStatisticsEnabled"], false);
    assert_eq!(file(&launch, ".gemini/GEMINI.md"), "be brief");
}

#[test]
fn opencode_asks_about_everything_knows_one_provider_and_has_its_token_in_no_variable() {
    let launch = with(BackendKind::Opencode);
    assert_eq!(launch.args, ["acp"]);
    assert!(launch.env.iter().all(|(_, value)| !value.contains(TOKEN)));
    let settings: Value = serde_json::from_str(file(&launch, ".config/opencode/opencode.json")).unwrap();
    assert_eq!(settings["permission"], json!({ "*": "ask" }));
    assert_eq!(settings["enabled_providers"], json!(["capuchin"]));
    assert_eq!(settings["model"], "capuchin/m-1");
    let provider = &settings["provider"]["capuchin"];
    assert_eq!(provider["options"], json!({ "baseURL": URL, "apiKey": TOKEN }));
    assert_eq!(provider["models"], json!({ "m-1": { "name": "m-1", "tool_call": true } }));
    assert_eq!(file(&launch, ".config/opencode/AGENTS.md"), "be brief");
    let without = launched(BackendKind::Opencode, None);
    let settings: Value = serde_json::from_str(file(&without, ".config/opencode/opencode.json")).unwrap();
    assert_eq!(settings["permission"], json!({ "*": "ask" }));
}

#[test]
fn copilot_is_offline_and_has_its_provider_in_its_environment() {
    let launch = with(BackendKind::Copilot);
    assert_eq!(launch.args, ["--acp"]);
    let table = [
        ("COPILOT_HOME", "/home/coder/.copilot"),
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_AUTO_UPDATE", "false"),
        ("COPILOT_MODEL", "m-1"),
        ("COPILOT_PROVIDER_TYPE", "openai"),
        ("COPILOT_PROVIDER_BASE_URL", URL),
        ("COPILOT_PROVIDER_API_KEY", TOKEN),
        ("COPILOT_PROVIDER_WIRE_API", "completions"),
    ];
    for (name, value) in table {
        assert_eq!(variable(&launch, name), Some(value), "{name}");
    }
    assert_eq!(file(&launch, ".copilot/copilot-instructions.md"), "be brief");
}
