//! What each program is started with. The words were taken by the programs themselves; the tables keep them.

use std::path::Path;

use serde_json::{Value, json};

use super::{Cli, Launch, Wanted};

const TOKEN: &str = "loopback-token";

fn launch(cli: Cli, caged: bool) -> Launch {
    cli.launch(&Wanted {
        model: "m\"1",
        models: &["m2".to_owned()],
        base_url: "http://127.0.0.1:1",
        token: TOKEN,
        home: Path::new("/h"),
        instructions: "be brief",
        caged,
    })
}

fn file<'a>(launch: &'a Launch, path: &str) -> &'a str {
    &launch.files.iter().find(|(file, _)| file == Path::new(path)).unwrap().1
}

fn variable<'a>(launch: &'a Launch, name: &str) -> Option<&'a str> {
    launch.environment.iter().find(|(variable, _)| variable == name).map(|(_, value)| value.as_str())
}

#[test]
fn codex_asks_its_provider_hides_its_token_from_tools_and_has_no_agents_of_its_own() {
    let launch = launch(Cli::Codex, false);
    assert_eq!(launch.arguments, ["app-server"]);
    assert_eq!(variable(&launch, "CODEX_HOME"), Some("/h/.codex"));
    assert_eq!(variable(&launch, "CAPUCHIN_TOKEN"), Some(TOKEN));
    let settings: toml::Table = file(&launch, "/h/.codex/config.toml").parse().unwrap();
    let expected: toml::Table = r#"
        model = 'm"1'
        model_provider = "capuchin"
        sandbox_mode = "workspace-write"
        web_search = "disabled"
        check_for_update_on_startup = false
        agents.enabled = false
        analytics.enabled = false
        sandbox_workspace_write = { exclude_tmpdir_env_var = true, exclude_slash_tmp = true }
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
        base_url = "http://127.0.0.1:1/v1"
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
fn codex_builds_no_cage_within_a_cage() {
    let settings: toml::Table = file(&launch(Cli::Codex, true), "/h/.codex/config.toml").parse().unwrap();
    assert_eq!(settings["sandbox_mode"].as_str(), Some("danger-full-access"));
}

#[test]
fn gemini_asks_about_every_tool_and_tries_once() {
    let launch = launch(Cli::Gemini, true);
    assert_eq!(
        launch.arguments,
        ["--acp", "--skip-trust", "--model", "m\"1", "--admin-policy", "/h/.gemini/ask.toml"]
    );
    assert_eq!(variable(&launch, "GEMINI_API_KEY"), Some(TOKEN));
    assert_eq!(variable(&launch, "GOOGLE_GEMINI_BASE_URL"), Some("http://127.0.0.1:1"));
    let policy: toml::Table = file(&launch, "/h/.gemini/ask.toml").parse().unwrap();
    let expected: toml::Table =
        "[[rule]]\ntoolName = \"*\"\ndecision = \"ask_user\"\npriority = 900".parse().unwrap();
    assert_eq!(policy, expected);
    let settings: Value = serde_json::from_str(file(&launch, "/h/.gemini/settings.json")).unwrap();
    assert_eq!(settings["general"]["maxAttempts"], 1);
    assert_eq!(settings["security"]["auth"]["selectedType"], "gemini-api-key");
    assert_eq!(
        settings["security"]["environmentVariableRedaction"],
        json!({ "enabled": true, "blocked": ["GEMINI_API_KEY"] })
    );
    assert_eq!(settings["privacy"]["usageStatisticsEnabled"], false);
    assert_eq!(file(&launch, "/h/.gemini/GEMINI.md"), "be brief");
}

#[test]
fn opencode_asks_about_everything_knows_one_provider_and_has_its_token_in_no_variable() {
    let launch = launch(Cli::OpenCode, true);
    assert_eq!(launch.arguments, ["acp"]);
    assert!(launch.environment.iter().all(|(_, value)| !value.contains(TOKEN)));
    let settings: Value = serde_json::from_str(file(&launch, "/h/.config/opencode/opencode.json")).unwrap();
    assert_eq!(settings["permission"], json!({ "*": "ask" }));
    assert_eq!(settings["enabled_providers"], json!(["capuchin"]));
    assert_eq!(settings["model"], "capuchin/m\"1");
    let provider = &settings["provider"]["capuchin"];
    assert_eq!(provider["options"], json!({ "baseURL": "http://127.0.0.1:1/v1", "apiKey": TOKEN }));
    let models: Vec<&String> = provider["models"].as_object().unwrap().keys().collect();
    assert_eq!(models, ["m\"1", "m2"]);
    assert_eq!(file(&launch, "/h/.config/opencode/AGENTS.md"), "be brief");
}

#[test]
fn copilot_is_offline_and_has_its_provider_in_its_environment() {
    let launch = launch(Cli::Copilot, true);
    assert_eq!(launch.arguments, ["--acp"]);
    let table = [
        ("COPILOT_HOME", "/h/.copilot"),
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_AUTO_UPDATE", "false"),
        ("COPILOT_MODEL", "m\"1"),
        ("COPILOT_PROVIDER_TYPE", "openai"),
        ("COPILOT_PROVIDER_BASE_URL", "http://127.0.0.1:1/v1"),
        ("COPILOT_PROVIDER_API_KEY", TOKEN),
        ("COPILOT_PROVIDER_WIRE_API", "completions"),
    ];
    for (name, value) in table {
        assert_eq!(variable(&launch, name), Some(value), "{name}");
    }
    assert_eq!(file(&launch, "/h/.copilot/copilot-instructions.md"), "be brief");
}

#[test]
fn every_program_has_the_home_it_is_given_and_no_file_outside_of_it() {
    for cli in Cli::ALL {
        let launch = launch(cli, true);
        assert_eq!(variable(&launch, "HOME"), Some("/h"), "{}", cli.program());
        assert!(launch.files.iter().all(|(path, _)| path.starts_with("/h")), "{}", cli.program());
        let mut out = crate::coders::Out::default();
        cli.dialect().open(&crate::coders::Opening::default(), &mut out);
        assert!(out.lines[0].contains("\"initialize\""), "{}", cli.program());
    }
}
