//! Every metric of the daemon, named `capuchin_<subsystem>_<thing>_<unit>`.
//!
//! [`Metrics`] is one cheap handle with a group per subsystem. Counters of fixed labels are looked up
//! once, when the registry is made, so counting is an atomic addition; labels never hold an id.

mod groups;
mod plugs;
mod process;
mod store;

use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use groups::{
    ActorMetrics, BudgetMetrics, HttpMetrics, MessageMetrics, ModelMetrics, ScheduleMetrics, SearchMetrics,
    Seconds, SessionMetrics, TurnMetrics, WebhookMetrics,
};
pub use plugs::PlugMetrics;
pub use store::StoreMetrics;

/// Media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const PREFIX: &str = "capuchin";

/// See the module.
#[derive(Clone)]
pub struct Metrics {
    /// Supervision.
    pub actors: ActorMetrics,
    /// Live sessions.
    pub sessions: SessionMetrics,
    /// Accepted and refused messages.
    pub messages: MessageMetrics,
    /// Webhook deliveries.
    pub webhooks: WebhookMetrics,
    /// Runs of schedules.
    pub schedules: ScheduleMetrics,
    /// Turns and their durations.
    pub turns: TurnMetrics,
    /// Model calls and tokens.
    pub models: ModelMetrics,
    /// Search.
    pub search: SearchMetrics,
    /// Budgets.
    pub budgets: BudgetMetrics,
    /// Plugs.
    pub plugs: PlugMetrics,
    /// The database.
    pub store: StoreMetrics,
    /// Requests on both listeners.
    pub http: HttpMetrics,
    registry: Arc<Registry>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

// === impl Metrics ===

impl Metrics {
    /// A registry with every metric at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register(
            "build",
            "Version of the running binary",
            Info::new(Build { version: env!("CARGO_PKG_VERSION") }),
        );
        let mut metrics = Self {
            actors: ActorMetrics::register(&mut registry),
            sessions: SessionMetrics::register(&mut registry),
            messages: MessageMetrics::register(&mut registry),
            webhooks: WebhookMetrics::register(&mut registry),
            schedules: ScheduleMetrics::register(&mut registry),
            turns: TurnMetrics::register(&mut registry),
            models: ModelMetrics::register(&mut registry),
            search: SearchMetrics::register(&mut registry),
            budgets: BudgetMetrics::register(&mut registry),
            plugs: PlugMetrics::register(&mut registry),
            store: StoreMetrics::register(&mut registry),
            http: HttpMetrics::register(&mut registry),
            registry: Arc::default(),
        };
        registry.register_collector(Box::new(process::ProcessCollector::new()));
        metrics.registry = Arc::new(registry);
        metrics
    }

    /// The OpenMetrics text of every metric; see [`CONTENT_TYPE`].
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::with_capacity(16 * 1024);
        // silent-ok: writing to a String does not fail, and no collector of ours does.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
