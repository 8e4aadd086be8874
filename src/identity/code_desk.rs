//! Second factors are enrolled, confirmed and removed.

use std::time::Instant;

use super::client::Client;
use super::error::CodeError;
use super::gate::Identity;
use super::principal::Principal;
use super::seal::{self, SealError};
use super::store;
use super::told;
use super::totp::{self, Enrolment};
use crate::audit;
use crate::protocol::ids::MemberId;

impl Identity {
    /// Makes a seed for a person's authenticator app. It counts once a first code came.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn begin_codes(&self, by: &Principal) -> Result<Enrolment, CodeError> {
        if self.inner.vault.get().is_none_or(|vault| vault.sealed_by().is_some()) {
            return Err(SealError::Sealed.into());
        }
        let member = self.myself(by).ok_or(CodeError::NotFound)?;
        if !member.has_password {
            return Err(CodeError::NoPassword);
        }
        let seed = totp::new_seed()?;
        let told = totp::enrolment(&seed, &member.name).ok_or(CodeError::NotEnrolling)?;
        self.inner.codes.lock().enrol(member.id, seed, Instant::now());
        Ok(told)
    }

    /// Whether an enrolment of this person waits for its first code.
    #[must_use]
    pub fn is_enrolling(&self, by: &Principal) -> bool {
        let person = self.person(by);
        person.is_some_and(|person| self.inner.codes.lock().enrolling(person, Instant::now()).is_some())
    }

    /// Confirms the enrolment with its first code. From now on the password needs a code beside it.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn confirm_codes(&self, by: &Principal, code: &str, client: &Client) -> Result<(), CodeError> {
        let person = self.person(by).ok_or(CodeError::NotFound)?;
        let seed =
            self.inner.codes.lock().enrolling(person, Instant::now()).ok_or(CodeError::NotEnrolling)?;
        let now_ms = self.now_ms();
        let last_step = totp::step_of(&seed, code, now_ms).ok_or(CodeError::Wrong)?;
        let vault = self.inner.vault.get().cloned().ok_or(SealError::Sealed)?;
        let told = told::from(by.source(), "totp.added", client);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            let sealed = seal::seal(&vault, tx, person, &seed)?;
            store::members::put_second_factor(tx, person, &sealed, last_step, now_ms)?;
            Ok::<_, CodeError>(audit::append(tx, told)?)
        });
        write.await?;
        self.inner.codes.lock().enrolled(person);
        Ok(self.reload_people().await?)
    }

    /// Removes a person's second factor: the password alone is enough again.
    ///
    /// # Errors
    /// [`CodeError`].
    pub async fn remove_codes(&self, by: &Principal, client: &Client) -> Result<(), CodeError> {
        let person = self.person(by).ok_or(CodeError::NotFound)?;
        let told = told::from(by.source(), "totp.removed", client);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| remove(tx, person, told));
        write.await?;
        Ok(self.reload_people().await?)
    }
}

fn remove(tx: &mut crate::db::TenantTx<'_>, person: MemberId, told: audit::Entry) -> Result<(), CodeError> {
    if !store::members::delete_second_factor(tx, person)? {
        return Err(CodeError::NotFound);
    }
    Ok(audit::append(tx, told)?)
}
