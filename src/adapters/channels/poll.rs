//! Asks a platform for what people wrote (Telegram's long poll), while no other daemon does.

use std::time::Duration;

use super::life::Life;
use crate::channels::{ChannelError, ChannelState, Outcome, telegram};

/// How long a poll waits at the platform.
const POLL: Duration = Duration::from_secs(25);
/// How long a lease is good without being renewed; each poll renews it.
const LEASE: Duration = Duration::from_secs(90);
/// Shortest and longest wait after a poll that failed.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A poll that brought nothing.
enum Trouble {
    /// After so long, or after a growing pause, it is tried again.
    Wait(Option<Duration>, String),
    /// This life cannot go on.
    End(String),
}

impl Life {
    /// Polls while it holds the lease.
    pub(super) async fn poll(&self) -> String {
        let (channels, id) = (&self.parts.channels, self.channel.id);
        let (epoch, mut cursor) = loop {
            match channels.lease(&self.tenant, id, LEASE).await {
                Ok(held) => break held,
                Err(ChannelError::Leased) => {
                    let why = "another daemon runs this channel at the moment".to_owned();
                    channels.enter(id, ChannelState::Troubled(why));
                    tokio::time::sleep(AGAIN.1).await;
                }
                Err(error) => return error.to_string(),
            }
        };
        let mut pause = AGAIN.0;
        loop {
            match self.poll_once(epoch, &mut cursor).await {
                Ok(()) => {
                    channels.enter(id, ChannelState::Live);
                    pause = AGAIN.0;
                }
                Err(Trouble::Wait(wait, why)) => {
                    channels.enter(id, ChannelState::Troubled(why));
                    tokio::time::sleep(wait.unwrap_or(pause)).await;
                    pause = (pause * 2).min(AGAIN.1);
                }
                Err(Trouble::End(why)) => return why,
            }
        }
    }

    async fn poll_once(&self, epoch: i64, cursor: &mut i64) -> Result<(), Trouble> {
        let seconds = u32::try_from(POLL.as_secs()).unwrap_or(u32::MAX);
        let asked = self.line.ask(&telegram::get_updates(*cursor, seconds), POLL).await;
        let updates = asked.and_then(|said| telegram::updates(&said.answer()));
        let updates = match updates {
            Ok(updates) => updates,
            Err(Outcome::Conflict { webhook: true }) => {
                // Somebody set one before; a person said that we poll.
                self.line.say(&telegram::delete_webhook()).await;
                return Err(Trouble::Wait(Some(AGAIN.0), "a webhook was set, and is taken away".to_owned()));
            }
            Err(Outcome::Unauthorized { fix }) => {
                return Err(Trouble::End(Outcome::Unauthorized { fix }.to_string()));
            }
            Err(Outcome::Wait { after_ms }) => {
                let wait = Duration::from_millis(after_ms);
                return Err(Trouble::Wait(Some(wait), Outcome::Wait { after_ms }.to_string()));
            }
            Err(outcome) => return Err(Trouble::Wait(None, outcome.to_string())),
        };
        let next = updates.iter().map(|update| update.number + 1).max().unwrap_or(*cursor);
        let came = updates.iter().filter_map(|update| telegram::read(&update.value, &self.us)).collect();
        let channels = &self.parts.channels;
        let stored = channels.arrived(&self.tenant, self.channel.id, came, Some((epoch, next))).await;
        match stored {
            Ok(_) => *cursor = next,
            Err(ChannelError::Leased) => {
                return Err(Trouble::End("another daemon took the channel over".to_owned()));
            }
            // Nothing was confirmed: the same messages come again.
            Err(error) => return Err(Trouble::Wait(None, error.to_string())),
        }
        match channels.renew(&self.tenant, self.channel.id, epoch, LEASE).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::End("another daemon took the channel over".to_owned())),
            Err(error) => Err(Trouble::Wait(None, error.to_string())),
        }
    }
}
