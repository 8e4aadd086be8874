//! Listeners: TCP with or without TLS, and the control socket. HTTP/1.1, bounded everywhere.
//!
//! A listener is bound first (that can fail and is awaited), then served until it is told to
//! stop. Its connections are tasks of its own future: when that is dropped, so are they.
//! Headers that do not come in time, bodies that trickle and connections beyond the limit
//! cost a bounded amount and no other connection.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::connection::Connection;
use super::control::ControlSocket;
use super::handshake::{Guest, Secured, secure};
use super::timed_body::TimedBody;
use super::tls::Trust;

/// Most bytes of a request head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most bytes that wait to be read or written on one connection.
const BUFFER_BYTES_MAX: usize = 128 * 1024;
/// Longest wait after an accept that failed for want of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a listener allows.
#[derive(Clone, Copy, Debug)]
pub struct ListenerLimits {
    /// Connections at a time; a further one waits in the kernel's queue.
    pub connections_max: usize,
    /// Time for a TLS handshake and for each request head; also how long a connection may rest.
    pub header_timeout: Duration,
    /// Time for a request's whole body.
    pub body_timeout: Duration,
    /// Time that running requests get when the listener stops.
    pub drain: Duration,
}

/// A bound listener that does not serve yet.
pub struct Listener {
    socket: Socket,
    limits: ListenerLimits,
}

/// What TLS connections are accepted with, now and from the next change on.
type Trusted = watch::Receiver<Arc<Trust>>;

enum Socket {
    Tcp { listener: TcpListener, local: SocketAddr, tls: Option<Trusted> },
    Control(ControlSocket),
}

enum Accepted {
    Tcp { stream: TcpStream, peer: SocketAddr, tls: Option<Trusted> },
    Control(UnixStream),
}

/// What every connection of a listener shares.
#[derive(Clone)]
struct Shared {
    router: Router,
    http: http1::Builder,
    limits: ListenerLimits,
    stop: CancellationToken,
}

impl Listener {
    pub(super) const fn tcp(
        listener: TcpListener,
        local: SocketAddr,
        tls: Option<Trusted>,
        limits: ListenerLimits,
    ) -> Self {
        Self { socket: Socket::Tcp { listener, local, tls }, limits }
    }

    pub(super) const fn control(socket: ControlSocket, limits: ListenerLimits) -> Self {
        Self { socket: Socket::Control(socket), limits }
    }

    /// The address that it has, with the port that the system chose; `None` for the control socket.
    #[must_use]
    pub const fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp { local, .. } => Some(*local),
            Socket::Control(_) => None,
        }
    }

    /// The address as people and programs type it: `http://127.0.0.1:7717`; `None` for the control socket.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let Socket::Tcp { local, tls, .. } = &self.socket else { return None };
        let scheme = if tls.is_some() { "https" } else { "http" };
        Some(format!("{scheme}://{local}"))
    }

    /// Serves until `stop`, then lets running requests end within the drain time.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        // At most 100 headers: hyper's own limit, which costs nothing as long as it is not set.
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX);
        let shared = Shared { router, http, limits: self.limits, stop: stop.clone() };
        let slots = Arc::new(Semaphore::new(self.limits.connections_max));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept(&slots) => match accepted {
                    Ok((accepted, slot)) => {
                        let shared = shared.clone();
                        connections.spawn(async move {
                            shared.connect(accepted).await;
                            drop(slot);
                        });
                    }
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.socket);
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(self.limits.drain, drained).await.is_err() {
            tracing::warn!(open = connections.len(), "connections are cut after the drain time");
        }
        connections.shutdown().await;
    }
}

impl Socket {
    /// Waits for a free slot, then for a connection.
    async fn accept(&self, slots: &Arc<Semaphore>) -> io::Result<(Accepted, OwnedSemaphorePermit)> {
        let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
        let accepted = match self {
            Self::Tcp { listener, tls, .. } => {
                let (stream, peer) = listener.accept().await?;
                Accepted::Tcp { stream, peer, tls: tls.clone() }
            }
            Self::Control(socket) => Accepted::Control(socket.accept().await?),
        };
        Ok((accepted, slot))
    }
}

impl Shared {
    /// One connection from its first byte to its last.
    async fn connect(self, accepted: Accepted) {
        match accepted {
            Accepted::Control(stream) => self.serve(stream, Connection::Control).await,
            Accepted::Tcp { stream, peer, tls } => {
                let Ok(local) = stream.local_addr() else { return };
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "small writes may wait");
                }
                let connection = Connection::Tcp { peer, local, tls: tls.is_some() };
                match tls {
                    None => self.serve(stream, connection).await,
                    Some(trusted) => {
                        let handshake = secure(stream, trusted, self.limits.header_timeout);
                        // Strangers that do not finish a handshake are nobody's business.
                        let Some(Secured { stream, guest }) = handshake.await else { return };
                        self.serve_guest(stream, connection, guest).await;
                    }
                }
            }
        }
    }

    /// Serves a connection until its client certificate, if it has one, is revoked.
    async fn serve_guest<S>(self, stream: S, connection: Connection, guest: Guest)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::select! {
            () = self.serve(stream, connection) => {}
            () = guest.unwelcome() => tracing::info!("a connection is cut: its client certificate was revoked"),
        }
    }

    async fn serve<S>(self, stream: S, connection: Connection)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { router, http, limits, stop } = self;
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request: Request =
                request.map(|body| Body::new(TimedBody::new(body, limits.body_timeout)));
            request.extensions_mut().insert(connection);
            let mut router = router.clone();
            async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {})) }
        });
        let serving = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        tokio::pin!(serving);
        let result = tokio::select! {
            result = serving.as_mut() => result,
            () = stop.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Errors of an accept that say nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused | Kind::ConnectionAborted | Kind::ConnectionReset | Kind::PermissionDenied
    )
}

#[cfg(test)]
mod tests;
