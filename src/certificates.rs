//! Certificates of our own: one authority (CA), certificates for our listeners, and for the devices of people.
//!
//! Everything is a file in a private folder of the home, `config/certificates`, so that the command line
//! works without the daemon:
//!
//! | file | what | mode |
//! |---|---|---|
//! | `ca/ca.pem`, `ca/ca.key` | the authority; the key may be taken away and kept offline | 0600 |
//! | `server/NAME.pem`, `.key` | chain and key of a listener; written anew by a renewal | 0600 |
//! | `client/NAME.pem`, `.key` | of a device; the key only as long as it was not handed out as PKCS#12 | 0600 |
//! | `issued.jsonl`, `revoked.jsonl` | every certificate ever made, and those that are no longer welcome | 0600 |
//!
//! Keys are ECDSA P-256. The authority lives ten years and may be constrained to names and networks;
//! certificates live 397 days, the most that browsers accept. A client certificate is a lock in front of the
//! console and no login: who comes through it still signs in.
//!
//! **Invariant:** private keys are written with mode 0600 inside folders of mode 0700 and are wiped from memory.

mod error;
mod facts;
mod folder;
mod issue;
mod key;
mod pkcs12;
mod record;

pub use error::CertificateError;
pub use facts::{Facts, facts_of, serial_of};
pub use issue::{LEAF_DAYS, Permitted};
pub use pkcs12::Pkcs12Style;
pub use record::{Kind, revoked_serials};

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::config::Home;
use folder::Folder;
use key::Key;
use record::{Issued, Revoked};

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The certificates of one home.
#[derive(Clone, Debug)]
pub struct Certificates {
    folder: Folder,
}

/// A certificate that is there.
#[derive(Clone, Debug)]
pub struct Held {
    /// What it is for.
    pub kind: Kind,
    /// The name that it was made under; `ca` for the authority.
    pub name: String,
    /// What is in it.
    pub facts: Facts,
    /// The chain.
    pub cert: PathBuf,
    /// The key, if it is still here.
    pub key: Option<PathBuf>,
    /// Whether listeners refuse it.
    pub revoked: bool,
}

// === impl Certificates ===

impl Certificates {
    /// The certificates of this home. Touches nothing.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { folder: Folder::new(home.certificates()) }
    }

    /// The list of serial numbers that listeners refuse. The file may not exist.
    #[must_use]
    pub fn revoked_file(&self) -> PathBuf {
        self.folder.revoked()
    }

    /// The authority, if there is one.
    ///
    /// # Errors
    /// What is wrong with its file.
    pub fn ca(&self) -> Result<Option<Held>, CertificateError> {
        self.held(Kind::Ca, "ca", &[])
    }

    /// Makes the authority. With `permitted`, its certificates count for these names and networks and for
    /// this machine itself, nowhere else.
    ///
    /// # Errors
    /// [`CertificateError::CaExists`], and what the disk answers.
    pub fn make_ca(&self, permitted: &[Permitted], now: Timestamp) -> Result<Held, CertificateError> {
        if self.folder.cert(Kind::Ca, "ca").exists() {
            return Err(CertificateError::CaExists);
        }
        let key = Key::generate()?;
        let cert = issue::authority(&key, permitted, now)?;
        self.store(Kind::Ca, "ca", &cert, &key, now)
    }

    /// Makes a certificate for a listener. `sans` are names and addresses; `localhost`, 127.0.0.1 and ::1 are
    /// always among them.
    ///
    /// # Errors
    /// [`CertificateError::NoCa`], [`CertificateError::BadSan`], [`CertificateError::NameTaken`] by a client.
    pub fn make_server(&self, name: &str, sans: &[String], now: Timestamp) -> Result<Held, CertificateError> {
        self.check_name(name, Kind::Server)?;
        let (ca, ca_pem) = self.authority()?;
        let key = Key::generate()?;
        let cert = issue::server(&ca, &ca_pem, &key, name, sans, now)?;
        self.store(Kind::Server, name, &[cert, ca_pem].concat(), &key, now)
    }

    /// Makes a certificate for a device.
    ///
    /// # Errors
    /// [`CertificateError::NoCa`], [`CertificateError::NameTaken`] by a server.
    pub fn make_client(&self, name: &str, now: Timestamp) -> Result<Held, CertificateError> {
        self.check_name(name, Kind::Client)?;
        let (ca, ca_pem) = self.authority()?;
        let key = Key::generate()?;
        let cert = issue::client(&ca, &ca_pem, &key, name, now)?;
        self.store(Kind::Client, name, &[cert, ca_pem].concat(), &key, now)
    }

    /// Everything that is there: the authority first, then by kind and name.
    ///
    /// # Errors
    /// What the disk answers, and the first file that is no certificate.
    pub fn list(&self) -> Result<Vec<Held>, CertificateError> {
        let revoked = revoked_serials(&self.revoked_file())?;
        let mut all = Vec::new();
        for kind in Kind::ALL {
            for name in self.folder.names(kind)? {
                all.extend(self.held(kind, &name, &revoked)?);
            }
        }
        Ok(all)
    }

    /// The certificate with this name.
    ///
    /// # Errors
    /// [`CertificateError::Unknown`].
    pub fn find(&self, name: &str) -> Result<Held, CertificateError> {
        let unknown = || CertificateError::Unknown { name: name.to_owned() };
        self.list()?.into_iter().find(|held| held.name == name).ok_or_else(unknown)
    }

    /// Makes a new certificate with a new key under the name and for the same hosts. An earlier client
    /// certificate stays good until it ends or is revoked.
    ///
    /// # Errors
    /// [`CertificateError::Unknown`], [`CertificateError::NotRenewable`] for the authority.
    pub fn renew(&self, name: &str, now: Timestamp) -> Result<Held, CertificateError> {
        let held = self.find(name)?;
        match held.kind {
            Kind::Ca => Err(CertificateError::NotRenewable),
            Kind::Server => self.make_server(name, &held.facts.sans, now),
            Kind::Client => self.make_client(name, now),
        }
    }

    /// The listeners' certificates that have less than a third of their life left.
    ///
    /// # Errors
    /// As [`Certificates::list`].
    pub fn due(&self, now: Timestamp) -> Result<Vec<Held>, CertificateError> {
        let due = |held: &Held| held.kind == Kind::Server && held.facts.is_due(now);
        Ok(self.list()?.into_iter().filter(due).collect())
    }

    /// Makes listeners refuse every client certificate ever made under this name, and removes what is here of
    /// it. Says how many there were.
    ///
    /// # Errors
    /// [`CertificateError::NothingToRevoke`] when there was none.
    pub fn revoke(&self, name: &str, now: Timestamp) -> Result<usize, CertificateError> {
        let already = revoked_serials(&self.revoked_file())?;
        let of_name = |issued: &Issued| issued.kind == Kind::Client && issued.name == name;
        let serials: Vec<String> = record::issued(&self.folder.issued())?
            .into_iter()
            .filter(|issued| of_name(issued) && !already.contains(&issued.serial))
            .map(|issued| issued.serial)
            .collect();
        if serials.is_empty() {
            return Err(CertificateError::NothingToRevoke { name: name.to_owned() });
        }
        for serial in &serials {
            let line = Revoked { serial: serial.clone(), name: name.to_owned(), at: now };
            self.folder.append(&self.folder.revoked(), &line)?;
        }
        self.folder.remove(Kind::Client, name)?;
        Ok(serials.len())
    }

    /// Chain and key of a client certificate as one file for browsers.
    ///
    /// # Errors
    /// [`CertificateError::KeyGone`] when the key was handed out before.
    pub fn pkcs12(
        &self,
        name: &str,
        password: &str,
        style: Pkcs12Style,
    ) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
        let held = self.find(name)?;
        if held.kind != Kind::Client {
            return Err(CertificateError::NotAClient { name: name.to_owned() });
        }
        let gone = || CertificateError::KeyGone { name: name.to_owned() };
        let key = Key::read(&held.key.ok_or_else(gone)?)?;
        pkcs12::export(name, &self.folder.read(&held.cert)?, &key, password, style)
    }

    /// Removes the key of a client certificate that was handed out.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn forget_key(&self, name: &str) -> Result<(), CertificateError> {
        self.folder.remove_key(Kind::Client, name)
    }

    fn authority(&self) -> Result<(Key, String), CertificateError> {
        let cert = self.folder.cert(Kind::Ca, "ca");
        if !cert.exists() {
            return Err(CertificateError::NoCa);
        }
        let key = self.folder.key(Kind::Ca, "ca");
        if !key.exists() {
            return Err(CertificateError::NoCaKey { path: key });
        }
        Ok((Key::read(&key)?, self.folder.read(&cert)?))
    }

    fn held(&self, kind: Kind, name: &str, revoked: &[String]) -> Result<Option<Held>, CertificateError> {
        let (cert, key) = (self.folder.cert(kind, name), self.folder.key(kind, name));
        if !cert.exists() {
            return Ok(None);
        }
        let facts = facts_of(&cert)?;
        let revoked = revoked.contains(&facts.serial);
        let key = key.exists().then_some(key);
        Ok(Some(Held { kind, name: name.to_owned(), facts, cert, key, revoked }))
    }

    /// The key first: a listener that looks in between finds a pair that does not fit and looks again.
    fn store(
        &self,
        kind: Kind,
        name: &str,
        chain: &str,
        key: &Key,
        now: Timestamp,
    ) -> Result<Held, CertificateError> {
        let (cert_path, key_path) = (self.folder.cert(kind, name), self.folder.key(kind, name));
        self.folder.prepare(kind)?;
        self.folder.write(&key_path, key.pem().as_bytes())?;
        self.folder.write(&cert_path, chain.as_bytes())?;
        let facts = facts_of(&cert_path)?;
        let line = Issued {
            serial: facts.serial.clone(),
            kind,
            name: name.to_owned(),
            made_at: now,
            expires_at: facts.not_after,
        };
        self.folder.append(&self.folder.issued(), &line)?;
        Ok(Held { kind, name: name.to_owned(), facts, cert: cert_path, key: Some(key_path), revoked: false })
    }

    fn check_name(&self, name: &str, kind: Kind) -> Result<(), CertificateError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let fits = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(word);
        if !fits || name.starts_with('.') || name == "ca" {
            return Err(CertificateError::BadName { name: name.to_owned() });
        }
        let other = if kind == Kind::Server { Kind::Client } else { Kind::Server };
        if self.folder.cert(other, name).exists() {
            return Err(CertificateError::NameTaken { name: name.to_owned(), by: other });
        }
        Ok(())
    }
}

/// Writes a private file anew: what others may have opened before stays what it was.
///
/// # Errors
/// What the disk answers.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CertificateError> {
    folder::write_private(path, bytes)
}

#[cfg(test)]
mod tests;
