//! `[backends.NAME]`: the model providers that turns may use.
//!
//! `demo` needs no entry. A key is never in the file: `api_key = "@secret:NAME"` names a secret of the
//! vault, looked up for every call; `"env:NAME"` an environment variable, read once at start.

mod program;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sections::Check;
pub use program::{ProgramMode, ProgramSettings};

/// The backend that exists without any setting.
pub const DEMO: &str = "demo";
/// The longest name of a backend, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The longest name of a secret, in bytes.
const SECRET_NAME_BYTES_MAX: usize = 100;
/// The highest price in dollars per million tokens; one that is higher is a mistake in the unit.
const PRICE_USD_MAX: f64 = 1e6;

/// All configured backends by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BackendsConfig(pub BTreeMap<String, BackendConfig>);

/// Which protocol a backend speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendKind {
    /// OpenAI's chat completions, as llama.cpp, vLLM and many others speak them too; or its Responses, see `wire`.
    Openai,
    /// OpenRouter: OpenAI's chat completions with what OpenRouter adds to them.
    Openrouter,
    /// Anthropic's Messages.
    Anthropic,
    /// Google's Gemini API.
    Gemini,
    /// Ollama's own API.
    Ollama,
    /// Built in: scripted, offline.
    Demo,
    /// A program with an agent of its own: Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// The Gemini CLI.
    #[serde(rename = "gemini-cli")]
    GeminiCli,
    /// OpenCode.
    Opencode,
    /// GitHub's Copilot CLI.
    Copilot,
    /// Any other program that speaks the Agent Client Protocol.
    Acp,
}

/// Which of OpenAI's two ways a backend of kind `openai` speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Chat completions, which everybody speaks.
    #[default]
    Chat,
    /// Responses, where reasoning goes back to the model between two calls of tools. Nothing is stored at the provider.
    Responses,
}

/// One backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendConfig {
    /// The protocol.
    pub kind: BackendKind,
    /// `openai` only: `chat` or `responses`. Default `chat`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wire: Wire,
    /// Where the API is, with its version path (`http://127.0.0.1:8080/v1`; `anthropic` and `ollama` without one). Default:
    /// the provider's own address, for `ollama` `http://127.0.0.1:11434`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where the key is. Default: at the provider's own address the variable that its own tools read ([`BackendKind::key_variable`]);
    /// elsewhere none is sent, as local servers want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<KeyRef>,
    /// The model of calls that name none. Default: such calls fail (`demo`: `demo`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models to offer instead of the provider's own list. Default: the provider is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Limit of an answer in tokens for calls that name none. Default: the provider's; 8,192 for `anthropic`,
    /// whose protocol wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Milliseconds until the first byte of a streamed answer. Default 120,000: a local model may have to load.
    #[serde(default = "first_token_timeout_ms")]
    pub first_token_timeout_ms: u64,
    /// Milliseconds between two pieces of a streamed answer. Default 60,000.
    #[serde(default = "idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Milliseconds for a whole answer that is not streamed. Default 600,000.
    #[serde(default = "whole_timeout_ms")]
    pub whole_timeout_ms: u64,
    /// Further tries of a call that failed for a passing reason before anything of its answer was visible. Default 2.
    #[serde(default = "retries")]
    pub retries: u32,
    /// Whether the host's name may lead to an address of this machine or of the private network. Default `false`.
    /// An address written in `base_url`, and `localhost`, need no permission; link-local and cloud metadata
    /// addresses never get one.
    #[serde(default)]
    pub allow_private: bool,
    /// What its models cost, by name; `*` in a name stands for any characters. Default: the built-in list for the
    /// providers' own addresses, nothing for models on this machine or its network, else unknown. A budget in
    /// dollars refuses a model whose price is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, PriceConfig>,
    /// `demo` only: milliseconds between two pieces of an answer. Default 12; 0 for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace_ms: Option<u64>,
    /// Programs only: where the program is. Default: it is looked for in `PATH` and in the usual places; `acp` has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Programs only: arguments before those that the daemon adds; of `acp` all of them. Default none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Programs only: the program's own mode, which can only take away: `default` or `plan`. Default `default`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub permission_mode: ProgramMode,
    /// Programs only: the backend whose address and credential the program uses, through the daemon and without seeing the
    /// credential. Default: none; then the program has the network, and its own login in its own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Programs only: seconds after which a session that nobody uses is ended; it is taken up again. Default 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_stop_s: Option<u64>,
    /// Programs only: sessions of this backend that live at a time. Default 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_max: Option<usize>,
    /// Programs only: milliseconds until a started program takes a message. Default 60,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout_ms: Option<u64>,
    /// Programs only: milliseconds without a line while it works, waiting for a person not counted. Default 300,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_timeout_ms: Option<u64>,
    /// Programs only: calls of tools of one turn. Default 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls_max: Option<u32>,
}

/// What a model costs, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceConfig {
    /// Of the prompt.
    pub input: f64,
    /// Of the answer, reasoning included.
    pub output: f64,
    /// Of a prompt that was read from the provider's cache. Default: as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
}

/// Where a key is found. Holds the place, never the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KeyRef {
    /// In this environment variable.
    Env(String),
    /// In the vault, under this name.
    Secret(String),
}

/// A key setting that is not a reference. The text is not repeated: it may be the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is written as \"@secret:NAME\" with the name of a secret (capuchin vault set NAME), or as \"env:NAME\" \
     with the name of an environment variable; the key itself does not belong here"
)]
pub struct BadKeyRef;

// === impl BackendsConfig ===

impl BackendsConfig {
    /// The secrets that backends name, each with who names it.
    pub fn secret_users(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|(name, backend)| match &backend.api_key {
            Some(KeyRef::Secret(secret)) => Some((secret.clone(), format!("backend {name}"))),
            Some(KeyRef::Env(_)) | None => None,
        })
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        for (name, backend) in &self.0 {
            for (key, text) in backend.problems(name) {
                check.problem(&format!("backends.{name}{key}"), text);
            }
            if let Some(text) = backend.wrong_provider(&self.0) {
                check.problem(&format!("backends.{name}.provider"), text);
            }
        }
    }
}

// === impl BackendKind ===

impl BackendKind {
    /// The variable that holds a key of this provider where nobody says otherwise.
    #[must_use]
    pub const fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::Openai => Some("OPENAI_API_KEY"),
            Self::Openrouter => Some("OPENROUTER_API_KEY"),
            Self::Anthropic => Some("ANTHROPIC_API_KEY"),
            Self::Gemini => Some("GEMINI_API_KEY"),
            Self::Ollama | Self::Demo => None,
            Self::Claude | Self::Codex | Self::GeminiCli | Self::Opencode | Self::Copilot | Self::Acp => None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

// === impl BackendConfig ===

impl BackendConfig {
    /// A backend of this kind with every default.
    #[must_use]
    pub const fn new(kind: BackendKind) -> Self {
        Self {
            kind,
            wire: Wire::Chat,
            base_url: None,
            api_key: None,
            model: None,
            models: Vec::new(),
            max_tokens: None,
            first_token_timeout_ms: first_token_timeout_ms(),
            idle_timeout_ms: idle_timeout_ms(),
            whole_timeout_ms: whole_timeout_ms(),
            retries: retries(),
            allow_private: false,
            prices: BTreeMap::new(),
            pace_ms: None,
            command: None,
            args: Vec::new(),
            permission_mode: ProgramMode::Default,
            provider: None,
            idle_stop_s: None,
            sessions_max: None,
            start_timeout_ms: None,
            silence_timeout_ms: None,
            calls_max: None,
        }
    }

    /// Keys below `backends.NAME` with what is wrong there. Addresses are checked when backends are built.
    fn problems(&self, name: &str) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
        if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(word) {
            problems.push(("", "must be named by 1 to 64 characters of a-z, 0-9, -, _ and ."));
        }
        if name == DEMO && self.kind != BackendKind::Demo {
            problems.push((".kind", "must be \"demo\": the name belongs to the built-in backend"));
        }
        if self.wire != Wire::Chat && self.kind != BackendKind::Openai {
            problems.push((".wire", "belongs to backends of kind \"openai\" only"));
        }
        if self.pace_ms.is_some() && self.kind != BackendKind::Demo {
            problems.push((".pace_ms", "belongs to backends of kind \"demo\" only"));
        }
        let at_least_one = [
            (".first_token_timeout_ms", self.first_token_timeout_ms),
            (".idle_timeout_ms", self.idle_timeout_ms),
            (".whole_timeout_ms", self.whole_timeout_ms),
            (".max_tokens", self.max_tokens.map_or(1, u64::from)),
        ];
        let zero = at_least_one.into_iter().filter(|(_, value)| *value == 0);
        let dear = |price: f64| !(0.0..=PRICE_USD_MAX).contains(&price);
        let wrong = |p: &PriceConfig| dear(p.input) || dear(p.output) || p.cached.is_some_and(dear);
        if self.prices.values().any(wrong) {
            problems.push((".prices", "must be from 0 to 1,000,000 US dollars per million tokens"));
        }
        problems.extend(zero.map(|(key, _)| (key, "must be at least 1")));
        problems.extend(self.program_problems());
        problems
    }
}

// === impl KeyRef ===

impl TryFrom<String> for KeyRef {
    type Error = BadKeyRef;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Some(name) = text.strip_prefix("@secret:") {
            let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let fits = (1..=SECRET_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(word);
            return fits.then(|| Self::Secret(name.to_owned())).ok_or(BadKeyRef);
        }
        let name = text.strip_prefix("env:").ok_or(BadKeyRef)?;
        let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (starts_well && word).then(|| Self::Env(name.to_owned())).ok_or(BadKeyRef)
    }
}

impl From<KeyRef> for String {
    fn from(key: KeyRef) -> Self {
        match key {
            KeyRef::Env(name) => format!("env:{name}"),
            KeyRef::Secret(name) => format!("@secret:{name}"),
        }
    }
}

const fn first_token_timeout_ms() -> u64 {
    120_000
}

const fn idle_timeout_ms() -> u64 {
    60_000
}

const fn whole_timeout_ms() -> u64 {
    600_000
}

const fn retries() -> u32 {
    2
}

#[cfg(test)]
mod tests;
