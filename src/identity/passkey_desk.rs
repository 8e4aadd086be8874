//! Passkeys are made, used, named and removed.

use std::time::Instant;

use webauthn_rs::prelude::Passkey;

use super::client::Client;
use super::error::{PasskeyError, SignInError};
use super::gate::Identity;
use super::members::Member;
use super::passkeys::{
    Begun, Ceremony, PASSKEY_NAME_CHARS_MAX, PASSKEYS_MAX, PasskeyRecord, Site, presented,
};
use super::principal::Principal;
use super::rate::Purpose;
use super::store;
use super::store::passkeys::StoredPasskey;
use super::told;
use crate::audit::{self, Entry};
use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::{MemberId, PasskeyId};

/// A passkey that was made and is not stored yet.
pub(super) struct NewPasskey {
    stored: StoredPasskey,
    credential_id: Vec<u8>,
}

impl NewPasskey {
    /// Stores it; refuses the one that is too many.
    pub(super) fn store(&self, tx: &mut TenantTx<'_>) -> Result<(), PasskeyError> {
        if store::passkeys::of(tx, self.stored.record.member)?.len() >= PASSKEYS_MAX {
            return Err(PasskeyError::TooMany);
        }
        match store::passkeys::insert(tx, &self.stored, &self.credential_id) {
            Err(DbError::Constraint(_)) => Err(PasskeyError::Refused),
            other => Ok(other?),
        }
    }
}

impl Identity {
    /// Begins to make a passkey for the person who asks.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn begin_passkey(
        &self,
        by: &Principal,
        origin: &str,
        client: &Client,
    ) -> Result<Begun, PasskeyError> {
        let people = self.people();
        let member = self.person(by).and_then(|id| people.active(id)).ok_or(PasskeyError::NotFound)?;
        self.begin_passkey_of(member, origin, client).await
    }

    pub(super) async fn begin_passkey_of(
        &self,
        member: &Member,
        origin: &str,
        client: &Client,
    ) -> Result<Begun, PasskeyError> {
        let site = Site::of(origin)?;
        let (id, host) = (member.id, site.host.clone());
        let read = move |read: &TenantRead<'_>| store::passkeys::credentials_of(read, id, &host);
        let existing = self.inner.db.read(&self.inner.tenant, read).await?;
        let (options, state) = site.make(member.id, &member.name, existing)?;
        let ceremony = Ceremony::Make { member: id, site: Box::new(site), state: Box::new(state) };
        let ceremony = self.inner.ceremonies.lock().begin(ceremony, client.address, Instant::now())?;
        Ok(Begun { ceremony, options })
    }

    /// Ends making a passkey, and keeps it under this name.
    ///
    /// # Errors
    /// [`PasskeyError`]; then nothing is stored.
    pub async fn add_passkey(
        &self,
        by: &Principal,
        ceremony: &str,
        credential: &serde_json::Value,
        name: &str,
        client: &Client,
    ) -> Result<PasskeyRecord, PasskeyError> {
        let person = self.person(by).ok_or(PasskeyError::NotFound)?;
        let made = self.check_new_passkey(person, ceremony, credential, name)?;
        let record = made.stored.record.clone();
        let told = told::from(by.source(), "passkey.added", client).on(record.id.to_string());
        let told = told::with(told, [("name", &record.name), ("host", &record.host)]);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            made.store(tx)?;
            Ok::<_, PasskeyError>(audit::append(tx, told)?)
        });
        write.await?;
        self.reload_people().await?;
        self.inner.setup.lock().close();
        Ok(record)
    }

    /// Checks what a browser answered to [`Identity::begin_passkey`].
    pub(super) fn check_new_passkey(
        &self,
        person: MemberId,
        ceremony: &str,
        credential: &serde_json::Value,
        name: &str,
    ) -> Result<NewPasskey, PasskeyError> {
        let name = checked_name(name)?;
        let taken = self.inner.ceremonies.lock().take(ceremony, Instant::now());
        let Some(Ceremony::Make { member, site, state }) = taken else {
            return Err(PasskeyError::NoCeremony);
        };
        if member != person {
            return Err(PasskeyError::NoCeremony);
        }
        let passkey = site.made(&state, credential)?;
        let record = PasskeyRecord {
            id: PasskeyId::new(),
            member: person,
            name,
            host: site.host,
            created_ms: self.now_ms(),
            last_used_ms: None,
        };
        let credential_id = passkey.cred_id().to_vec();
        Ok(NewPasskey { stored: StoredPasskey { record, credential: written(&passkey)? }, credential_id })
    }

    /// Begins a proof by a passkey: for a sign-in, or for a step-up.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub fn begin_proof(&self, origin: &str, client: &Client) -> Result<Begun, PasskeyError> {
        let site = Site::of(origin)?;
        let (options, state) = site.prove()?;
        let ceremony = Ceremony::Prove { site: Box::new(site), state: Box::new(state) };
        let ceremony = self.inner.ceremonies.lock().begin(ceremony, client.address, Instant::now())?;
        Ok(Begun { ceremony, options })
    }

    /// Whose passkey finished this ceremony.
    pub(super) async fn check_passkey(
        &self,
        ceremony: &str,
        credential: &serde_json::Value,
        client: &Client,
    ) -> Result<MemberId, SignInError> {
        let failed = self.knock(client, Purpose::Passkey)?;
        match self.proved(ceremony, credential).await {
            Ok(member) => {
                self.inner.failures.lock().succeeded(client.address, Purpose::Passkey);
                Ok(member)
            }
            Err(error) => {
                self.hold_back(client, failed, "a passkey was refused").await;
                Err(error.into())
            }
        }
    }

    async fn proved(&self, ceremony: &str, credential: &serde_json::Value) -> Result<MemberId, PasskeyError> {
        let taken = self.inner.ceremonies.lock().take(ceremony, Instant::now());
        let Some(Ceremony::Prove { site, state }) = taken else { return Err(PasskeyError::NoCeremony) };
        let credential = presented(credential)?;
        let (person, credential_id) = site.claimed(&credential)?;
        let read = move |read: &TenantRead<'_>| store::passkeys::by_credential(read, &credential_id);
        let stored = self.inner.db.read(&self.inner.tenant, read).await?.ok_or(PasskeyError::Refused)?;
        let people = self.people();
        let theirs = stored.record.member == person && stored.record.host == site.host;
        if !theirs || people.active(person).is_none() {
            return Err(PasskeyError::Refused);
        }
        let mut passkey: Passkey =
            serde_json::from_str(&stored.credential).map_err(|error| unreadable(&error))?;
        site.proved(*state, &credential, &mut passkey)?;
        let (id, text, now_ms) = (stored.record.id, written(&passkey)?, self.now_ms());
        // Before anything is opened: a counter that is not kept would let a copied key in.
        let work = move |tx: &mut TenantTx<'_>| store::passkeys::note_use(tx, id, &text, now_ms);
        self.inner.db.write(&self.inner.tenant, work).await?;
        Ok(person)
    }

    /// The passkeys of a person, oldest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn passkeys(&self, by: &Principal) -> Result<Vec<PasskeyRecord>, DbError> {
        let Some(person) = self.person(by) else { return Ok(Vec::new()) };
        self.inner.db.read(&self.inner.tenant, move |read| store::passkeys::of(read, person)).await
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn rename_passkey(
        &self,
        by: &Principal,
        id: PasskeyId,
        name: &str,
    ) -> Result<(), PasskeyError> {
        let (person, name) = (self.person(by).ok_or(PasskeyError::NotFound)?, checked_name(name)?);
        let work = move |tx: &mut TenantTx<'_>| store::passkeys::rename(tx, person, id, &name);
        if self.inner.db.write(&self.inner.tenant, work).await? {
            Ok(())
        } else {
            Err(PasskeyError::NotFound)
        }
    }

    /// Removes a passkey. The last thing that lets somebody in stays.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn remove_passkey(
        &self,
        by: &Principal,
        id: PasskeyId,
        client: &Client,
    ) -> Result<(), PasskeyError> {
        let person = self.person(by).ok_or(PasskeyError::NotFound)?;
        let told = told::from(by.source(), "passkey.removed", client).on(id.to_string());
        let write = self.inner.db.write(&self.inner.tenant, move |tx| remove(tx, person, id, told));
        write.await?;
        Ok(self.reload_people().await?)
    }
}

fn remove(tx: &mut TenantTx<'_>, person: MemberId, id: PasskeyId, told: Entry) -> Result<(), PasskeyError> {
    let has_password = store::members::password(tx, person)?.is_some();
    if !store::passkeys::delete(tx, person, id)? {
        return Err(PasskeyError::NotFound);
    }
    if !has_password && store::passkeys::of(tx, person)?.is_empty() {
        return Err(PasskeyError::LastCredential);
    }
    Ok(audit::append(tx, told)?)
}

fn checked_name(name: &str) -> Result<String, PasskeyError> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= PASSKEY_NAME_CHARS_MAX;
    if fits && !name.chars().any(char::is_control) { Ok(name.to_owned()) } else { Err(PasskeyError::Name) }
}

fn written(passkey: &Passkey) -> Result<String, PasskeyError> {
    serde_json::to_string(passkey).map_err(|error| unreadable(&error))
}

/// A key that an other version of the program wrote, or that has no JSON form.
fn unreadable(error: &serde_json::Error) -> PasskeyError {
    DbError::Corrupt(format!("a passkey: {error}")).into()
}
