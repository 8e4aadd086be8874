//! Signed-in browsers are listed and ended; passwords change.

use super::client::Client;
use super::error::PasswordError;
use super::gate::Identity;
use super::password::{HashingFailed, Password};
use super::principal::{Principal, Who};
use super::secret::SecretHash;
use super::sessions::WebSession;
use super::store;
use super::told;
use crate::audit::{self, Entry};
use crate::db::DbError;
use crate::protocol::ids::{MemberId, WebSessionId};

/// A signed-in browser as it is listed.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub session: WebSession,
    /// The name of its person.
    pub name: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Identity {
    /// The signed-in browsers of a person, newest first; the owner sees those of everybody.
    #[must_use]
    pub fn sessions(&self, by: &Principal) -> Vec<SessionView> {
        let (people, person) = (self.people(), self.person(by));
        let live = self.inner.sessions.read().all_live(self.now_ms());
        live.into_iter()
            .filter(|session| by.who == Who::Owner || person == Some(session.member))
            .filter_map(|session| {
                let name = people.active(session.member)?.name.clone();
                let current = by.session == Some(session.hash);
                Some(SessionView { session, name, current })
            })
            .collect()
    }

    /// Ends one session that the caller may see. Its streams end.
    ///
    /// # Errors
    /// [`DbError::NoRow`] when there is none, or what the store answers.
    pub async fn end_session(&self, by: &Principal, id: WebSessionId) -> Result<(), DbError> {
        let found = self.sessions(by).into_iter().find(|view| view.session.id == id);
        let hash = found.ok_or(DbError::NoRow)?.session.hash;
        self.end_sessions(by, vec![hash], id.to_string()).await
    }

    /// Ends every session of the caller but the one that asks; how many those were.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn end_other_sessions(&self, by: &Principal) -> Result<usize, DbError> {
        let person = self.person(by);
        let others = self.sessions(by).into_iter();
        let others: Vec<SecretHash> = others
            .filter(|view| !view.current && Some(view.session.member) == person)
            .map(|view| view.session.hash)
            .collect();
        let count = others.len();
        self.end_sessions(by, others, "all others".to_owned()).await?;
        Ok(count)
    }

    async fn end_sessions(
        &self,
        by: &Principal,
        hashes: Vec<SecretHash>,
        target: String,
    ) -> Result<(), DbError> {
        let told = Entry::done("identity", by.source(), "session.revoked").on(target);
        {
            let mut sessions = self.inner.sessions.write();
            hashes.iter().for_each(|hash| sessions.end(hash));
        }
        self.announce_ending();
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            for hash in &hashes {
                store::sessions::delete(tx, hash)?;
            }
            audit::append(tx, told)
        });
        write.await
    }

    /// Sets a person's password. Every session of theirs ends.
    ///
    /// # Errors
    /// [`PasswordError`]; then nothing changed.
    pub async fn set_password(
        &self,
        by: &Principal,
        password: Password,
        client: &Client,
    ) -> Result<(), PasswordError> {
        let person = self.person(by).ok_or(DbError::NoRow)?;
        let phc = self.hash(password).await?;
        self.replace_password(by, person, Some(phc), client).await
    }

    /// Takes a person's password away: they come in with passkeys only. Codes go with it.
    ///
    /// # Errors
    /// [`PasswordError::LastCredential`] for somebody without a passkey.
    pub async fn remove_password(&self, by: &Principal, client: &Client) -> Result<(), PasswordError> {
        let people = self.people();
        let person = self.person(by).and_then(|id| people.get(id)).ok_or(DbError::NoRow)?;
        if person.passkeys == 0 {
            return Err(PasswordError::LastCredential);
        }
        self.replace_password(by, person.id, None, client).await
    }

    async fn replace_password(
        &self,
        by: &Principal,
        person: MemberId,
        phc: Option<String>,
        client: &Client,
    ) -> Result<(), PasswordError> {
        let now_ms = self.now_ms();
        let action = if phc.is_some() { "password.changed" } else { "password.removed" };
        let told = told::from(by.source(), action, client);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            store::members::set_password(tx, person, phc.as_deref(), now_ms)?;
            if phc.is_none() {
                store::members::delete_second_factor(tx, person)?;
            }
            store::sessions::delete_of(tx, person)?;
            audit::append(tx, told)
        });
        write.await?;
        self.inner.setup.lock().close();
        self.inner.sessions.write().end_of(person);
        self.reload_people().await?;
        self.announce_ending();
        tracing::info!(member = %person, action, "every browser session of this person ended");
        Ok(())
    }

    /// Checks and hashes a new password.
    pub(super) async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        password.check_strength()?;
        let _turn = self.inner.hashing.acquire().await.map_err(|_| HashingFailed)?;
        Ok(password.hash().await?)
    }
}
