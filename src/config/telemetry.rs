//! `[telemetry]`: logs and traces.

use serde::Deserialize;

use super::sections::Check;

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Human,
    /// One JSON object per line.
    Json,
}

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// `auto`, `human` or `json`. Default `auto`.
    pub log_format: LogFormat,
    /// Which log lines are written, in the words of tracing's filters (`info`, `warn,capuchin=debug`).
    /// Default `info`. Levels below `info` may show message text.
    pub log_filter: String,
    /// Where traces go: the base address of an OTLP collector over HTTP (`http://127.0.0.1:4318`).
    /// Default none: nothing is exported.
    pub otlp_endpoint: Option<String>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log_format: LogFormat::Auto, log_filter: "info".to_owned(), otlp_endpoint: None }
    }
}

impl TelemetryConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if let Err(error) = crate::telemetry::check_filter(&self.log_filter) {
            check.problem("telemetry.log_filter", format_args!("is not a log filter: {error}"));
        }
        if let Some(endpoint) = &self.otlp_endpoint
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            check.problem("telemetry.otlp_endpoint", "must start with http:// or https://");
        }
    }
}
