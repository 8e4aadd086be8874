//! Which backends there are.

use super::*;
use crate::backends::testing::{collect, request};
use crate::config::egress::EgressConfig;
use crate::protocol::model::ModelErrorKind;

fn build(backends: Vec<(&str, BackendConfig)>) -> Result<Backends, BuildError> {
    let backends = backends.into_iter().map(|(name, backend)| (name.to_owned(), backend));
    let config = BackendsConfig(backends.collect());
    Backends::build_with(&config, &Egress::new(&EgressConfig::default()), &|name| {
        (name == "SET").then(|| "k".to_owned())
    })
}

#[test]
fn the_demo_is_always_there() {
    let backends = build(vec![]).unwrap();
    assert_eq!(backends.names().collect::<Vec<_>>(), ["demo"]);
    assert_eq!(backends.get("demo").unwrap().default_model(), Some("demo"));
    assert!(backends.get("openai").is_none());
}

#[tokio::test]
async fn a_missing_key_is_told_by_the_call_and_stops_nobody_else() {
    let with = |variable: &str| BackendConfig {
        api_key: Some(KeyRef::Env(variable.to_owned())),
        model: Some("m".to_owned()),
        base_url: Some("http://127.0.0.1:1".to_owned()),
        retries: 0,
        ..BackendConfig::new(BackendKind::Openai)
    };
    let backends = build(vec![("a", with("SET")), ("b", with("UNSET"))]).unwrap();
    assert_eq!(backends.missing_keys(), ["the key of backends.b is missing: the environment has no UNSET"]);
    let key = |name: &str| backends.about(name).unwrap().key.clone();
    assert_eq!((key("a"), key("b")), (KeyState::Environment, KeyState::Missing("UNSET".to_owned())));
    assert_eq!((key("demo"), backends.about("a").unwrap().kind.as_str()), (KeyState::None, "openai"));
    assert_eq!(
        (backends.get("a").unwrap().host(), backends.get("demo").unwrap().host()),
        (Some("127.0.0.1"), None)
    );
    let kind = async |name| collect(&*backends.get(name).unwrap(), request("hi")).await.kind();
    assert_eq!(kind("a").await, Some(ModelErrorKind::Network));
    assert_eq!(kind("b").await, Some(ModelErrorKind::Configuration));
}

#[test]
fn a_bad_address_names_its_setting() {
    let config = BackendConfig {
        base_url: Some("http://169.254.169.254/v1".to_owned()),
        allow_private: true,
        ..BackendConfig::new(BackendKind::Anthropic)
    };
    let error = build(vec![("x", config)]).err().unwrap();
    assert!(error.to_string().starts_with("backends.x.base_url: 169.254.169.254"), "{error}");
}

#[test]
fn without_a_key_the_usual_variable_is_read_at_the_providers_own_address_only() {
    for (kind, variable) in [
        (BackendKind::Openai, "OPENAI_API_KEY"),
        (BackendKind::Openrouter, "OPENROUTER_API_KEY"),
        (BackendKind::Anthropic, "ANTHROPIC_API_KEY"),
        (BackendKind::Gemini, "GEMINI_API_KEY"),
    ] {
        let own = build(vec![("x", BackendConfig::new(kind))]).unwrap();
        let missing = format!("the key of backends.x is missing: the environment has no {variable}");
        assert_eq!(own.missing_keys(), [missing], "{kind:?}");
        let base_url = Some("http://127.0.0.1:1".to_owned());
        let elsewhere = build(vec![("x", BackendConfig { base_url, ..BackendConfig::new(kind) })]).unwrap();
        assert!(elsewhere.missing_keys().is_empty(), "{kind:?}");
    }
    let ollama = build(vec![("x", BackendConfig::new(BackendKind::Ollama))]).unwrap();
    assert!(ollama.missing_keys().is_empty() && ollama.get("x").unwrap().is_local());
}
