//! The files behind a TLS listener.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::server::VerifierBuilderError;
use zeroize::Zeroizing;

use crate::certificates::{CertificateError, revoked_serials};
use crate::config::tls::{ClientAuth, MinTls};

/// Which files, and what they are used for.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate chain.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of client certificates; none asks for no certificate.
    pub client_ca: Option<PathBuf>,
    /// Whether a client must have one.
    pub client_auth: ClientAuth,
    /// Serial numbers of client certificates that are refused; the file may be absent.
    pub revoked: PathBuf,
    /// The oldest version that is spoken.
    pub min_tls: MinTls,
}

/// Why the files do not make a TLS listener.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file holds no PEM of the kind that is wanted.
    #[error("{} holds no {wanted}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        wanted: &'static str,
        /// What is wrong with it.
        #[source]
        source: pem::Error,
    },
    /// The list of revoked certificates is broken.
    #[error(transparent)]
    Revoked(#[from] CertificateError),
    /// Certificate and key do not work together, or an authority is none.
    #[error("the certificate and its key do not work: {0}")]
    Refused(#[from] tokio_rustls::rustls::Error),
    /// There is no authority of client certificates.
    #[error("the authorities of client certificates do not work: {0}")]
    Clients(#[from] VerifierBuilderError),
}

/// When and how large each file was: what tells a change without reading.
pub(super) type Stamp = Vec<Option<(SystemTime, u64)>>;

/// What was in the files.
pub(super) struct Contents {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    authorities: Option<Vec<u8>>,
    revoked: [u8; 32],
}

impl PartialEq for Contents {
    fn eq(&self, other: &Self) -> bool {
        self.chain == other.chain
            && self.key == other.key
            && self.authorities == other.authorities
            && self.revoked == other.revoked
    }
}

// === impl TlsFiles ===

impl TlsFiles {
    pub(super) fn stamp(&self) -> Stamp {
        let stamp = |path: &Path| {
            let found = std::fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        };
        let fixed = [&self.cert, &self.key, &self.revoked];
        fixed.into_iter().chain(&self.client_ca).map(|path| stamp(path)).collect()
    }

    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let revoked = match std::fs::read(&self.revoked) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            found => found.map_err(|source| unread(&self.revoked, source))?,
        };
        Ok(Contents {
            chain: read(&self.cert)?,
            key: Zeroizing::new(read(&self.key)?),
            authorities: self.client_ca.as_deref().map(read).transpose()?,
            revoked: Sha256::digest(revoked).into(),
        })
    }
}

// === impl Contents ===

impl Contents {
    pub(super) fn pair(
        &self,
        files: &TlsFiles,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let chain = certificates(&self.chain, &files.cert)?;
        let wrong = |source| TlsError::Pem { path: files.key.clone(), wanted: "private key", source };
        Ok((chain, PrivateKeyDer::from_pem_slice(&self.key).map_err(wrong)?))
    }

    pub(super) fn authorities(
        &self,
        files: &TlsFiles,
    ) -> Result<Option<Vec<CertificateDer<'static>>>, TlsError> {
        let named = self.authorities.as_deref().zip(files.client_ca.as_deref());
        named.map(|(bytes, path)| certificates(bytes, path)).transpose()
    }

    pub(super) fn revoked(&self, files: &TlsFiles) -> Result<Vec<String>, TlsError> {
        Ok(revoked_serials(&files.revoked)?)
    }
}

fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |source| TlsError::Pem { path: path.to_owned(), wanted: "certificate", source };
    let found: Vec<_> = CertificateDer::pem_slice_iter(bytes).collect::<Result<_, _>>().map_err(wrong)?;
    if found.is_empty() { Err(wrong(pem::Error::NoItemsFound)) } else { Ok(found) }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| unread(path, source))
}

fn unread(path: &Path, source: std::io::Error) -> TlsError {
    TlsError::Read { path: path.to_owned(), source }
}
