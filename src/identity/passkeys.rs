//! Passkeys: the two ceremonies of WebAuthn, and the desk that keeps them while the person touches the key.
//!
//! The relying party is the host of the page that asks, which the edge has judged before: a passkey
//! works where it was made and nowhere else. Every passkey is discoverable and verifies its person, so
//! it counts for name, password and code together. A ceremony works once, for five minutes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::Deserialize as _;
use serde_json::Value;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, RequestChallengeResponse, Url, Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};
use webauthn_rs_proto::ResidentKeyRequirement;

use crate::protocol::ids::{MemberId, PasskeyId};

use super::error::PasskeyError;
use super::secret::{NoRandomness, SecretHash, SecretText};

/// Most passkeys of a person.
pub const PASSKEYS_MAX: usize = 20;
/// Most characters of a passkey's name.
pub const PASSKEY_NAME_CHARS_MAX: usize = 60;
/// How long a ceremony may take.
pub(super) const CEREMONY_LIFETIME: Duration = Duration::from_secs(300);
/// Most open ceremonies; the oldest makes room.
pub(super) const CEREMONIES_MAX: usize = 1_024;
/// Most open ceremonies of one address.
pub(super) const CEREMONIES_PER_ADDRESS_MAX: usize = 32;

/// A passkey as it is listed. The key itself never comes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRecord {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub member: MemberId,
    /// The name that its person gave it.
    pub name: String,
    /// The host where it works.
    pub host: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last used.
    pub last_used_ms: Option<i64>,
}

/// What a browser needs for a ceremony, and the word that names it afterwards.
#[derive(Debug)]
pub struct Begun {
    /// Names the ceremony when it is finished.
    pub ceremony: SecretText,
    /// The argument of `navigator.credentials.create` or `get`, in the JSON form of WebAuthn Level 3.
    pub options: Value,
}

/// The site under one host.
pub(super) struct Site {
    pub(super) host: String,
    webauthn: Webauthn,
}

/// A ceremony that waits for its person.
pub(super) enum Ceremony {
    /// A passkey is made for somebody.
    Make {
        /// For whom.
        member: MemberId,
        /// Where.
        site: Box<Site>,
        /// What was asked.
        state: Box<PasskeyRegistration>,
    },
    /// Somebody proves who they are.
    Prove {
        /// Where.
        site: Box<Site>,
        /// What was asked.
        state: Box<DiscoverableAuthentication>,
    },
}

// === impl Site ===

impl Site {
    /// The site of a page's origin, such as `http://localhost:7717`.
    ///
    /// # Errors
    /// [`PasskeyError::NoHost`] for an address without a name: browsers make no passkeys for those.
    pub(super) fn of(origin: &str) -> Result<Self, PasskeyError> {
        let url = Url::parse(origin).map_err(|_| PasskeyError::NoHost)?;
        let host = url.domain().ok_or(PasskeyError::NoHost)?.to_owned();
        let webauthn = WebauthnBuilder::new(&host, &url)
            .and_then(|builder| builder.rp_name("Capuchin").timeout(CEREMONY_LIFETIME).build())
            .map_err(|_| PasskeyError::NoHost)?;
        Ok(Self { host, webauthn })
    }

    /// Begins to make a passkey for a person, beside those that they have here.
    pub(super) fn make(
        &self,
        member: MemberId,
        name: &str,
        existing: Vec<Vec<u8>>,
    ) -> Result<(Value, PasskeyRegistration), PasskeyError> {
        let id = Uuid::from_bytes(*member.as_bytes());
        let (mut challenge, state): (CreationChallengeResponse, _) = self
            .webauthn
            .start_passkey_registration(id, name, name, Some(existing))
            .map_err(|_| PasskeyError::Refused)?;
        if let Some(selection) = challenge.public_key.authenticator_selection.as_mut() {
            // Without a stored name the sign-in could not find it.
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        Ok((public_key(&challenge), state))
    }

    /// Begins a proof by whatever passkey the person chooses.
    pub(super) fn prove(&self) -> Result<(Value, DiscoverableAuthentication), PasskeyError> {
        let (challenge, state): (RequestChallengeResponse, _) =
            self.webauthn.start_discoverable_authentication().map_err(|_| PasskeyError::Refused)?;
        Ok((public_key(&challenge), state))
    }

    /// Checks a new passkey.
    pub(super) fn made(
        &self,
        state: &PasskeyRegistration,
        credential: &Value,
    ) -> Result<Passkey, PasskeyError> {
        let credential =
            RegisterPublicKeyCredential::deserialize(credential).map_err(|_| PasskeyError::Malformed)?;
        self.webauthn.finish_passkey_registration(&credential, state).map_err(refused)
    }

    /// Checks a proof against the stored passkey. A counter that went back is a copy of the key: refused.
    pub(super) fn proved(
        &self,
        state: DiscoverableAuthentication,
        credential: &PublicKeyCredential,
        passkey: &mut Passkey,
    ) -> Result<(), PasskeyError> {
        let result = self
            .webauthn
            .finish_discoverable_authentication_v2(credential, state, &*passkey)
            .map_err(refused)?;
        if !result.user_verified() {
            return Err(PasskeyError::Refused);
        }
        passkey.update_credential(&result);
        Ok(())
    }

    /// Whom a proof claims to come from, and with which passkey.
    pub(super) fn claimed(
        &self,
        credential: &PublicKeyCredential,
    ) -> Result<(MemberId, Vec<u8>), PasskeyError> {
        let (person, id) = self.webauthn.identify_discoverable_authentication(credential).map_err(refused)?;
        Ok((MemberId::from_bytes(person.into_bytes()), id.to_vec()))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn refused(error: webauthn_rs::prelude::WebauthnError) -> PasskeyError {
    tracing::debug!(%error, "a passkey was refused");
    PasskeyError::Refused
}

/// The `publicKey` member of a challenge.
fn public_key(challenge: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(challenge).unwrap_or_default(); // silent-ok: strings and numbers only
    value.get_mut("publicKey").map(Value::take).unwrap_or_default()
}

/// Reads the answer of `navigator.credentials.get`.
pub(super) fn presented(credential: &Value) -> Result<PublicKeyCredential, PasskeyError> {
    PublicKeyCredential::deserialize(credential).map_err(|_| PasskeyError::Malformed)
}

// === the desk ===

struct Open {
    ceremony: Ceremony,
    address: IpAddr,
    until: Instant,
}

/// The open ceremonies. Kept in memory only.
#[derive(Default)]
pub(super) struct CeremonyDesk {
    open: HashMap<SecretHash, Open>,
}

impl CeremonyDesk {
    /// Keeps a ceremony and answers its name.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(super) fn begin(
        &mut self,
        ceremony: Ceremony,
        address: IpAddr,
        now: Instant,
    ) -> Result<SecretText, NoRandomness> {
        let name = SecretText::random("")?;
        self.open.retain(|_, open| now < open.until);
        let of_address = self.open.values().filter(|open| open.address == address).count();
        let crowded = |open: &Open| of_address < CEREMONIES_PER_ADDRESS_MAX || open.address == address;
        if of_address >= CEREMONIES_PER_ADDRESS_MAX || self.open.len() >= CEREMONIES_MAX {
            let oldest =
                self.open.iter().filter(|(_, open)| crowded(open)).min_by_key(|(_, open)| open.until);
            if let Some(oldest) = oldest.map(|(hash, _)| *hash) {
                self.open.remove(&oldest);
            }
        }
        self.open.insert(name.hash(), Open { ceremony, address, until: now + CEREMONY_LIFETIME });
        Ok(name)
    }

    /// Takes a ceremony. It is gone afterwards, in time or not.
    pub(super) fn take(&mut self, name: &str, now: Instant) -> Option<Ceremony> {
        let open = self.open.remove(&SecretHash::of(name))?;
        (now < open.until).then_some(open.ceremony)
    }
}

#[cfg(test)]
mod tests;
