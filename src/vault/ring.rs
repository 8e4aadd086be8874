//! The keys and values of an open vault. Sealing the vault drops it, which wipes all of them.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::error::{OpenError, VaultError};
use super::keys::{DataKey, KeyHome, Plain, Purpose, RootId, RootKey};
use super::primitives::random_key;
use super::record::{KeyId, Parts, Place};
use super::store::{self, KeyRow};
use crate::db::{TenantRead, TenantTx};
use crate::egress::Secret;
use crate::protocol::ids::TenantId;
use crate::vault::hosts::Hosts;

/// See the module.
pub(super) struct Ring {
    roots: RwLock<Roots>,
    /// Committed data keys. Written at opening and by hooks of commits.
    keys: RwLock<HashMap<KeyId, Arc<DataKey>>>,
    /// What `@secret:NAME` means. Replaced whole per tenant after each change.
    values: RwLock<HashMap<TenantId, Arc<Values>>>,
}

/// The values of one tenant by name.
pub(super) type Values = HashMap<String, Given>;

/// A value that may be given out.
pub(super) struct Given {
    /// The value, or why it does not open.
    pub(super) value: Result<Secret, OpenError>,
    pub(super) hosts: Hosts,
    /// When it ends; the value is not given out after that.
    pub(super) expires_ms: Option<i64>,
}

struct Roots {
    active: Arc<RootKey>,
    /// While the root key changes: data keys that are made after the change use it at once.
    coming: Option<Arc<RootKey>>,
}

// === impl Ring ===

impl Ring {
    /// The ring of a root key. A data key that does not unwrap is left out: what it sealed does not open.
    pub(super) fn open(root: RootKey, rows: &[KeyRow]) -> Result<Self, VaultError> {
        let ring = Self {
            roots: RwLock::new(Roots { active: Arc::new(root), coming: None }),
            keys: RwLock::default(),
            values: RwLock::default(),
        };
        for row in rows {
            match ring.unwrapped(row) {
                Ok(key) => drop(ring.keys.write().insert(row.id, Arc::new(key))),
                Err(error) => {
                    tracing::error!(notice = "capuchin.vault.broken", key = row.id.0, %error, "a data key of the vault does not open");
                }
            }
        }
        Ok(ring)
    }

    pub(super) fn root(&self) -> Arc<RootKey> {
        Arc::clone(&self.roots.read().active)
    }

    /// Announces the root key that a transaction is about to make the active one.
    pub(super) fn expect_root(&self, root: Arc<RootKey>) {
        self.roots.write().coming = Some(root);
    }

    /// The change is durable, or it did not happen.
    pub(super) fn root_changed(&self, happened: bool) {
        let mut roots = self.roots.write();
        if let (Some(coming), true) = (roots.coming.take(), happened) {
            roots.active = coming;
        }
    }

    pub(super) fn values(&self, tenant: &TenantId) -> Option<Arc<Values>> {
        self.values.read().get(tenant).cloned()
    }

    pub(super) fn put_values(&self, tenant: TenantId, values: Values) {
        self.values.write().insert(tenant, Arc::new(values));
    }

    pub(super) fn drop_key(&self, id: KeyId) {
        self.keys.write().remove(&id);
    }

    /// The key that seals for this purpose now: the store says which, so that every transaction sees the
    /// key changes of the ones before it. A key that sealed `seals_max` values is retired here.
    pub(super) fn sealing_key(
        self: &Arc<Self>,
        tx: &mut TenantTx<'_>,
        purpose: Purpose,
        seals_max: u64,
        now_ms: i64,
    ) -> Result<Arc<DataKey>, VaultError> {
        match store::active_key(tx, purpose)? {
            Some(row) if row.seals < seals_max => self.key(&row),
            Some(row) => {
                store::retire_key(tx, row.id)?;
                self.new_key(tx, purpose, row.home.generation + 1, now_ms)
            }
            None => self.new_key(tx, purpose, 1, now_ms),
        }
    }

    /// Makes the next generation. It is in the ring once it is durable.
    pub(super) fn new_key(
        self: &Arc<Self>,
        tx: &mut TenantTx<'_>,
        purpose: Purpose,
        generation: u32,
        now_ms: i64,
    ) -> Result<Arc<DataKey>, VaultError> {
        let root = store::active_root(tx)?.and_then(|id| self.root_by_id(id)).ok_or(OpenError::NoKey)?;
        let home = KeyHome { tenant: tx.tenant().clone(), purpose, generation };
        let material = random_key()?;
        let wrapped = root.wrap(&home, &material)?;
        let id = store::insert_key(tx, &home, root.id, &wrapped, now_ms)?;
        let key = Arc::new(DataKey::derive(id, home, &material)?);
        let (ring, kept) = (Arc::clone(self), Arc::clone(&key));
        tx.on_commit(move || drop(ring.keys.write().insert(id, kept)));
        Ok(key)
    }

    /// Opens a record of this tenant and purpose.
    pub(super) fn open_record(
        &self,
        read: &TenantRead<'_>,
        purpose: Purpose,
        place: &Place<'_>,
        record: &[u8],
    ) -> Result<Plain, VaultError> {
        let parts = Parts::of(record)?;
        let known = self.keys.read().get(&parts.key).cloned();
        let key = match known {
            Some(key) => key,
            // Made in this transaction, or a moment ago.
            None => self.key(&store::key_by_id(read, parts.key)?.ok_or(OpenError::NoKey)?)?,
        };
        if key.home.tenant != *read.tenant() || key.home.purpose != purpose {
            return Err(OpenError::Refused.into());
        }
        Ok(key.open(place, &parts)?)
    }

    fn key(&self, row: &KeyRow) -> Result<Arc<DataKey>, VaultError> {
        if let Some(key) = self.keys.read().get(&row.id) {
            return Ok(Arc::clone(key));
        }
        self.unwrapped(row).map(Arc::new)
    }

    fn unwrapped(&self, row: &KeyRow) -> Result<DataKey, VaultError> {
        let root = self.root_by_id(row.root).ok_or(OpenError::NoKey)?;
        let material = root.unwrap(&row.home, &row.wrapped)?;
        Ok(DataKey::derive(row.id, row.home.clone(), &material)?)
    }

    fn root_by_id(&self, id: RootId) -> Option<Arc<RootKey>> {
        let roots = self.roots.read();
        [Some(&roots.active), roots.coming.as_ref()].into_iter().flatten().find(|root| root.id == id).cloned()
    }
}
