//! People come in and go out: passwords, codes and passkeys, sessions, and fresh proofs.

use std::time::Instant;

use super::client::Client;
use super::error::{PasswordError, SignInError};
use super::gate::Identity;
use super::members::Member;
use super::password::{HashingFailed, Password};
use super::principal::Principal;
use super::rate::{Failed, Purpose};
use super::seal::{self, SealError};
use super::secret::{SecretHash, SecretText};
use super::sessions::{Means, WebSession};
use super::store;
use super::told;
use super::totp::{self, Seed};
use crate::audit;
use crate::db::{DbError, TenantTx};
use crate::protocol::ids::MemberId;

/// A new browser session.
#[derive(Debug)]
pub struct SignedIn {
    /// The value of the cookie.
    pub cookie: SecretText,
    /// Who is signed in.
    pub principal: Principal,
}

impl Identity {
    /// Signs a person in. No name is the owner's. A session that the browser had before ends: ids rotate.
    ///
    /// # Errors
    /// [`SignInError`]; the same for a wrong name and a wrong password, and after the same time.
    pub async fn sign_in(
        &self,
        name: &str,
        password: Password,
        client: &Client,
        previous: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let member = self.check_password(name, password, client).await?;
        if member.has_second_factor {
            let pending = self.inner.codes.lock().wait(member.id, Instant::now());
            return Err(SignInError::CodeNeeded { pending: pending.map_err(PasswordError::from)? });
        }
        Ok(self.begin_session(member.id, Means::Password, client, previous).await?)
    }

    /// Ends a sign-in that waits for its code.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn finish_sign_in(
        &self,
        pending: &str,
        code: &str,
        client: &Client,
        previous: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let member = self.inner.codes.lock().try_waiting(pending, Instant::now()).ok_or(SignInError::Over)?;
        self.check_code(member, code, client).await?;
        self.inner.codes.lock().done(pending);
        Ok(self.begin_session(member, Means::PasswordAndCode, client, previous).await?)
    }

    /// Signs in whoever finishes this ceremony.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_with_passkey(
        &self,
        ceremony: &str,
        credential: &serde_json::Value,
        client: &Client,
        previous: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let member = self.check_passkey(ceremony, credential, client).await?;
        Ok(self.begin_session(member, Means::Passkey, client, previous).await?)
    }

    /// Takes a fresh proof of who a signed-in person is, by their password, and their code where they have one.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn step_up(
        &self,
        by: &Principal,
        password: Password,
        code: &str,
        client: &Client,
    ) -> Result<(), SignInError> {
        let member = self.confirm(by, password, client).await?;
        if member.has_second_factor {
            self.check_code(member.id, code, client).await?;
        }
        Ok(self.prove(by, client).await?)
    }

    /// Takes a fresh proof by a passkey of the same person.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn step_up_with_passkey(
        &self,
        by: &Principal,
        ceremony: &str,
        credential: &serde_json::Value,
        client: &Client,
    ) -> Result<(), SignInError> {
        let member = self.check_passkey(ceremony, credential, client).await?;
        if self.person(by) != Some(member) {
            return Err(SignInError::Wrong);
        }
        Ok(self.prove(by, client).await?)
    }

    /// Asks a signed-in person for their password.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn confirm(
        &self,
        by: &Principal,
        password: Password,
        client: &Client,
    ) -> Result<Member, SignInError> {
        let people = self.people();
        let name = self.person(by).and_then(|id| people.active(id)).map(|member| member.name.clone());
        self.check_password(&name.ok_or(SignInError::Wrong)?, password, client).await
    }

    /// Ends the session of this cookie.
    ///
    /// # Errors
    /// What the store answers; the session is over in this process all the same.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), DbError> {
        let hash = SecretHash::of(cookie);
        self.inner.sessions.write().end(&hash);
        self.announce_ending();
        self.inner.db.write(&self.inner.tenant, move |tx| store::sessions::delete(tx, &hash)).await
    }

    // === proofs ===

    /// The person of a name and a password. Ten wrong ones in a minute close the door to the address.
    async fn check_password(
        &self,
        name: &str,
        password: Password,
        client: &Client,
    ) -> Result<Member, SignInError> {
        let account = SecretHash::of(&name.trim().to_lowercase());
        let member = self.people().named(name).cloned();
        let failed = self.knock(client, Purpose::Password)?;
        self.slow_down(&account, member.as_ref(), client)?;
        // The same steps for a name that nobody has.
        let id = member.as_ref().map_or_else(MemberId::new, |member| member.id);
        let read = self.inner.db.read(&self.inner.tenant, move |read| store::members::password(read, id));
        let phc = read.await.map_err(PasswordError::from)?;
        let right = {
            let _turn = self.inner.hashing.acquire().await.map_err(|_| PasswordError::from(HashingFailed))?;
            password.verify(phc).await.map_err(PasswordError::from)?
        };
        match member.filter(|_| right) {
            Some(member) => {
                self.inner.failures.lock().succeeded(client.address, Purpose::Password);
                self.inner.accounts.lock().succeeded(&account);
                Ok(member)
            }
            None => {
                self.inner.accounts.lock().failed(account, Instant::now());
                self.hold_back(client, failed, "wrong name or password").await;
                Err(SignInError::Wrong)
            }
        }
    }

    /// Checks a code, which works once.
    async fn check_code(&self, member: MemberId, code: &str, client: &Client) -> Result<(), SignInError> {
        let failed = self.knock(client, Purpose::Password)?;
        let account = SecretHash::of(&format!("code {member}"));
        self.slow_down(&account, None, client)?;
        let Some(seed) = self.seed_of(member).await? else { return Err(SignInError::Over) };
        let mut fresh = false;
        if let Some(step) = totp::step_of(&seed, code, self.now_ms()) {
            let write =
                self.inner.db.write(&self.inner.tenant, move |tx| store::members::use_step(tx, member, step));
            fresh = write.await.map_err(PasswordError::from)?;
        }
        if fresh {
            self.inner.failures.lock().succeeded(client.address, Purpose::Password);
            self.inner.accounts.lock().succeeded(&account);
            return Ok(());
        }
        self.inner.accounts.lock().failed(account, Instant::now());
        self.hold_back(client, failed, "wrong code").await;
        Err(SignInError::WrongCode)
    }

    /// The seed of a person.
    async fn seed_of(&self, member: MemberId) -> Result<Option<Seed>, SealError> {
        let vault = self.inner.vault.get().cloned().ok_or(SealError::Sealed)?;
        let read = self.inner.db.read(&self.inner.tenant, move |read| {
            let Some(stored) = store::members::sealed_seed(read, member)? else { return Ok(None) };
            seal::open(&vault, read, member, &stored).map(Some)
        });
        read.await
    }

    /// Counts a try before it is known whether it is right, so that tries at the same moment count too.
    pub(super) fn knock(&self, client: &Client, purpose: Purpose) -> Result<Failed, SignInError> {
        if client.control {
            return Ok(Failed { delay: std::time::Duration::ZERO, notable: false });
        }
        let (mut failures, now) = (self.inner.failures.lock(), Instant::now());
        match failures.locked_for(client.address, purpose, now) {
            Some(retry_after) => Err(SignInError::LockedOut { retry_after }),
            None => Ok(failures.failed(client.address, purpose, now)),
        }
    }

    /// Makes those wait who try an account that others try too, unless the person is signed in there.
    fn slow_down(
        &self,
        account: &SecretHash,
        member: Option<&Member>,
        client: &Client,
    ) -> Result<(), SignInError> {
        let known = member
            .is_some_and(|member| self.inner.sessions.read().knows(member.id, client.address, self.now_ms()));
        let wait = self.inner.accounts.lock().wait_for(account, Instant::now());
        match wait.filter(|_| !known && !client.control) {
            Some(retry_after) => Err(SignInError::LockedOut { retry_after }),
            None => Ok(()),
        }
    }

    /// Answers a failure later with each one, and tells the audit of the first and the last of a series.
    pub(super) async fn hold_back(&self, client: &Client, failed: Failed, reason: &'static str) {
        tracing::warn!(notice = "capuchin.sign_in.refused", address = %client.address, reason, "somebody did not come in");
        if failed.notable {
            let told = told::failed("sign_in.failed", client, reason);
            let write = self.inner.db.write(&self.inner.tenant, move |tx| audit::append(tx, told));
            if let Err(error) = write.await {
                tracing::warn!(%error, "a failed sign-in could not be told to the audit");
            }
        }
        tokio::time::sleep(failed.delay).await;
    }

    // === sessions ===

    async fn prove(&self, by: &Principal, client: &Client) -> Result<(), PasswordError> {
        let Some(hash) = by.session else { return Ok(()) };
        let now_ms = self.now_ms();
        let told = told::from(by.source(), "step_up", client);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            store::sessions::prove(tx, &hash, now_ms)?;
            audit::append(tx, told)
        });
        write.await?;
        self.inner.sessions.write().prove(&hash, now_ms);
        Ok(())
    }

    /// Opens a session in one transaction with `work`, which does what else belongs to it.
    pub(super) async fn begin_session_with<E>(
        &self,
        member: MemberId,
        means: Means,
        client: &Client,
        previous: Option<&str>,
        work: impl FnOnce(&mut TenantTx<'_>) -> Result<(), E> + Send + 'static,
    ) -> Result<SignedIn, E>
    where
        E: From<DbError> + From<super::NoRandomness> + Send + 'static,
    {
        let cookie = SecretText::random("")?;
        let session = WebSession::begin(cookie.hash(), member, means, client, self.now_ms());
        let (hash, row) = (session.hash, session.clone());
        let previous = previous.map(SecretHash::of);
        let source = self.people().get(member).map(|m| self.principal_of(m, None).source());
        let told = told::from(source.unwrap_or_else(|| member.to_string()), "sign_in.ok", client);
        let told = told::with(told, [("with", means.as_str())]);
        let stored = self.inner.db.write(&self.inner.tenant, move |tx| {
            work(tx)?;
            if let Some(hash) = &previous {
                store::sessions::delete(tx, hash)?;
            }
            store::sessions::insert(tx, &row)?;
            audit::append(tx, told)?;
            Ok::<_, E>(())
        });
        stored.await?;
        self.reload_people().await?;
        let crowded_out = {
            let mut sessions = self.inner.sessions.write();
            if let Some(hash) = &previous {
                sessions.end(hash);
            }
            sessions.add(session)
        };
        if let Some(hash) = crowded_out {
            let work = move |tx: &mut TenantTx<'_>| store::sessions::delete(tx, &hash);
            self.inner.db.write(&self.inner.tenant, work).await?;
        }
        if previous.is_some() || crowded_out.is_some() {
            self.announce_ending();
        }
        tracing::info!(%member, address = %client.address, means = means.as_str(), "a person signed in");
        let people = self.people();
        let principal = people.get(member).map(|found| self.principal_of(found, Some(hash)));
        Ok(SignedIn { cookie, principal: principal.ok_or(DbError::NoRow)? })
    }

    async fn begin_session(
        &self,
        member: MemberId,
        means: Means,
        client: &Client,
        previous: Option<&str>,
    ) -> Result<SignedIn, PasswordError> {
        self.begin_session_with(member, means, client, previous, |_| Ok(())).await
    }
}
