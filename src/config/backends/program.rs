//! Backends that are programs with an agent of their own: what only they have, and what only the others have.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BackendConfig, BackendKind, Wire};

/// Sessions that live at a time, calls of a turn, and times, at the most.
const SESSIONS_MAX: usize = 64;
const CALLS_MAX: u32 = 10_000;
const TIME_MS_MAX: u64 = 86_400_000;

/// A program's own mode. What may be done is decided by the daemon: a mode can only take away from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramMode {
    /// It asks about everything.
    #[default]
    Default,
    /// It reads and plans, and changes nothing.
    Plan,
}

/// What is set for a program, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSettings {
    /// The backend's name.
    pub name: String,
    /// Which program.
    pub kind: BackendKind,
    /// Where it is, if the settings say so.
    pub command: Option<String>,
    /// Arguments of the settings.
    pub args: Vec<String>,
    /// The model of turns that name none.
    pub model: Option<String>,
    /// Models that turns may name.
    pub models: Vec<String>,
    /// Its own mode.
    pub mode: ProgramMode,
    /// The backend whose address and credential it uses.
    pub provider: Option<String>,
    /// After so much idleness a session is ended.
    pub idle_stop: Duration,
    /// Sessions that live at a time.
    pub sessions_max: usize,
    /// Longest start.
    pub start_within: Duration,
    /// Longest silence while it works.
    pub silence: Duration,
    /// Calls of tools of one turn.
    pub calls_max: u32,
}

// === impl BackendKind ===

impl BackendKind {
    /// Whether it is a program with an agent of its own.
    #[must_use]
    pub const fn is_program(self) -> bool {
        matches!(
            self,
            Self::Claude | Self::Codex | Self::GeminiCli | Self::Opencode | Self::Copilot | Self::Acp
        )
    }

    /// Whether a program of this kind can speak to a provider of that kind.
    const fn speaks_to(self, provider: Self) -> bool {
        match self {
            Self::Claude => matches!(provider, Self::Anthropic),
            Self::Codex => matches!(provider, Self::Openai),
            Self::GeminiCli => matches!(provider, Self::Gemini),
            Self::Opencode | Self::Copilot => matches!(provider, Self::Openai | Self::Openrouter),
            Self::Acp => !provider.is_program() && !matches!(provider, Self::Demo),
            Self::Openai | Self::Openrouter | Self::Anthropic | Self::Gemini | Self::Ollama | Self::Demo => {
                false
            }
        }
    }
}

// === impl BackendConfig ===

impl BackendConfig {
    /// What is set for the program; `None` where the backend is none.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<ProgramSettings> {
        let ms = |set: Option<u64>, default| Duration::from_millis(set.unwrap_or(default));
        self.kind.is_program().then(|| ProgramSettings {
            name: name.to_owned(),
            kind: self.kind,
            command: self.command.clone(),
            args: self.args.clone(),
            model: self.model.clone(),
            models: self.models.clone(),
            mode: self.permission_mode,
            provider: self.provider.clone(),
            idle_stop: Duration::from_secs(self.idle_stop_s.unwrap_or(600)),
            sessions_max: self.sessions_max.unwrap_or(4),
            start_within: ms(self.start_timeout_ms, 60_000),
            silence: ms(self.silence_timeout_ms, 300_000),
            calls_max: self.calls_max.unwrap_or(200),
        })
    }

    /// Keys with what is wrong there.
    pub(super) fn program_problems(&self) -> Vec<(&'static str, &'static str)> {
        if !self.kind.is_program() {
            return self.foreign_to_providers();
        }
        let mut problems = Vec::new();
        let not_here = [
            (".base_url", self.base_url.is_some()),
            (".api_key", self.api_key.is_some()),
            (".max_tokens", self.max_tokens.is_some()),
            (".allow_private", self.allow_private),
        ];
        let text = "does not belong to a program: `provider` names the backend that has it";
        problems.extend(not_here.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| (key, text)));
        if self.kind == BackendKind::Acp && self.command.is_none() {
            problems.push((".command", "must be set: nobody knows which program this is"));
        }
        if self.command.as_ref().is_some_and(|command| command.trim().is_empty()) {
            problems.push((".command", "must name a program"));
        }
        let times = [
            (".idle_stop_s", self.idle_stop_s.map(|seconds| seconds.saturating_mul(1_000))),
            (".start_timeout_ms", self.start_timeout_ms),
            (".silence_timeout_ms", self.silence_timeout_ms),
        ];
        let wrong = times.into_iter().filter(|(_, ms)| ms.is_some_and(|ms| !(1..=TIME_MS_MAX).contains(&ms)));
        problems.extend(wrong.map(|(key, _)| (key, "must be more than nothing and at most a day")));
        if self.sessions_max.is_some_and(|most| !(1..=SESSIONS_MAX).contains(&most)) {
            problems.push((".sessions_max", "must be from 1 to 64"));
        }
        if self.calls_max.is_some_and(|most| !(1..=CALLS_MAX).contains(&most)) {
            problems.push((".calls_max", "must be from 1 to 10,000"));
        }
        problems
    }

    /// What belongs to programs only, and is set here.
    fn foreign_to_providers(&self) -> Vec<(&'static str, &'static str)> {
        let set = [
            (".command", self.command.is_some()),
            (".args", !self.args.is_empty()),
            (".permission_mode", self.permission_mode != ProgramMode::Default),
            (".provider", self.provider.is_some()),
            (".idle_stop_s", self.idle_stop_s.is_some()),
            (".sessions_max", self.sessions_max.is_some()),
            (".start_timeout_ms", self.start_timeout_ms.is_some()),
            (".silence_timeout_ms", self.silence_timeout_ms.is_some()),
            (".calls_max", self.calls_max.is_some()),
        ];
        let set = set.into_iter().filter(|(_, is_set)| *is_set);
        set.map(|(key, _)| (key, "belongs to backends that are programs only")).collect()
    }

    /// What is wrong with the backend that it names as its provider.
    pub(super) fn wrong_provider(&self, all: &BTreeMap<String, Self>) -> Option<String> {
        let named = self.provider.as_ref().filter(|_| self.kind.is_program())?;
        let Some(provider) = all.get(named) else {
            return Some(format!("names the backend {named}, which is not configured"));
        };
        if !self.kind.speaks_to(provider.kind) {
            return Some(format!("names the backend {named}, whose protocol this program does not speak"));
        }
        let responses = self.kind == BackendKind::Codex && provider.wire != Wire::Responses;
        responses
            .then(|| format!("names the backend {named}, which needs wire = \"responses\" for this program"))
    }
}
