//! What a call costs: US dollars per million tokens, by backend and model.
//!
//! Four sources, the first that knows wins: the settings (`[backends.NAME.prices."MODEL"]`), nothing for
//! models on this machine or its network, the list below for the providers' own addresses, and what a
//! provider's list of models says itself (OpenRouter's does). A model that none of them knows has no price, and a budget in dollars then refuses it: a guess could be wrong by a
//! hundred. Surcharges (long contexts, writing to a cache, batches) are not in the list; the settings can
//! raise a price to cover them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::RwLock;
use serde::Serialize;

use super::scripted::SCRIPTED;
use crate::config::backends::{BackendConfig, BackendKind, BackendsConfig, DEMO, PriceConfig};
use crate::egress::AddressClass;
use crate::protocol::chat::Usage;

/// When the list below was taken from the providers' price pages.
pub const LISTED_AS_OF: &str = "2025-11";

/// Models of the providers' own addresses: name, then USD per million tokens in, out, and in from the cache.
/// A name also stands for its dated versions (`-20250514`, `-2024-08-06`, `-latest`) and for nothing else.
const OPENAI: &[(&str, f64, f64, f64)] = &[
    ("gpt-5", 1.25, 10.0, 0.125),
    ("gpt-5-mini", 0.25, 2.0, 0.025),
    ("gpt-5-nano", 0.05, 0.40, 0.005),
    ("gpt-4.1", 2.0, 8.0, 0.50),
    ("gpt-4.1-mini", 0.40, 1.60, 0.10),
    ("gpt-4.1-nano", 0.10, 0.40, 0.025),
    ("gpt-4o", 2.50, 10.0, 1.25),
    ("gpt-4o-mini", 0.15, 0.60, 0.075),
    ("o3", 2.0, 8.0, 0.50),
    ("o4-mini", 1.10, 4.40, 0.275),
];
const ANTHROPIC: &[(&str, f64, f64, f64)] = &[
    ("claude-opus-4-1", 15.0, 75.0, 1.50),
    ("claude-opus-4", 15.0, 75.0, 1.50),
    ("claude-sonnet-4-5", 3.0, 15.0, 0.30),
    ("claude-sonnet-4", 3.0, 15.0, 0.30),
    ("claude-haiku-4-5", 1.0, 5.0, 0.10),
    ("claude-3-7-sonnet", 3.0, 15.0, 0.30),
    ("claude-3-5-sonnet", 3.0, 15.0, 0.30),
    ("claude-3-5-haiku", 0.80, 4.0, 0.08),
    ("claude-3-haiku", 0.25, 1.25, 0.03),
];

const GOOGLE: &[(&str, f64, f64, f64)] = &[
    ("gemini-2.5-pro", 1.25, 10.0, 0.125),
    ("gemini-2.5-flash", 0.30, 2.50, 0.03),
    ("gemini-2.5-flash-lite", 0.10, 0.40, 0.01),
    ("gemini-2.0-flash", 0.10, 0.40, 0.025),
];

/// A price in billionths of a dollar per token, so that sums are exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Price {
    /// A prompt token.
    pub input_nano: u64,
    /// An answer token.
    pub output_nano: u64,
    /// A prompt token that was read from the provider's cache.
    pub cached_nano: u64,
}

/// See the module. A cheap clone; fixed from the start of the daemon to its end, but for what is learned.
#[derive(Clone, Default)]
pub struct Prices {
    by_backend: Arc<BTreeMap<String, Tariff>>,
    /// What providers' lists say, by backend and model. Written by the registry of models and bounded by it.
    learned: Arc<RwLock<BTreeMap<(String, String), Price>>>,
}

struct Tariff {
    own: Vec<(String, Price)>,
    listed: &'static [(&'static str, f64, f64, f64)],
    free: bool,
}

// === impl Prices ===

impl Prices {
    /// The prices of these backends.
    #[must_use]
    pub fn new(config: &BackendsConfig) -> Self {
        let mut by_backend = BTreeMap::from([DEMO, SCRIPTED].map(|name| (name.to_owned(), Tariff::free())));
        by_backend.extend(config.0.iter().map(|(name, backend)| {
            // What a program's provider costs is counted where it is asked.
            let tariff = if backend.provider.is_some() { Tariff::free() } else { Tariff::of(backend) };
            (name.clone(), tariff)
        }));
        Self { by_backend: Arc::new(by_backend), learned: Arc::default() }
    }

    /// What this model costs there; `None` when nobody knows.
    #[must_use]
    pub fn of(&self, backend: &str, model: &str) -> Option<Price> {
        let known = self.by_backend.get(backend)?.price(model);
        known.or_else(|| self.learned.read().get(&(backend.to_owned(), model.to_owned())).copied())
    }

    /// A provider's list says what this model costs there. What the settings and the list here say still wins.
    pub fn learn(&self, backend: &str, model: &str, price: Price) {
        self.learned.write().insert((backend.to_owned(), model.to_owned()), price);
    }

    /// What a call cost, in billionths of a dollar; `None` when nobody knows.
    #[must_use]
    pub fn cost_nano(&self, backend: &str, model: &str, usage: Usage) -> Option<u64> {
        Some(self.of(backend, model)?.cost_nano(usage))
    }
}

// === impl Price ===

impl Price {
    /// What these tokens cost, in billionths of a dollar.
    #[must_use]
    pub fn cost_nano(&self, usage: Usage) -> u64 {
        let cached = usage.cached_tokens.min(usage.input_tokens);
        let fresh = usage.input_tokens - cached;
        fresh
            .saturating_mul(self.input_nano)
            .saturating_add(cached.saturating_mul(self.cached_nano))
            .saturating_add(usage.output_tokens.saturating_mul(self.output_nano))
    }

    /// US dollars per token, as some providers' lists have them; `None` for what is no price.
    #[must_use]
    pub fn per_token(input: f64, output: f64, cached: Option<f64>) -> Option<Self> {
        let cached = cached.unwrap_or(input);
        let sane = |usd: f64| (0.0..=1.0).contains(&usd);
        let whole = sane(input) && sane(output) && sane(cached);
        // A little less, because a product may come out a little more than what was written.
        let million = |usd: f64| usd * 1e6 - 1e-9;
        whole.then(|| Self::per_million(million(input), million(output), million(cached)))
    }

    fn per_million(input: f64, output: f64, cached: f64) -> Self {
        Self { input_nano: nano(input), output_nano: nano(output), cached_nano: nano(cached) }
    }
}

/// A dollar per million tokens is a thousand billionths per token.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be small and positive"
)]
fn nano(usd_per_million: f64) -> u64 {
    (usd_per_million * 1_000.0).ceil() as u64
}

// === impl Tariff ===

impl Tariff {
    fn of(config: &BackendConfig) -> Self {
        let price = |price: &PriceConfig| {
            Price::per_million(price.input, price.output, price.cached.unwrap_or(price.input))
        };
        let mut own: Vec<_> = config.prices.iter().map(|(model, p)| (model.clone(), price(p))).collect();
        // The most exact name first.
        own.sort_by_key(|(model, _)| (model.contains('*'), std::cmp::Reverse(model.len())));
        let host = config.base_url.as_deref().map(host);
        let listed = match (config.kind, host) {
            (BackendKind::Openai, None | Some("api.openai.com")) => OPENAI,
            (BackendKind::Anthropic, None | Some("api.anthropic.com")) => ANTHROPIC,
            (BackendKind::Gemini, None | Some("generativelanguage.googleapis.com")) => GOOGLE,
            _ => &[],
        };
        let here = config.kind == BackendKind::Demo || config.kind == BackendKind::Ollama && host.is_none();
        let free = here || host.is_some_and(is_near);
        Self { own, listed, free }
    }

    const fn free() -> Self {
        Self { own: Vec::new(), listed: &[], free: true }
    }

    fn price(&self, model: &str) -> Option<Price> {
        if let Some((_, price)) = self.own.iter().find(|(pattern, _)| matches(pattern, model)) {
            return Some(*price);
        }
        if self.free {
            return Some(Price::default());
        }
        let listed = self.listed.iter().find(|(name, ..)| is_version_of(model, name));
        listed.map(|(_, input, output, cached)| Price::per_million(*input, *output, *cached))
    }
}

/// `*` stands for any characters.
fn matches(pattern: &str, model: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == model };
    let Some(mut model) = model.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = model.split_once(piece) else { return false };
        model = after;
    }
    model.ends_with(end)
}

/// Whether a model is this one, or a dated version of it.
#[must_use]
pub fn is_version_of(model: &str, name: &str) -> bool {
    let Some(version) = model.strip_prefix(name) else { return false };
    let dated = |date: &str| {
        date.bytes().filter(u8::is_ascii_digit).count() == 8
            && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    };
    version.is_empty() || version.strip_prefix('-').is_some_and(|date| date == "latest" || dated(date))
}

/// The host of an address: `api.openai.com` of `https://api.openai.com:443/v1`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit('@').next().unwrap_or_default();
    match place.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    }
}

/// On this machine or its own network, as the address itself says. A name that only may lead there is not
/// near: somebody else's service could answer.
fn is_near(host: &str) -> bool {
    let named = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    named || host.parse::<IpAddr>().is_ok_and(|address| AddressClass::of(address) == AddressClass::Private)
}

#[cfg(test)]
mod tests;
