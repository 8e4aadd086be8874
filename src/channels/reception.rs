//! What platforms send to the ingress: verified, read, stored, and only then acknowledged.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::channel::Channel;
use super::credentials::Credentials;
use super::desk::Channels;
use super::error::ChannelError;
use super::incoming::Incoming;
use super::outgoing::Us;
use super::platform::Platform;
use super::{slack, telegram, whatsapp};
use crate::protocol::ids::{ChannelId, TenantId};
use crate::webhooks::Arrived;
use crate::webhooks::verify::{self, Received, Refusal, Reply, Verified};

/// The answer to a platform. It says as little as possible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChannelReception {
    /// Stored for good, or known, or nothing that anybody has to hear of.
    Accepted,
    /// It was a question of the platform, and this is the answer.
    Answer(Reply),
    /// There is no such channel, or it takes nothing here.
    NotFound,
    /// It did not come from the platform.
    Unauthorized,
    /// The check of an address that is not ours.
    Forbidden,
    /// Signed, and nothing that the platform sends.
    Unprocessable,
    /// It cannot be verified or stored now: the platform sends it again.
    Unavailable,
}

/// A channel that is sent to, with what verifies its requests.
pub(super) struct Door {
    tenant: TenantId,
    channel: Channel,
    credentials: OnceCell<Credentials>,
}

/// All of them, looked up for every request.
#[derive(Default)]
pub(super) struct Doors(ArcSwap<HashMap<ChannelId, Arc<Door>>>);

// === impl Doors ===

impl Doors {
    pub(super) fn replace(&self, all: Vec<(TenantId, Channel)>) {
        let open = all.into_iter().filter(|(_, channel)| channel.enabled && channel.is_sent_to());
        let doors = open.map(|(tenant, channel)| {
            (channel.id, Arc::new(Door { tenant, channel, credentials: OnceCell::new() }))
        });
        self.0.store(Arc::new(doors.collect()));
    }

    fn get(&self, id: &str) -> Option<Arc<Door>> {
        self.0.load().get(&id.parse().ok()?).cloned()
    }

    fn of(&self, platform: Platform) -> Vec<Arc<Door>> {
        let all = self.0.load();
        all.values().filter(|door| door.channel.platform == platform).cloned().collect()
    }
}

// === impl Channels ===

impl Channels {
    /// Takes what a platform sent to the address of a channel.
    pub async fn receive(&self, id: &str, arrived: Arrived<'_>) -> ChannelReception {
        match self.doors().get(id) {
            Some(door) => self.take(&door, arrived).await,
            None => ChannelReception::NotFound,
        }
    }

    /// Takes what Telegram sent to the one address for all bots: the secret token says whose it is.
    pub async fn receive_telegram(&self, arrived: Arrived<'_>) -> ChannelReception {
        let mut heard = ChannelReception::NotFound;
        for door in self.doors().of(Platform::Telegram) {
            match self.take(&door, arrived).await {
                ChannelReception::Unauthorized => heard = ChannelReception::Unauthorized,
                other => return other,
            }
        }
        heard
    }

    /// Answers the check of an address (WhatsApp): the query says what is wanted.
    pub async fn challenge(&self, id: &str, query: &str) -> ChannelReception {
        let door = self.doors().get(id).filter(|door| door.channel.platform == Platform::Whatsapp);
        let Some(door) = door else { return ChannelReception::NotFound };
        let Ok(credentials) = self.opened(&door).await else { return ChannelReception::Unavailable };
        match verify::whatsapp::challenge(query, &credentials.challenge) {
            Ok(body) => {
                ChannelReception::Answer(Reply { status: 200, content_type: Some("text/plain"), body })
            }
            Err(_) => ChannelReception::Forbidden,
        }
    }

    async fn opened<'d>(&self, door: &'d Door) -> Result<&'d Credentials, ChannelError> {
        door.credentials.get_or_try_init(|| self.credentials(&door.tenant, &door.channel)).await
    }

    async fn take(&self, door: &Door, arrived: Arrived<'_>) -> ChannelReception {
        let credentials = match self.opened(door).await {
            Ok(credentials) => credentials,
            Err(error) => {
                tracing::warn!(%error, channel = %door.channel.id, "a channel cannot verify what it is sent");
                return ChannelReception::Unavailable;
            }
        };
        let now_s = jiff::Timestamp::now().as_second();
        let received = Received { headers: arrived.headers, body: arrived.body, url: arrived.url, now_s };
        let verified = match verified(door.channel.platform, &received, credentials) {
            Ok(verified) => verified,
            Err(refusal) => {
                tracing::debug!(%refusal, channel = %door.channel.id, "a request to a channel is refused");
                return ChannelReception::Unauthorized;
            }
        };
        if let Some(reply) = verified.reply {
            return ChannelReception::Answer(reply);
        }
        // Who we are is needed to know what is meant for us; until then the platform keeps it.
        let Some(us) = self.live().view(door.channel.id).us else { return ChannelReception::Unavailable };
        let Some(came) = read(door.channel.platform, &received, &us) else {
            return ChannelReception::Unprocessable;
        };
        let stored = match self.taken_back(&door.tenant, &door.channel, failures(door, &received, &us)).await
        {
            Ok(()) => self.arrived(&door.tenant, door.channel.id, came, None).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(_) => ChannelReception::Accepted,
            Err(error) => {
                tracing::warn!(%error, channel = %door.channel.id, "what a platform sent could not be stored");
                ChannelReception::Unavailable
            }
        }
    }
}

fn verified(
    platform: Platform,
    received: &Received<'_>,
    credentials: &Credentials,
) -> Result<Verified, Refusal> {
    match platform {
        Platform::Telegram => verify::telegram::verify(received, &credentials.keys),
        Platform::Slack => verify::slack::verify(received, &credentials.keys),
        Platform::Whatsapp | Platform::Discord | Platform::Email => {
            verify::whatsapp::verify(received, &credentials.keys)
        }
    }
}

/// What a request says of messages of ours that were taken and not delivered, and why.
fn failures(door: &Door, received: &Received<'_>, us: &Us) -> Vec<(String, String)> {
    let json = || serde_json::from_slice::<Value>(received.body).ok();
    let Some(body) = json().filter(|_| door.channel.platform == Platform::Whatsapp) else {
        return Vec::new();
    };
    let failures = whatsapp::failures(&body, us).into_iter();
    failures.map(|failure| (failure.message, failure.outcome.to_string())).collect()
}

/// What a request says; nothing for one that is none of the platform's.
fn read(platform: Platform, received: &Received<'_>, us: &Us) -> Option<Vec<Incoming>> {
    let json = || serde_json::from_slice::<Value>(received.body).ok();
    let some = |one: Option<Incoming>| one.into_iter().collect();
    Some(match platform {
        Platform::Telegram => some(telegram::read(&json()?, us)),
        Platform::Slack => match json() {
            Some(payload) => some(slack::read_event(&payload, us)),
            None => {
                some(slack::read_interaction(received.body).or_else(|| slack::read_command(received.body)))
            }
        },
        Platform::Whatsapp => whatsapp::read(&json()?, us),
        Platform::Discord | Platform::Email => return None,
    })
}
