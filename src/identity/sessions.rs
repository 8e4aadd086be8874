//! Sessions of signed-in browsers: 30 days idle, 90 days at most, ended one by one or all at once.

use std::collections::HashMap;

use super::secret::SecretHash;

/// Longest time without a request.
pub(super) const SESSION_IDLE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// Longest life.
pub const SESSION_LIFE_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
/// Most sessions of a tenant; the one that was idle longest makes room.
pub(super) const SESSIONS_MAX: usize = 200;
/// How much later than the last one a request is written down.
pub(super) const LAST_SEEN_STEP_MS: i64 = 10 * 60 * 1_000;

/// One session as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WebSession {
    /// Hash of the cookie's value.
    pub hash: SecretHash,
    /// When the person signed in, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was last used, to ten minutes.
    pub last_seen_ms: i64,
    /// When it ends in any case.
    pub expires_ms: i64,
}

impl WebSession {
    /// A session that begins now.
    #[must_use]
    pub(super) const fn begin(hash: SecretHash, now_ms: i64) -> Self {
        Self { hash, created_ms: now_ms, last_seen_ms: now_ms, expires_ms: now_ms + SESSION_LIFE_MS }
    }

    /// Whether it opens anything at this time.
    #[must_use]
    pub(super) const fn is_live(&self, now_ms: i64) -> bool {
        now_ms < self.expires_ms && now_ms - self.last_seen_ms < SESSION_IDLE_MS
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

    /// Whether this session is live.
    #[must_use]
    pub(super) fn is_live(&self, hash: &SecretHash, now_ms: i64) -> bool {
        self.sessions.get(hash).is_some_and(|session| session.is_live(now_ms))
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

    /// Ends all sessions.
    pub(super) fn end_all(&mut self) {
        self.sessions.clear();
    }
}

#[cfg(test)]
mod tests;
