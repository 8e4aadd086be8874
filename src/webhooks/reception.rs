//! What happens to a request, in the order in which its sender can see it: endpoint, media type, signature, repeat, rate,
//! event, and only then a row.

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use super::acknowledge::Acknowledgement;
use super::columns::{BEFORE, NOW};
use super::desk::Webhooks;
use super::endpoint::EndpointState;
use super::error::WebhookError;
use super::refusals::Refused;
use super::store::deliveries::{self, NewDelivery};
use super::table::{Keys, Live};
use super::verify::{self, Received, Refusal, Reply, Verified};
use crate::db::DbError;
use crate::guard::TextOf;
use crate::notifications::Pattern;
use crate::protocol::ids::{WebhookDeliveryId, WebhookId};
use crate::vault::{Purpose, SealedColumn, VaultError};

/// Most bytes of a body.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The event with which some sources try an address.
const PING: &str = "ping";

/// A request, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte by byte.
    pub body: &'a [u8],
    /// The address that its sender used: the public one, with the query.
    pub url: &'a str,
}

/// The answer to a request. It says as little as possible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reception {
    /// Stored for good.
    Accepted(WebhookDeliveryId, Acknowledgement),
    /// It was stored before.
    Repeated(Acknowledgement),
    /// It was a question of the platform, and this is the answer.
    Answer(Reply),
    /// It only tried the address.
    Tried(Acknowledgement),
    /// There is no such endpoint, or it takes nothing.
    NotFound,
    /// It was not signed as it must be.
    Unauthorized,
    /// Its media type is none of its source's.
    UnsupportedMedia,
    /// Its event is not taken.
    Unprocessable,
    /// Too many came.
    RateLimited {
        /// Seconds after which there is room.
        retry_after_s: u64,
    },
    /// It cannot be verified or stored now.
    Unavailable,
}

// === impl Webhooks ===

impl Webhooks {
    /// Takes a request. Nothing is written before its signature has been verified.
    pub async fn receive(&self, id: &str, arrived: Arrived<'_>) -> Reception {
        let live = id.parse::<WebhookId>().ok().and_then(|id| self.table().get(id));
        let Some(live) = live.filter(|live| live.endpoint.state == EndpointState::Active) else {
            return Reception::NotFound;
        };
        let now_ms = Timestamp::now().as_millisecond();
        match self.judge(&live, arrived, now_ms).await {
            Ok(reception) => reception,
            Err((reception, why)) => {
                let words = format!("the webhook {} refused a request: {why}", live.endpoint.name);
                self.raise(&live.tenant, Pattern::WebhookRejected, &live.endpoint, words);
                let refused = Refused { at_ms: now_ms, status: reception.status(), why };
                live.traffic.refusals.note(refused);
                self.count_refused();
                reception
            }
        }
    }

    async fn judge(
        &self,
        live: &Arc<Live>,
        arrived: Arrived<'_>,
        now_ms: i64,
    ) -> Result<Reception, (Reception, String)> {
        let endpoint = &live.endpoint;
        let media_type = media_type(arrived.headers);
        if !endpoint.source.takes_content_of(arrived.headers) {
            let why = format!("its content type is {}", media_type.unwrap_or("missing, or there are two"));
            return Err((Reception::UnsupportedMedia, why));
        }
        let keys = self.keys(live).await.map_err(|error| (Reception::Unavailable, error.to_string()))?;
        let received = Received {
            headers: arrived.headers,
            body: arrived.body,
            url: arrived.url,
            now_s: now_ms.div_euclid(1_000),
        };
        let verified = verify::verify(endpoint.source, &received, keys.good(endpoint.old_until_ms, now_ms))
            .map_err(|refusal: Refusal| (Reception::Unauthorized, refusal.to_string()))?;
        if let Some(reply) = verified.reply {
            return Ok(Reception::Answer(reply));
        }
        let media_type = media_type.unwrap_or_default();
        let heard = Acknowledgement::of(endpoint.source, media_type, arrived.body);
        let taken = match live.traffic.take(endpoint.rate_per_minute) {
            Ok(taken) => taken,
            Err(wait_ms) => return self.over_the_rate(live, &verified, wait_ms, heard).await,
        };
        if !endpoint.takes(&verified.event) {
            live.traffic.window.lock().give_back(taken);
            if verified.event == PING {
                return Ok(Reception::Tried(heard));
            }
            return Err((
                Reception::Unprocessable,
                format!("the event `{}` is not one of those taken", verified.event),
            ));
        }
        let stored = self.store(live, (arrived.body, media_type.to_owned()), verified, now_ms).await;
        if !matches!(stored, Ok(Some(_))) {
            live.traffic.window.lock().give_back(taken);
        }
        match stored {
            Ok(Some(id)) => Ok(Reception::Accepted(id, heard)),
            Ok(None) => Ok(Reception::Repeated(heard)),
            Err(error) => {
                tracing::warn!(%error, endpoint = %endpoint.id, "a verified webhook could not be stored");
                Err((Reception::Unavailable, error.to_string()))
            }
        }
    }

    /// A repeat is answered as one even when there is no room: its sender must not send it again.
    async fn over_the_rate(
        &self,
        live: &Live,
        verified: &Verified,
        wait_ms: i64,
        heard: Acknowledgement,
    ) -> Result<Reception, (Reception, String)> {
        let (endpoint, content, source_id) = (live.endpoint.id, verified.content, verified.id.clone());
        let read = self
            .db()
            .read(&live.tenant, move |read| deliveries::seen(read, endpoint, &content, source_id.as_deref()));
        match read.await {
            Ok(true) => Ok(Reception::Repeated(heard)),
            Ok(false) | Err(_) => {
                let retry_after_s = u64::try_from((wait_ms + 999) / 1_000).unwrap_or(60);
                let why = format!("more than {} came within a minute", live.endpoint.rate_per_minute);
                Err((Reception::RateLimited { retry_after_s }, why))
            }
        }
    }

    /// Stores a delivery; nothing for one that was stored before.
    async fn store(
        &self,
        live: &Live,
        (body, media_type): (&[u8], String),
        verified: Verified,
        now_ms: i64,
    ) -> Result<Option<WebhookDeliveryId>, DbError> {
        let of = TextOf { tenant: live.tenant.clone(), thread: None };
        let clean = self.guard().clean(&of, "webhook", String::from_utf8_lossy(body).into_owned());
        let event = verified.event.clone();
        let new = NewDelivery {
            id: WebhookDeliveryId::new(),
            endpoint: live.endpoint.id,
            content: Some(verified.content),
            source_id: verified.id,
            event: verified.event,
            media_type,
            body: clean.text,
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            again_of: None,
            received_ms: now_ms,
        };
        let id = new.id;
        let inserted = self.db().write(&live.tenant, move |tx| deliveries::insert(tx, &new)).await?;
        if inserted {
            let words = format!("{event} came to the webhook {}", live.endpoint.name);
            self.raise(&live.tenant, Pattern::WebhookReceived, &live.endpoint, words);
            self.arrived(live.endpoint.id);
        }
        Ok(inserted.then_some(id))
    }

    /// The keys of an endpoint, opened once.
    async fn keys<'l>(&self, live: &'l Live) -> Result<&'l Keys, WebhookError> {
        let open = || async {
            let (vault, id, sealed) = (self.vault().clone(), live.endpoint.id, live.sealed.clone());
            let opened = self.db().read(&live.tenant, move |read| {
                let open = |column: SealedColumn, sealed: &[u8]| {
                    vault.open(read, Purpose::Webhooks, &column.place(id.as_bytes()), sealed)
                };
                let now = open(NOW, &sealed.now)?;
                let before = sealed.before.as_deref().map(|before| open(BEFORE, before)).transpose()?;
                Ok::<_, VaultError>((now, before))
            });
            let (now, before) = opened.await?;
            let key = |plain: &crate::vault::Plain| {
                live.endpoint.source.key(&String::from_utf8_lossy(plain.bytes()))
            };
            let mut all = vec![key(&now)?];
            all.extend(before.as_ref().map(key).transpose()?);
            Ok(Keys { all })
        };
        live.keys.get_or_try_init(open).await
    }
}

// === impl Reception ===

impl Reception {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Accepted(_, heard) | Self::Repeated(heard) | Self::Tried(heard) => match heard {
                Acknowledgement::Told(status) => *status,
                Acknowledgement::Fixed(reply) => reply.status,
            },
            Self::Answer(reply) => reply.status,
            Self::NotFound => 404,
            Self::Unauthorized => 401,
            Self::UnsupportedMedia => 415,
            Self::Unprocessable => 422,
            Self::RateLimited { .. } => 429,
            Self::Unavailable => 503,
        }
    }
}

/// The media type without its parameters. Two headers of it are none.
fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(http::header::CONTENT_TYPE).iter();
    let only = values.next().filter(|_| values.next().is_none())?;
    only.to_str().ok()?.split(';').next().map(str::trim)
}
