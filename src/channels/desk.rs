//! The handle of channels: what is configured, who may talk, what came and what is owed.

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::channel::{CHANNELS_MAX, Channel, ChannelChange, NewChannel};
use super::credentials::{CREDENTIALS, Credentials, NewCredentials};
use super::error::ChannelError;
use super::live::{ChannelState, LiveChannel, LiveTable};
use super::outgoing::Us;
use super::people::Person;
use super::reception::Doors;
use super::store;
use crate::audit::{self, Entry};
use crate::db::Db;
use crate::guard::Guard;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::notifications::Notifications;
use crate::protocol::ids::{ChannelId, TenantId};
use crate::vault::Vault;
use crate::workspaces::Workspaces;

/// How long messages and obligations are kept: ninety days, in milliseconds.
const KEPT_MS: i64 = 90 * 86_400_000;
/// Rows that one look prunes.
const PRUNED_MAX: usize = 1_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Channels {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    vault: Vault,
    guard: Guard,
    live: Arc<LiveTable>,
    doors: Doors,
    notices: Notifications,
    /// Tenants with somebody who may decide and can be written to.
    reachable: ArcSwap<HashSet<TenantId>>,
}

/// Wakes outboxes, from inside transactions of other modules. Cheap to clone.
#[derive(Clone, Default)]
pub struct OutboxBell {
    live: Option<Arc<LiveTable>>,
}

/// A channel with what it does now.
#[derive(Clone, Debug)]
pub struct ChannelView {
    /// What is configured.
    pub channel: Channel,
    /// What it does.
    pub live: LiveChannel,
    /// When the last message came, in milliseconds since 1970.
    pub last_message_ms: Option<i64>,
    /// Who wrote there.
    pub people: Vec<Person>,
}

// === impl OutboxBell ===

impl OutboxBell {
    /// Something is owed.
    pub fn ring(&self) {
        if let Some(live) = &self.live {
            live.wake_outboxes();
        }
    }
}

// === impl Channels ===

impl Channels {
    /// The channels of this store, ready to take what comes.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(
        db: Db,
        (vault, guard): (Vault, Guard),
        notices: Notifications,
        bell: &OutboxBell,
    ) -> Result<Self, ChannelError> {
        vault.register(CREDENTIALS);
        let live = bell.live.clone().unwrap_or_default();
        let (doors, reachable) = (Doors::default(), ArcSwap::default());
        let channels = Self { inner: Arc::new(Inner { db, vault, guard, live, doors, notices, reachable }) };
        channels.reload().await?;
        Ok(channels)
    }

    pub(super) fn doors(&self) -> &Doors {
        &self.inner.doors
    }

    /// Takes what is configured into memory, and has it connected.
    pub(super) async fn reload(&self) -> Result<(), ChannelError> {
        let all = self.inner.db.read_system(store::of_all).await?;
        self.inner.doors.replace(all);
        let reachable = self.inner.db.read_system(store::people::reachable).await?;
        self.inner.reachable.store(Arc::new(reachable.into_iter().collect()));
        Ok(())
    }

    /// A bell whose channels are made later.
    #[must_use]
    pub fn bell() -> OutboxBell {
        OutboxBell { live: Some(Arc::default()) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(super) fn notices(&self) -> &Notifications {
        &self.inner.notices
    }

    /// Whether somebody who may decide can be written to.
    #[must_use]
    pub fn reaches_somebody(&self, tenant: &TenantId) -> bool {
        self.inner.reachable.load().contains(tenant)
    }

    pub(super) fn live(&self) -> &LiveTable {
        &self.inner.live
    }

    /// Every channel, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<ChannelView>, ChannelError> {
        let read = self.inner.db.read(tenant, |read| {
            let all = store::all(read)?.into_iter();
            let whole = all.map(|one| {
                Ok((store::inbox::last_ms(read, one.id)?, store::people::all(read, one.id)?, one))
            });
            whole.collect::<Result<Vec<_>, ChannelError>>()
        });
        let view = |(last_message_ms, people, channel): (_, _, Channel)| ChannelView {
            live: self.inner.live.view(channel.id),
            channel,
            last_message_ms,
            people,
        };
        Ok(read.await?.into_iter().map(view).collect())
    }

    /// One channel.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: ChannelId) -> Result<ChannelView, ChannelError> {
        let read = self.inner.db.read(tenant, move |read| {
            let channel = store::by_id(read, id)?;
            Ok::<_, ChannelError>((store::inbox::last_ms(read, id)?, store::people::all(read, id)?, channel))
        });
        let (last_message_ms, people, channel) = read.await?;
        Ok(ChannelView { live: self.inner.live.view(id), channel, last_message_ms, people })
    }

    /// Opens the credentials of a channel.
    ///
    /// # Errors
    /// [`ChannelError::Vault`] while it is sealed, or what the store answers.
    pub async fn credentials(
        &self,
        tenant: &TenantId,
        channel: &Channel,
    ) -> Result<Credentials, ChannelError> {
        let (vault, which) = (self.inner.vault.clone(), (channel.id, channel.platform));
        self.inner.db.read(tenant, move |read| Credentials::open(&vault, read, which)).await
    }

    /// Makes a channel. It is connected at once.
    ///
    /// # Errors
    /// [`ChannelError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewChannel,
        credentials: NewCredentials,
        key: Option<RequestKey>,
    ) -> Result<Made<Channel>, ChannelError> {
        let (now_ms, vault, maker) = (now_ms(), self.inner.vault.clone(), by.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::count(tx)? >= CHANNELS_MAX {
                    return Err(ChannelError::TooMany(CHANNELS_MAX));
                }
                let workspace =
                    Workspaces::named_or_default(tx, new.workspace_id)?.ok_or(ChannelError::NoWorkspace)?;
                let channel = new.into_channel(workspace, now_ms)?;
                let sealed = credentials.seal(&vault, tx, channel.id)?;
                store::insert(tx, &channel, &sealed)?;
                audit::append(tx, told(&maker, "channel.created", &channel))?;
                Ok(channel)
            })
        });
        let made = write.await?;
        self.reload().await?;
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(made)
    }

    /// Changes a channel, if it still has this version where one is given. It is connected anew.
    ///
    /// # Errors
    /// [`ChannelError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        (id, version): (ChannelId, Option<i64>),
        change: ChannelChange,
        credentials: Option<NewCredentials>,
    ) -> Result<ChannelView, ChannelError> {
        let (now_ms, vault, changer) = (now_ms(), self.inner.vault.clone(), by.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            if let Some(named) = change.workspace_id {
                Workspaces::named_or_default(tx, Some(named))?.ok_or(ChannelError::NoWorkspace)?;
            }
            let changed = change.apply(found, now_ms)?;
            store::update(tx, &changed)?;
            if let Some(credentials) = credentials {
                let sealed = credentials.seal(&vault, tx, id)?;
                store::set_credentials(tx, id, &sealed)?;
            }
            audit::append(tx, told(&changer, "channel.changed", &changed))?;
            Ok::<_, ChannelError>(())
        });
        write.await?;
        self.reload().await?;
        self.inner.live.changed(&by.tenant).notify_one();
        self.get(&by.tenant, id).await
    }

    /// Removes a channel with everything that came and is owed. Its threads stay.
    ///
    /// # Errors
    /// [`ChannelError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: ChannelId,
        version: Option<i64>,
    ) -> Result<(), ChannelError> {
        let deleter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            store::delete(tx, &found)?;
            audit::append(tx, told(&deleter, "channel.deleted", &found))?;
            Ok::<_, ChannelError>(())
        });
        write.await?;
        self.reload().await?;
        self.inner.live.forget(id);
        self.inner.live.changed(&by.tenant).notify_one();
        Ok(())
    }

    /// Ends the life of a channel, out of quarantine too, and begins another one.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn restart(&self, by: &Principal, id: ChannelId) -> Result<ChannelView, ChannelError> {
        let restarter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = store::by_id(tx, id)?;
            audit::append(tx, told(&restarter, "channel.restarted", &found))?;
            Ok::<_, ChannelError>(())
        });
        write.await?;
        self.inner.live.ask_restart(id);
        self.inner.live.changed(&by.tenant).notify_one();
        self.get(&by.tenant, id).await
    }

    // === lives ===

    /// The channels of a tenant that shall run, each with a number that changes when it has to begin anew.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn wanted(&self, tenant: &TenantId) -> Result<Vec<(ChannelId, u64)>, ChannelError> {
        let all = self.inner.db.read(tenant, store::all).await?;
        let running = all.into_iter().filter(|channel| channel.enabled);
        let revision = |channel: &Channel| {
            u64::try_from(channel.version).unwrap_or_default().wrapping_shl(32)
                | self.inner.live.restarts(channel.id)
        };
        Ok(running.map(|channel| (channel.id, revision(&channel))).collect())
    }

    /// Resolves once `wanted` may have another answer. A change between two calls counts for the second.
    pub async fn changed(&self, tenant: &TenantId) {
        self.inner.live.changed(tenant).notified().await;
    }

    /// Another state of a channel.
    pub fn enter(&self, id: ChannelId, state: ChannelState) {
        self.inner.live.enter(id, state, now_ms());
    }

    /// Who we are there.
    pub fn known_as(&self, id: ChannelId, us: Us) {
        self.inner.live.known_as(id, us);
    }

    /// Forgets what is older than is kept. How much.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, ChannelError> {
        let before_ms = now_ms() - KEPT_MS;
        let write = self.inner.db.write_system(move |tx| {
            let messages = store::inbox::prune(tx, before_ms, PRUNED_MAX)?;
            Ok::<_, ChannelError>(messages + store::outbox::prune(tx, before_ms, PRUNED_MAX)?)
        });
        write.await
    }
}

pub(super) fn current(found: Channel, version: Option<i64>) -> Result<Channel, ChannelError> {
    match version {
        Some(version) if version != found.version => Err(ChannelError::Stale),
        _ => Ok(found),
    }
}

pub(super) fn told(by: &Principal, action: &'static str, channel: &Channel) -> Entry {
    Entry::done("channels", by.source(), action)
        .on(channel.id.to_string())
        .with("name", channel.name.as_str())
        .with("platform", channel.platform.word())
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
