//! The owner comes in: setup, sign-in, sign-out, and a new password.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::error::{PasswordError, SetupError, SignInError};
use super::gate::Identity;
use super::password::{HashingFailed, Password};
use super::principal::Principal;
use super::rate::Purpose;
use super::secret::{NoRandomness, SecretHash, SecretText};
use super::sessions::WebSession;
use super::store;
use crate::db::DbError;

/// A new browser session.
#[derive(Debug)]
pub struct SignedIn {
    /// The value of the cookie.
    pub cookie: SecretText,
    /// Who is signed in.
    pub principal: Principal,
}

impl Identity {
    /// Opens the setup and answers its one-time token; `None` when a password exists.
    /// An older token is void.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn open_setup(&self) -> Result<Option<SecretText>, NoRandomness> {
        if self.is_set_up() {
            return Ok(None);
        }
        self.inner.setup.lock().open(Instant::now()).map(Some)
    }

    /// Sets the first password with the one-time token and signs its setter in.
    ///
    /// # Errors
    /// [`SetupError`]. A weak password does not cost the token.
    pub async fn set_up(&self, token: &str, password: Password, local: bool) -> Result<SignedIn, SetupError> {
        if !local {
            return Err(SetupError::NotLocal);
        }
        if self.is_set_up() {
            return Err(SetupError::Done);
        }
        self.inner.setup.lock().check(token, Instant::now())?;
        password.check_strength().map_err(PasswordError::from)?;
        let phc = self.hash(password).await?;
        let now_ms = self.now_ms();
        let write =
            self.inner.db.write(&self.inner.tenant, move |tx| store::insert_password(tx, &phc, now_ms));
        let first = write.await.map_err(PasswordError::from)?;
        self.inner.has_password.store(true, Ordering::Release);
        self.inner.setup.lock().close();
        if !first {
            return Err(SetupError::Done);
        }
        tracing::info!("the owner's password is set");
        Ok(self.begin_session(None).await?)
    }

    /// Signs the owner in from an address. A session that the browser had before ends: ids rotate.
    ///
    /// # Errors
    /// As [`Identity::confirm`].
    pub async fn sign_in(
        &self,
        password: Password,
        address: IpAddr,
        previous: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        self.confirm(password, address).await?;
        tracing::info!(%address, "the owner signed in");
        Ok(self.begin_session(previous).await?)
    }

    /// Asks for the owner's password. Ten wrong ones in a minute close the door to the address.
    ///
    /// # Errors
    /// [`SignInError`]. A wrong password is answered later with each failure.
    pub async fn confirm(&self, password: Password, address: IpAddr) -> Result<(), SignInError> {
        let delay = {
            let mut failures = self.inner.failures.lock();
            let now = Instant::now();
            if let Some(retry_after) = failures.locked_for(address, Purpose::Password, now) {
                return Err(SignInError::LockedOut { retry_after });
            }
            // Counted before it is known, so that tries at the same moment count too.
            failures.failed(address, Purpose::Password, now)
        };
        if !self.verify(password).await? {
            tracing::warn!(%address, "a wrong password");
            tokio::time::sleep(delay).await;
            return Err(SignInError::Wrong);
        }
        self.inner.failures.lock().succeeded(address, Purpose::Password);
        Ok(())
    }

    /// Ends the session of this cookie.
    ///
    /// # Errors
    /// What the store answers; the session is over in this process all the same.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), DbError> {
        let hash = SecretHash::of(cookie);
        self.inner.sessions.write().end(&hash);
        self.announce_ending();
        self.inner.db.write(&self.inner.tenant, move |tx| store::delete_session(tx, &hash)).await
    }

    async fn verify(&self, password: Password) -> Result<bool, PasswordError> {
        let phc = self.inner.db.read(&self.inner.tenant, store::password).await?;
        let _turn = self.inner.hashing.acquire().await.map_err(|_| HashingFailed)?;
        Ok(password.verify(phc).await?)
    }

    /// Sets another password. Every browser session ends.
    ///
    /// # Errors
    /// [`PasswordError`]; then nothing changed.
    pub async fn set_password(&self, password: Password) -> Result<(), PasswordError> {
        password.check_strength()?;
        let phc = self.hash(password).await?;
        let now_ms = self.now_ms();
        let write =
            self.inner.db.write(&self.inner.tenant, move |tx| store::replace_password(tx, &phc, now_ms));
        write.await?;
        self.inner.has_password.store(true, Ordering::Release);
        self.inner.setup.lock().close();
        self.inner.sessions.write().end_all();
        self.announce_ending();
        tracing::info!("the owner's password was changed and every browser session ended");
        Ok(())
    }

    async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        let _turn = self.inner.hashing.acquire().await.map_err(|_| HashingFailed)?;
        Ok(password.hash().await?)
    }

    async fn begin_session(&self, previous: Option<&str>) -> Result<SignedIn, PasswordError> {
        let cookie = SecretText::random("")?;
        let session = WebSession::begin(cookie.hash(), self.now_ms());
        let previous = previous.map(SecretHash::of);
        let crowded_out = self.inner.sessions.write().add(session);
        let stored = self.inner.db.write(&self.inner.tenant, move |tx| {
            for hash in previous.iter().chain(&crowded_out) {
                store::delete_session(tx, hash)?;
            }
            store::insert_session(tx, &session)
        });
        if let Err(error) = stored.await {
            self.inner.sessions.write().end(&session.hash);
            return Err(error.into());
        }
        if let Some(hash) = previous {
            self.inner.sessions.write().end(&hash);
            self.announce_ending();
        }
        let principal =
            Principal { session: Some(session.hash), ..Principal::owner(self.inner.tenant.clone()) };
        Ok(SignedIn { cookie, principal })
    }
}
