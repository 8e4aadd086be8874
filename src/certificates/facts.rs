//! What is in a certificate file.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::CertificateError;

/// The first certificate of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Its common name, or its whole subject.
    pub subject: String,
    /// Names and addresses that it is for.
    pub sans: Vec<String>,
    /// Hexadecimal, as lists of revoked certificates have it.
    pub serial: String,
    /// It is good from here.
    pub not_before: Timestamp,
    /// And ends here.
    pub not_after: Timestamp,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
}

impl Facts {
    /// Whether less than a third of its life is left.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let life = self.not_after.as_second() - self.not_before.as_second();
        self.not_after.as_second() - now.as_second() < life / 3
    }

    /// Whole days that are left; negative when it has ended.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.as_second() - now.as_second()).div_euclid(86_400)
    }
}

/// The facts of a PEM file.
///
/// # Errors
/// [`CertificateError::Io`], [`CertificateError::Unreadable`].
pub fn facts_of(path: &Path) -> Result<Facts, CertificateError> {
    let io = |source| CertificateError::Io { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    let pem = Pem::iter_from_buffer(&bytes).flatten().find(|pem| pem.label == "CERTIFICATE");
    let facts = pem.as_ref().and_then(|pem| facts(&pem.contents));
    facts.ok_or_else(|| CertificateError::Unreadable { path: path.to_owned() })
}

/// The serial number of a certificate in DER, in hexadecimal.
#[must_use]
pub fn serial_of(der: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(hex(certificate.raw_serial(), ""))
}

fn facts(der: &[u8]) -> Option<Facts> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let sans = certificate.subject_alternative_name().ok().flatten();
    let sans = sans.map_or_else(Vec::new, |found| found.value.general_names.iter().filter_map(san).collect());
    let name = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
    let time = |at: i64| Timestamp::from_second(at).ok();
    Some(Facts {
        subject: name.map_or_else(|| certificate.subject().to_string(), str::to_owned),
        sans,
        serial: hex(certificate.raw_serial(), ""),
        not_before: time(certificate.validity().not_before.timestamp())?,
        not_after: time(certificate.validity().not_after.timestamp())?,
        fingerprint: hex(&Sha256::digest(der), ":").to_uppercase(),
    })
}

fn san(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

pub(super) fn hex(bytes: &[u8], between: &str) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        // silent-ok: writing to a string does not fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}
