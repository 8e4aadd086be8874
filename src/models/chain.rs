//! Which models answer for an assistant: its own one, then others, each with its conditions.
//!
//! Belongs to the assistant and is stored with it. For people a link is one line: `backend/model output<=10 prompt<=32000`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most models behind an assistant's own.
pub const FALLBACKS_MAX: usize = 8;
/// Most characters of a backend's or a model's name.
const NAME_CHARS_MAX: usize = 200;

/// How an assistant's calls find their model. The default: its own model, always, and nobody else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routing {
    /// Only models on this machine are asked; without one nobody is.
    #[serde(skip_serializing_if = "is_default")]
    pub local_only: bool,
    /// When its own model may be asked.
    #[serde(skip_serializing_if = "is_default")]
    pub when: Conditions,
    /// Who is asked after it, first to last; at most [`FALLBACKS_MAX`].
    #[serde(skip_serializing_if = "is_default")]
    pub fallbacks: Vec<Link>,
}

/// One model of a chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The backend.
    pub backend: String,
    /// The model; empty for the backend's own.
    #[serde(default)]
    pub model: String,
    /// When it may be asked.
    #[serde(default, skip_serializing_if = "is_default")]
    pub when: Conditions,
}

/// When a model of a chain may be asked; the default is always.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Only if a token of the prompt costs no more, in billionths of a dollar. One of unknown price is not asked.
    #[serde(skip_serializing_if = "is_default")]
    pub input_nano_max: Option<u64>,
    /// Only if a token of the answer costs no more, in billionths of a dollar. One of unknown price is not asked.
    #[serde(skip_serializing_if = "is_default")]
    pub output_nano_max: Option<u64>,
    /// Only if the call costs no more by its estimate, in billionths of a dollar. One of unknown price is not asked.
    #[serde(skip_serializing_if = "is_default")]
    pub call_nano_max: Option<u64>,
    /// Only for prompts of no more tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub prompt_tokens_max: Option<u64>,
    /// Only for prompts of no fewer tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub prompt_tokens_min: Option<u64>,
}

/// Why something is no chain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadChain {
    /// A condition that is none.
    #[error(
        "`{0}` is no condition; there are input<=USD and output<=USD (per million tokens), call<=USD, prompt<=TOKENS, prompt>=TOKENS"
    )]
    Condition(String),
    /// No backend is named, or the name is too long.
    #[error("a link is `backend/model`, each of at most {NAME_CHARS_MAX} characters")]
    Name,
    /// Too many links.
    #[error("an assistant has at most {FALLBACKS_MAX} fallbacks")]
    TooMany,
    /// The same model twice.
    #[error("`{0}` is in the chain twice")]
    Twice(String),
}

// === impl Routing ===

impl Routing {
    /// The whole chain of an assistant whose own model this is.
    #[must_use]
    pub fn chain(&self, backend: &str, model: &str) -> Vec<Link> {
        let own = Link { backend: backend.to_owned(), model: model.to_owned(), when: self.when };
        std::iter::once(own).chain(self.fallbacks.iter().cloned()).collect()
    }

    /// As it is stored.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() // silent-ok: numbers and strings only
    }

    /// As it was stored. What another version of the program wrote is read as the narrowest there is: this machine only.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self { local_only: true, ..Self::default() })
    }

    /// Whether it is a chain behind this model.
    ///
    /// # Errors
    /// [`BadChain`]: the first thing that is wrong.
    pub fn check(&self, backend: &str, model: &str) -> Result<(), BadChain> {
        if self.fallbacks.len() > FALLBACKS_MAX {
            return Err(BadChain::TooMany);
        }
        let chain = self.chain(backend, model);
        for (at, link) in chain.iter().enumerate() {
            link.check()?;
            let is_same = |other: &Link| (&other.backend, &other.model) == (&link.backend, &link.model);
            if chain.iter().take(at).any(is_same) {
                return Err(BadChain::Twice(link.name()));
            }
        }
        Ok(())
    }
}

// === impl Link ===

impl Link {
    /// `backend/model`, or the backend alone.
    #[must_use]
    pub fn name(&self) -> String {
        match self.model.as_str() {
            "" => self.backend.clone(),
            model => format!("{}/{model}", self.backend),
        }
    }

    fn check(&self) -> Result<(), BadChain> {
        let clean =
            |text: &str| !text.chars().any(char::is_control) && text.chars().count() <= NAME_CHARS_MAX;
        let is_good = clean(&self.backend) && clean(&self.model) && !self.backend.trim().is_empty();
        if is_good { Ok(()) } else { Err(BadChain::Name) }
    }
}

impl FromStr for Link {
    type Err = BadChain;

    fn from_str(line: &str) -> Result<Self, BadChain> {
        let (name, conditions) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let (backend, model) = name.split_once('/').unwrap_or((name, ""));
        let link = Self { backend: backend.to_owned(), model: model.to_owned(), when: conditions.parse()? };
        link.check().map(|()| link)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if self.when == Conditions::default() { Ok(()) } else { write!(f, " {}", self.when) }
    }
}

// === impl Conditions ===

impl FromStr for Conditions {
    type Err = BadChain;

    fn from_str(words: &str) -> Result<Self, BadChain> {
        let mut all = Self::default();
        for word in words.split_whitespace() {
            let bad = || BadChain::Condition(word.to_owned());
            let (name, value, is_least) = match (word.split_once("<="), word.split_once(">=")) {
                (Some((name, value)), _) => (name, value, false),
                (None, Some((name, value))) => (name, value, true),
                (None, None) => return Err(bad()),
            };
            let (place, number) = match (name, is_least) {
                ("input", false) => (&mut all.input_nano_max, decimal(value, 3)),
                ("output", false) => (&mut all.output_nano_max, decimal(value, 3)),
                ("call", false) => (&mut all.call_nano_max, decimal(value, 9)),
                ("prompt", false) => (&mut all.prompt_tokens_max, decimal(value, 0)),
                ("prompt", true) => (&mut all.prompt_tokens_min, decimal(value, 0)),
                _ => return Err(bad()),
            };
            *place = Some(number.ok_or_else(bad)?);
        }
        Ok(all)
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("input<=", self.input_nano_max, 3),
            ("output<=", self.output_nano_max, 3),
            ("call<=", self.call_nano_max, 9),
            ("prompt<=", self.prompt_tokens_max, 0),
            ("prompt>=", self.prompt_tokens_min, 0),
        ];
        let words = parts
            .into_iter()
            .filter_map(|(name, value, places)| value.map(|value| format!("{name}{}", shown(value, places))));
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

/// `1.25` with three places is 1,250. Dollars per million tokens have three places in billionths of a dollar per token.
fn decimal(text: &str, places: u32) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let width = usize::try_from(places).ok()?;
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > width {
        return None;
    }
    let part: u64 = format!("{part:0<width$}").parse().or(if width == 0 { Ok(0) } else { Err(()) }).ok()?;
    whole.parse::<u64>().ok()?.checked_mul(10_u64.checked_pow(places)?)?.checked_add(part)
}

fn shown(value: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let width = usize::try_from(places).unwrap_or(0);
    match value % unit {
        0 => (value / unit).to_string(),
        part => format!("{}.{part:0>width$}", value / unit).trim_end_matches('0').to_owned(),
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
