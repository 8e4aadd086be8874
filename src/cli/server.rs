//! A daemon on another machine, and the tokens with which this home comes in there.
//!
//! The tokens are in one file of the home's configuration folder that only its owner may read. Requests go
//! through egress like any other; the address is the person's own word, so it may be a private one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::HOST;
use hyper::{Request, StatusCode};

use super::client::{ANSWER_BYTES_MAX, ANSWER_TIMEOUT, ClientError, refused};
use super::exit::{Exit, Failure};
use super::place::Place;
use crate::config::egress::EgressConfig;
use crate::egress::{Destination, Egress, Reply, Secret};

/// See the module.
#[derive(Clone)]
pub(super) struct Server {
    url: String,
    destination: Destination,
    token: Option<Secret>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

// === impl Server ===

impl Server {
    /// The server at this address, without a token.
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/').to_owned();
        let destination = Egress::new(&EgressConfig::default()).destination(&url, true)?;
        Ok(Self { url, destination, token: None })
    }

    /// The server at this address, with the token that `capuchin login` got there.
    pub(super) fn known(place: &Place, url: &str) -> Result<Self, Failure> {
        let server = Self::new(url)?;
        let token = Tokens::read(place)?.0.remove(&server.url).map(Secret::new);
        if token.is_none() {
            return Err(Failure::text(Exit::Denied, format_args!("nobody is signed in at {}", server.url))
                .hint(format!("`capuchin login --server {}` signs this machine in", server.url)));
        }
        Ok(Self { token, ..server })
    }

    /// The address, as it was given.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A form without a credential; its answer may be a refusal.
    pub(super) async fn form(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let request = self.destination.request(hyper::Method::POST, path).form(fields.iter().copied());
        let reply = request.header("accept", "application/json").send(ANSWER_TIMEOUT).await;
        self.read(reply.map_err(|_| self.unreachable())?).await
    }

    /// One call and its whole answer.
    pub(super) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), ClientError> {
        let reply = self.send(request).await?;
        self.read(reply).await
    }

    /// Opens a stream.
    pub(super) async fn open(&self, request: Request<Full<Bytes>>) -> Result<Reply, ClientError> {
        let reply = self.send(request).await?;
        if (200..300).contains(&reply.status()) {
            return Ok(reply);
        }
        let (status, body) = self.read(reply).await?;
        Err(refused(status, &body))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Reply, ClientError> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut call = self.destination.request(parts.method, path);
        for (name, value) in parts.headers.iter().filter(|(name, _)| **name != HOST) {
            let value = value.to_str().map_err(|_| ClientError::Strange)?;
            call = call.with_header(name.as_str(), value).map_err(|_| ClientError::Strange)?;
        }
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default(); // silent-ok: it is in memory
        if !body.is_empty() {
            call = call.json(body);
        }
        if let Some(token) = &self.token {
            call = call.secret_header("authorization", "Bearer ", token);
        }
        call.send(ANSWER_TIMEOUT).await.map_err(|_| self.unreachable())
    }

    async fn read(&self, reply: Reply) -> Result<(StatusCode, Bytes), ClientError> {
        let status = StatusCode::from_u16(reply.status()).map_err(|_| ClientError::Strange)?;
        let body = reply.whole(ANSWER_BYTES_MAX, ANSWER_TIMEOUT).await.map_err(|_| self.unreachable())?;
        Ok((status, body))
    }

    fn unreachable(&self) -> ClientError {
        ClientError::Unreachable(self.url.clone())
    }
}

/// The tokens of this home, by the addresses where they work.
pub(super) struct Tokens(pub(super) BTreeMap<String, String>);

// === impl Tokens ===

impl Tokens {
    fn file(place: &Place) -> PathBuf {
        place.home.config_file().with_file_name("servers.json")
    }

    /// Those that are kept; none without a file.
    pub(super) fn read(place: &Place) -> Result<Self, Failure> {
        let file = Self::file(place);
        match fs::read(&file) {
            Ok(bytes) => Ok(Self(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self(BTreeMap::new())),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps them, readable by their owner only, all or none.
    pub(super) fn write(&self, place: &Place) -> Result<(), Failure> {
        place.prepare()?;
        let file = Self::file(place);
        let fresh = file.with_extension("json.new");
        let mut out =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        out.write_all(&serde_json::to_vec_pretty(&self.0)?)?;
        out.sync_all()?;
        Ok(fs::rename(fresh, file)?)
    }
}
