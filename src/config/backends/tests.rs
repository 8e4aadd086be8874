//! What a `[backends.NAME]` table may say.

use super::*;

fn parse(text: &str) -> Result<BackendsConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn a_kind_alone_is_enough() {
    let config = parse("[local]\nkind = \"openai\"\n").unwrap();
    assert_eq!(config.0["local"], BackendConfig::new(BackendKind::Openai));
    assert_eq!(config.0["local"].problems("local"), []);
}

#[test]
fn an_unknown_key_is_an_error() {
    let error = parse("[local]\nkind = \"openai\"\nbase_ulr = \"x\"\n").unwrap_err();
    assert!(error.message().contains("base_ulr"), "{error}");
}

#[test]
fn a_key_is_named_by_its_environment_variable() {
    let config = parse("[a]\nkind = \"anthropic\"\napi_key = \"env:ANTHROPIC_API_KEY\"\n").unwrap();
    assert_eq!(config.0["a"].api_key, Some(KeyRef::Env("ANTHROPIC_API_KEY".to_owned())));
}

#[test]
fn a_key_in_the_file_is_refused_without_repeating_it() {
    for key in ["sk-live-abcdefgh", "env:sk-live-abcdefgh", "env:", "env:1A", "ENV:A"] {
        assert_eq!(KeyRef::try_from(key.to_owned()), Err(BadKeyRef));
    }
    assert!(!BadKeyRef.to_string().contains("sk-live"));
}

fn keys(name: &str, backend: &BackendConfig) -> Vec<&'static str> {
    backend.problems(name).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut backend = BackendConfig::new(BackendKind::Openai);
    assert_eq!(keys("demo", &backend), [".kind"]);
    backend.pace_ms = Some(3);
    backend.idle_timeout_ms = 0;
    backend.max_tokens = Some(0);
    assert_eq!(keys("a/b", &backend), ["", ".pace_ms", ".idle_timeout_ms", ".max_tokens"]);
    backend.idle_timeout_ms = 1;
    backend.max_tokens = Some(1);
    assert_eq!(keys("ab", &backend), [".pace_ms"]);
}

#[test]
fn a_name_has_64_characters_at_the_most() {
    let backend = BackendConfig::new(BackendKind::Openai);
    let problems = |length: usize| keys(&"n".repeat(length), &backend).len();
    assert_eq!((problems(0), problems(1), problems(64), problems(65)), (1, 0, 0, 1));
}

#[test]
fn every_kind_has_its_word_and_wire_belongs_to_one() {
    for (word, kind) in [
        ("openai", BackendKind::Openai),
        ("openrouter", BackendKind::Openrouter),
        ("anthropic", BackendKind::Anthropic),
        ("gemini", BackendKind::Gemini),
        ("ollama", BackendKind::Ollama),
        ("demo", BackendKind::Demo),
    ] {
        let config = parse(&format!("[x]\nkind = \"{word}\"\nwire = \"responses\"\n")).unwrap();
        assert_eq!((config.0["x"].kind, config.0["x"].wire), (kind, Wire::Responses));
        let wrong = keys("x", &config.0["x"]).contains(&".wire");
        assert_eq!(wrong, kind != BackendKind::Openai, "{word}");
    }
}
