//! Sessions of signed-in browsers: 30 days idle, 90 days at most, ended one by one or all at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::str::FromStr;

use crate::protocol::ids::{MemberId, WebSessionId};

use super::client::Client;
use super::secret::SecretHash;

/// Longest time without a request.
pub(super) const SESSION_IDLE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Longest life.
pub const SESSION_LIFE_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
/// How long a proof of who it is counts for dangerous actions.
pub const PROOF_LIFE_MS: i64 = 5 * 60 * 1_000;
/// Most sessions of a tenant; the one that was idle longest makes room.
pub(super) const SESSIONS_MAX: usize = 200;
/// How much later than the last one a request is written down.
pub(super) const LAST_SEEN_STEP_MS: i64 = 10 * 60 * 1_000;

/// What a person proved themselves with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// A passkey.
    Passkey,
    /// A password.
    Password,
    /// A password and a code of six digits.
    PasswordAndCode,
    /// The setup link.
    Setup,
    /// An invitation.
    Invite,
    /// A recovery key.
    RecoveryKey,
}

impl Means {
    const ALL: [Self; 6] =
        [Self::Passkey, Self::Password, Self::PasswordAndCode, Self::Setup, Self::Invite, Self::RecoveryKey];

    /// The word in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Password => "password",
            Self::PasswordAndCode => "password_and_code",
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::RecoveryKey => "recovery_key",
        }
    }
}

impl FromStr for Means {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|means| means.as_str() == word).ok_or(())
    }
}

/// One session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSession {
    /// Hash of the cookie's value.
    pub(super) hash: SecretHash,
    /// The name under which it is listed and ended.
    pub id: WebSessionId,
    /// Who is signed in.
    pub member: MemberId,
    /// What opened it.
    pub means: Means,
    /// Browser and system, in a few words.
    pub agent: String,
    /// Where it was opened.
    pub address: IpAddr,
    /// When the person signed in, in milliseconds since 1970.
    pub created_ms: i64,
    /// When the person last proved who they are.
    pub proved_ms: i64,
    /// When it was last used, to ten minutes.
    pub last_seen_ms: i64,
    /// When it ends in any case.
    pub expires_ms: i64,
}

impl WebSession {
    /// A session that begins now.
    #[must_use]
    pub(super) fn begin(
        hash: SecretHash,
        member: MemberId,
        means: Means,
        client: &Client,
        now_ms: i64,
    ) -> Self {
        Self {
            hash,
            id: WebSessionId::new(),
            member,
            means,
            agent: client.agent.to_string(),
            address: client.address,
            created_ms: now_ms,
            proved_ms: now_ms,
            last_seen_ms: now_ms,
            expires_ms: now_ms + SESSION_LIFE_MS,
        }
    }

    /// Whether it opens anything at this time.
    #[must_use]
    pub(super) const fn is_live(&self, now_ms: i64) -> bool {
        now_ms < self.expires_ms && now_ms - self.last_seen_ms < SESSION_IDLE_MS
    }

    /// Whether the person proved who they are a short time ago.
    #[must_use]
    pub(super) const fn is_fresh(&self, now_ms: i64) -> bool {
        now_ms - self.proved_ms < PROOF_LIFE_MS
    }
}

/// The sessions of one tenant.
#[derive(Default)]
pub(super) struct SessionTable {
    sessions: HashMap<SecretHash, WebSession>,
}

impl SessionTable {
    /// A table of these sessions.
    #[must_use]
    pub(super) fn new(sessions: Vec<WebSession>) -> Self {
        Self { sessions: sessions.into_iter().map(|session| (session.hash, session)).collect() }
    }

    /// A live session.
    #[must_use]
    pub(super) fn live(&self, hash: &SecretHash, now_ms: i64) -> Option<&WebSession> {
        self.sessions.get(hash).filter(|session| session.is_live(now_ms))
    }

    /// Live sessions of everybody, newest first.
    #[must_use]
    pub(super) fn all_live(&self, now_ms: i64) -> Vec<WebSession> {
        let mut live: Vec<_> =
            self.sessions.values().filter(|session| session.is_live(now_ms)).cloned().collect();
        live.sort_by_key(|session| std::cmp::Reverse((session.created_ms, session.id)));
        live
    }

    /// Whether this person is signed in at this address.
    #[must_use]
    pub(super) fn knows(&self, member: MemberId, address: IpAddr, now_ms: i64) -> bool {
        self.sessions
            .values()
            .any(|session| session.member == member && session.address == address && session.is_live(now_ms))
    }

    /// Notes a request; `true` when it should be written down.
    pub(super) fn touch(&mut self, hash: &SecretHash, now_ms: i64) -> bool {
        match self.sessions.get_mut(hash) {
            Some(session) if now_ms - session.last_seen_ms >= LAST_SEEN_STEP_MS => {
                session.last_seen_ms = now_ms;
                true
            }
            _ => false,
        }
    }

    /// Notes a fresh proof.
    pub(super) fn prove(&mut self, hash: &SecretHash, now_ms: i64) {
        if let Some(session) = self.sessions.get_mut(hash) {
            session.proved_ms = now_ms;
        }
    }

    /// Adds a session and says which one had to make room.
    pub(super) fn add(&mut self, session: WebSession) -> Option<SecretHash> {
        let full = self.sessions.len() >= SESSIONS_MAX;
        let oldest = self.sessions.values().min_by_key(|s| s.last_seen_ms).map(|s| s.hash).filter(|_| full);
        if let Some(hash) = oldest {
            self.sessions.remove(&hash);
        }
        self.sessions.insert(session.hash, session);
        oldest
    }

    /// Ends one session.
    pub(super) fn end(&mut self, hash: &SecretHash) {
        self.sessions.remove(hash);
    }

    /// Ends all sessions of a person.
    pub(super) fn end_of(&mut self, member: MemberId) {
        self.sessions.retain(|_, session| session.member != member);
    }
}

#[cfg(test)]
mod tests;
