//! A private key in memory: no `Debug`, wiped when dropped.

use std::path::Path;

use rcgen::KeyPair;
use zeroize::{Zeroize as _, Zeroizing};

use super::CertificateError;

/// See the module. ECDSA P-256 when we made it.
pub(super) struct Key(KeyPair);

impl Key {
    pub(super) fn generate() -> Result<Self, CertificateError> {
        KeyPair::generate().map(Self).map_err(CertificateError::Make)
    }

    pub(super) fn read(path: &Path) -> Result<Self, CertificateError> {
        let io = |source| CertificateError::Io { path: path.to_owned(), source };
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(io)?);
        let unreadable = |_| CertificateError::Unreadable { path: path.to_owned() };
        KeyPair::from_pem(&text).map(Self).map_err(unreadable)
    }

    pub(super) const fn pair(&self) -> &KeyPair {
        &self.0
    }

    pub(super) fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    pub(super) fn pkcs8(&self) -> &[u8] {
        self.0.serialized_der()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
