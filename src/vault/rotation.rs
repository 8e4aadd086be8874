//! A new root key, or the same vault behind another source: one operation, in steps that a kill may separate.
//!
//! | step | the store says | the key's place has |
//! |---|---|---|
//! | announced | old is active, new is `next` | old |
//! | kept | the same | old, and new beside it |
//! | rewrapped | new is active, old is `old`: one transaction, data keys included | the same |
//! | settled | the same | new |
//! | forgotten | new | new |
//!
//! The key that the store means is in its place at every moment; a start undoes what comes before *rewrapped*
//! and completes what comes after it. Values are not touched.

use std::sync::Arc;

use serde_json::json;

use super::error::{OpenError, SourceError, VaultError};
use super::handle::Vault;
use super::keys::{RootId, RootKey};
use super::ring::Ring;
use super::source::{COST, Passphrase, Source, Wrapped};
use super::store::{self, RootRow, RootState};
use crate::audit;
use crate::db::{DbError, SystemTx};
use crate::identity::Principal;

/// How far a change of the root key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The store knows the coming key.
    Announced,
    /// It is in its place beside the old one.
    Kept,
    /// Every data key is wrapped with it.
    Rewrapped,
    /// It is in its own place.
    Settled,
    /// The old one is gone.
    Forgotten,
}

// === impl Vault ===

impl Vault {
    /// A new root key in the same place. With a passphrase, the passphrase stays and is needed for it.
    ///
    /// # Errors
    /// [`VaultError::Source`] where the place refuses; [`SourceError::Foreign`] for systemd's.
    pub async fn rotate_root(
        &self,
        by: &Principal,
        passphrase: Option<Passphrase>,
    ) -> Result<(), VaultError> {
        let _only = self.inner.changing.lock().await;
        let ring = self.ring()?;
        let active = self.active_row().await?;
        if active.source == Source::Credential {
            return Err(SourceError::Foreign.into());
        }
        if let Some(wrapped) = active.wrapped.clone() {
            let passphrase = passphrase.clone().ok_or(SourceError::NeedsPassphrase)?;
            blocking(move || wrapped.unwrap(&passphrase)).await??;
        }
        self.change(by, &ring, &active, active.source, passphrase).await
    }

    /// Puts the vault behind this source, with a new root key. A new passphrase is given here.
    ///
    /// # Errors
    /// [`VaultError::Source`] where the place refuses.
    pub async fn protect(
        &self,
        by: &Principal,
        source: Source,
        passphrase: Option<Passphrase>,
    ) -> Result<(), VaultError> {
        let _only = self.inner.changing.lock().await;
        let ring = self.ring()?;
        let active = self.active_row().await?;
        self.change(by, &ring, &active, source, passphrase).await
    }

    /// What protects the vault, and since when (milliseconds since 1970); `None` before it has a key.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn protection(&self) -> Result<Option<(Source, i64)>, VaultError> {
        let roots = self.inner.db.read_system(store::roots).await?;
        let active = roots.into_iter().find(|row| row.state == RootState::Active);
        Ok(active.map(|row| (row.source, row.created_ms)))
    }

    async fn active_row(&self) -> Result<RootRow, VaultError> {
        let roots = self.inner.db.read_system(store::roots).await?;
        roots.into_iter().find(|row| row.state == RootState::Active).ok_or(VaultError::NotFound)
    }

    async fn change(
        &self,
        by: &Principal,
        ring: &Arc<Ring>,
        old: &RootRow,
        source: Source,
        passphrase: Option<Passphrase>,
    ) -> Result<(), VaultError> {
        // What an earlier change left is gone before another one begins.
        let rows = self.inner.db.read_system(store::roots).await?;
        self.finish_change(old.id, &rows).await?;
        let root = self.inner.sources.next(source, old.id)?;
        let (root, wrapped) = match (source, passphrase) {
            (Source::Passphrase, None) => return Err(SourceError::NeedsPassphrase.into()),
            (Source::Passphrase, Some(passphrase)) => {
                let (root, wrapped) = wrap(root, passphrase).await?;
                (root, Some(wrapped))
            }
            _ => (root, None),
        };
        let next = RootRow {
            id: root.id,
            source,
            state: RootState::Next,
            check_value: root.check_value().to_vec(),
            wrapped,
            created_ms: self.now_ms(),
        };
        let id = next.id;
        self.inner.db.write_system(move |tx| store::insert_root(tx, &next)).await?;
        self.reached(Step::Announced)?;
        self.inner.sources.keep(source, &root).await?;
        self.reached(Step::Kept)?;
        self.rewrap(ring, root).await?;
        self.reached(Step::Rewrapped)?;
        self.inner.sources.settle(source, id).await?;
        self.reached(Step::Settled)?;
        self.inner.sources.forget(old.source, old.id).await?;
        let gone = old.id;
        self.inner.db.write_system(move |tx| store::delete_root(tx, gone)).await?;
        self.reached(Step::Forgotten)?;
        self.tell_change(by, old.source, source).await
    }

    /// The one transaction in which every data key changes its wrapping.
    async fn rewrap(&self, ring: &Arc<Ring>, root: RootKey) -> Result<(), VaultError> {
        let (from, to) = (ring.root(), Arc::new(root));
        ring.expect_root(Arc::clone(&to));
        let kept = Arc::clone(ring);
        let write = self.inner.db.write_system(move |tx| {
            rewrap_all(tx, &from, &to)?;
            tx.on_commit(move || kept.root_changed(true));
            Ok::<_, VaultError>(())
        });
        let outcome = write.await;
        if outcome.is_err() {
            ring.root_changed(false);
        }
        outcome
    }

    /// Ends a change of the root key that was cut short: what the store does not mean leaves its place.
    pub(super) async fn finish_change(&self, active: RootId, rows: &[RootRow]) -> Result<(), VaultError> {
        if let Some(row) = rows.iter().find(|row| row.id == active) {
            self.inner.sources.settle(row.source, active).await?;
        }
        for row in rows.iter().filter(|row| row.id != active) {
            if let Err(error) = self.inner.sources.forget(row.source, row.id).await {
                // The next start tries again; until then the store remembers that it is to go.
                tracing::warn!(%error, "a former key of the vault could not be removed from its place");
                continue;
            }
            let id = row.id;
            self.inner.db.write_system(move |tx| store::delete_root(tx, id)).await?;
        }
        Ok(())
    }

    async fn tell_change(&self, by: &Principal, old: Source, new: Source) -> Result<(), VaultError> {
        let mut entry = audit::Entry::done("vault", by.source(), "vault.rotated").on("root key");
        entry.detail.insert("from".to_owned(), json!(old.as_str()));
        entry.detail.insert("to".to_owned(), json!(new.as_str()));
        tracing::info!(source = new.as_str(), "the vault has a new root key");
        Ok(self.inner.db.write(&by.tenant, move |tx| audit::append(tx, entry)).await?)
    }

    #[cfg(test)]
    fn reached(&self, step: Step) -> Result<(), VaultError> {
        self.inner.faults.reached(step)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test stops here")]
    const fn reached(&self, _step: Step) -> Result<(), VaultError> {
        Ok(())
    }
}

fn rewrap_all(tx: &mut SystemTx<'_>, from: &RootKey, to: &RootKey) -> Result<(), VaultError> {
    for row in store::all_keys(tx)? {
        if row.root != from.id {
            return Err(OpenError::NoKey.into());
        }
        let material = from.unwrap(&row.home, &row.wrapped)?;
        store::rewrap_key(tx, row.id, to.id, &to.wrap(&row.home, &material)?)?;
    }
    Ok(store::activate_root(tx, to.id)?)
}

/// A root key behind a new passphrase.
pub(super) async fn wrap(root: RootKey, passphrase: Passphrase) -> Result<(RootKey, Wrapped), VaultError> {
    passphrase.check_strength()?;
    let work = move || passphrase.wrap(&root, COST).map(|wrapped| (root, wrapped));
    Ok(blocking(work).await??)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, VaultError> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(|_| DbError::Panicked)?)
}
