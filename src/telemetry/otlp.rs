//! Export of spans to an OTLP collector over HTTP, in batches, from a thread of the exporter's own.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::registry::LookupSpan;

const SERVICE: &str = "capuchin";
/// One batch may take this long to reach the collector.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is left at the end may take this long.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why no spans can be exported.
#[derive(Debug, thiserror::Error)]
#[error("cannot export traces to {endpoint}")]
pub struct OtlpError {
    endpoint: String,
    source: ExporterBuildError,
}

/// The way to the collector. Dropping it sends what is left.
pub(super) struct Otlp {
    provider: SdkTracerProvider,
}

// === impl Otlp ===

impl Otlp {
    /// Makes the exporter. Nothing is sent yet, so a collector that is down is no error.
    pub(super) fn connect(endpoint: &str) -> Result<Self, OtlpError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|source| OtlpError { endpoint: endpoint.to_owned(), source })?;
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Self { provider })
    }

    /// Turns spans at `info` and above into spans of OpenTelemetry.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_filter(LevelFilter::INFO)
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        // silent-ok: the process ends; spans that a dead collector did not take are lost with it.
        let _ = self.provider.shutdown_with_timeout(FLUSH_TIMEOUT);
    }
}
