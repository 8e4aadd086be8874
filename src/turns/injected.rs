//! What plugs put before the messages of a thread, as it is kept: shown to people, who may keep it out.

use std::collections::HashMap;

use crate::db::{DbError, TenantRead, TenantTx};
use crate::extensions::Injection;
use crate::protocol::ids::{InjectionId, TenantId, ThreadId, TurnId};
use crate::protocol::turn::Provenance;

use super::error::TurnsError;
use super::ledger::{Turns, now_ms};
use super::record::TurnRecord;
use super::store::injected as store;

/// Injections of one turn at most; what plugs inject over it is left out.
const INJECTIONS_PER_TURN_MAX: usize = 64;

/// An injection of a turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Injected {
    /// The injection.
    pub id: InjectionId,
    /// The turn before whose message it stands.
    pub turn: TurnId,
    /// Whether it stands in the place of that message.
    pub instead: bool,
    /// What it is.
    pub injection: Injection,
    /// When it was put there, in ms since 1970.
    pub created_ms: i64,
    /// Since when a person keeps it out, in ms since 1970.
    pub removed_ms: Option<i64>,
}

// === impl Injected ===

impl Injected {
    /// What it adds to a prompt, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.injection.title.len() + self.injection.text.len()
    }
}

/// What stands before the messages of each turn of a thread, in its order; not what is kept out.
pub(super) type ByTurn = HashMap<TurnId, Vec<Injected>>;

/// Keeps what plugs put before a turn's message: what the thread has already, or is kept out of it, is not kept again.
/// What is there then, for this turn.
///
/// # Errors
/// What the store answers.
pub fn inject(
    tx: &mut TenantTx<'_>,
    (thread, turn): (ThreadId, TurnId),
    injections: &[(bool, Injection)],
) -> Result<Vec<Injected>, TurnsError> {
    let now_ms = now_ms();
    for (instead, injection) in injections.iter().take(INJECTIONS_PER_TURN_MAX) {
        store::insert(tx, (thread, turn), *instead, injection, now_ms)?;
    }
    Ok(store::of_turn(tx, turn)?)
}

/// Takes what has this key out of every thread; with `all`, also what people keep out. How many.
///
/// # Errors
/// What the store answers.
pub fn uninject(tx: &mut TenantTx<'_>, key: &str, all: bool) -> Result<usize, DbError> {
    store::delete(tx, key, all)
}

/// A turn as its plugs are told of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Exchange {
    /// What became of it.
    pub record: TurnRecord,
    /// Who asked for it.
    pub source: String,
    /// What was asked.
    pub prompt: String,
    /// Who wrote that.
    pub provenance: Provenance,
    /// Its messages as role and text, oldest first.
    pub messages: Vec<(String, String)>,
}

/// A turn with what was said in it, as part of a larger read.
///
/// # Errors
/// What the store answers.
pub fn exchange(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<Exchange>, TurnsError> {
    Ok(store::exchange(read, turn)?)
}

/// The keys of everything that a thread has, or that is kept out of it.
///
/// # Errors
/// What the store answers.
pub fn known_keys(read: &TenantRead<'_>, thread: ThreadId) -> Result<Vec<String>, TurnsError> {
    Ok(store::keys(read, thread)?)
}

// === impl Turns ===

impl Turns {
    /// Everything that plugs put before the messages of a thread, oldest first, with what is kept out.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn injections(&self, tenant: &TenantId, thread: ThreadId) -> Result<Vec<Injected>, TurnsError> {
        self.db().read(tenant, move |read| Ok(store::of_thread(read, thread)?)).await
    }

    /// Keeps one out of its thread, or no longer. Whether there is such a one.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn keep_out(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        id: InjectionId,
        out: bool,
    ) -> Result<bool, TurnsError> {
        let since = out.then(now_ms);
        self.db().write(tenant, move |tx| Ok(store::remove(tx, thread, id, since)?)).await
    }
}
