//! The sessions that live, and the way to them.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Mutex as InUse, Notify, mpsc};

use super::door::Door;
use super::port::RunPrograms;
use super::programs::SearchPath;
use super::session::{Order, SessionKey, Talk, Wish};
use super::store;
use crate::config::backends::{BackendsConfig, ProgramSettings};
use crate::db::{Db, DbError};
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::turns::turn_before;

/// Turns that wait for one session. A thread runs one at a time, so more are a fault.
const ORDERS_MAX: usize = 4;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Coders {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) settings: BTreeMap<String, ProgramSettings>,
    pub(super) db: Db,
    /// Where programs have their own folders.
    pub(super) homes: PathBuf,
    pub(super) programs: Arc<dyn RunPrograms>,
    pub(super) path: SearchPath,
    /// Set once the edge listens.
    door: RwLock<Option<Arc<dyn Door>>>,
    table: Mutex<Table>,
    bells: Mutex<HashMap<TenantId, Arc<Notify>>>,
}

/// Bounded by the settings: so many sessions of each backend.
#[derive(Default)]
struct Table {
    live: HashMap<SessionKey, Entry>,
    started: u64,
}

struct Entry {
    revision: u64,
    orders: mpsc::Sender<Order>,
    inbox: Inbox,
    /// Since when nobody uses it.
    idle: Option<Instant>,
}

/// Where the orders of a session are, over lives of its actor.
pub(super) type Inbox = Arc<InUse<mpsc::Receiver<Order>>>;

// === impl Coders ===

impl Coders {
    /// The sessions of these backends. `homes`: a folder for the folders of programs; `path`: the variable `PATH` and the
    /// home of who started the daemon.
    #[must_use]
    pub fn new(
        (db, config): (Db, &BackendsConfig),
        homes: PathBuf,
        programs: Arc<dyn RunPrograms>,
        path: (Option<&OsStr>, Option<&Path>),
    ) -> Self {
        let settings =
            config.0.iter().filter_map(|(name, backend)| Some((name.clone(), backend.program(name)?)));
        let inner = Inner {
            settings: settings.collect(),
            db,
            homes,
            programs,
            path: SearchPath::new(path.0, path.1),
            door: RwLock::default(),
            table: Mutex::default(),
            bells: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Where programs get through to their providers, from now on.
    pub fn open_door(&self, door: Arc<dyn Door>) {
        *self.inner.door.write() = Some(door);
    }

    pub(super) fn door(&self) -> Option<Arc<dyn Door>> {
        self.inner.door.read().clone()
    }

    /// Says something in the session of a thread, which is started, or taken up, where it does not live.
    ///
    /// # Errors
    /// `Configuration`: there is no such program. `Overloaded`: too many sessions are at work.
    pub async fn talk(&self, key: &SessionKey, wish: Wish) -> Result<Talk, ModelError> {
        let earlier = self.earlier(key, &wish).await.map_err(|error| unkept(&error))?;
        let (talk, order) = Talk::open(wish, earlier);
        self.order(key, order)?;
        self.bell(&key.tenant).notify_one();
        Ok(talk)
    }

    /// The session that can be taken up, and what is said in it: one that knows everything of the thread but what this
    /// turn says.
    async fn earlier(&self, key: &SessionKey, wish: &Wish) -> Result<Option<(String, String)>, DbError> {
        let (thread, backend, turn) = (key.thread, key.backend.clone(), wish.turn);
        let read = self.inner.db.read(&key.tenant, move |read| {
            let known = store::session(read, thread, &backend)?;
            Ok::<_, DbError>((known, turn_before(read, thread, turn)?))
        });
        let (known, before) = read.await?;
        Ok(known.and_then(|(session, told)| match told {
            told if told == turn => Some((session, wish.again.clone())),
            told if Some(told) == before => Some((session, wish.text.clone())),
            _ => None,
        }))
    }

    fn order(&self, key: &SessionKey, mut order: Order) -> Result<(), ModelError> {
        let Some(settings) = self.inner.settings.get(&key.backend) else {
            let text = format!("the backend `{}` is no program", key.backend);
            return Err(ModelError::new(ModelErrorKind::Configuration, text));
        };
        let mut table = self.inner.table.lock();
        if let Some(entry) = table.live.get_mut(key) {
            entry.idle = None;
            match entry.orders.try_send(order) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(busy("this conversation is at work")),
                Err(mpsc::error::TrySendError::Closed(back)) => order = back,
            }
            table.live.remove(key);
        }
        table.make_room(settings)?;
        table.started += 1;
        let (orders, inbox) = mpsc::channel(ORDERS_MAX);
        // silent-ok: it was made for more than one
        let _ = orders.try_send(order);
        let entry = Entry { revision: table.started, orders, inbox: Arc::new(InUse::new(inbox)), idle: None };
        table.live.insert(key.clone(), entry);
        Ok(())
    }

    /// The sessions of a tenant that shall live, each with what changes when another one has taken its place.
    #[must_use]
    pub fn wanted(&self, tenant: &TenantId) -> Vec<(String, u64)> {
        let table = self.inner.table.lock();
        let own = table.live.iter().filter(|(key, _)| key.tenant == *tenant);
        own.map(|(key, entry)| (key.name(), entry.revision)).collect()
    }

    /// Resolves once [`wanted`](Self::wanted) may have another answer.
    pub async fn changed(&self, tenant: &TenantId) {
        self.bell(tenant).notified().await;
    }

    /// The session with this name lives no more, and is not started again: whoever waits for it hears that nothing comes.
    pub fn is_down(&self, tenant: &TenantId, name: &str) {
        if let Some(key) = key(tenant, name) {
            self.inner.table.lock().live.remove(&key);
        }
    }

    /// Ends a session with its program, whatever it is at.
    pub fn end(&self, key: &SessionKey) {
        self.inner.table.lock().live.remove(key);
        self.bell(&key.tenant).notify_one();
    }

    fn bell(&self, tenant: &TenantId) -> Arc<Notify> {
        Arc::clone(self.inner.bells.lock().entry(tenant.clone()).or_default())
    }

    pub(super) fn inbox(&self, key: &SessionKey) -> Option<(Inbox, ProgramSettings)> {
        let settings = self.inner.settings.get(&key.backend)?.clone();
        let inbox = Arc::clone(&self.inner.table.lock().live.get(key)?.inbox);
        Some((inbox, settings))
    }

    /// Notes that a session has nothing to do.
    pub(super) fn rests(&self, key: &SessionKey, inbox: &Inbox) {
        let mut table = self.inner.table.lock();
        if let Some(entry) = table.live.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.inbox, inbox)) {
            entry.idle = Some(Instant::now());
        }
    }

    /// Takes a session that rests out of the table, unless somebody has just said something in it.
    pub(super) fn leave(&self, key: &SessionKey, inbox: &Inbox) -> bool {
        let mut table = self.inner.table.lock();
        let Some(entry) = table.live.get(key).filter(|entry| Arc::ptr_eq(&entry.inbox, inbox)) else {
            return true;
        };
        let is_empty = entry.orders.capacity() == entry.orders.max_capacity();
        if is_empty {
            table.live.remove(key);
        }
        is_empty
    }

    /// Keeps which session a thread has, and what it was told.
    pub(super) async fn remember(
        &self,
        key: &SessionKey,
        session: &str,
        turn: TurnId,
    ) -> Result<(), DbError> {
        let (thread, backend, session) = (key.thread, key.backend.clone(), session.to_owned());
        let now_ms = Timestamp::now().as_millisecond();
        let put = self
            .inner
            .db
            .write(&key.tenant, move |tx| store::put(tx, (thread, &backend), (&session, turn), now_ms));
        put.await
    }

    /// Forgets a session that is gone.
    pub(super) async fn forget(&self, key: &SessionKey) -> Result<(), DbError> {
        let (thread, backend) = (key.thread, key.backend.clone());
        self.inner.db.write(&key.tenant, move |tx| store::remove(tx, thread, &backend)).await
    }
}

// === impl Table ===

impl Table {
    /// Room for one more session of this backend: the one that rests longest makes it.
    fn make_room(&mut self, settings: &ProgramSettings) -> Result<(), ModelError> {
        let own = || self.live.iter().filter(|(key, _)| key.backend == settings.name);
        if own().count() < settings.sessions_max {
            return Ok(());
        }
        let resting =
            own().filter_map(|(key, entry)| Some((entry.idle?, key.clone()))).min_by_key(|(idle, _)| *idle);
        let Some((_, key)) = resting else {
            let text = format!(
                "{} sessions of `{name}` are at work, and no more may be (backends.{name}.sessions_max)",
                settings.sessions_max,
                name = settings.name
            );
            return Err(busy(&text));
        };
        // Its keeper ends what is not wanted any more.
        self.live.remove(&key);
        Ok(())
    }
}

/// The key of a child.
pub(super) fn key(tenant: &TenantId, name: &str) -> Option<SessionKey> {
    let (thread, backend) = name.split_once(':')?;
    let thread: ThreadId = thread.parse().ok()?;
    Some(SessionKey { tenant: tenant.clone(), thread, backend: backend.to_owned() })
}

fn busy(text: &str) -> ModelError {
    ModelError::new(ModelErrorKind::Overloaded, text)
}

fn unkept(error: &DbError) -> ModelError {
    ModelError::new(ModelErrorKind::Overloaded, format!("the session could not be read: {error}"))
}
