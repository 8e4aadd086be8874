//! The pipelines of now: run where somebody waits for them, told in the background where nobody does.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::hook::Hook;
use super::pipeline::Pipelines;
use super::plug::PlugError;
use super::report::{PlugReport, PlugView};
use super::station::call;
use crate::protocol::ids::TenantId;

/// Points that wait to be told at most. Those over it are not told, are counted, and are in the log.
const WAITING_MAX: usize = 1024;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Extensions {
    inner: Arc<Inner>,
}

/// What a reload says where there is nothing to read settings from.
pub(super) const NOBODY_REBUILDS: &str = "this daemon was started without settings that can be read again";

/// Puts pipelines together anew, from the settings as they are now.
pub trait Rebuild: Send + Sync + 'static {
    /// The pipelines, or every problem of the settings.
    fn rebuild(&self) -> BoxFuture<'static, Result<Pipelines, Vec<String>>>;
}

/// What a plug said to somebody who tried it.
#[derive(Debug)]
pub struct Tried {
    /// What it said, or why nothing.
    pub outcome: Result<Context, PlugError>,
    /// How long it took.
    pub took: Duration,
}

struct Inner {
    now: ArcSwap<Pipelines>,
    rebuild: OnceLock<Arc<dyn Rebuild>>,
    /// One reload at a time, so that the last one asked for is the last one put in place.
    reloads: tokio::sync::Mutex<()>,
    waiting: mpsc::Sender<Reached>,
    /// Taken by the life that tells, given back at its end.
    told: Mutex<Option<mpsc::Receiver<Reached>>>,
    untold: AtomicU64,
}

/// A point that was reached.
struct Reached {
    hook: Hook,
    tenant: TenantId,
    /// What is known, gathered when its turn comes; `None` when it is gone by then.
    data: BoxFuture<'static, Option<Value>>,
}

// === impl Extensions ===

impl Default for Extensions {
    fn default() -> Self {
        Self::new(Pipelines::default())
    }
}

impl Extensions {
    /// These pipelines.
    #[must_use]
    pub fn new(pipelines: Pipelines) -> Self {
        let (waiting, told) = mpsc::channel(WAITING_MAX);
        let now = ArcSwap::from_pointee(pipelines);
        let inner = Inner {
            now,
            rebuild: OnceLock::new(),
            reloads: tokio::sync::Mutex::default(),
            waiting,
            told: Mutex::new(Some(told)),
            untold: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Puts others in their place, at once for everything that begins now. What runs ends in the ones that it began in.
    pub fn install(&self, pipelines: Pipelines) {
        self.inner.now.store(Arc::new(pipelines));
    }

    /// Who puts them together anew. The first one counts.
    pub fn rebuilt_by(&self, rebuild: Arc<dyn Rebuild>) {
        self.inner.rebuild.get_or_init(|| rebuild);
    }

    /// Puts them together anew from the settings of now, and in place as a whole.
    ///
    /// # Errors
    /// Every problem of the settings; then the ones of before stay.
    pub async fn reload(&self) -> Result<(), Vec<String>> {
        let _one = self.inner.reloads.lock().await;
        let Some(rebuild) = self.inner.rebuild.get() else { return Err(vec![NOBODY_REBUILDS.to_owned()]) };
        self.install(rebuild.rebuild().await?);
        Ok(())
    }

    /// Has one plug say something, without consequences; at this point, whether it is there or not. `None`: there is no such.
    pub async fn try_plug(&self, name: &str, hook: Hook, tenant: &TenantId, data: Value) -> Option<Tried> {
        let placed = self.inner.now.load().named(name, hook)?;
        let began = tokio::time::Instant::now();
        let outcome = Box::pin(call(&placed, Context::new(hook, tenant.clone(), data), Duration::MAX)).await;
        Some(Tried { outcome, took: began.elapsed() })
    }

    /// Whether any plug is at this point: who asks first need not gather what nobody reads.
    #[must_use]
    pub fn wants(&self, hook: Hook) -> bool {
        self.inner.now.load().wants(hook)
    }

    /// Runs the plugs of a point, and gives what they said.
    pub async fn run(&self, hook: Hook, tenant: &TenantId, data: Value) -> Context {
        let pipelines = self.inner.now.load_full();
        let context = Context::new(hook, tenant.clone(), data);
        Box::pin(pipelines.run(context)).await
    }

    /// Has the plugs of a point told soon. Never waits.
    pub fn tell(&self, hook: Hook, tenant: &TenantId, data: Value) {
        self.tell_what(hook, tenant, std::future::ready(Some(data)));
    }

    /// Has the plugs of a point told soon, of what is gathered then. Never waits; gathers nothing that nobody reads.
    pub fn tell_what(
        &self,
        hook: Hook,
        tenant: &TenantId,
        data: impl Future<Output = Option<Value>> + Send + 'static,
    ) {
        if !self.wants(hook) {
            return;
        }
        let reached = Reached { hook, tenant: tenant.clone(), data: data.boxed() };
        if self.inner.waiting.try_send(reached).is_err() {
            let untold = self.inner.untold.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(%hook, untold, "plugs are too slow: a point was reached that they are not told of");
        }
    }

    /// The plugs of a point with how they did.
    #[must_use]
    pub fn reports(&self, hook: Hook) -> Vec<(String, PlugReport)> {
        self.inner.now.load().reports(hook)
    }

    /// The plugs of a point with how they are and how they did.
    #[must_use]
    pub fn views(&self, hook: Hook) -> Vec<PlugView> {
        self.inner.now.load().views(hook)
    }

    /// Points that were reached and not told, since the start.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.inner.untold.load(Ordering::Relaxed)
    }

    /// Tells plugs of what waits, one after the other, until stopped, and then of what waits still.
    pub async fn tell_on(self, stop: CancellationToken) {
        let Some(told) = self.inner.told.lock().take() else { return };
        let mut told = Returned { told: Some(told), to: &self.inner.told };
        loop {
            let Some(queue) = told.told.as_mut() else { return };
            let next = tokio::select! {
                biased;
                next = queue.recv() => next,
                () = stop.cancelled() => return,
            };
            let Some(Reached { hook, tenant, data }) = next else { return };
            // What cannot be gathered costs this one, and not those that wait behind it.
            match AssertUnwindSafe(data).catch_unwind().await {
                Ok(Some(data)) => drop(self.run(hook, &tenant, data).await),
                Ok(None) => {}
                Err(_) => tracing::error!(%hook, "what plugs should be told could not be gathered"),
            }
        }
    }
}

/// The queue, which goes back to its place however the life that tells ends.
struct Returned<'a> {
    told: Option<mpsc::Receiver<Reached>>,
    to: &'a Mutex<Option<mpsc::Receiver<Reached>>>,
}

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        *self.to.lock() = self.told.take();
    }
}
