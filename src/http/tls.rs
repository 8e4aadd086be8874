//! TLS of listeners that leave this machine: certificate, key and authorities from PEM files, read again
//! when they change.
//!
//! A [`TlsDoor`] holds what is used now. [`TlsDoor::look`] reads the files when they look different and puts
//! them in place as a whole; files that do not work are reported and change nothing. Connections that stand
//! keep what they began with, but a device whose certificate was revoked meanwhile is cut off.
//!
//! HTTP/1.1 only, suites and groups of aws-lc-rs's defaults, TLS 1.3 unless `min_tls` says otherwise. Sessions
//! are resumed from memory only and never where client certificates are asked for, so that every connection
//! proves its certificate anew.

mod files;
mod revocation;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, ServerConnection};

use crate::certificates::serial_of;
use crate::config::tls::{ClientAuth, MinTls};

use files::{Contents, Stamp};
pub use files::{TlsError, TlsFiles};
use revocation::RevocableClients;

/// An encrypted connection.
pub(super) type Encrypted = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;

/// What connections are accepted with.
pub(super) struct Trust {
    pub(super) acceptor: TlsAcceptor,
    revoked: Vec<String>,
}

/// See the module.
pub struct TlsDoor {
    files: TlsFiles,
    now: watch::Sender<Arc<Trust>>,
    seen: parking_lot::Mutex<Seen>,
}

/// What the last look found.
struct Seen {
    stamp: Stamp,
    contents: Contents,
    /// The look before failed; it is reported once, not every time.
    failed: bool,
}

/// What a look at the files led to.
#[derive(Debug)]
pub enum Look {
    /// They are what they were.
    Same,
    /// New connections use new files.
    Reloaded,
    /// They do not work, for the first time; the earlier ones stay in use.
    Bad(TlsError),
    /// They still do not work.
    StillBad,
}

// === impl TlsDoor ===

impl TlsDoor {
    /// Reads the files. Blocks for a few small files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let stamp = files.stamp();
        let contents = files.read()?;
        let trust = trust(&files, &contents)?;
        let seen = Seen { stamp, contents, failed: false };
        Ok(Self { files, now: watch::Sender::new(Arc::new(trust)), seen: parking_lot::Mutex::new(seen) })
    }

    /// Looks at the files, and reads them when they may have changed. Blocks for a few small files.
    pub fn look(&self) -> Look {
        let stamp = self.files.stamp();
        let mut seen = self.seen.lock();
        if stamp == seen.stamp && !seen.failed {
            return Look::Same;
        }
        match self.files.read().and_then(|contents| Ok((trust(&self.files, &contents)?, contents))) {
            Ok((trust, contents)) => {
                let changed = contents != seen.contents;
                *seen = Seen { stamp, contents, failed: false };
                if !changed {
                    return Look::Same;
                }
                self.now.send_replace(Arc::new(trust));
                Look::Reloaded
            }
            // A file that was written between its key and its chain is whole at the next look.
            Err(error) if !seen.failed || seen.stamp != stamp => {
                seen.failed = true;
                seen.stamp = stamp;
                Look::Bad(error)
            }
            Err(_) => Look::StillBad,
        }
    }

    /// The file with the certificate chain.
    #[must_use]
    pub fn certificate(&self) -> &std::path::Path {
        &self.files.cert
    }

    pub(super) fn watch(&self) -> watch::Receiver<Arc<Trust>> {
        self.now.subscribe()
    }
}

// === impl Trust ===

impl Trust {
    /// Whether a device may no longer come in.
    pub(super) fn has_revoked(&self, serial: &str) -> bool {
        self.revoked.iter().any(|revoked| revoked == serial)
    }
}

/// The serial number of the certificate that the other end has shown.
pub(super) fn client_serial(connection: &ServerConnection) -> Option<String> {
    connection.peer_certificates()?.first().and_then(|certificate| serial_of(certificate))
}

fn trust(files: &TlsFiles, contents: &Contents) -> Result<Trust, TlsError> {
    let (chain, key) = contents.pair(files)?;
    let versions = match files.min_tls {
        MinTls::Tls13 => &[&TLS13][..],
        MinTls::Tls12 => &[&TLS13, &TLS12],
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    let revoked = contents.revoked(files)?;
    let mut config = match contents.authorities(files)? {
        None => builder.with_no_client_auth().with_single_cert(chain, key)?,
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(authority)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match files.client_auth {
                ClientAuth::Required => verifier,
                ClientAuth::Optional => verifier.allow_unauthenticated(),
            };
            let verifier = RevocableClients::new(verifier.build()?, revoked.clone());
            builder.with_client_cert_verifier(Arc::new(verifier)).with_single_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if files.client_ca.is_some() {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Trust { acceptor: TlsAcceptor::from(Arc::new(config)), revoked })
}

#[cfg(test)]
mod tests;
