//! What the daemon says about itself: logs, spans, metrics.
//!
//! Logs go to stderr, for people on a terminal and as JSON otherwise; traces go to an OTLP collector
//! when one is configured, and cost nothing when not; metrics are typed handles behind one registry.
//!
//! **Invariant:** no secret at any level, and no text of a message at `info` or above.

mod logs;
pub mod metrics;
mod otlp;
pub mod spans;
mod troubles;

pub use logs::{TelemetryError, TelemetryGuard, check_filter, init};
pub use metrics::Metrics;
pub use troubles::{Trouble, Troubles};

#[cfg(test)]
mod tests;
