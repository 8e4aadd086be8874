//! Which models of a chain are asked, in which order. Pure.
//!
//! The order is the chain's own, so a model that is well again is first again. One whose breaker is open comes after all
//! others, as the last resort. One that may not or cannot answer is passed over with the reason.

use super::chain::Link;
use super::model::ModelState;
use crate::backends::{Capabilities, Price};

/// What a call needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Need {
    /// Tokens of the prompt, as far as they are known.
    pub prompt_tokens: u64,
    /// Tokens that the answer may have.
    pub output_tokens: u64,
    /// Nothing may leave this machine; a chain that says so says it for every call.
    pub local_only: bool,
    /// Tools are offered.
    pub tools: bool,
    /// There are pictures in the prompt.
    pub images: bool,
    /// Billionths of a dollar that are left of the tightest budget in dollars; `None`: there is none.
    pub nano_left: Option<u64>,
}

/// What is known of a model of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Facts {
    /// What it is asked stays on this machine.
    pub(super) local: bool,
    /// Whether it can be called.
    pub(super) state: ModelState,
    /// Tokens that it takes.
    pub(super) context_tokens: Option<u64>,
    /// What it can do.
    pub(super) capabilities: Capabilities,
    /// What it costs.
    pub(super) price: Option<Price>,
    /// Whether its breaker admits a call.
    pub(super) admitted: bool,
}

// === impl Facts ===

impl Facts {
    /// Of a model whose backend is not in the settings.
    pub(super) fn gone() -> Self {
        Self {
            local: false,
            state: ModelState::Gone,
            context_tokens: None,
            capabilities: Capabilities::default(),
            price: None,
            admitted: false,
        }
    }
}

/// Why a model is not asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    /// Its backend or model is not there.
    Gone,
    /// Nothing may leave this machine, and it is elsewhere.
    NotLocal,
    /// The prompt and the answer do not fit into it.
    TooSmall,
    /// Its condition on the prompt's length is not met.
    OtherLength,
    /// It costs more than its condition says, or nobody knows what it costs.
    TooDear,
    /// The call would cost more than is left, or nobody knows what it would cost.
    OverBudget,
    /// It calls no tools.
    NoTools,
    /// It sees no pictures.
    NoImages,
}

impl Passed {
    /// The reason in words, for the end of a sentence that names the model.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Gone => "is not there any more",
            Self::NotLocal => "is not on this machine, and nothing may leave it",
            Self::TooSmall => "takes fewer tokens than this needs",
            Self::OtherLength => "is for prompts of another length",
            Self::TooDear => "costs more than its condition says, or nobody knows what it costs",
            Self::OverBudget => "would cost more than the budget leaves",
            Self::NoTools => "calls no tools",
            Self::NoImages => "sees no pictures",
        }
    }
}

/// Who is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Route {
    /// Places in the chain, in the order in which they are asked until one answers.
    pub(super) asked: Vec<usize>,
    /// Places that are not asked, with the reason.
    pub(super) passed: Vec<(usize, Passed)>,
}

/// The route of a call. `facts` answers `None` for what nobody knows: it may be asked wherever nothing has to be known.
pub(super) fn route(chain: &[Link], need: &Need, facts: impl Fn(&Link) -> Option<Facts>) -> Route {
    let (mut route, mut last_resort) = (Route::default(), Vec::new());
    for (at, link) in chain.iter().enumerate() {
        let known = facts(link);
        match passed(link, need, known) {
            Some(why) => route.passed.push((at, why)),
            None if known.is_none_or(|known| known.admitted) => route.asked.push(at),
            None => last_resort.push(at),
        }
    }
    route.asked.extend(last_resort);
    route
}

fn passed(link: &Link, need: &Need, known: Option<Facts>) -> Option<Passed> {
    let when = link.when;
    let length = when.prompt_tokens_min.unwrap_or(0)..=when.prompt_tokens_max.unwrap_or(u64::MAX);
    if known.is_some_and(|known| known.state == ModelState::Gone) {
        return Some(Passed::Gone);
    }
    if need.local_only && !known.is_some_and(|known| known.local) {
        return Some(Passed::NotLocal);
    }
    if !length.contains(&need.prompt_tokens) {
        return Some(Passed::OtherLength);
    }
    let whole = need.prompt_tokens.saturating_add(need.output_tokens);
    if known.and_then(|known| known.context_tokens).is_some_and(|most| whole > most) {
        return Some(Passed::TooSmall);
    }
    let can = known.map(|known| known.capabilities).unwrap_or_default();
    if need.tools && can.tools == Some(false) {
        return Some(Passed::NoTools);
    }
    if need.images && can.images == Some(false) {
        return Some(Passed::NoImages);
    }
    let price = known.and_then(|known| known.price);
    let cost = price.map(|price| {
        let input = need.prompt_tokens.saturating_mul(price.input_nano);
        input.saturating_add(need.output_tokens.saturating_mul(price.output_nano))
    });
    let limits = [
        (when.input_nano_max, price.map(|price| price.input_nano)),
        (when.output_nano_max, price.map(|price| price.output_nano)),
        (when.call_nano_max, cost),
    ];
    if limits.into_iter().any(|(most, is)| most.is_some_and(|most| is.is_none_or(|is| is > most))) {
        return Some(Passed::TooDear);
    }
    let over = |left: u64| cost.is_none_or(|cost| cost > left);
    need.nano_left.is_some_and(over).then_some(Passed::OverBudget)
}

#[cfg(test)]
mod tests;
