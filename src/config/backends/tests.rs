//! What a `[backends.NAME]` table may say.

use super::*;

fn parse(text: &str) -> Result<BackendsConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn a_kind_alone_is_enough() {
    let config = parse("[local]\nkind = \"openai\"\n").unwrap();
    assert_eq!(config.0["local"], BackendConfig::new(BackendKind::Openai));
    assert_eq!(config.problems(), []);
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

#[test]
fn every_problem_is_reported_at_once() {
    let text = "[demo]\nkind = \"openai\"\n[\"a/b\"]\nkind = \"openai\"\npace_ms = 3\nidle_timeout_ms = 0\n";
    let problems = parse(text).unwrap().problems();
    assert_eq!(
        problems,
        [
            BackendProblem::Name("a/b".to_owned()),
            BackendProblem::Pace("a/b".to_owned()),
            BackendProblem::Zero { name: "a/b".to_owned(), key: "idle_timeout_ms" },
            BackendProblem::DemoKind,
        ]
    );
}

#[test]
fn a_name_has_64_characters_at_the_most() {
    let with_name = |length: usize| {
        let backend = BackendConfig::new(BackendKind::Openai);
        BackendsConfig(BTreeMap::from([("n".repeat(length), backend)])).problems().len()
    };
    assert_eq!((with_name(1), with_name(64), with_name(65)), (0, 0, 1));
}
