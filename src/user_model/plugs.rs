//! The two plugs: what a person wrote is noticed after their turn, and the next prompt is told what is known.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::desk::{UserModel, injection_key};
use super::error::UserModelError;
use super::person::Person;
use super::prompt;
use crate::extensions::{Context, Injection, Plug, PlugError, Source};
use crate::protocol::turn::Provenance;

/// At `query_post`: notices what a person of this tenant wrote, and nothing of what anybody else did.
pub struct ObservationPlug(pub UserModel);

/// At `query_pre`: tells the prompt what is known of who wrote it, if they want that and it is long enough.
pub struct InjectionPlug {
    model: UserModel,
    /// Shorter prompts are told nothing, in characters.
    chars_min: usize,
}

/// The name of the one that notices.
const OBSERVATION: &str = "observation";
/// The name of the one that tells.
const INJECTION: &str = "user_model";

// === impl ObservationPlug ===

impl Plug for ObservationPlug {
    fn name(&self) -> &str {
        OBSERVATION
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            if let Some(person) = author(&context) {
                let noticed =
                    self.0.observe(&context.tenant, person, context.text("prompt"), context.at_ms).await;
                noticed.map_err(unavailable)?;
            }
            Ok(context)
        }
        .boxed()
    }
}

// === impl InjectionPlug ===

impl InjectionPlug {
    /// The plug for prompts of so many characters and more.
    #[must_use]
    pub const fn new(model: UserModel, chars_min: usize) -> Self {
        Self { model, chars_min }
    }
}

impl Plug for InjectionPlug {
    fn name(&self) -> &str {
        INJECTION
    }

    fn call(&self, mut context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        async move {
            let Some(person) = author(&context) else { return Ok(context) };
            let key = injection_key(person);
            let is_short = context.text("prompt").chars().take(self.chars_min).count() < self.chars_min;
            if is_short || context.known_keys().any(|known| known == key) {
                return Ok(context);
            }
            let known = self.model.view(&context.tenant, person).await.map_err(unavailable)?;
            let text = match (&known.profile, known.injection) {
                (Some(profile), true) => prompt::context(profile, context.at_ms),
                _ => String::new(),
            };
            if !text.is_empty() {
                context.injections.push(Injection {
                    plug: INJECTION.to_owned(),
                    key,
                    title: "User context".to_owned(),
                    text,
                    provenance: if person == Person::Owner { Provenance::Owner } else { Provenance::Member },
                    sources: vec![Source { kind: "profile".to_owned(), id: person.to_string() }],
                });
            }
            Ok(context)
        }
        .boxed()
    }
}

/// The person who wrote the prompt, if one did.
fn author(context: &Context) -> Option<Person> {
    let provenance = Provenance::parse(context.text("provenance"))?;
    Person::who_wrote(context.text("source"), provenance)
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unavailable(error: UserModelError) -> PlugError {
    PlugError::Unavailable(error.to_string())
}
