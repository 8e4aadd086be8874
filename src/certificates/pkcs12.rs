//! Certificate, chain and key in one file with a password, as browsers and telephones import it.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey, PrivateKeyChain,
};
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use super::CertificateError;
use super::key::Key;

/// Rounds of the password's derivation: an offline guess costs this much.
const MODERN_ROUNDS: u32 = 100_000;
/// Old importers give up on more.
const LEGACY_ROUNDS: u32 = 10_000;

/// Which ciphers the file uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pkcs12Style {
    /// AES-256 and SHA-256: Firefox, Chromium, OpenSSL 3, Windows, recent macOS and iOS.
    Modern,
    /// Triple DES and SHA-1, for macOS and iOS before 2023 and old Android: the password must be a long one.
    Legacy,
}

pub(super) fn export(
    name: &str,
    chain_pem: &str,
    key: &Key,
    password: &str,
    style: Pkcs12Style,
) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let fail = CertificateError::Pkcs12;
    let chain: Result<Vec<_>, _> = Pem::iter_from_buffer(chain_pem.as_bytes())
        .flatten()
        .map(|pem| Certificate::from_der(&pem.contents))
        .collect();
    let private = PrivateKey::from_der(key.pkcs8()).map_err(fail)?;
    let entry = PrivateKeyChain::new(name.as_bytes().to_vec(), private, chain.map_err(fail)?);
    let mut store = KeyStore::new();
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(entry));
    let writer = store.writer(password);
    let writer = match style {
        Pkcs12Style::Modern => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithHmacSha256AndAes256)
            .mac_algorithm(MacAlgorithm::HmacSha256)
            .encryption_iterations(MODERN_ROUNDS)
            .mac_iterations(MODERN_ROUNDS),
        Pkcs12Style::Legacy => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .mac_algorithm(MacAlgorithm::HmacSha1)
            .encryption_iterations(LEGACY_ROUNDS)
            .mac_iterations(LEGACY_ROUNDS),
    };
    writer.write().map(Zeroizing::new).map_err(fail)
}
