//! How a request is sent: one exchange, or several with secrets and redirects.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Method, Url};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::clients::{Clients, Reach};
use super::placeholder::{Named, Naming, Texts};
use super::redirect::{self, Asked, Follow, Hop};
use super::request::{Extras, Request};
use super::{Destination, EgressError, Reply, Secret};

/// When everything before the body must be done.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    after: Duration,
}

impl Deadline {
    pub(super) fn after(after: Duration) -> Self {
        Self { at: Instant::now() + after, after }
    }

    async fn within<T>(
        self,
        host: &str,
        what: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, EgressError> {
        let late = |_| EgressError::Timeout { host: host.to_owned(), what, after: self.after };
        tokio::time::timeout_at(self.at, work).await.map_err(late)
    }
}

// === impl Destination ===

impl Destination {
    /// One request and the head of its answer.
    pub(super) async fn exchange(
        &self,
        method: Method,
        url: impl reqwest::IntoUrl,
        headers: HeaderMap,
        body: Option<Bytes>,
        deadline: Deadline,
    ) -> Result<Reply, EgressError> {
        let slot = self.slot(deadline).await?;
        let clients = &self.clients;
        let of = |error| EgressError::of(error, &self.host, clients.connect_timeout());
        let client = match clients.proxy.as_ref().filter(|_| self.route.proxied) {
            None => clients.direct(self.route).map_err(of)?,
            Some(rule) => {
                let ready = async {
                    clients.judge_for_proxy(&self.host).await?;
                    clients.behind_proxy(self.route, rule).await
                };
                deadline.within(&self.host, "get through to the proxy", ready).await??
            }
        };
        let mut request = client.request(method, url).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = deadline.within(&self.host, "begin to answer", request.send()).await?;
        if self.route.proxied && answer.as_ref().map_or_else(reqwest::Error::is_connect, is_proxy_refusal) {
            clients.forget_proxied();
        }
        let response = answer.map_err(of)?;
        Ok(Reply::new(response, self.host.clone(), clients.config.response_bytes_max, slot))
    }

    async fn slot(&self, deadline: Deadline) -> Result<OwnedSemaphorePermit, EgressError> {
        let slots = self.slots.clone();
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Ok(slot);
        }
        let slot =
            deadline.within(&self.host, "have a free place for one more request", slots.acquire_owned());
        // The semaphore is never closed.
        slot.await?.map_err(|_| EgressError::Refused { host: self.host.to_string() })
    }
}

fn is_proxy_refusal(response: &reqwest::Response) -> bool {
    response.status() == reqwest::StatusCode::PROXY_AUTHENTICATION_REQUIRED
}

// === impl Request ===

impl Request {
    /// Several exchanges: values are put in for each, and no hop sees more than it may.
    pub(super) async fn send_with_extras(self, deadline: Deadline) -> Result<Reply, EgressError> {
        let Self { mut destination, mut method, url, headers, body, extras } = self;
        let Extras { mut naming, follow, bytes_max } = extras.map(|extras| *extras).unwrap_or_default();
        let url = Url::parse(&url).map_err(|_| EgressError::BadUrl { why: "it is not a URL" })?;
        let mut texts = Texts { url, headers, body };
        let mut hops = 0;
        loop {
            let mut ready = texts.clone();
            let (named, beyond_headers) = match &naming {
                Some(naming) => fill(&destination, &mut ready, naming, deadline).await?,
                None => (Named::new(), false),
            };
            let Texts { url, headers, body } = ready;
            let reply = destination.exchange(method.clone(), url, headers, body, deadline).await?;
            let asked = Asked {
                method: &method,
                url: &texts.url,
                has_body: texts.body.is_some(),
                holds_secret: beyond_headers,
            };
            let Some(hop) = next_hop(asked, &reply, &follow, &mut hops)? else {
                let secrets: Vec<Secret> = named.into_values().collect();
                return Ok(reply.of(bytes_max, secrets));
            };
            redirect::strip(&mut texts.headers, &hop);
            if !hop.keeps_body {
                texts.body = None;
            }
            if !hop.same_origin {
                naming = None;
                destination = may_go_on(&destination, &reply, &hop, &follow)?;
            }
            (method, texts.url) = (hop.method, hop.url);
        }
    }
}

/// Takes the values of all placeholders and puts them in. Says also whether the query or body had some.
async fn fill(
    destination: &Destination,
    texts: &mut Texts,
    naming: &Naming,
    deadline: Deadline,
) -> Result<(Named, bool), EgressError> {
    let (names, beyond_headers) = texts.names(naming.everywhere)?;
    let mut named = Named::new();
    if names.is_empty() {
        return Ok((named, false));
    }
    if !destination.route.tls && destination.route.reach == Reach::Public {
        return Err(EgressError::SecretPlace { why: "it does not cross the internet without TLS" });
    }
    let Destination { clients, host, .. } = destination;
    let bare = host.trim_end_matches('.');
    for name in names {
        let asked = clients.secret(&naming.tenant, &name, bare, &naming.used_by);
        let secret = deadline.within(host, "get its secret", asked).await??;
        named.insert(name, secret);
    }
    texts.fill(&named, naming.everywhere)?;
    Ok((named, beyond_headers))
}

/// The next hop, if this answer is a redirect that is to be followed.
fn next_hop(
    asked: Asked<'_>,
    reply: &Reply,
    follow: &Follow,
    hops: &mut u8,
) -> Result<Option<Hop>, EgressError> {
    if follow.max == 0 {
        return Ok(None);
    }
    let refused = |why| EgressError::Redirect { host: reply.host().to_owned(), why };
    let hop = redirect::next(asked, reply.status(), reply.header(LOCATION.as_str())).map_err(refused)?;
    if hop.is_some() {
        if *hops >= follow.max {
            return Err(refused("there are too many of them"));
        }
        *hops += 1;
    }
    Ok(hop)
}

/// The destination of a hop to another origin, judged like a first one.
fn may_go_on(
    from: &Destination,
    reply: &Reply,
    hop: &Hop,
    follow: &Follow,
) -> Result<Destination, EgressError> {
    let to = Clients::place(&from.clients, hop.url.clone())?.0;
    let same_host = to.host == from.host;
    if !same_host && follow.may.as_ref().is_some_and(|may| !may(&to.host)) {
        let why = "its host is not allowed here";
        return Err(EgressError::Redirect { host: reply.host().to_owned(), why });
    }
    Ok(to)
}
