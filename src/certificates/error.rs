//! Why a certificate was not made, read or handed out.

use std::io;
use std::path::PathBuf;

use super::Kind;

/// See the module. The texts say what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// There is no authority yet.
    #[error("there is no certificate authority here; make one with: capuchin certs ca")]
    NoCa,
    /// The authority's key is not here.
    #[error("{} is not there; put the authority's key back to make certificates", path.display())]
    NoCaKey {
        /// Where it belongs.
        path: PathBuf,
    },
    /// There is one already.
    #[error(
        "there is a certificate authority already; a second one would make every device distrust the first"
    )]
    CaExists,
    /// A name that cannot be a file's.
    #[error("`{name}` is not a name for a certificate; use 1 to 64 of a-z, A-Z, 0-9, -, _ and . (not `ca`)")]
    BadName {
        /// The name.
        name: String,
    },
    /// Another kind of certificate has the name.
    #[error("`{name}` is a {by} certificate already; choose another name")]
    NameTaken {
        /// The name.
        name: String,
        /// Who has it.
        by: Kind,
    },
    /// Not a host.
    #[error("`{san}` is neither a host name nor an address")]
    BadSan {
        /// What was given.
        san: String,
    },
    /// Not a name or a network.
    #[error("`{text}` is neither a domain (home.arpa) nor a network (192.168.0.0/16)")]
    BadPermitted {
        /// What was given.
        text: String,
    },
    /// No certificate has this name.
    #[error("there is no certificate `{name}`; `capuchin certs list` shows all")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The authority is not renewed.
    #[error("the authority is not renewed: every device trusts this one; its certificates are")]
    NotRenewable,
    /// Nothing to revoke.
    #[error("there is no client certificate `{name}` that is not revoked already")]
    NothingToRevoke {
        /// The name.
        name: String,
    },
    /// Only client certificates go to browsers.
    #[error("`{name}` is not a client certificate")]
    NotAClient {
        /// The name.
        name: String,
    },
    /// The key was handed out and is not kept.
    #[error(
        "the key of `{name}` was handed out and is not kept here; make a new one with: capuchin certs renew {name}"
    )]
    KeyGone {
        /// The name.
        name: String,
    },
    /// A file is not what it should be.
    #[error("{} holds no certificate or key that can be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder could not be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[source] rcgen::Error),
    /// The PKCS#12 file could not be made.
    #[error("the PKCS#12 file could not be made: {0}")]
    Pkcs12(#[source] p12_keystore::error::Error),
}
