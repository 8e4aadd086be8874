//! The key with which this daemon signs for push services (RFC 8292): made once, sealed by the vault.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;

use crate::db::{TenantRead, TenantTx};
use crate::notifications::error::NotificationError;
use crate::vault::{CryptoError, Place, Purpose, SealedColumn, Vault, VaultError};

/// How long a signature counts. RFC 8292 allows a day.
const LIFE_S: i64 = 12 * 3_600;
/// The column that holds it: one for each tenant.
pub(super) const KEYS: SealedColumn = SealedColumn {
    purpose: Purpose::Channels,
    table: "notification_settings",
    name: "vapid",
    row: "CAST('vapid' AS BLOB)",
};
const PLACE: Place<'_> = KEYS.place(b"vapid");

/// See the module.
pub(super) struct Key(SigningKey);

// === impl Key ===

impl Key {
    /// A new one, sealed; with its public part.
    pub(super) fn make(
        vault: &Vault,
        tx: &mut TenantTx<'_>,
    ) -> Result<(Vec<u8>, Vec<u8>), NotificationError> {
        let secret = super::seal::fresh_key();
        let secret = secret.ok_or(NotificationError::NotSetUp("there are no random numbers for a key"))?;
        let plain = zeroize::Zeroizing::new(secret.to_bytes());
        let sealed = vault.seal(tx, Purpose::Channels, &PLACE, plain.as_slice())?;
        Ok((sealed, secret.public_key().to_sec1_bytes().to_vec()))
    }

    pub(super) fn open(
        vault: &Vault,
        read: &TenantRead<'_>,
        sealed: &[u8],
    ) -> Result<Self, NotificationError> {
        let plain = vault.open(read, Purpose::Channels, &PLACE, sealed)?;
        let secret = SecretKey::from_slice(plain.bytes());
        let broken = |_| NotificationError::Vault(VaultError::from(CryptoError::TooLong));
        Ok(Self(SigningKey::from(secret.map_err(broken)?)))
    }

    /// What stands in `Authorization` for the push service at this origin.
    pub(super) fn token(&self, origin: &str, contact: &str, now_s: i64) -> String {
        let coded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = coded(json!({ "typ": "JWT", "alg": "ES256" }));
        let claims = coded(json!({ "aud": origin, "exp": now_s + LIFE_S, "sub": contact }));
        let signed = format!("{head}.{claims}");
        let signature: Signature = self.0.sign(signed.as_bytes());
        let point = self.0.verifying_key().to_sec1_point(false);
        let (signature, point) =
            (URL_SAFE_NO_PAD.encode(signature.to_bytes()), URL_SAFE_NO_PAD.encode(point));
        format!("vapid t={signed}.{signature}, k={point}")
    }
}
