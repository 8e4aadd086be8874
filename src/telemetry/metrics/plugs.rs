//! How plugs do, which they count by themselves; read when somebody asks. Other settings count from nothing.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;

use crate::extensions::{Extensions, Hook, PlugReport, PlugView};

type Figure = (&'static str, &'static str, fn(&PlugReport) -> u64);

const FIGURES: [Figure; 5] = [
    ("plug_runs", "Runs of plugs", |report| report.runs),
    ("plug_failures", "Runs of plugs that failed", |report| report.failures),
    ("plug_halts", "Runs of plugs that halted their point", |report| report.halts),
    ("plug_left_out", "Times that plugs were left out", |report| report.left_out),
    ("plug_time_microseconds", "Time that plugs took", |report| report.total_us),
];

/// Where the figures of plugs come from.
#[derive(Clone, Default)]
pub struct PlugMetrics {
    source: Arc<OnceLock<Extensions>>,
}

// === impl PlugMetrics ===

impl PlugMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self::default();
        registry.register_collector(Box::new(group.clone()));
        group
    }

    /// Takes the figures from here, once per registry.
    pub fn read_from(&self, plugs: Extensions) {
        self.source.get_or_init(|| plugs);
    }
}

impl fmt::Debug for PlugMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlugMetrics")
    }
}

impl Collector for PlugMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(plugs) = self.source.get() else { return Ok(()) };
        let of = |hook: Hook| plugs.views(hook).into_iter().map(move |view| (hook, view));
        let views: Vec<(Hook, PlugView)> = Hook::ALL.into_iter().flat_map(of).collect();
        for (name, help, figure) in FIGURES {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (hook, view) in &views {
                let labels = [("hook", hook.as_str()), ("plug", view.name.as_str())];
                ConstCounter::new(figure(&view.report)).encode(family.encode_family(&labels)?)?;
            }
        }
        let untold = ConstCounter::new(plugs.untold());
        let help = "Points that were reached and that plugs were not told of";
        untold.encode(encoder.encode_descriptor("plug_untold", help, None, untold.metric_type())?)
    }
}
