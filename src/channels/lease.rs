//! The lease of a channel: one daemon takes its messages at a time, and an earlier life of it can write nothing any more.

use std::time::Duration;

use super::desk::{Channels, now_ms};
use super::error::ChannelError;
use super::store;
use crate::protocol::ids::{ChannelId, TenantId};

/// Who holds leases in this store: the one daemon of this home, whose later lives fence its earlier ones by the epoch.
pub const HOLDER: &str = "home";

impl Channels {
    /// Takes the lease of a channel for `holder`, for so long; its epoch, and where the next poll begins.
    ///
    /// # Errors
    /// [`ChannelError::Leased`] while somebody else holds it, or what the store answers.
    pub async fn lease(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        (holder, time): (&'static str, Duration),
    ) -> Result<(i64, i64), ChannelError> {
        let (now, until) = (now_ms(), until(time));
        let write = self
            .db()
            .write(tenant, move |tx| store::lease(tx, id, holder, (now, until))?.ok_or(ChannelError::Leased));
        write.await
    }

    /// Holds a lease longer. False when somebody else has it by now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn renew(
        &self,
        tenant: &TenantId,
        id: ChannelId,
        epoch: i64,
        time: Duration,
    ) -> Result<bool, ChannelError> {
        let until = until(time);
        Ok(self.db().write(tenant, move |tx| store::renew(tx, id, epoch, until)).await?)
    }
}

/// In so long, in milliseconds since 1970.
pub(super) fn until(time: Duration) -> i64 {
    now_ms().saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
