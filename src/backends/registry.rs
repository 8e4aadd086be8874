//! The configured backends by name. `demo` is always among them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{CallLimits, Upstream};
use super::credential::Credential;
use super::demo::Demo;
use super::openai::OpenAi;
use super::program::Program;
use super::remote::Remote;
use super::retry::RetryPolicy;
use super::{Backend, anthropic, gemini, ollama, openai};
use crate::config::backends::{BackendConfig, BackendKind, BackendsConfig, DEMO, KeyRef, Wire};
use crate::egress::{Egress, EgressError, Request, Secret};

/// Between two words of the demo: as fast as a good model.
const DEMO_PACE: Duration = Duration::from_millis(12);

/// See the module. A cheap clone; fixed from the start of the daemon to its end.
#[derive(Clone)]
pub struct Backends {
    by_name: Arc<BTreeMap<String, Arc<dyn Backend>>>,
    missing_keys: Arc<[String]>,
    about: Arc<BTreeMap<String, About>>,
}

/// What the settings say of a backend, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// Its kind, as the settings name it.
    pub kind: String,
    /// How it signs in.
    pub key: KeyState,
}

/// How a backend signs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It does not.
    None,
    /// With a key of the environment.
    Environment,
    /// With this secret of the vault, looked up for every call.
    Vault(String),
    /// With a key of the environment, in this variable, that is not there.
    Missing(String),
}

/// Settings that no backend can be made of.
#[derive(Debug, thiserror::Error)]
#[error("backends.{name}.base_url: {source}")]
pub struct BuildError {
    /// The backend.
    pub name: String,
    /// What is wrong with its address.
    #[source]
    pub source: EgressError,
}

impl Backends {
    /// Makes every configured backend. Keys are read from the environment now and never again, secrets of the vault
    /// with every call; nothing is connected.
    ///
    /// # Errors
    /// An address that cannot be used. A key that is not there is no error: calls of that backend say so, and
    /// [`Backends::missing_keys`] lists it.
    pub fn build(config: &BackendsConfig, egress: &Egress) -> Result<Self, BuildError> {
        Self::build_with(config, egress, &|name| std::env::var(name).ok())
    }

    /// The same with another source of keys than the environment.
    ///
    /// # Errors
    /// As [`Backends::build`].
    pub fn build_with(
        config: &BackendsConfig,
        egress: &Egress,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, BuildError> {
        let mut by_name: BTreeMap<String, Arc<dyn Backend>> = BTreeMap::new();
        let (mut missing_keys, mut about) = (Vec::new(), BTreeMap::new());
        about.insert(DEMO.to_owned(), About::of(&BackendConfig::new(BackendKind::Demo), variable));
        by_name.insert(DEMO.to_owned(), Arc::new(Demo { name: DEMO.to_owned(), pace: DEMO_PACE }));
        for (name, backend) in config.0.iter().filter(|(_, backend)| !backend.kind.is_program()) {
            let credential = find_credential(name, backend, variable);
            missing_keys.extend(credential.as_ref().err().cloned());
            about.insert(name.clone(), About::of(backend, variable));
            let built = build_one(name, backend, credential, egress);
            by_name.insert(name.clone(), built.map_err(|source| BuildError { name: name.clone(), source })?);
        }
        for (name, backend) in &config.0 {
            let Some(settings) = backend.program(name) else { continue };
            about.insert(name.clone(), About::of(backend, variable));
            let provider = settings.provider.as_ref().and_then(|provider| by_name.get(provider)).cloned();
            by_name.insert(name.clone(), Arc::new(Program::new(settings, backend, provider)));
        }
        let (by_name, about) = (Arc::new(by_name), Arc::new(about));
        Ok(Self { by_name, missing_keys: missing_keys.into(), about })
    }

    /// These backends and no others.
    #[cfg(test)]
    pub(crate) fn of(backends: Vec<Arc<dyn Backend>>) -> Self {
        let by_name = backends.into_iter().map(|backend| (backend.name().to_owned(), backend)).collect();
        Self { by_name: Arc::new(by_name), missing_keys: Arc::default(), about: Arc::default() }
    }

    /// The backend with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Backend>> {
        self.by_name.get(name).cloned()
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// What the settings say of this backend.
    #[must_use]
    pub fn about(&self, name: &str) -> Option<&About> {
        self.about.get(name)
    }

    /// One sentence for each configured key that was not found.
    #[must_use]
    pub fn missing_keys(&self) -> &[String] {
        &self.missing_keys
    }
}

// === impl About ===

impl About {
    fn of(config: &BackendConfig, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let kind = serde_json::to_value(config.kind).ok();
        let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let in_environment = |name: &str| match variable(name).filter(|key| !key.trim().is_empty()) {
            Some(_) => KeyState::Environment,
            None => KeyState::Missing(name.to_owned()),
        };
        let usual = config.kind.key_variable().filter(|_| config.base_url.is_none());
        let key = match &config.api_key {
            None => usual.map_or(KeyState::None, in_environment),
            Some(KeyRef::Secret(name)) => KeyState::Vault(name.clone()),
            Some(KeyRef::Env(name)) => in_environment(name),
        };
        Self { kind, key }
    }
}

/// Adds the headers of a protocol, the credential among them.
type Authorise = fn(Request, &Credential) -> Result<Request, EgressError>;

fn build_one(
    name: &str,
    config: &BackendConfig,
    credential: Result<Credential, String>,
    egress: &Egress,
) -> Result<Arc<dyn Backend>, EgressError> {
    let remote = |base_url: &str, authorise: Authorise| -> Result<Remote, EgressError> {
        Ok(Remote {
            name: name.to_owned(),
            model: config.model.clone(),
            models: config.models.clone(),
            max_tokens: config.max_tokens,
            upstream: upstream(config, base_url, credential, egress, authorise)?,
        })
    };
    Ok(match config.kind {
        // Programs are made of their settings alone, and are no remote ones.
        BackendKind::Claude
        | BackendKind::Codex
        | BackendKind::GeminiCli
        | BackendKind::Opencode
        | BackendKind::Copilot
        | BackendKind::Acp
        | BackendKind::Demo => Arc::new(Demo {
            name: name.to_owned(),
            pace: config.pace_ms.map_or(DEMO_PACE, Duration::from_millis),
        }),
        BackendKind::Openai => {
            let wire = match config.wire {
                Wire::Chat => openai::Wire::Chat,
                Wire::Responses => openai::Wire::Responses,
            };
            Arc::new(OpenAi { remote: remote(openai::BASE_URL, openai::authorise)?, wire })
        }
        BackendKind::Openrouter => {
            let remote = remote(openai::OPENROUTER_URL, openai::authorise)?;
            Arc::new(OpenAi { remote, wire: openai::Wire::Openrouter })
        }
        BackendKind::Gemini => Arc::new(gemini::Gemini(remote(gemini::BASE_URL, gemini::authorise)?)),
        BackendKind::Ollama => Arc::new(ollama::Ollama(remote(ollama::BASE_URL, ollama::authorise)?)),
        BackendKind::Anthropic => {
            Arc::new(anthropic::Anthropic(remote(anthropic::BASE_URL, anthropic::authorise)?))
        }
    })
}

fn upstream(
    config: &BackendConfig,
    base_url: &str,
    credential: Result<Credential, String>,
    egress: &Egress,
    authorise: Authorise,
) -> Result<Arc<Upstream>, EgressError> {
    let base_url = config.base_url.as_deref().unwrap_or(base_url);
    let destination = egress.destination(base_url, config.allow_private)?;
    let limits = CallLimits {
        first: Duration::from_millis(config.first_token_timeout_ms),
        idle: Duration::from_millis(config.idle_timeout_ms),
        whole: Duration::from_millis(config.whole_timeout_ms),
        retry: RetryPolicy { retries: config.retries },
    };
    Ok(Arc::new(Upstream { destination, credential, limits, authorise }))
}

fn find_credential(
    backend: &str,
    config: &BackendConfig,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Credential, String> {
    let usual = config.kind.key_variable().filter(|_| config.base_url.is_none());
    let name = match &config.api_key {
        None => match usual {
            None => return Ok(Credential::None),
            Some(usual) => usual,
        },
        Some(KeyRef::Secret(name)) => {
            return Ok(Credential::Named { name: name.clone(), used_by: format!("backend {backend}") });
        }
        Some(KeyRef::Env(name)) => name.as_str(),
    };
    let key = variable(name).map(Secret::new).filter(|key| !key.is_empty());
    let missing = || format!("the key of backends.{backend} is missing: the environment has no {name}");
    key.map(Credential::Key).ok_or_else(missing)
}

#[cfg(test)]
mod tests;
