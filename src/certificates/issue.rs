//! How certificates are made: who may sign what, for whom, and for how long.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};

use sha2::{Digest as _, Sha256};

use super::CertificateError;
use super::facts::hex;
use super::key::Key;

/// Days of a server's or a client's certificate: browsers refuse longer lives.
pub const LEAF_DAYS: u64 = 397;
/// Days of the authority.
const CA_DAYS: u64 = 3_650;
const DAY: Duration = Duration::from_secs(86_400);
/// Certificates are good a little before they were made: clocks differ.
const SKEW: Duration = Duration::from_secs(300);

/// What an authority may be constrained to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Permitted {
    /// A domain and everything below it.
    Domain(String),
    /// A network.
    Network(IpAddr, u8),
}

impl std::str::FromStr for Permitted {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || CertificateError::BadPermitted { text: text.to_owned() };
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits) = (address.parse().map_err(|_| bad())?, bits.parse().map_err(|_| bad())?);
            let bits_max = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
            return if bits <= bits_max { Ok(Self::Network(address, bits)) } else { Err(bad()) };
        }
        match text.parse::<IpAddr>() {
            Ok(address @ IpAddr::V4(_)) => Ok(Self::Network(address, 32)),
            Ok(address @ IpAddr::V6(_)) => Ok(Self::Network(address, 128)),
            Err(_) if is_host_name(text) => Ok(Self::Domain(text.to_ascii_lowercase())),
            Err(_) => Err(bad()),
        }
    }
}

/// The authority's own certificate, in PEM.
pub(super) fn authority(
    key: &Key,
    permitted: &[Permitted],
    now: Timestamp,
) -> Result<String, CertificateError> {
    // Told apart by its key, should somebody ever have two.
    let id = hex(Sha256::digest(key.pair().public_key_raw()).get(..4).unwrap_or_default(), "");
    let mut params = params(&format!("Capuchin CA {id}"), CA_DAYS, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = (!permitted.is_empty()).then(|| constraints(permitted));
    let cert = params.self_signed(key.pair()).map_err(CertificateError::Make)?;
    Ok(cert.pem())
}

/// A listener's certificate, in PEM, without its chain.
pub(super) fn server(
    ca: &Key,
    ca_pem: &str,
    key: &Key,
    name: &str,
    sans: &[String],
    now: Timestamp,
) -> Result<String, CertificateError> {
    let mut params = params(name, LEAF_DAYS, now);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    for text in own.iter().chain(sans) {
        let san = san(text)?;
        if !params.subject_alt_names.contains(&san) {
            params.subject_alt_names.push(san);
        }
    }
    sign(params, ca, ca_pem, key)
}

/// A device's certificate, in PEM, without its chain.
pub(super) fn client(
    ca: &Key,
    ca_pem: &str,
    key: &Key,
    name: &str,
    now: Timestamp,
) -> Result<String, CertificateError> {
    let mut params = params(name, LEAF_DAYS, now);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    sign(params, ca, ca_pem, key)
}

fn sign(
    mut params: CertificateParams,
    ca: &Key,
    ca_pem: &str,
    key: &Key,
) -> Result<String, CertificateError> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_ca_cert_pem(ca_pem, ca.pair()).map_err(CertificateError::Make)?;
    Ok(params.signed_by(key.pair(), &issuer).map_err(CertificateError::Make)?.pem())
}

fn params(common_name: &str, days: u64, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    let since_1970 = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_1970.saturating_sub(SKEW);
    params.not_after = params.not_before + DAY * u32::try_from(days).unwrap_or(u32::MAX);
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, common_name);
    params.distinguished_name = subject;
    params
}

fn san(text: &str) -> Result<SanType, CertificateError> {
    let bad = || CertificateError::BadSan { san: text.to_owned() };
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    if !is_host_name(text.strip_prefix("*.").unwrap_or(text)) {
        return Err(bad());
    }
    text.to_ascii_lowercase().try_into().map(SanType::DnsName).map_err(|_| bad())
}

/// Letters, digits and hyphens; a name of digits only would be an address.
fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_number = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (1..=253).contains(&text.len()) && text.split('.').all(label) && !last_is_number
}

/// The named places and this machine. A kind of which none is named is excluded as a whole.
fn constraints(permitted: &[Permitted]) -> NameConstraints {
    let network = |address, bits| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits));
    let mut subtrees = vec![
        GeneralSubtree::DnsName("localhost".to_owned()),
        network(Ipv4Addr::LOCALHOST.into(), 32),
        network(Ipv6Addr::LOCALHOST.into(), 128),
    ];
    subtrees.extend(permitted.iter().map(|permitted| match permitted {
        Permitted::Domain(domain) => GeneralSubtree::DnsName(domain.clone()),
        Permitted::Network(address, bits) => network(*address, *bits),
    }));
    NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: Vec::new() }
}
