//! What all sockets of channels have in common: how a connection ends, and when the next one follows.

use std::time::Duration;

use super::lease::LOST;
use super::life::Life;
use crate::channels::{ChannelError, ChannelState, Incoming};

/// The longest pause between two connections. A Discord bot may begin 1,000 sessions a day, after which its token is reset
/// (<https://docs.discord.com/developers/events/gateway>); with this one there are 720.
const PAUSE_MAX: Duration = Duration::from_secs(120);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The next one follows, not before this time.
    Again {
        /// The shortest pause.
        wait: Duration,
        /// What happened.
        why: String,
    },
    /// None follows before a person did something.
    Fatal(String),
}

/// Connections in a row, and how good they were.
#[derive(Debug, Default)]
pub(super) struct Row {
    failures: u32,
    was_live: bool,
}

// === impl Ended ===

impl Ended {
    /// The next connection may follow at once.
    pub(super) fn soon(why: &(impl ToString + ?Sized)) -> Self {
        Self::Again { wait: Duration::ZERO, why: why.to_string() }
    }
}

// === impl Row ===

impl Row {
    /// How many connections ended since one proved good.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// A connection is ready.
    pub(super) fn live(&mut self) {
        self.was_live = true;
    }

    /// Whether the connection is ready.
    pub(super) const fn is_live(&self) -> bool {
        self.was_live
    }

    /// A connection has lasted a while.
    pub(super) fn good(&mut self) {
        self.failures = 0;
    }

    /// Waits for the time of the next connection, and says what the page shows meanwhile. Ends are a part of every
    /// platform's day: one after a good while is no trouble.
    async fn pause(&mut self, life: &Life, wait: Duration, why: String) {
        let is_usual = self.was_live && self.failures == 0;
        let state = if is_usual { ChannelState::Connecting } else { ChannelState::Troubled(why) };
        life.parts.channels.enter(life.channel.id, state);
        let more = match self.failures {
            0 => Duration::ZERO,
            failures => (Duration::from_secs(1) * 2_u32.saturating_pow(failures.min(16) - 1)).min(PAUSE_MAX),
        };
        *self = Self { failures: self.failures.saturating_add(1), was_live: false };
        // At least half of it: daemons that lost a platform together do not come back together.
        tokio::time::sleep(wait + more.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
    }

    /// What follows the end of a connection: nothing, or why there is none any more.
    pub(super) async fn after(&mut self, ended: Ended, life: &Life) -> Option<String> {
        match ended {
            Ended::Fatal(why) => Some(why),
            Ended::Again { wait, why } => {
                tracing::debug!(%why, channel = %life.channel.id, "a connection of a channel ended");
                self.pause(life, wait, why).await;
                None
            }
        }
    }
}

// === impl Life ===

impl Life {
    /// Stores what came, before anybody is told that it did.
    pub(super) async fn keep(&self, epoch: i64, came: Incoming) -> Result<(), Ended> {
        // There is no place of a next poll to note; the epoch has to be ours still.
        let stored =
            self.parts.channels.arrived(&self.tenant, self.channel.id, vec![came], Some((epoch, 0))).await;
        match stored {
            Ok(_) => Ok(()),
            Err(ChannelError::Leased) => Err(Ended::Fatal(LOST.to_owned())),
            Err(error) => Err(Ended::soon(&format!("what came could not be stored: {error}"))),
        }
    }
}
