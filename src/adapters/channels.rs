//! Implements `KeepRunning` for channels: each life of one is a connection to its platform, an inbox that is worked off, and
//! an outbox that is paid.

mod commands;
mod gateway;
mod imap;
mod lease;
mod life;
mod line;
mod link;
mod mailbox;
mod mailer;
mod payer;
mod poll;
mod rests;
mod showing;
mod socket_mode;

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use capuchin_actors::session::SessionDirectory;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::approvals::Approvals;
use crate::backends::Backends;
use crate::channels::{ChannelState, Channels};
use crate::egress::Egress;
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::ids::{ChannelId, TenantId};
use crate::turns::Turns;
use crate::webhooks::Webhooks;

/// What the lives of channels work with.
pub struct ChannelParts {
    /// What is configured, what came, what is owed.
    pub channels: Channels,
    /// Where messages go.
    pub sessions: Arc<SessionDirectory>,
    /// What runs.
    pub turns: Turns,
    /// Questions of assistants.
    pub approvals: Approvals,
    /// Who answers.
    pub backends: Backends,
    /// The way out.
    pub egress: Egress,
    /// How long a platform may take to answer.
    pub call_time: Duration,
    /// What people are told.
    pub notices: Notifications,
    /// Where the ingress is reached.
    pub webhooks: Webhooks,
}

/// See the module.
pub struct ChannelRuns(pub Arc<ChannelParts>);

impl KeepRunning for ChannelRuns {
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        let (parts, tenant) = (Arc::clone(&self.0), tenant.clone());
        async move {
            let wanted = parts.channels.wanted(&tenant).await.map_err(|error| Ended(error.to_string()))?;
            let named =
                wanted.into_iter().map(|(id, revision)| Wanted { name: id.to_string().into(), revision });
            Ok(named.collect())
        }
        .boxed()
    }

    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()> {
        let (parts, tenant) = (Arc::clone(&self.0), tenant.clone());
        async move { parts.channels.changed(&tenant).await }.boxed()
    }

    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let parts = Arc::clone(&self.0);
        async move {
            let id: ChannelId = which.name.parse().map_err(|_| Ended("this is no channel".to_owned()))?;
            let ended = life::run(&parts, &which.tenant, id, stop).await;
            match &ended {
                Ok(()) => parts.channels.enter(id, ChannelState::Stopped),
                Err(why) => parts.down(&which.tenant, id, why),
            }
            ended.map_err(Ended)
        }
        .boxed()
    }

    fn is_down(&self, which: &KeptKey, why: &str) {
        if let Ok(id) = which.name.parse() {
            self.0.down(&which.tenant, id, why);
        }
    }
}

// === impl ChannelParts ===

impl ChannelParts {
    /// A channel has no connection: its page says why, and so does a notice.
    fn down(&self, tenant: &TenantId, id: ChannelId, why: &str) {
        self.channels.enter(id, ChannelState::Failed(why.to_owned()));
        let happening = Happening::new(Pattern::ChannelDown, "A channel has no connection").saying(why);
        self.notices.raise(tenant, happening.to(SourceType::Channel, id));
    }
}
