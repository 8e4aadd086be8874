//! Where listeners may listen. Loopback by default; beyond it only with credentials and TLS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::control::ControlSocket;
use super::listener::{Listener, ListenerLimits};
use super::tls::{TlsDoor, TlsError, TlsFiles};
use crate::config::tls::ClientAuth;
use crate::config::{ConsoleConfig, IngressConfig};

/// Time for a request's whole body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// Time that running requests get when a listener stops.
const DRAIN: Duration = Duration::from_secs(5);
/// Connections at a time on the control socket.
const CONTROL_CONNECTIONS_MAX: usize = 64;
/// Connections at a time of coding CLIs.
const PASSAGE_CONNECTIONS_MAX: usize = 128;
/// The ingress is reached by strangers: little room, little time.
const INGRESS_LIMITS: ListenerLimits = ListenerLimits {
    connections_max: 512,
    header_timeout: Duration::from_secs(5),
    body_timeout: Duration::from_secs(15),
    drain: DRAIN,
};

/// Why a listener does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Others could reach the console without a credential or without TLS.
    #[error(
        "refusing to bind {addr}: it leaves this machine without {}. Set console.tls_cert and \
         console.tls_key, and a password on the setup page or a token by `capuchin token create`; \
         or listen on 127.0.0.1",
        missing(*credentials, *tls)
    )]
    Exposed {
        /// Where it should have listened.
        addr: SocketAddr,
        /// Whether there is a credential.
        credentials: bool,
        /// Whether there is TLS.
        tls: bool,
    },
    /// The address cannot be had.
    #[error("{place} cannot be listened on: {source}; stop what uses it or choose another one")]
    Address {
        /// The address or the path.
        place: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The TLS files are wrong.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The TLS of the console, if it is configured. `revoked` lists client certificates that are refused.
///
/// # Errors
/// [`BindError::Tls`].
pub fn console_tls(config: &ConsoleConfig, revoked: PathBuf) -> Result<Option<Arc<TlsDoor>>, BindError> {
    open_tls(config.tls_cert.as_ref().zip(config.tls_key.as_ref()).map(|(cert, key)| TlsFiles {
        cert: cert.clone(),
        key: key.clone(),
        client_ca: config.tls_client_ca.clone(),
        client_auth: config.client_auth.unwrap_or(ClientAuth::Required),
        revoked,
        min_tls: config.min_tls,
    }))
}

/// The TLS of the ingress, if it is configured.
///
/// # Errors
/// [`BindError::Tls`].
pub fn ingress_tls(config: &IngressConfig, revoked: PathBuf) -> Result<Option<Arc<TlsDoor>>, BindError> {
    open_tls(config.tls_cert.as_ref().zip(config.tls_key.as_ref()).map(|(cert, key)| TlsFiles {
        cert: cert.clone(),
        key: key.clone(),
        client_ca: None,
        client_auth: ClientAuth::Optional,
        revoked,
        min_tls: config.min_tls,
    }))
}

fn open_tls(files: Option<TlsFiles>) -> Result<Option<Arc<TlsDoor>>, BindError> {
    Ok(files.map(TlsDoor::open).transpose()?.map(Arc::new))
}

/// Binds the console at `addr`, which is the configured address or one that an earlier life had.
///
/// # Errors
/// [`BindError`]. Nothing listens then.
pub async fn bind_console(
    config: &ConsoleConfig,
    addr: SocketAddr,
    has_credentials: bool,
    tls: Option<&TlsDoor>,
) -> Result<Listener, BindError> {
    check_exposure(addr, has_credentials, tls.is_some())?;
    let limits = ListenerLimits {
        connections_max: config.connections_max,
        header_timeout: Duration::from_secs(config.header_timeout_s),
        body_timeout: BODY_TIMEOUT,
        drain: DRAIN,
    };
    let (listener, local) = listen(addr).await?;
    Ok(Listener::tcp(listener, local, tls.map(TlsDoor::watch), limits))
}

/// Binds the ingress at `addr`. It may be anywhere: a signature is the authentication behind it.
///
/// # Errors
/// [`BindError::Address`].
pub async fn bind_ingress(addr: SocketAddr, tls: Option<&TlsDoor>) -> Result<Listener, BindError> {
    let (listener, local) = listen(addr).await?;
    Ok(Listener::tcp(listener, local, tls.map(TlsDoor::watch), INGRESS_LIMITS))
}

/// Binds the way of coding CLIs to their providers, on loopback. `port` is 0 or that of an earlier life.
///
/// # Errors
/// [`BindError::Address`].
pub async fn bind_passages(port: u16) -> Result<Listener, BindError> {
    let limits = ListenerLimits {
        connections_max: PASSAGE_CONNECTIONS_MAX,
        header_timeout: Duration::from_secs(30),
        body_timeout: BODY_TIMEOUT,
        drain: DRAIN,
    };
    let (listener, local) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    Ok(Listener::tcp(listener, local, None, limits))
}

/// Binds the control socket at `path`, in a folder that only its owner can enter.
///
/// # Errors
/// [`BindError::Address`], also for a path that is too long for a socket.
pub fn bind_control(path: &Path) -> Result<Listener, BindError> {
    let limits = ListenerLimits {
        connections_max: CONTROL_CONNECTIONS_MAX,
        header_timeout: Duration::from_secs(30),
        body_timeout: BODY_TIMEOUT,
        drain: DRAIN,
    };
    let socket = ControlSocket::bind(path)
        .map_err(|source| BindError::Address { place: path.display().to_string(), source })?;
    Ok(Listener::control(socket, limits))
}

async fn listen(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Address { place: addr.to_string(), source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    Ok((listener, local))
}

fn check_exposure(addr: SocketAddr, credentials: bool, tls: bool) -> Result<(), BindError> {
    if addr.ip().to_canonical().is_loopback() || (credentials && tls) {
        return Ok(());
    }
    Err(BindError::Exposed { addr, credentials, tls })
}

fn missing(credentials: bool, tls: bool) -> &'static str {
    match (credentials, tls) {
        (false, false) => "credentials and TLS",
        (false, true) => "credentials",
        _ => "TLS",
    }
}

#[cfg(test)]
mod tests;
