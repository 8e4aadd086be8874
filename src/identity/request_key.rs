//! Idempotency of creating calls: key, fingerprint and outcome in the transaction of the thing itself.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::principal::Principal;
use crate::db::{DbError, Repeat, TenantTx, fingerprint, look_up_key, remember_key};

/// Most characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 200;

/// The key under which a caller makes one thing once.
#[derive(Clone, Debug)]
pub struct RequestKey {
    source: String,
    key: String,
    fingerprint: [u8; 32],
}

/// The key was used before, for another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this idempotency key was used for another request")]
pub struct KeyReused;

/// What a creating call made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made<T> {
    /// The thing, as it was when it was made.
    pub thing: T,
    /// Whether an earlier call with the same key made it.
    pub repeated: bool,
}

impl RequestKey {
    /// The key of a principal for one kind of call with this request. Keys of others never meet it.
    #[must_use]
    pub fn new(principal: &Principal, call: &str, key: &str, request: &[u8]) -> Self {
        Self::of(&principal.source(), call, key, request)
    }

    /// The same for a part of the daemon that goes by this source, such as `schedule:ID`.
    #[must_use]
    pub fn of(source: &str, call: &str, key: &str, request: &[u8]) -> Self {
        Self {
            source: format!("{source} {call}"),
            key: key.to_owned(),
            fingerprint: fingerprint(&[call.as_bytes(), request]),
        }
    }
}

/// Does `work` unless its key says that it is done.
///
/// # Errors
/// [`KeyReused`], what the store answers, or what `work` answers; then nothing is stored.
pub fn once<T, E>(
    tx: &mut TenantTx<'_>,
    key: Option<&RequestKey>,
    now_ms: i64,
    work: impl FnOnce(&mut TenantTx<'_>) -> Result<T, E>,
) -> Result<Made<T>, E>
where
    T: Serialize + DeserializeOwned,
    E: From<DbError> + From<KeyReused>,
{
    let Some(key) = key else { return Ok(Made { thing: work(tx)?, repeated: false }) };
    match look_up_key(tx, &key.source, &key.key, &key.fingerprint)? {
        Repeat::OtherRequest => Err(KeyReused.into()),
        Repeat::Outcome(json) => {
            let thing = serde_json::from_str(&json).map_err(|error| unreadable(&error))?;
            Ok(Made { thing, repeated: true })
        }
        Repeat::First => {
            let thing = work(tx)?;
            let json = serde_json::to_string(&thing).map_err(|error| unreadable(&error))?;
            remember_key(tx, (&key.source, &key.key), &key.fingerprint, &json, now_ms)?;
            Ok(Made { thing, repeated: false })
        }
    }
}

/// An outcome that an other version of the program wrote, or that has no JSON form.
fn unreadable(error: &serde_json::Error) -> DbError {
    DbError::Corrupt(format!("the outcome of an idempotency key: {error}"))
}
