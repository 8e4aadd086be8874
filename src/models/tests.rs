//! Models over a real store, with backends that answer as they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::backends::{Backend, Backends, ModelInfo, Price, Prices};
use crate::config::backends::BackendsConfig;
use crate::db::{Db, DbError, DbOptions, WriterRun};
use crate::identity::Principal;
use crate::protocol::ids::TenantId;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

mod routing;

const DAY_MS: i64 = 24 * 3_600_000;

/// A backend whose list is a script; the last answer repeats.
struct Fake {
    name: &'static str,
    provider: &'static str,
    default: Option<&'static str>,
    answers: Mutex<Vec<Result<Vec<ModelInfo>, ModelError>>>,
    asked: Mutex<Vec<Instant>>,
    /// After so many looks this is cancelled.
    last: Mutex<Option<(usize, CancellationToken)>>,
    heard: Notify,
}

impl Fake {
    fn new(
        name: &'static str,
        provider: &'static str,
        answers: Vec<Result<Vec<ModelInfo>, ModelError>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            provider,
            default: Some("standard"),
            answers: Mutex::new(answers),
            asked: Mutex::default(),
            last: Mutex::default(),
            heard: Notify::new(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().len()
    }

    fn says(&self, answer: Result<Vec<ModelInfo>, ModelError>) {
        *self.answers.lock() = vec![answer];
    }
}

impl Backend for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn provider(&self) -> &'static str {
        self.provider
    }

    fn default_model(&self) -> Option<&str> {
        self.default
    }

    fn is_local(&self) -> bool {
        true
    }

    fn stream(&self, _: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        stream::empty().boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.asked.lock().push(Instant::now());
        self.heard.notify_one();
        if let Some((_, stop)) = self.last.lock().as_ref().filter(|(count, _)| *count == self.asked()) {
            stop.cancel();
        }
        let mut answers = self.answers.lock();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(std::future::ready(answer))
    }
}

fn down() -> Result<Vec<ModelInfo>, ModelError> {
    Err(ModelError::new(ModelErrorKind::Network, "nobody is there"))
}

fn list(names: &[&str]) -> Result<Vec<ModelInfo>, ModelError> {
    Ok(names.iter().map(|name| ModelInfo::named(*name)).collect())
}

struct Store {
    db: Db,
    writer: Option<WriterRun>,
    now_ms: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        Self::with(DbOptions::default())
    }

    fn with(options: DbOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("capuchin.db"), options).unwrap();
        let writer = Some(db.start_writer().unwrap());
        Self { db, writer, now_ms: Arc::new(AtomicI64::new(1_000 * DAY_MS)), _folder: folder }
    }

    async fn open(&self, backends: &[&Arc<Fake>]) -> Models {
        let backends = backends.iter().map(|one| Arc::clone(one) as Arc<dyn Backend>).collect();
        let now_ms = Arc::clone(&self.now_ms);
        let clock = Arc::new(move || now_ms.load(Ordering::Relaxed));
        let prices = Prices::new(&BackendsConfig::default());
        Models::open_with_clock(self.db.clone(), Backends::of(backends), prices, clock).await
    }

    fn later(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    async fn break_writes(&mut self) {
        self.writer.take().unwrap().stop().await.unwrap();
    }
}

fn key(text: &str) -> ProbeKey {
    text.parse().unwrap()
}

fn names(models: &[ModelView]) -> Vec<String> {
    let name = |one: &ModelView| format!("{}/{}", one.known.key.backend, one.known.key.model);
    models.iter().map(name).collect()
}

fn owner() -> Principal {
    Principal::owner(TenantId::home())
}

#[tokio::test]
async fn with_every_provider_broken_there_are_models_to_pick() {
    let store = Store::new();
    let cloud = Fake::new("cloud", "anthropic", vec![down()]);
    let local = Fake::new("local", "compatible", vec![Ok(Vec::new())]);
    let models = store.open(&[&cloud, &local]).await;
    for probe in ["cloud:anthropic", "local:compatible"] {
        let view = models.refresh(&key(probe)).await.unwrap();
        assert_eq!((view.state, view.failures), (ProbeState::Failing, 1), "{view:?}");
    }
    let offered = names(&models.list(Duration::ZERO).await);
    for expected in ["cloud/claude-sonnet-4-5", "cloud/standard", "local/standard"] {
        assert!(offered.iter().any(|name| name == expected), "{expected} is not in {offered:?}");
    }
    assert!(models.get("cloud", "claude-sonnet-4-5").unwrap().known.context_tokens.is_some());
}

#[tokio::test]
async fn a_list_once_had_outlives_failures_and_restarts() {
    let store = Store::new();
    let priced = ModelInfo { price: Price::per_token(0.000_001, 0.000_002, None), ..ModelInfo::named("a") };
    let backend = Fake::new("b", "compatible", vec![Ok(vec![priced, ModelInfo::named("standard")])]);
    let models = store.open(&[&backend]).await;
    assert_eq!(names(&models.list(Duration::from_secs(60)).await), ["b/a", "b/standard"]);
    backend.says(down());
    store.later(2_000);
    assert_eq!(models.refresh(&key("b:compatible")).await.unwrap().failures, 1);
    assert_eq!(names(&models.offered()), ["b/a", "b/standard"]);
    drop(models);
    let again = store.open(&[&backend]).await;
    assert_eq!(names(&again.offered()), ["b/a", "b/standard"]);
    let known = again.get("b", "a").unwrap();
    assert_eq!((known.price.unwrap().input_nano, known.known.source), (1_000, Source::Refresh));
}

#[tokio::test]
async fn a_store_that_refuses_writes_leaves_every_read() {
    let mut store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a", "standard"]), list(&["b", "standard"])]);
    let models = store.open(&[&backend]).await;
    models.refresh(&key("b:compatible")).await.unwrap();
    store.break_writes().await;
    store.later(2_000);
    let view = models.refresh(&key("b:compatible")).await.unwrap();
    assert_eq!((view.state, view.failures), (ProbeState::Failing, 1));
    assert!(view.error.as_ref().is_some_and(|why| why.contains("stored")), "{view:?}");
    assert_eq!(names(&models.offered()), ["b/a", "b/standard"], "what is shown is what is stored");
    let change = ProbeChange { every_s: Some(60), ..ProbeChange::default() };
    assert!(matches!(
        models.configure(&owner(), &key("b:compatible"), change).await,
        Err(ModelsError::Store(_))
    ));
    assert_eq!(models.probes()[0].every_s, 3_600);
    // A life of the daemon that begins with a store like this one.
    let again = store.open(&[&backend]).await;
    assert_eq!(names(&again.offered()), ["b/a", "b/standard"]);
    let other = Fake::new("new", "compatible", vec![down()]);
    assert_eq!(names(&store.open(&[&other]).await.offered()), ["new/standard"]);
}

#[tokio::test]
async fn a_full_disk_leaves_every_read_and_takes_nothing_away() {
    let store = Store::with(DbOptions { pages_max: Some(420), ..DbOptions::default() });
    let backend = Fake::new("b", "compatible", vec![list(&["a", "standard"])]);
    let models = store.open(&[&backend]).await;
    models.refresh(&key("b:compatible")).await.unwrap();
    let mut refused = None;
    for round in 0..40 {
        let many = (0..500).map(|n| ModelInfo::named(format!("{round}-{n}-{}", "x".repeat(150)))).collect();
        let (backend, provider) = ("other".to_owned(), "compatible".to_owned());
        let report = Report {
            backend,
            provider: format!("{provider}{round}"),
            source: Source::Session,
            models: many,
            at_ms: 1,
        };
        if let Err(error) = models.take(report).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(refused, Some(DbError::DiskFull)), "{refused:?}");
    assert_eq!(names(&models.offered()), ["b/a", "b/standard"]);
}

#[tokio::test(start_paused = true)]
async fn a_prober_asks_again_after_growing_pauses_and_then_from_time_to_time() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![down(), down(), down(), list(&["a"]), list(&["a"])]);
    let start = Instant::now();
    let clock = Arc::new(move || i64::try_from(start.elapsed().as_millis()).unwrap());
    let backends = Backends::of(vec![Arc::clone(&backend) as Arc<dyn Backend>]);
    let prices = Prices::new(&BackendsConfig::default());
    let models = Models::open_with_clock(store.db.clone(), backends, prices, clock).await;
    let (mut chance, stop) = (fastrand::Rng::with_seed(11), CancellationToken::new());
    let probe = key("b:compatible");
    *backend.last.lock() = Some((5, stop.clone()));
    models.probe(&probe, &mut chance, &stop).await;
    let asked = backend.asked.lock().clone();
    let gaps: Vec<f64> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    assert_eq!(gaps.len(), 4, "{gaps:?}");
    for (gap, least) in gaps.iter().zip([5.0, 10.0, 20.0, 3_600.0]) {
        assert!((least..least * 1.25 + 0.1).contains(gap), "{gap} {least}");
    }
    assert_eq!(models.probes()[0].state, ProbeState::Ready);
    assert_eq!(names(&models.offered()), ["b/a"]);
}

#[tokio::test(start_paused = true)]
async fn a_life_after_a_crash_does_not_begin_anew_with_asking() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![down()]);
    let models = store.open(&[&backend]).await;
    let (probe, stop) = (key("b:compatible"), CancellationToken::new());
    for _ in 0..5 {
        // Each life is dropped before its second look is due.
        let mut chance = fastrand::Rng::with_seed(1);
        let life = models.probe(&probe, &mut chance, &stop);
        let _ = tokio::time::timeout(Duration::from_secs(4), life).await;
    }
    assert_eq!(backend.asked(), 1);
    models.is_down(&probe, "quarantined: it crashed");
    assert_eq!(models.probes()[0].state, ProbeState::Down);
    assert!(!models.offered().is_empty());
}

#[tokio::test]
async fn how_a_backend_is_asked_can_be_changed_while_it_is_asked() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a"])]);
    let models = store.open(&[&backend]).await;
    let (probe, stop) = (key("b:compatible"), CancellationToken::new());
    let mut chance = fastrand::Rng::with_seed(1);
    let change = async {
        backend.heard.notified().await;
        // The first answer is in place once its probe says so.
        while models.probes()[0].next_ms.is_none() {
            tokio::task::yield_now().await;
        }
        store.later(10_000);
        let change = ProbeChange { every_s: Some(60), enabled: None };
        models.configure(&owner(), &probe, change).await.unwrap();
        backend.heard.notified().await;
        let minute = store.now_ms.load(Ordering::Relaxed) + 60_000;
        while models.probes()[0].next_ms != Some(minute) {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    futures::join!(models.probe(&probe, &mut chance, &stop), change);
    assert_eq!(backend.asked(), 2, "at start and at the change, and then in a minute");
}

#[tokio::test]
async fn a_change_outlives_restarts_and_is_refused_where_it_makes_no_sense() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a"])]);
    let models = store.open(&[&backend]).await;
    let probe = key("b:compatible");
    let set = |every_s, enabled| ProbeChange { every_s, enabled };
    for wrong in [0, EVERY_S_MIN - 1, EVERY_S_MAX + 1] {
        let refused = models.configure(&owner(), &probe, set(Some(wrong), None)).await;
        assert!(matches!(refused, Err(ModelsError::Field { field: "every_s", .. })), "{wrong}");
    }
    for right in [EVERY_S_MIN, EVERY_S_MAX] {
        assert_eq!(models.configure(&owner(), &probe, set(Some(right), None)).await.unwrap().every_s, right);
    }
    let nobody = models.configure(&owner(), &key("b:other"), set(None, Some(false))).await;
    assert!(matches!(nobody, Err(ModelsError::NotFound)));
    let stranger = Principal::owner("elsewhere".parse().unwrap());
    let refused = models.configure(&stranger, &probe, set(None, Some(false))).await;
    assert!(matches!(refused, Err(ModelsError::NotFound)));
    assert_eq!(models.wanted(), std::slice::from_ref(&probe));
    let off = models.configure(&owner(), &probe, set(None, Some(false))).await.unwrap();
    assert_eq!((off.state, off.every_s), (ProbeState::Off, EVERY_S_MAX));
    let again = store.open(&[&backend]).await;
    assert_eq!((again.wanted(), again.probes()[0].every_s), (Vec::new(), EVERY_S_MAX));
    assert_eq!(names(&again.list(Duration::from_secs(60)).await), ["b/standard"], "nobody asks by itself");
    assert_eq!(again.refresh(&probe).await.unwrap().models, 1, "but it can be asked");
    assert_eq!(names(&again.offered()), ["b/a"]);
}

#[tokio::test]
async fn those_who_ask_at_once_share_one_answer() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a"])]);
    let models = store.open(&[&backend]).await;
    let wait = Duration::from_secs(60);
    let lists = futures::join!(models.list(wait), models.list(wait), models.list(wait));
    assert_eq!((names(&lists.0), names(&lists.2)), (names(&lists.1), names(&lists.1)));
    assert_eq!(backend.asked(), 1);
}

#[tokio::test]
async fn an_answered_call_says_that_its_model_is_there() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a", "standard"]), list(&["standard"])]);
    let models = store.open(&[&backend]).await;
    models.heard("b", "unlisted");
    models.heard("nowhere", "x");
    models.heard("b", "");
    models.settle().await.unwrap();
    assert_eq!(models.get("b", "unlisted").unwrap().known.source, Source::Session);
    models.refresh(&key("b:compatible")).await.unwrap();
    store.later(2_000);
    models.refresh(&key("b:compatible")).await.unwrap();
    assert_eq!(names(&models.offered()), ["b/standard"]);
    models.heard("b", "a");
    models.settle().await.unwrap();
    assert_eq!(names(&models.offered()), ["b/a", "b/standard"], "gone, but it has just answered");
}

#[tokio::test]
async fn what_is_gone_for_a_month_is_forgotten() {
    let store = Store::new();
    let backend = Fake::new("b", "compatible", vec![list(&["a", "c"]), list(&["c"])]);
    let models = store.open(&[&backend]).await;
    let probe = key("b:compatible");
    for (days, kept) in [(0, true), (1, true), (40, false)] {
        store.later(days * DAY_MS);
        models.refresh(&probe).await.unwrap();
        let known = models.get("b", "a");
        assert_eq!(known.is_some(), kept, "after {days} days");
    }
    assert!(store.open(&[&backend]).await.get("b", "a").is_none());
}
