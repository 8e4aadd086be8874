//! A stored entry, and the hash that chains it to the one before.

use serde::Serialize;

use super::entry::Told;
use crate::db::fingerprint;

/// The encoding under the hash. Another one gets another number; the verifier knows all of them.
pub(super) const VERSION: i64 = 1;
/// Begins every hash, so that no other hash of the product can be taken for one.
const DOMAIN: &[u8] = b"capuchin audit entry";
/// What the first entry of a chain points to.
pub(super) const GENESIS: [u8; 32] = [0; 32];

/// One entry of the trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Whose chain.
    pub tenant: String,
    /// Its place: 1, 2, … without gaps.
    pub seq: i64,
    /// The encoding under its hash.
    pub version: i64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Which part of the daemon told it.
    pub actor: String,
    /// On whose behalf.
    pub principal: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// What came of it.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// More: a JSON object.
    pub detail: String,
    /// The hash of the entry before.
    pub prev: [u8; 32],
    /// The hash of all of the above.
    pub hash: [u8; 32],
}

/// The end of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Head {
    /// The number of entries.
    pub seq: i64,
    /// The hash of the last one.
    #[serde(serialize_with = "as_hex")]
    pub hash: [u8; 32],
}

// === impl Head ===

impl Head {
    /// The hash as people write it down: 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(&self.hash)
    }
}

// === impl Record ===

impl Record {
    pub(super) fn after(head: Option<&Head>, tenant: String, at_ms: i64, told: Told) -> Self {
        let Told { actor, principal, action, target, outcome, reason, detail } = told;
        let (seq, prev) = head.map_or((1, GENESIS), |head| (head.seq.saturating_add(1), head.hash));
        let mut record = Self {
            tenant,
            seq,
            version: VERSION,
            at_ms,
            actor,
            principal,
            action,
            target,
            outcome,
            reason,
            detail,
            prev,
            hash: GENESIS,
        };
        record.hash = record.expected_hash();
        record
    }

    /// The hash that belongs to the content: SHA-256 over every column but the hash itself, each with its
    /// length (8 bytes, little-endian) in front; numbers are 8 bytes, big-endian.
    #[must_use]
    pub fn expected_hash(&self) -> [u8; 32] {
        fingerprint(&[
            DOMAIN,
            &self.version.to_be_bytes(),
            self.tenant.as_bytes(),
            &self.seq.to_be_bytes(),
            &self.at_ms.to_be_bytes(),
            self.actor.as_bytes(),
            self.principal.as_bytes(),
            self.action.as_bytes(),
            self.target.as_bytes(),
            self.outcome.as_bytes(),
            self.reason.as_bytes(),
            self.detail.as_bytes(),
            &self.prev,
        ])
    }

    /// The end of the chain that this entry would be.
    #[must_use]
    pub const fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// The detail as JSON; as a text when somebody made it something else.
    #[must_use]
    pub fn detail(&self) -> serde_json::Value {
        serde_json::from_str(&self.detail).unwrap_or_else(|_| self.detail.clone().into())
    }

    /// The entry as one JSON object: every column, hashes as hex, the time as RFC 3339.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let at = jiff::Timestamp::from_millisecond(self.at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        serde_json::json!({
            "tenant": self.tenant,
            "seq": self.seq,
            "version": self.version,
            "at": format!("{at:.3}"),
            "actor": self.actor,
            "principal": self.principal,
            "action": self.action,
            "target": self.target,
            "outcome": self.outcome,
            "reason": self.reason,
            "detail": self.detail(),
            "prev": hex(&self.prev),
            "hash": hex(&self.hash),
        })
    }
}

/// A hash as people write it down.
#[must_use]
pub(super) fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of such a text.
#[must_use]
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim().as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(hash)
}

fn as_hex<S: serde::Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(hash))
}
