//! WebSockets that we open (RFC 6455), to addresses that a destination tells us.
//!
//! The handshake is a request like any other: its host is looked up and judged, a proxy is used where one is, certificates
//! are checked against the same roots. So a platform can't lead us anywhere that its own base address may not lead.
//! Messages and their frames are bounded, and nothing is compressed. An address may hold a ticket, so it is a secret
//! and no error or log line names it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, Upgraded, Url};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as Broken, Message};

use super::clients::{Reach, Route};
use super::place::{check_form, names_private_place};
use super::{Destination, EgressError, Request, Secret};

/// Longest message that is taken, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Most bytes that wait to be sent, beyond which sending fails.
const UNSENT_BYTES_MAX: usize = 1 << 20;
/// What is read at a time.
const READ_BYTES: usize = 8 << 10;
/// Longest time until a message is handed to the network.
const SENDING: Duration = Duration::from_secs(15);
/// Longest time for a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why there is no socket, or no more.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// No connection, or none that is allowed.
    #[error(transparent)]
    Request(#[from] EgressError),
    /// The other side answered the handshake with something else.
    #[error("{host} opens no socket: it answered {status}")]
    NotOpened {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection broke, or a message was no message.
    #[error("the socket to {host} broke: {source}")]
    Broken {
        /// The host.
        host: String,
        /// What happened.
        #[source]
        source: Box<Broken>,
    },
    /// A message could not be handed over in time.
    #[error("{host} did not take a message within {} s", SENDING.as_secs())]
    Stuck {
        /// The host.
        host: String,
    },
}

/// What came over a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Came {
    /// A message of text.
    Text(String),
    /// A sign of life: a ping, which is answered by itself, or the answer to ours.
    Alive,
    /// The end, with its code where there was one.
    Closed(Option<u16>),
}

/// See the module. Dropping it cuts the connection.
pub struct Socket {
    stream: WebSocketStream<Upgraded>,
    host: Arc<str>,
}

// === impl Destination ===

impl Destination {
    /// Opens a WebSocket at an address that this destination told us: `wss`, or `ws` to a private place where the destination
    /// is one itself. `within` is for everything up to the end of the handshake.
    ///
    /// # Errors
    /// [`SocketError::Request`], [`SocketError::NotOpened`].
    pub async fn socket(&self, url: &Secret, within: Duration) -> Result<Socket, SocketError> {
        let (place, url) = self.socket_place(url)?;
        let host = Arc::clone(&place.host);
        let key = generate_key();
        let request = Request::whole(place, Method::GET, url.into())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .with_header("sec-websocket-key", &key)?;
        let reply = request.send(within).await?;
        let wanted = derive_accept_key(key.as_bytes());
        if reply.status() != 101 || reply.header("sec-websocket-accept") != Some(wanted.as_str()) {
            return Err(SocketError::NotOpened { host: host.to_string(), status: reply.status() });
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(UNSENT_BYTES_MAX)
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let stream =
            WebSocketStream::from_raw_socket(reply.upgrade().await?, Role::Client, Some(config)).await;
        Ok(Socket { stream, host })
    }

    /// Where a socket's address leads, if it may.
    fn socket_place(&self, url: &Secret) -> Result<(Self, Url), EgressError> {
        let bad = |why| EgressError::BadUrl { why };
        let (scheme, rest) = url.expose().split_once("://").ok_or(bad("it is not a URL"))?;
        let scheme = match scheme {
            "wss" => "https",
            "ws" => "http",
            _ => return Err(bad("a socket's address begins with wss or ws")),
        };
        let url = Url::parse(&[scheme, "://", rest].concat()).map_err(|_| bad("it is not a URL"))?;
        let (tls, host) = check_form(&url)?;
        let private = names_private_place(host, &self.clients)?;
        if private && self.route.reach == Reach::Public {
            return Err(EgressError::Refused { host: host.to_owned() });
        }
        if !tls && !private {
            return Err(bad("a socket does not cross the internet without TLS"));
        }
        let route = Route { tls, reach: self.route.reach, decode: false, proxied: false, socket: true };
        let place = self.clients.destination(route, host, "", Arc::clone(&self.slots));
        Ok((place, url))
    }
}

// === impl Socket ===

impl Socket {
    /// Hands a message of text to the network.
    ///
    /// # Errors
    /// [`SocketError::Broken`], [`SocketError::Stuck`]: then nobody knows whether it arrived.
    pub async fn send_text(&mut self, text: &str) -> Result<(), SocketError> {
        self.send(Message::text(text)).await
    }

    /// The same for JSON with a secret in place of `mark`, which stands in a text there.
    ///
    /// # Errors
    /// As [`Socket::send_text`].
    pub async fn send_showing(&mut self, json: &str, mark: &str, secret: &Secret) -> Result<(), SocketError> {
        self.send(Message::text(json.replace(mark, &secret.quoted()))).await
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As [`Socket::send_text`].
    pub async fn ping(&mut self) -> Result<(), SocketError> {
        self.send(Message::Ping(Bytes::new())).await
    }

    /// The next thing that comes. Nothing is lost when this future is dropped.
    ///
    /// # Errors
    /// [`SocketError::Broken`], also for a message that is too long.
    pub async fn next(&mut self) -> Result<Came, SocketError> {
        loop {
            return Ok(match self.stream.next().await {
                Some(Ok(Message::Text(text))) => Came::Text(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Came::Alive,
                Some(Ok(Message::Close(frame))) => Came::Closed(frame.map(|frame| frame.code.into())),
                // Nobody whom we talk to sends bytes.
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => continue,
                Some(Err(source)) => return Err(self.broken(source)),
                None => Came::Closed(None),
            });
        }
    }

    /// Says goodbye with a code, for as long as that takes a moment.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        // silent-ok: whoever closes has no use for the socket any more
        let _ = timeout(GOODBYE, self.stream.close(Some(frame))).await;
    }

    async fn send(&mut self, message: Message) -> Result<(), SocketError> {
        match timeout(SENDING, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(self.broken(source)),
            Err(_) => Err(SocketError::Stuck { host: self.host.to_string() }),
        }
    }

    fn broken(&self, source: Broken) -> SocketError {
        SocketError::Broken { host: self.host.to_string(), source: Box::new(source) }
    }
}
