//! Backends as their page shows them. Asks nobody: everything is known already.

use super::{assistant_problem, rfc3339, store_problem};
use crate::assistants::Assistant;
use crate::backends::{KeyState, ModelUsage};
use crate::budgets::usd;
use crate::http::standing::{self, Standing, State};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::model::ModelErrorKind as Kind;
use crate::web::view::Frame;
use crate::web::view::backends::{BackendCard, BackendsPage, ChainForm, UsageRow};

/// Most assistants whose chains are shown.
const ASSISTANTS_MAX: usize = 100;
/// Most models of the table of what was used.
const USED_MAX: usize = 50;
/// Days of that table.
const DAYS: u32 = 30;

/// The page as it is before a form says anything.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<BackendsPage, Problem> {
    let assistants =
        state.assistants.list(&by.tenant, None, ASSISTANTS_MAX).await.map_err(assistant_problem)?;
    let usage = state.usage.by_model(&by.tenant, DAYS, USED_MAX).await;
    let usage = usage.map_err(|error| store_problem(&error))?;
    Ok(BackendsPage {
        frame,
        cards: standing::all(&state.models).into_iter().map(card).collect(),
        chains: assistants.into_iter().map(chain).collect(),
        usage: usage.iter().map(used).collect(),
        days: DAYS,
        notice: None,
        error: None,
    })
}

/// What a failure means to a person, and what to do.
pub(in crate::web) const fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Authentication => "It does not accept the key. Put in another one.",
        Kind::Permission => "The key may not do this, or the account has no credit left.",
        Kind::NotFound => "It does not know the model, or the address is wrong.",
        Kind::RateLimited => "It was asked too often and wants a pause.",
        Kind::Overloaded => "It has too much to do just now.",
        Kind::Upstream => "It failed. That is not your doing.",
        Kind::Network => "It could not be reached. Is the address right, and is there a network?",
        Kind::Timeout => "It did not answer in time.",
        Kind::Truncated => "Its answer broke off.",
        Kind::Protocol => "It answered something that makes no sense. Is the address right?",
        Kind::Configuration => "Its settings are not complete.",
        Kind::InvalidRequest | Kind::TooLarge => "It did not understand what it was asked.",
        Kind::Denied => "The policy does not let it be asked.",
        Kind::BudgetExceeded => "A budget has too little left.",
        Kind::Halted => "The kill switch is engaged.",
    }
}

fn card(of: Standing) -> BackendCard {
    let (state, state_word) = match (of.state, of.health.breaker) {
        (_, "half_open") => ("waiting", "Being tried again"),
        (State::Ready, _) => ("done", "Answers"),
        (State::Unavailable, "open") => ("failed", "Left out for now"),
        (State::Unavailable, _) if matches!(of.key, KeyState::Missing(_)) => ("failed", "No key"),
        (State::Unavailable, _) => ("failed", "Does not answer"),
        (State::Unknown, _) => ("pending", "Never asked"),
    };
    let (key, secret, key_help) = key(&of.name, &of.key);
    let place = of.host.as_deref().unwrap_or("inside this program");
    let here = if of.local { ", stays on this machine" } else { "" };
    let failure = of.health.last_failure.as_ref();
    let listing = of.probe.as_ref().is_some_and(|probe| probe.error.is_some());
    BackendCard {
        state,
        state_word,
        what: format!("{} at {place}{here}", provider(&of.provider)),
        key,
        secret,
        key_help,
        models: of.models,
        first_token_ms: of.health.first_token.map(standing::ms),
        answered: of.health.answered_ms.map(rfc3339),
        trouble: failure
            .map(|failure| words(failure.kind))
            .or_else(|| listing.then_some("It did not bring its list of models.")),
        said: of.error(),
        until: of.health.open_until_ms.map(rfc3339),
        models_open: of.health.models_open.join(", "),
        help: help(&of.kind),
        default_model: of.default_model.unwrap_or_default(),
        name: of.name,
    }
}

fn key(backend: &str, key: &KeyState) -> (String, Option<String>, Option<String>) {
    match key {
        KeyState::None => ("needs no key".to_owned(), None, None),
        KeyState::Environment => ("from the environment".to_owned(), None, None),
        KeyState::Vault(name) => ("from the vault".to_owned(), Some(name.clone()), None),
        KeyState::Missing(name) => {
            let help = format!(
                "Put the key into the vault, for example as {backend}-key, write api_key = \"@secret:{backend}-key\" below \
                 [backends.{backend}] in the settings, and restart. Or start the daemon with {name} set."
            );
            ("missing".to_owned(), None, Some(help))
        }
    }
}

fn provider(word: &str) -> &str {
    match word {
        "anthropic" => "Anthropic",
        "openai" => "OpenAI",
        "openrouter" => "OpenRouter",
        "gemini" | "google" => "Google Gemini",
        "ollama" => "Ollama",
        "demo" => "The built-in demo",
        "compatible" => "A compatible server",
        other => other,
    }
}

fn help(kind: &str) -> &'static str {
    match kind {
        "demo" => {
            "Built in and offline: it plays a script, for trying things out. It needs nothing and costs nothing."
        }
        "ollama" => {
            "Models on your own machine. Start `ollama serve` and fetch one with `ollama pull`; nothing leaves this network."
        }
        "anthropic" => "Claude. Keys are made in Anthropic's console, under API keys.",
        "openai" => {
            "OpenAI, or any server that speaks its protocol: llama.cpp, vLLM, LM Studio. `base_url` says which; those on this \
             machine need no key."
        }
        "openrouter" => {
            "Many providers behind one key, with their prices. Keys are made in OpenRouter's settings."
        }
        "gemini" => "Gemini. Keys are made in Google AI Studio.",
        _ => "See the backends in the settings file; `capuchin config template` explains every one.",
    }
}

fn chain(assistant: Assistant) -> ChainForm {
    let routing = assistant.routing;
    let fallbacks: Vec<String> = routing.fallbacks.iter().map(ToString::to_string).collect();
    ChainForm {
        id: assistant.id.to_string(),
        name: assistant.name,
        version: assistant.version,
        own: format!("{}/{}", assistant.backend, assistant.model),
        when: routing.when.to_string(),
        fallbacks: fallbacks.join("\n"),
        local_only: routing.local_only,
    }
}

fn used(used: &ModelUsage) -> UsageRow {
    UsageRow {
        model: format!("{}/{}", used.backend, used.model),
        calls: used.calls,
        input: grouped(used.input_tokens),
        output: grouped(used.output_tokens),
        cost: format!("${:.4}", usd(used.cost_nano)),
    }
}

/// `12,345`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
