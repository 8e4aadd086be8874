//! Warnings and errors of the log, for whoever tells people: so that nothing fails where only the log sees it.
//!
//! A line may name what it is with the field `notice`, and whose with `tenant`. Lines about notices themselves, and
//! those of whoever tells people by another way (the field `noticed`), are left out.

use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Most bytes of what one line says.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// Whose lines are left out: of the notices, and of supervisors, which report by a way of their own.
const QUIET: [&str; 2] = ["capuchin::notifications", "capuchin_actors::supervision"];

/// A line of the log that somebody should know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// Whether it is an error.
    pub is_error: bool,
    /// The module that said it.
    pub part: String,
    /// The place in the code: the same for every time that it is said.
    pub place: &'static str,
    /// What it says, as one line, secrets included.
    pub text: String,
    /// Everything that stands beside it.
    pub details: String,
    /// The word of what happened, if the line names it.
    pub notice: Option<String>,
    /// Whose it is, if the line says so.
    pub tenant: Option<String>,
}

type Hear = Box<dyn Fn(Trouble) + Send + Sync>;

/// Who hears of them. A cheap clone; all clones are one.
#[derive(Clone, Default)]
pub struct Troubles(Arc<OnceLock<Hear>>);

// === impl Troubles ===

impl Troubles {
    /// Says who hears of them from now on: quick, without waiting, and without a word to the log. The first one stays.
    pub fn tell(&self, hear: impl Fn(Trouble) + Send + Sync + 'static) {
        // silent-ok: it is set once per start
        let _ = self.0.set(Box::new(hear));
    }

    pub(super) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        self.clone().with_filter(tracing_subscriber::filter::filter_fn(is_ours))
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let of_us = metadata.target().starts_with("capuchin") && *metadata.level() <= Level::WARN;
    of_us && metadata.is_event() && !QUIET.iter().any(|quiet| metadata.target().starts_with(quiet))
}

impl<S: Subscriber> Layer<S> for Troubles {
    fn on_event(&self, event: &Event<'_>, _ctx: Context<'_, S>) {
        let Some(hear) = self.0.get() else { return };
        let mut line = Line::default();
        event.record(&mut line);
        if line.noticed {
            return;
        }
        let metadata = event.metadata();
        hear(Trouble {
            is_error: *metadata.level() == Level::ERROR,
            part: metadata.target().to_owned(),
            place: metadata.name(),
            text: line.text,
            details: line.details,
            notice: line.notice,
            tenant: line.tenant,
        });
    }
}

#[derive(Default)]
struct Line {
    text: String,
    details: String,
    notice: Option<String>,
    tenant: Option<String>,
    noticed: bool,
}

impl Line {
    fn put(&mut self, name: &str, value: fmt::Arguments<'_>) {
        match name {
            "message" => self.text = value.to_string(),
            "notice" => self.notice = Some(value.to_string()),
            "noticed" => self.noticed = true,
            "tenant" => self.tenant = Some(value.to_string()),
            _ if self.details.len() < TEXT_BYTES_MAX => {
                // silent-ok: a String takes everything
                let _ = writeln!(self.details, "{name}: {value}");
            }
            _ => {}
        }
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), format_args!("{value}"));
    }
}
