//! The plugs of each point in their order, put together once; and one run through them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::context::Context;
use super::hook::Hook;
use super::plug::Plug;
use super::report::{PlugReport, PlugView};
use super::station::Station;

/// Time of all plugs of a point unless somebody says otherwise.
const WHOLE: Duration = Duration::from_secs(15);

/// A plug at a point.
#[derive(Clone)]
pub struct Placed {
    /// The plug.
    pub plug: Arc<dyn Plug>,
    /// Time after which it is left, at this point.
    pub within: Duration,
}

/// Every point with its plugs. Made once, never changed: other settings are other pipelines.
pub struct Pipelines {
    points: HashMap<Hook, Vec<Station>>,
    /// Plugs that are at no point, for whoever tries them.
    spare: Vec<Placed>,
    /// Time of all plugs of a point together.
    whole: Duration,
}

// === impl Pipelines ===

impl Default for Pipelines {
    fn default() -> Self {
        Self { points: HashMap::new(), spare: Vec::new(), whole: WHOLE }
    }
}

impl Pipelines {
    /// The pipelines of these plugs: those for every point first, then those of the point, each in its order.
    #[must_use]
    pub fn compile(global: &[Placed], at: &[(Hook, Placed)]) -> Self {
        let points = Hook::ALL.map(|hook| {
            let own = at.iter().filter(|(of, _)| *of == hook).map(|(_, placed)| placed);
            (hook, global.iter().chain(own).map(Station::new).collect::<Vec<_>>())
        });
        let points = points.into_iter().filter(|(_, stations)| !stations.is_empty()).collect();
        Self { points, ..Self::default() }
    }

    /// The same with this time for all plugs of a point together; those that come after it are left out, or halt if they guard.
    #[must_use]
    pub fn within(self, whole: Duration) -> Self {
        Self { whole, ..self }
    }

    /// The same with plugs that are at no point and can be tried.
    #[must_use]
    pub fn with_spare(self, spare: Vec<Placed>) -> Self {
        Self { spare, ..self }
    }

    /// Whether any plug is at this point.
    #[must_use]
    pub fn wants(&self, hook: Hook) -> bool {
        self.points.contains_key(&hook)
    }

    /// Runs the plugs of its point over a context, until one halts.
    pub async fn run(&self, mut context: Context) -> Context {
        let until = Instant::now() + self.whole;
        for station in self.points.get(&context.hook).into_iter().flatten() {
            if context.halted.is_some() {
                break;
            }
            context = station.run(context, until.saturating_duration_since(Instant::now())).await;
        }
        context
    }

    /// The plugs of a point with how they did.
    pub fn reports(&self, hook: Hook) -> Vec<(String, PlugReport)> {
        self.views(hook).into_iter().map(|view| (view.name, view.report)).collect()
    }

    /// The plugs of a point with how they are and how they did.
    pub fn views(&self, hook: Hook) -> Vec<PlugView> {
        self.points.get(&hook).into_iter().flatten().map(Station::view).collect()
    }

    /// A plug of this name, wherever it is: at this point if it is there.
    pub fn named(&self, name: &str, hook: Hook) -> Option<Placed> {
        let here = self.points.get(&hook).into_iter().flatten();
        let mut all = here.chain(self.points.values().flatten()).map(Station::placed).chain(&self.spare);
        all.find(|placed| placed.plug.name() == name).cloned()
    }
}
