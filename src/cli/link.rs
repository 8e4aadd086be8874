//! The daemon that a command talks to: the running one, or one inside this command that nobody else sees.

use crate::config::{Claim, ClaimError, Occupant, Presence};
use crate::daemon::{self, RunningDaemon, StartOptions};

use super::args::ServeArgs;
use super::client::Client;
use super::exit::Failure;
use super::output;
use super::place::Place;

/// See the module.
pub(super) struct Link {
    pub(super) client: Client,
    embedded: Option<Embedded>,
}

struct Embedded {
    daemon: RunningDaemon,
    _claim: Claim,
}

// === impl Link ===

impl Link {
    pub(super) async fn open(place: &Place) -> Result<Self, Failure> {
        if let Some(client) = place.elsewhere()? {
            return Ok(Self { client, embedded: None });
        }
        match place.occupant()? {
            Occupant::Ready(presence) => Ok(Self { client: Client::new(presence.control), embedded: None }),
            Occupant::Unready(pid) => Err(place.unready(pid)),
            Occupant::None => Self::embed(place).await,
        }
    }

    /// Starts a daemon that listens on the control socket only.
    async fn embed(place: &Place) -> Result<Self, Failure> {
        let config = place.config(&ServeArgs::default())?;
        place.prepare()?;
        let claim = Claim::take(&place.home).await.map_err(|error| match error {
            ClaimError::Taken(pid) => place.unready(pid),
            ClaimError::Io { .. } => error.into(),
        })?;
        let sources = Some(place.sources_with(&ServeArgs::default()));
        let options = StartOptions { sources, ..StartOptions::embedded() };
        let daemon = daemon::start(config, place.home.clone(), options).await?;
        claim.announce(&Presence::of_this_process(&place.home, None, None))?;
        output::talk("no daemon runs; this one lives as long as this command");
        let client = Client::new(place.home.control_socket());
        Ok(Self { client, embedded: Some(Embedded { daemon, _claim: claim }) })
    }

    /// Whether the daemon lives inside this command.
    pub(super) const fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Ends the daemon inside this command, if there is one. Its turns have time to end.
    pub(super) async fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.daemon.shutdown().await;
        }
    }
}
