//! The desktop's keyring, over D-Bus: one item per root key, found by the key's id.

use std::collections::HashMap;
use std::time::Duration;

use secret_service::{EncryptionType, SecretService};
use zeroize::Zeroizing;

use super::{Found, SourceError, from_text, to_text};
use crate::vault::keys::{RootId, RootKey};

/// A locked keyring asks its person, who needs time to answer.
const PATIENCE: Duration = Duration::from_secs(60);
const LABEL: &str = "Capuchin: key of the vault";

/// The key of this id.
pub(in crate::vault) async fn find(id: RootId) -> Result<Found, SourceError> {
    let hex = hex(id);
    patient(async {
        let service = SecretService::connect(EncryptionType::Dh).await?;
        let found = service.search_items(attributes(&hex)).await?;
        let item = match (found.unlocked.into_iter().next(), found.locked.into_iter().next()) {
            (Some(item), _) => item,
            (None, Some(item)) => {
                item.unlock().await?;
                item
            }
            (None, None) => return Ok(Found::Missing),
        };
        let text = Zeroizing::new(item.get_secret().await?);
        Ok(match from_text(&text) {
            Some(key) if key.id == id => Found::Key(key),
            _ => Found::Wrong,
        })
    })
    .await
}

/// Stores a key.
pub(in crate::vault) async fn keep(key: &RootKey) -> Result<(), SourceError> {
    let (hex, text) = (hex(key.id), to_text(key));
    patient(async {
        let service = SecretService::connect(EncryptionType::Dh).await?;
        let collection = service.get_default_collection().await?;
        if collection.is_locked().await? {
            collection.unlock().await?;
        }
        collection.create_item(LABEL, attributes(&hex), text.as_bytes(), true, "text/plain").await?;
        Ok(())
    })
    .await
}

/// Deletes a key.
pub(in crate::vault) async fn forget(id: RootId) -> Result<(), SourceError> {
    let hex = hex(id);
    patient(async {
        let service = SecretService::connect(EncryptionType::Dh).await?;
        let found = service.search_items(attributes(&hex)).await?;
        for item in found.unlocked.into_iter().chain(found.locked) {
            item.delete().await?;
        }
        Ok(())
    })
    .await
}

fn attributes(id: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", "capuchin"), ("vault-root", id)])
}

fn hex(RootId(id): RootId) -> String {
    use std::fmt::Write as _;
    id.iter().fold(String::new(), |mut text, byte| {
        // silent-ok: a String takes everything
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn patient<T>(work: impl Future<Output = Result<T, secret_service::Error>>) -> Result<T, SourceError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| SourceError::Keyring { why: error.to_string() }),
        Err(_) => Err(SourceError::Keyring { why: "nobody unlocked it within a minute".to_owned() }),
    }
}
