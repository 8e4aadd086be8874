//! The lease of a channel: one daemon takes its messages at a time.

use std::time::Duration;

use tokio::time::Instant;

use super::life::Life;
use crate::channels::{ChannelError, ChannelState, HOLDER};

/// How long a lease is good without being renewed.
pub(super) const LEASE: Duration = Duration::from_secs(90);
/// How often it is renewed where nothing else does.
const RENEWED: Duration = Duration::from_secs(30);
/// How long to wait while another daemon has it.
const AGAIN: Duration = Duration::from_secs(60);
/// Why a life ends whose lease is gone.
pub(super) const LOST: &str = "another daemon took the channel over";

impl Life {
    /// Waits for the lease: its epoch, and where the next poll begins.
    pub(super) async fn take_lease(&self) -> Result<(i64, i64), String> {
        let (channels, id) = (&self.parts.channels, self.channel.id);
        loop {
            match channels.lease(&self.tenant, id, (HOLDER, LEASE)).await {
                Ok(held) => return Ok(held),
                Err(ChannelError::Leased) => {
                    let why = "another daemon runs this channel at the moment".to_owned();
                    channels.enter(id, ChannelState::Troubled(why));
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Renews the lease until it is lost; then why.
    pub(super) async fn keep_lease(&self, epoch: i64) -> String {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEWED).await;
            match self.parts.channels.renew(&self.tenant, self.channel.id, epoch, LEASE).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => return LOST.to_owned(),
                // The store may be busy; the lease is still ours for a while.
                Err(error) if renewed.elapsed() < LEASE.saturating_sub(RENEWED) => {
                    tracing::warn!(%error, channel = %self.channel.id, "the lease of a channel could not be renewed");
                }
                Err(error) => return format!("the lease could not be renewed: {error}"),
            }
        }
    }
}
