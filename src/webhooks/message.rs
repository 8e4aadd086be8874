//! How a delivery becomes the message of its turn.
//!
//! Whatever a template makes of it, the message is what a stranger wrote: it is stored as untrusted and stands behind a
//! fence in every prompt. What to do with it is said elsewhere, by the endpoint's instructions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use minijinja::{Environment, context};
use serde_json::Value;

/// Most bytes of a message; what is longer is cut, and says so.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024;
/// Steps of a template before it is ended: some thousands of values.
const FUEL: u64 = 50_000;

/// A delivery on its way into a message.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// The word of its source.
    pub source: &'a str,
    /// What happened, in the sender's word.
    pub event: &'a str,
    /// The sender's own id of it.
    pub source_id: Option<&'a str>,
    /// The media type of its body.
    pub media_type: &'a str,
    /// Its body without its secrets.
    pub body: &'a str,
    /// When it came, in milliseconds since 1970.
    pub received_ms: i64,
}

/// Templates of people, in the language of Jinja.
pub(super) struct Template;

// === impl Template ===

impl Template {
    /// Says what is wrong with a template. An empty one is the built-in one.
    pub(super) fn check(text: &str) -> Result<(), String> {
        environment().template_from_str(text).map(drop).map_err(|error| explained(&error))
    }
}

// === impl Parcel ===

impl Parcel<'_> {
    /// The message. A template that fails is told in it, and the built-in one is used, so that nothing is lost.
    #[must_use]
    pub fn message(&self, template: &str) -> String {
        if template.is_empty() {
            return Cut::of(&self.plain());
        }
        match self.rendered(template) {
            Ok(text) => text,
            Err(why) => {
                Cut::of(&format!("[The template of this endpoint failed: {why}]\n\n{}", self.plain()))
            }
        }
    }

    /// The built-in way: what it is, then all of it.
    fn plain(&self) -> String {
        let id = self.source_id.map(|id| format!("Delivery: {id}\n")).unwrap_or_default();
        format!(
            "[Webhook received]\nSource: {}\nEvent: {}\n{id}Time: {}\nPayload:\n{}",
            self.source,
            self.event,
            self.time(),
            self.payload_text(),
        )
    }

    fn rendered(&self, template: &str) -> Result<String, String> {
        let environment = environment();
        let context = context! {
            source => self.source,
            event => self.event,
            delivery_id => self.source_id,
            time => self.time(),
            payload => minijinja::value::Serde(self.payload()),
            body => self.body,
        };
        let mut out = Cut::default();
        let rendered = environment
            .template_from_str(template)
            .and_then(|template| template.render_captured_to(context, &mut out).map(drop));
        rendered.map_err(|error| explained(&error))?;
        Ok(out.finish())
    }

    fn time(&self) -> String {
        let at = Timestamp::from_millisecond(self.received_ms).unwrap_or_default();
        format!("{at:.0}")
    }

    fn is_form(&self) -> bool {
        self.media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// The payload as a value: an object of JSON, the fields of a form, or the text.
    fn payload(&self) -> Value {
        if self.is_form() {
            let fields: BTreeMap<_, _> = form_urlencoded::parse(self.body.as_bytes()).into_owned().collect();
            let fields = fields.into_iter().map(|(name, text)| {
                // Some platforms send JSON in a field.
                let value = serde_json::from_str(&text).ok().filter(Value::is_object);
                (name, value.unwrap_or(Value::String(text)))
            });
            return Value::Object(fields.collect());
        }
        serde_json::from_str(self.body).unwrap_or_else(|_| Value::String(self.body.to_owned()))
    }

    /// The payload as people and models read it.
    fn payload_text(&self) -> String {
        match self.payload() {
            Value::String(text) => text,
            value => serde_json::to_string_pretty(&value).unwrap_or_else(|_| self.body.to_owned()),
        }
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    // What is absent in one delivery and there in another prints nothing, in chains too.
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
}

/// The words of an error without the name that a template from a string gets.
fn explained(error: &minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    match error.detail() {
        Some(detail) => format!("{}: {detail}{line}", error.kind()),
        None => format!("{}{line}", error.kind()),
    }
}

/// Text up to the limit. What is beyond it is counted and not kept, however much a template makes.
#[derive(Default)]
struct Cut {
    kept: Vec<u8>,
    whole: usize,
}

// === impl Cut ===

impl Cut {
    fn of(text: &str) -> String {
        let mut cut = Self::default();
        cut.add(text.as_bytes());
        cut.finish()
    }

    fn add(&mut self, piece: &[u8]) {
        self.whole += piece.len();
        let room = MESSAGE_BYTES_MAX - self.kept.len();
        self.kept.extend(piece.iter().take(room));
    }

    fn finish(self) -> String {
        let is_cut = self.whole > self.kept.len();
        let end = match std::str::from_utf8(&self.kept) {
            Ok(text) => text.len(),
            // A character that the limit cut in two.
            Err(error) => error.valid_up_to(),
        };
        let mut text = String::from_utf8_lossy(self.kept.get(..end).unwrap_or_default()).into_owned();
        if is_cut {
            let whole = self.whole;
            text.push_str(&format!("\n[cut here: {whole} bytes in all; a template can pick what matters]"));
        }
        text
    }
}

impl std::io::Write for Cut {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.add(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
