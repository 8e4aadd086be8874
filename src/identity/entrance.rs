//! The three ways in without a credential: the setup link, an invitation, a recovery key. Each makes a
//! password or a passkey, shows a new recovery key, and opens a session; all of it or nothing.

use std::time::Instant;

use super::client::Client;
use super::error::{EnterError, PasskeyError, PasswordError, SignInError};
use super::gate::Identity;
use super::members::{Member, MemberState};
use super::passkey_desk::NewPasskey;
use super::passkeys::Begun;
use super::password::Password;
use super::rate::{Failed, Purpose};
use super::recovery;
use super::secret::{SecretHash, SecretText};
use super::sessions::Means;
use super::setup::SetupRefused;
use super::sign_in::SignedIn;
use super::store;
use super::told;
use crate::audit;
use crate::db::{DbError, TenantRead, TenantTx};

/// What a person shows who has no credential, or lost it.
#[derive(Clone, Copy)]
pub enum Grant<'a> {
    /// The token of the setup link.
    Setup(&'a str),
    /// The token of an invitation.
    Invite(&'a str),
    /// A recovery key.
    Recovery(&'a str),
}

/// What they want to come in with from now on.
pub enum NewCredential {
    /// A password.
    Password(Password),
    /// A passkey that was begun with [`Identity::begin_with_grant`].
    Passkey {
        /// The ceremony.
        ceremony: String,
        /// What the browser answered.
        credential: serde_json::Value,
    },
}

/// Somebody who came in.
#[derive(Debug)]
pub struct Entered {
    /// Their session.
    pub signed_in: SignedIn,
    /// Their recovery key, shown now and never again. An older one is void.
    pub recovery_key: SecretText,
}

/// Whom a grant lets in.
struct Holder {
    member: Member,
    failed: Option<Failed>,
}

/// A new credential, checked and ready to be stored.
enum Checked {
    Password(String),
    Passkey(Box<NewPasskey>),
}

/// What uses a grant up in the transaction.
enum Used {
    Setup,
    Invite(SecretHash),
    Recovery(SecretHash),
}

impl Identity {
    /// Opens the setup and answers its one-time token; `None` when the owner can sign in.
    /// An older token is void.
    ///
    /// # Errors
    /// [`super::NoRandomness`].
    pub fn open_setup(&self) -> Result<Option<SecretText>, super::NoRandomness> {
        if self.is_set_up() {
            return Ok(None);
        }
        self.inner.setup.lock().open(Instant::now()).map(Some)
    }

    /// Begins to make a passkey with a grant, which is not used up by it.
    ///
    /// # Errors
    /// [`EnterError`].
    pub async fn begin_with_grant(
        &self,
        grant: Grant<'_>,
        origin: &str,
        client: &Client,
    ) -> Result<Begun, EnterError> {
        let holder = self.holder(grant, client).await?;
        self.forgive(&holder, client);
        Ok(self.begin_passkey_of(&holder.member, origin, client).await?)
    }

    /// Lets the holder of a grant in. `name` is what an invited person wants to be called.
    ///
    /// # Errors
    /// [`EnterError`]; then nothing is stored. A weak password or a bad name does not cost the grant.
    pub async fn enter(
        &self,
        grant: Grant<'_>,
        name: Option<&str>,
        credential: NewCredential,
        client: &Client,
    ) -> Result<Entered, EnterError> {
        let holder = self.holder(grant, client).await?;
        self.forgive(&holder, client);
        let name = name.map(super::member_desk::checked_name).transpose()?;
        let name = name.filter(|_| matches!(grant, Grant::Invite(_)));
        let checked = match credential {
            NewCredential::Password(password) => Checked::Password(self.hash(password).await?),
            NewCredential::Passkey { ceremony, credential } => {
                let made = self.check_new_passkey(holder.member.id, &ceremony, &credential, "Passkey")?;
                Checked::Passkey(Box::new(made))
            }
        };
        let (means, used) = match grant {
            Grant::Setup(_) => (Means::Setup, Used::Setup),
            Grant::Invite(token) => (Means::Invite, Used::Invite(SecretHash::of(token))),
            Grant::Recovery(key) => {
                (Means::RecoveryKey, Used::Recovery(recovery::hash(key).ok_or(EnterError::Void)?))
            }
        };
        let key = recovery::new_key().map_err(PasswordError::from)?;
        let work = self.entering(&holder.member, name, (checked, used), &key, client)?;
        let signed_in = self.begin_session_with(holder.member.id, means, client, None, work).await?;
        self.inner.setup.lock().close();
        Ok(Entered { signed_in, recovery_key: key })
    }

    /// What is stored when somebody enters, in one transaction.
    fn entering(
        &self,
        member: &Member,
        name: Option<String>,
        (checked, used): (Checked, Used),
        key: &SecretText,
        client: &Client,
    ) -> Result<impl FnOnce(&mut TenantTx<'_>) -> Result<(), EnterError> + Send + 'static, EnterError> {
        let hash = recovery::hash(key.expose()).ok_or(EnterError::Void)?;
        let (id, now_ms) = (member.id, self.now_ms());
        let action = match used {
            Used::Setup => "owner.set_up",
            Used::Invite(_) => "member.joined",
            Used::Recovery(_) => "recovery.used",
        };
        if matches!(used, Used::Recovery(_)) {
            self.inner.sessions.write().end_of(id);
            self.announce_ending();
        }
        let told = told::from(self.principal_of(member, None).source(), action, client);
        Ok(move |tx: &mut TenantTx<'_>| {
            match used {
                Used::Setup => {
                    let owner = store::members::all(tx)?.into_iter().find(|member| member.id == id);
                    if owner.is_none_or(|owner| owner.has_credential()) {
                        return Err(EnterError::Done);
                    }
                }
                Used::Invite(token) => {
                    if !store::members::take_invite(tx, &token, now_ms)? {
                        return Err(EnterError::Void);
                    }
                    store::members::set_state(tx, id, MemberState::Active, now_ms)?;
                }
                Used::Recovery(old) => {
                    if store::members::recovers(tx, &old)? != Some(id) {
                        return Err(EnterError::Void);
                    }
                    store::members::delete_second_factor(tx, id)?;
                    store::sessions::delete_of(tx, id)?;
                }
            }
            if let Some(name) = name
                && !store::members::rename(tx, id, &name, now_ms)?
            {
                return Err(super::MemberError::NameTaken.into());
            }
            match checked {
                Checked::Password(phc) => store::members::set_password(tx, id, Some(&phc), now_ms)?,
                Checked::Passkey(made) => made.store(tx)?,
            }
            store::members::put_recovery_key(tx, id, &hash, now_ms)?;
            Ok(audit::append(tx, told)?)
        })
    }

    /// Makes a new recovery key for a person; the one of before is void.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn new_recovery_key(
        &self,
        by: &super::Principal,
        client: &Client,
    ) -> Result<SecretText, PasswordError> {
        let person = self.person(by).ok_or(DbError::NoRow)?;
        let key = recovery::new_key()?;
        let hash = recovery::hash(key.expose()).ok_or(super::NoRandomness)?;
        let now_ms = self.now_ms();
        let told = told::from(by.source(), "recovery.made", client);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            store::members::put_recovery_key(tx, person, &hash, now_ms)?;
            audit::append(tx, told)
        });
        write.await?;
        self.reload_people().await?;
        Ok(key)
    }

    /// Finds out whom a grant lets in. A wrong one is counted.
    async fn holder(&self, grant: Grant<'_>, client: &Client) -> Result<Holder, EnterError> {
        if let Grant::Setup(token) = grant {
            return self.setup_holder(token, client);
        }
        let failed = self.knock(client, Purpose::Entrance).map_err(|error| match error {
            SignInError::LockedOut { retry_after } => EnterError::LockedOut { retry_after },
            _ => EnterError::Void,
        })?;
        let (wanted, hash) = match grant {
            Grant::Invite(token) => (MemberState::Invited, Some(SecretHash::of(token))),
            Grant::Recovery(key) => (MemberState::Active, recovery::hash(key)),
            Grant::Setup(_) => (MemberState::Active, None),
        };
        let now_ms = self.now_ms();
        let found = match hash {
            Some(hash) if wanted == MemberState::Invited => {
                let read = move |read: &TenantRead<'_>| store::members::invited(read, &hash, now_ms);
                self.inner.db.read(&self.inner.tenant, read).await.map_err(PasswordError::from)?
            }
            Some(hash) => {
                let read = move |read: &TenantRead<'_>| store::members::recovers(read, &hash);
                self.inner.db.read(&self.inner.tenant, read).await.map_err(PasswordError::from)?
            }
            None => None,
        };
        let member = found.and_then(|id| self.people().get(id).cloned());
        match member.filter(|member| member.state == wanted) {
            Some(member) => Ok(Holder { member, failed: Some(failed) }),
            None => {
                self.hold_back(client, failed, "wrong invitation or recovery key").await;
                Err(EnterError::Void)
            }
        }
    }

    fn setup_holder(&self, token: &str, client: &Client) -> Result<Holder, EnterError> {
        if !client.local {
            return Err(EnterError::NotLocal);
        }
        if self.is_set_up() {
            return Err(EnterError::Done);
        }
        self.inner.setup.lock().check(token, Instant::now())?;
        let people = self.people();
        let member = people.get(people.owner()).cloned().ok_or(SetupRefused::Closed)?;
        Ok(Holder { member, failed: None })
    }

    fn forgive(&self, holder: &Holder, client: &Client) {
        if holder.failed.is_some() {
            self.inner.failures.lock().succeeded(client.address, Purpose::Entrance);
        }
    }
}

impl From<DbError> for EnterError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<super::NoRandomness> for EnterError {
    fn from(error: super::NoRandomness) -> Self {
        Self::Failed(error.into())
    }
}

impl From<EnterError> for PasskeyError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::Passkey(error) => error,
            _ => Self::NoCeremony,
        }
    }
}
