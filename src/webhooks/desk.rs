//! The handle of webhooks: endpoints, their secrets, and what came.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::columns::{BEFORE, NOW};
use super::endpoint::{
    ENDPOINTS_MAX, Endpoint, EndpointChange, EndpointState, NewEndpoint, OVERLAP_S_DEFAULT, OVERLAP_S_MAX,
    Rotated,
};
use super::error::WebhookError;
use super::refusals::Refused;
use super::store;
use super::table::Table;
use crate::audit::{self, Entry};
use crate::db::{Db, TenantRead};
use crate::guard::Guard;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::ids::{ScheduleId, TenantId, WebhookId};
use crate::schedules::Schedules;
use crate::telemetry::Metrics;
use crate::vault::{Purpose, Vault};
use crate::workspaces::Workspaces;

/// How long bodies are kept: thirty days, in milliseconds.
const BODIES_KEPT_MS: i64 = 30 * 86_400_000;
/// How long deliveries are kept, and so how long a repeat is known: four hundred days, in milliseconds.
const ROWS_KEPT_MS: i64 = 400 * 86_400_000;
/// Rows that one look prunes.
const PRUNED_MAX: usize = 1_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    vault: Vault,
    guard: Guard,
    metrics: Metrics,
    notices: Notifications,
    table: Table,
    /// Told when something waits to be dispatched.
    arrived: Notify,
    /// The address that senders see, without a slash at its end; empty until the ingress listens.
    address: ArcSwap<String>,
}

/// An endpoint with what happened at it.
#[derive(Clone, Debug)]
pub struct EndpointView {
    /// What is configured.
    pub endpoint: Endpoint,
    /// When the last delivery came, in milliseconds since 1970.
    pub last_delivery_ms: Option<i64>,
    /// Requests that were refused since the start of the daemon.
    pub refused: u64,
    /// The last of them, newest first.
    pub refusals: Vec<Refused>,
}

// === impl Webhooks ===

impl Webhooks {
    /// The webhooks of this store, ready to take what comes.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(
        db: Db,
        vault: Vault,
        guard: Guard,
        (metrics, notices): (Metrics, Notifications),
    ) -> Result<Self, WebhookError> {
        vault.register(NOW);
        vault.register(BEFORE);
        let (table, arrived, address) = (Table::default(), Notify::new(), ArcSwap::default());
        let inner = Inner { db, vault, guard, metrics, notices, table, arrived, address };
        let webhooks = Self { inner: Arc::new(inner) };
        webhooks.reload().await?;
        Ok(webhooks)
    }

    /// Says where senders reach the ingress, once that is known.
    pub fn reached_at(&self, address: String) {
        self.inner.address.store(Arc::new(address));
    }

    /// The address that senders see: `https://hooks.example.org`. Empty until the ingress listens.
    #[must_use]
    pub fn address(&self) -> Arc<String> {
        self.inner.address.load_full()
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.db
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(super) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(super) fn table(&self) -> &Table {
        &self.inner.table
    }

    /// Tells people what a rule of theirs wants to know.
    pub(super) fn raise(&self, tenant: &TenantId, pattern: Pattern, endpoint: &Endpoint, words: String) {
        let happening = Happening::new(pattern, words).to(SourceType::WebhookEndpoint, endpoint.id);
        self.inner.notices.raise(tenant, happening.within(endpoint.workspace_id));
    }

    pub(super) fn arrived(&self, id: WebhookId) {
        self.inner.table.traffic(id).waits.store(true, Ordering::Release);
        self.inner.metrics.webhooks.accepted.inc();
        self.inner.arrived.notify_one();
    }

    pub(super) fn count_refused(&self) {
        self.inner.metrics.webhooks.refused.inc();
    }

    /// Resolves once something may wait to be dispatched. An arrival between two calls counts for the second.
    pub async fn changed(&self) {
        self.inner.arrived.notified().await;
    }

    /// Takes what is configured into memory.
    async fn reload(&self) -> Result<(), WebhookError> {
        let live = self.inner.db.read_system(store::live).await?;
        self.inner.table.replace(live);
        Ok(())
    }

    /// Every endpoint, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<EndpointView>, WebhookError> {
        let read = self.inner.db.read(tenant, |read| {
            let all = store::all(read)?;
            let with_last = all.into_iter().map(|one| Ok((store::deliveries::last_ms(read, one.id)?, one)));
            with_last.collect::<Result<Vec<_>, WebhookError>>()
        });
        Ok(read.await?.into_iter().map(|(last, endpoint)| self.view(endpoint, last)).collect())
    }

    /// One endpoint.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<EndpointView, WebhookError> {
        let read = self.inner.db.read(tenant, move |read| {
            Ok::<_, WebhookError>((store::by_id(read, id)?, store::deliveries::last_ms(read, id)?))
        });
        let (endpoint, last) = read.await?;
        Ok(self.view(endpoint, last))
    }

    fn view(&self, endpoint: Endpoint, last_delivery_ms: Option<i64>) -> EndpointView {
        let (refused, refusals) = self.inner.table.traffic(endpoint.id).refusals.all();
        EndpointView { endpoint, last_delivery_ms, refused, refusals }
    }

    /// Makes an endpoint. It takes deliveries at once.
    ///
    /// # Errors
    /// [`WebhookError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewEndpoint,
        secret: &str,
        key: Option<RequestKey>,
    ) -> Result<Made<Endpoint>, WebhookError> {
        let now_ms = Timestamp::now().as_millisecond();
        // A secret that cannot verify anything is refused here, and not with every delivery.
        new.source.key(secret)?;
        let (vault, secret, maker) =
            (self.inner.vault.clone(), zeroize::Zeroizing::new(secret.to_owned()), by.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::count(tx)? >= ENDPOINTS_MAX {
                    return Err(WebhookError::TooMany(ENDPOINTS_MAX));
                }
                let workspace =
                    Workspaces::named_or_default(tx, new.workspace_id)?.ok_or(WebhookError::NoWorkspace)?;
                bound(tx, new.schedule_id)?;
                let endpoint = new.into_endpoint(workspace, now_ms)?;
                let place = NOW.place(endpoint.id.as_bytes());
                let sealed = vault.seal(tx, Purpose::Webhooks, &place, secret.as_bytes())?;
                store::insert(tx, &endpoint, &sealed)?;
                audit::append(tx, told(&maker, "webhook.created", &endpoint))?;
                Ok(endpoint)
            })
        });
        let made = write.await?;
        self.reload().await?;
        Ok(made)
    }

    /// Changes an endpoint, if it still has this version where one is given.
    ///
    /// # Errors
    /// [`WebhookError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: WebhookId,
        version: Option<i64>,
        change: EndpointChange,
    ) -> Result<EndpointView, WebhookError> {
        let now_ms = Timestamp::now().as_millisecond();
        let changer = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            if let Some(named) = change.workspace_id {
                Workspaces::named_or_default(tx, Some(named))?.ok_or(WebhookError::NoWorkspace)?;
            }
            bound(tx, change.schedule_id.flatten())?;
            let was = found.state;
            let changed = change.apply(found, now_ms)?;
            store::update(tx, &changed)?;
            let action = match (was == changed.state, changed.state) {
                (true, _) => "webhook.changed",
                (false, EndpointState::Active) => "webhook.activated",
                (false, EndpointState::Paused) => "webhook.paused",
                (false, EndpointState::Revoked) => "webhook.revoked",
            };
            audit::append(tx, told(&changer, action, &changed))?;
            Ok::<_, WebhookError>(())
        });
        write.await?;
        self.reload().await?;
        // What waited while it was paused is due now.
        self.inner.arrived.notify_one();
        self.get(&by.tenant, id).await
    }

    /// Gives an endpoint another secret. The one before it is good for `overlap_s` seconds more, a day without it.
    ///
    /// # Errors
    /// [`WebhookError`]; then the old secret stays.
    pub async fn rotate(
        &self,
        by: &Principal,
        id: WebhookId,
        secret: &str,
        overlap_s: Option<u64>,
    ) -> Result<Rotated, WebhookError> {
        let overlap_s = overlap_s.unwrap_or(OVERLAP_S_DEFAULT);
        if overlap_s > OVERLAP_S_MAX {
            let why = format!("is at most {OVERLAP_S_MAX} seconds");
            return Err(WebhookError::Field { field: "overlap_s", why });
        }
        let now_ms = Timestamp::now().as_millisecond();
        let until_ms =
            now_ms.saturating_add(i64::try_from(overlap_s).unwrap_or(i64::MAX).saturating_mul(1_000));
        let (vault, secret) = (self.inner.vault.clone(), zeroize::Zeroizing::new(secret.to_owned()));
        let rotator = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = store::by_id(tx, id)?;
            if found.state == EndpointState::Revoked {
                return Err(WebhookError::Revoked);
            }
            found.source.key(&secret)?;
            let sealed = store::secrets(tx, id)?;
            // A record is bound to its column, so the old secret is sealed anew.
            let old = vault.open(tx, Purpose::Webhooks, &NOW.place(id.as_bytes()), &sealed.now)?;
            let before = vault.seal(tx, Purpose::Webhooks, &BEFORE.place(id.as_bytes()), old.bytes())?;
            let now = vault.seal(tx, Purpose::Webhooks, &NOW.place(id.as_bytes()), secret.as_bytes())?;
            let secrets = store::SealedSecrets { now, before: Some(before) };
            let endpoint = Endpoint {
                old_until_ms: Some(until_ms),
                version: found.version + 1,
                updated_ms: now_ms,
                ..found
            };
            store::rotate(tx, &endpoint, &secrets)?;
            audit::append(tx, told(&rotator, "webhook.rotated", &endpoint))?;
            Ok(endpoint)
        });
        let endpoint = write.await?;
        self.reload().await?;
        Ok(Rotated { endpoint, old_until_ms: until_ms })
    }

    /// Removes an endpoint with everything that came to it. Its thread stays.
    ///
    /// # Errors
    /// [`WebhookError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: WebhookId,
        version: Option<i64>,
    ) -> Result<(), WebhookError> {
        let deleter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            store::delete(tx, id)?;
            audit::append(tx, told(&deleter, "webhook.deleted", &found))?;
            Ok::<_, WebhookError>(())
        });
        write.await?;
        self.reload().await
    }

    /// Deletes what is older than is kept. How much.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, WebhookError> {
        let now_ms = Timestamp::now().as_millisecond();
        let before = (now_ms - BODIES_KEPT_MS, now_ms - ROWS_KEPT_MS);
        let write = self.inner.db.write_system(move |tx| store::deliveries::prune(tx, before, PRUNED_MAX));
        Ok(write.await?)
    }
}

/// Whether the schedule that deliveries start is there.
fn bound(read: &TenantRead<'_>, schedule: Option<ScheduleId>) -> Result<(), WebhookError> {
    match schedule {
        Some(id) if !Schedules::is_there(read, id)? => {
            Err(WebhookError::Field { field: "schedule_id", why: "is the id of a schedule".to_owned() })
        }
        _ => Ok(()),
    }
}

fn current(found: Endpoint, version: Option<i64>) -> Result<Endpoint, WebhookError> {
    match version {
        Some(version) if version != found.version => Err(WebhookError::Stale),
        _ => Ok(found),
    }
}

pub(super) fn told(by: &Principal, action: &'static str, endpoint: &Endpoint) -> Entry {
    Entry::done("webhooks", by.source(), action)
        .on(endpoint.id.to_string())
        .with("name", endpoint.name.as_str())
        .with("source", endpoint.source.as_str())
}
