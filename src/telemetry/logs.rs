//! The subscriber behind tracing: one line per event on stderr, and the way out for traces.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{LogFormat, TelemetryConfig};
use crate::redaction::Redactor;

use super::otlp::{Otlp, OtlpError};
use super::troubles::Troubles;

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter has no meaning.
    #[error("the log filter cannot be read")]
    Filter(#[from] ParseError),
    /// Traces cannot be exported.
    #[error(transparent)]
    Otlp(#[from] OtlpError),
    /// This process logs already.
    #[error("logging was set up twice in one process")]
    Twice(#[from] TryInitError),
}

/// Libraries that report every request of a peer. Whoever wants that names them in `telemetry.log_filter`.
const QUIET: &str = "rmcp=error";

/// Keeps telemetry alive. Dropping it sends the spans that are still here, for at most five seconds,
/// so drop it last and outside the async runtime.
#[must_use = "telemetry ends when its guard is dropped"]
pub struct TelemetryGuard {
    _otlp: Option<Otlp>,
}

/// Whether this text is a filter of log lines.
///
/// # Errors
/// What is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), ParseError> {
    EnvFilter::builder().parse(filter).map(|_| ())
}

/// Starts logs, and traces when they are configured; `troubles` hears of warnings and errors. Once per process.
///
/// # Errors
/// See [`TelemetryError`]; nothing is half set up then.
pub fn init(
    config: &TelemetryConfig,
    redactor: &Redactor,
    troubles: &Troubles,
) -> Result<TelemetryGuard, TelemetryError> {
    let filter = EnvFilter::builder().parse(format!("{QUIET},{}", config.log_filter))?;
    let otlp = config.otlp_endpoint.as_deref().map(Otlp::connect).transpose()?;
    let lines = lines(config.log_format, redactor.clone()).with_filter(filter);
    let traces = otlp.as_ref().map(Otlp::layer);
    tracing_subscriber::registry().with(lines).with(troubles.layer()).with(traces).try_init()?;
    report_panics();
    Ok(TelemetryGuard { _otlp: otlp })
}

fn lines(format: LogFormat, redactor: Redactor) -> Box<dyn Layer<Registry> + Send + Sync> {
    let terminal = io::stderr().is_terminal();
    let stderr = move || RedactedLines { redactor: redactor.clone() };
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    if human {
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        fmt::layer().with_writer(stderr).with_ansi(colour).with_target(false).boxed()
    } else {
        fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(stderr).boxed()
    }
}

/// A panic is a line of the log like any other, so that its text is scanned too.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("no text");
        tracing::error!(thread, place, "panicked: {text}");
    }));
}

/// Standard error without the secrets in it. The layer writes each event with one call.
struct RedactedLines {
    redactor: Redactor,
}

impl Write for RedactedLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(self.redactor.redact(&text).text.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests;
