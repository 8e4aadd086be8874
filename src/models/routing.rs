//! The handle of routing: who is asked now, how that went, and who is told.

use std::sync::Arc;
use std::time::Duration;

use super::chain::{Link, Routing};
use super::desk::Models;
use super::health::BackendHealth;
use super::model::ModelState;
use super::route::{self, Facts, Need, Passed};
use super::watch::{self, News};
use crate::backends::{Backend, Capabilities};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::ids::{AssistantId, TenantId};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// Most assistants of which it is known that a fallback answers.
const AWAY_MAX: usize = 1_000;

/// A model that may be asked.
#[derive(Clone)]
pub struct Candidate {
    /// Its place in the chain.
    pub place: usize,
    /// Who answers.
    pub backend: Arc<dyn Backend>,
    /// The model, the backend's own filled in; empty where it has none.
    pub model: String,
}

// === impl Models: routing ===

impl Models {
    /// Who is asked for a call, one after the other until one answers. A chain of one model without conditions is that model,
    /// whatever is known of it. Never empty.
    ///
    /// # Errors
    /// Why nobody may be asked: `TooLarge` where another prompt could be, `Denied`, `BudgetExceeded`, `NotFound`, `Configuration`.
    pub fn candidates(
        &self,
        routing: &Routing,
        chain: &[Link],
        need: &Need,
    ) -> Result<Vec<Candidate>, ModelError> {
        let need = Need { local_only: routing.local_only || need.local_only, ..*need };
        if let [only] = chain
            && !need.local_only
            && only.when == super::chain::Conditions::default()
        {
            return self.candidate(0, only).map(|only| vec![only]);
        }
        let route = route::route(chain, &need, |link| Some(self.facts(link)));
        let asked: Vec<Candidate> =
            route.asked.iter().filter_map(|place| self.candidate(*place, chain.get(*place)?).ok()).collect();
        if asked.is_empty() { Err(nobody(chain, &route.passed)) } else { Ok(asked) }
    }

    /// A call of this model begins.
    pub fn begun(&self, backend: &str, model: &str) {
        self.0.breakers.lock().begun(backend, model, self.now_ms());
    }

    /// A call of this model has ended; `first` is how long its first token took.
    pub fn ended(
        &self,
        (backend, model): (&str, &str),
        outcome: Result<(), &ModelError>,
        first: Option<Duration>,
    ) {
        if outcome.is_ok() {
            self.heard(backend, model);
        }
        self.0.breakers.lock().ended((backend, model), outcome, first, self.now_ms());
    }

    /// How a backend fares.
    #[must_use]
    pub fn health(&self, backend: &str) -> BackendHealth {
        self.0.breakers.lock().view(backend, self.now_ms())
    }

    /// Whether calls of this model go through: `closed`, `open` or `half_open`.
    #[must_use]
    pub fn breaker(&self, backend: &str, model: &str) -> &'static str {
        self.0.breakers.lock().word(backend, model, self.now_ms())
    }

    /// Says who tells people that an assistant answers with a fallback. The first one stays.
    pub fn tell(&self, notices: Notifications) {
        // silent-ok: it is set once per start
        let _ = self.0.notices.set(notices);
    }

    /// This place of an assistant's chain has answered. People are told of a fallback that answers for long, and of its end.
    pub fn answered(&self, tenant: &TenantId, assistant: AssistantId, chain: &[Link], place: usize) {
        let (Some(own), Some(link)) = (chain.first(), chain.get(place)) else { return };
        let key = (tenant.clone(), assistant);
        let news = {
            let mut away = self.0.away.lock();
            let (after, news) = watch::answered(away.get(&key).copied(), place, self.now_ms());
            let has_room = away.len() < AWAY_MAX || away.contains_key(&key);
            match after {
                Some(after) if has_room => _ = away.insert(key, after),
                Some(_) => {}
                None => _ = away.remove(&key),
            }
            news
        };
        let (Some(news), Some(notices)) = (news, self.0.notices.get()) else { return };
        let (own, link) = (own.name(), link.name());
        let happening = match news {
            News::Away => {
                let minutes = watch::LONG.as_secs() / 60;
                let title = format!("{link} has answered instead of {own} for {minutes} minutes");
                Happening::new(Pattern::ModelFallback, title)
                    .saying("An assistant's own model does not answer, so its fallback does. Settings → Backends says why.")
                    .to(SourceType::Assistant, assistant)
            }
            News::Back => {
                notices.is_over(tenant, SourceType::Assistant, assistant);
                Happening::new(Pattern::ModelBack, format!("{own} answers again"))
            }
        };
        notices.raise(tenant, happening);
    }

    fn candidate(&self, place: usize, link: &Link) -> Result<Candidate, ModelError> {
        let backend = self.backends().get(&link.backend).ok_or_else(|| {
            let known: Vec<_> = self.backends().names().collect();
            let text =
                format!("there is no backend `{}`; configured are: {}", link.backend, known.join(", "));
            ModelError::new(ModelErrorKind::Configuration, text)
        })?;
        let model = filled(link, &*backend);
        Ok(Candidate { place, backend, model })
    }

    fn facts(&self, link: &Link) -> Facts {
        let Some(backend) = self.backends().get(&link.backend) else { return Facts::gone() };
        let model = filled(link, &*backend);
        let known = self.get(&link.backend, &model);
        let admitted = self.0.breakers.lock().admits(&link.backend, &model, self.now_ms());
        let context = known.as_ref().and_then(|one| one.known.context_tokens);
        Facts {
            local: backend.is_local(),
            state: known.as_ref().map_or(ModelState::Available, |one| one.known.state),
            context_tokens: context.or_else(|| backend.context_tokens()),
            capabilities: known.as_ref().map_or_else(Capabilities::default, |one| one.known.capabilities),
            price: known.map_or_else(|| self.price(&link.backend, &model), |one| one.price),
            admitted,
        }
    }

    /// Tokens that the roomiest model of a chain takes, as far as anybody said: `otherwise` for those of which nobody did.
    #[must_use]
    pub fn context_tokens(&self, chain: &[Link], otherwise: u64) -> u64 {
        let of = |link: &Link| {
            let context = self.facts(link).context_tokens.unwrap_or(otherwise);
            context.min(link.when.prompt_tokens_max.unwrap_or(u64::MAX))
        };
        chain
            .iter()
            .filter(|link| self.backends().get(&link.backend).is_some())
            .map(of)
            .max()
            .unwrap_or(otherwise)
    }
}

fn filled(link: &Link, backend: &dyn Backend) -> String {
    match link.model.as_str() {
        "" => backend.default_model().unwrap_or_default().to_owned(),
        model => model.to_owned(),
    }
}

/// Why nobody may be asked. Its kind is what could be changed first: the prompt, then the budget, then the settings.
fn nobody(chain: &[Link], passed: &[(usize, Passed)]) -> ModelError {
    let reasons = passed
        .iter()
        .filter_map(|(place, why)| Some(format!("{} {}", chain.get(*place)?.name(), why.text())));
    let reasons: Vec<String> = reasons.collect();
    let has = |kinds: &[Passed]| passed.iter().any(|(_, why)| kinds.contains(why));
    let kind = if has(&[Passed::TooSmall, Passed::OtherLength]) {
        ModelErrorKind::TooLarge
    } else if has(&[Passed::OverBudget]) {
        ModelErrorKind::BudgetExceeded
    } else if has(&[Passed::NotLocal, Passed::TooDear]) {
        ModelErrorKind::Denied
    } else {
        ModelErrorKind::Configuration
    };
    ModelError::new(kind, format!("no model of the chain may be asked: {}", reasons.join("; ")))
}
