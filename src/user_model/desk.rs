//! The handle of what is known about people: noticed, shown, corrected, forgotten.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::error::UserModelError;
use super::observer::{Observer, Whose};
use super::person::Person;
use super::profile::Profile;
use super::store::{self, PROFILES, ProfileRow};
use super::words;
use crate::audit::{self, Entry};
use crate::config::Privacy;
use crate::config::UserModelConfig;
use crate::db::Db;
use crate::identity::{Clock, Made, Principal, RequestKey, once};
use crate::protocol::ids::{ProfileId, TenantId};
use crate::turns;
use crate::vault::{ErasableKeys, Purpose, Vault};

/// What the injections of a person are known by.
pub(super) fn injection_key(person: Person) -> String {
    format!("user-context:{person}")
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct UserModel {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    vault: Vault,
    keys: ErasableKeys,
    config: UserModelConfig,
    clock: Clock,
    observer: Observer,
    /// Between the look at a row and its write.
    changing: tokio::sync::Mutex<()>,
}

/// What is known about a person. It has no `Debug`.
pub struct UserView {
    /// Who.
    pub person: Person,
    /// How much is noticed.
    pub privacy: Privacy,
    /// Whether prompts are told.
    pub injection: bool,
    /// What is known; `None` when it cannot be opened: its key is gone.
    pub profile: Option<Profile>,
    /// Stands for what the person decided and wrote.
    pub version: i64,
    /// When it was written last, in ms since 1970; 0 for never.
    pub updated_ms: i64,
}

/// What a person decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UserModelChange {
    /// How much is noticed. What a lower level does not allow is removed at once.
    pub privacy: Option<Privacy>,
    /// Whether prompts are told.
    pub injection: Option<bool>,
}

/// What somebody does to their profile: who, the version that they know, what the audit is told, the key of a call.
pub(super) struct Act<'a> {
    pub(super) by: &'a Principal,
    pub(super) version: Option<i64>,
    pub(super) told: Entry,
    pub(super) key: Option<RequestKey>,
}

// === impl UserModel ===

impl UserModel {
    /// What is known in this store. Its people's keys are in a folder that no copy of the data has.
    #[must_use]
    pub fn open(db: Db, vault: Vault, keys: ErasableKeys, config: UserModelConfig) -> Self {
        let clock: Clock = Arc::new(|| Timestamp::now().as_millisecond());
        Self::with_clock(db, vault, keys, (config, clock))
    }

    pub(super) fn with_clock(
        db: Db,
        vault: Vault,
        keys: ErasableKeys,
        (config, clock): (UserModelConfig, Clock),
    ) -> Self {
        vault.register(PROFILES);
        let observer = Observer::default();
        let inner =
            Inner { db, vault, keys, config, clock, observer, changing: tokio::sync::Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Everything that is known about a person, with what was noticed a moment ago.
    ///
    /// # Errors
    /// [`UserModelError`].
    pub async fn view(&self, tenant: &TenantId, person: Person) -> Result<UserView, UserModelError> {
        self.flush_one(&(tenant.clone(), person)).await?;
        let row = self.row(tenant, person).await?;
        let profile = match self.profile(tenant, &row).await {
            Ok(profile) => Some(profile),
            Err(UserModelError::Unreadable) => None,
            Err(error) => return Err(error),
        };
        Ok(UserView {
            person,
            privacy: row.privacy,
            injection: row.injection,
            profile,
            version: row.version,
            updated_ms: row.updated_ms,
        })
    }

    /// Notices what a person wrote. Costs a read; what it says is in memory until the next flush.
    ///
    /// # Errors
    /// What the store answers; then it is not noticed.
    pub async fn observe(
        &self,
        tenant: &TenantId,
        person: Person,
        text: &str,
        at_ms: i64,
    ) -> Result<(), UserModelError> {
        if self.row(tenant, person).await?.privacy == Privacy::None {
            return Ok(());
        }
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let hour = at.to_zoned(TimeZone::system()).hour();
        let (topics, chars) = (words::topics(text), text.chars().count());
        let hour = usize::try_from(hour).unwrap_or_default();
        let whose = (tenant.clone(), person);
        self.inner.observer.add(whose, at_ms, |noticed| noticed.add(topics, chars, hour, at_ms));
        Ok(())
    }

    /// Writes what was noticed every `user_model.flush_s` until `stop`, and once more then.
    pub async fn run(self, stop: CancellationToken) {
        let period = Duration::from_secs(self.inner.config.flush_s);
        while stop.run_until_cancelled(tokio::time::sleep(period)).await.is_some() {
            self.flush().await;
        }
        self.flush().await;
    }

    /// Writes what was noticed. What cannot be written waits for the next time.
    pub async fn flush(&self) {
        for whose in self.inner.observer.whose() {
            if let Err(error) = self.flush_one(&whose).await {
                tracing::warn!(%error, "what was noticed of a person is not written yet");
            }
        }
    }

    async fn flush_one(&self, whose: &Whose) -> Result<(), UserModelError> {
        let _only = self.inner.changing.lock().await;
        let Some(noticed) = self.inner.observer.take(whose) else { return Ok(()) };
        let (tenant, person) = (&whose.0, whose.1);
        let write = async {
            let mut row = self.row(tenant, person).await?;
            if row.privacy == Privacy::None {
                return Ok(());
            }
            let mut profile = self.profile(tenant, &row).await?;
            let now_ms = self.now_ms();
            profile.notice(&noticed, row.privacy, now_ms);
            row.updated_ms = now_ms;
            self.put(tenant, person, (row, profile), |_| Ok(())).await
        };
        match write.await {
            // It stays as it is until its person forgets it: the key may come back with a restored home.
            Ok(()) | Err(UserModelError::Unreadable) => Ok(()),
            Err(error) => {
                self.inner.observer.add(whose.clone(), i64::MAX, |waiting| waiting.merge(noticed));
                Err(error)
            }
        }
    }

    /// Decides how much is noticed, and whether prompts are told.
    ///
    /// # Errors
    /// [`UserModelError`]; then nothing changed.
    pub async fn decide(
        &self,
        by: &Principal,
        person: Person,
        version: Option<i64>,
        change: UserModelChange,
    ) -> Result<(), UserModelError> {
        let mut told = told(by, person, "user_model.changed");
        if let Some(privacy) = change.privacy {
            told = told.with("privacy", privacy.as_str());
        }
        if let Some(injection) = change.injection {
            told = told.with("injection", injection);
        }
        let whose = (by.tenant.clone(), person);
        let observer_of = self.clone();
        let act = Act { by, version, told, key: None };
        let decided = self.act(person, act, move |row, profile| {
            if let Some(privacy) = change.privacy {
                row.privacy = privacy;
                profile.limit(privacy);
                if privacy == Privacy::None {
                    observer_of.inner.observer.drop_all(&whose, None);
                }
            }
            row.injection = change.injection.unwrap_or(row.injection);
            Ok(())
        });
        decided.await.map(|_| ())
    }

    /// Forgets everything that is known about a person: the key that opens it is destroyed first, so that no copy and no
    /// backup of the data opens any more; then what was noticed, the sealed row, and what prompts of stored conversations
    /// were told of it. From then on nothing is noticed, until the person says otherwise.
    ///
    /// # Errors
    /// [`UserModelError`]; what was not done is done when it is asked for again.
    pub async fn forget(&self, by: &Principal, person: Person) -> Result<(), UserModelError> {
        let _only = self.inner.changing.lock().await;
        let now_ms = self.now_ms();
        self.inner.observer.drop_all(&(by.tenant.clone(), person), Some(now_ms));
        let known = self.row(&by.tenant, person).await?;
        self.inner.keys.destroy(known.id).await?;
        let row = ProfileRow {
            id: *ProfileId::new().as_bytes(),
            privacy: Privacy::None,
            injection: known.injection,
            sealed: None,
            version: known.version + 1,
            updated_ms: now_ms,
        };
        let told = told(by, person, "user_model.forgotten");
        let write = self.inner.db.write(&by.tenant, move |tx| {
            store::put(tx, person, &row)?;
            turns::uninject(tx, &injection_key(person), true)?;
            Ok::<_, UserModelError>(audit::append(tx, told)?)
        });
        write.await?;
        Ok(self.inner.db.scrub().await?)
    }

    /// Changes a profile as its person says: one transaction with its audit entry. What prompts were told of it is taken
    /// out of stored conversations, so that they are told anew.
    pub(super) async fn act<T>(
        &self,
        person: Person,
        act: Act<'_>,
        change: impl FnOnce(&mut ProfileRow, &mut Profile) -> Result<T, UserModelError>,
    ) -> Result<Made<T>, UserModelError>
    where
        T: Serialize + DeserializeOwned + Clone + Send + 'static,
    {
        let tenant = &act.by.tenant;
        self.flush_one(&(tenant.clone(), person)).await?;
        let _only = self.inner.changing.lock().await;
        let mut row = self.row(tenant, person).await?;
        if act.version.is_some_and(|version| version != row.version) {
            return Err(UserModelError::Stale);
        }
        let mut profile = self.profile(tenant, &row).await?;
        // A call that is repeated has its outcome already: then nothing of this is written.
        let outcome = change(&mut row, &mut profile);
        let now_ms = self.now_ms();
        (row.version, row.updated_ms) = (row.version + 1, now_ms);
        let (key, told) = (act.key, act.told);
        self.put_once(tenant, person, (row, profile), (key, now_ms), move |tx| {
            let outcome = outcome?;
            turns::uninject(tx, &injection_key(person), false)?;
            audit::append(tx, told)?;
            Ok(outcome)
        })
        .await
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    async fn row(&self, tenant: &TenantId, person: Person) -> Result<ProfileRow, UserModelError> {
        let found: Option<ProfileRow> =
            self.inner.db.read(tenant, move |read| store::of(read, person)).await?;
        let config = &self.inner.config;
        Ok(found.unwrap_or_else(|| ProfileRow {
            id: *ProfileId::new().as_bytes(),
            privacy: config.privacy,
            injection: config.injection,
            sealed: None,
            version: 0,
            updated_ms: 0,
        }))
    }

    async fn profile(&self, tenant: &TenantId, row: &ProfileRow) -> Result<Profile, UserModelError> {
        let Some(sealed) = row.sealed.clone() else { return Ok(Profile::default()) };
        let Some(key) = self.inner.keys.find(row.id).await? else { return Err(UserModelError::Unreadable) };
        let (vault, id) = (self.inner.vault.clone(), row.id);
        let read = self.inner.db.read(tenant, move |read| {
            let place = PROFILES.place(&id);
            let plain = vault.open_erasable(read, (Purpose::UserModel, &key), &place, &sealed)?;
            serde_json::from_slice(plain.bytes()).map_err(|_| UserModelError::Unreadable)
        });
        read.await
    }

    async fn put(
        &self,
        tenant: &TenantId,
        person: Person,
        known: (ProfileRow, Profile),
        also: impl FnOnce(&mut crate::db::TenantTx<'_>) -> Result<(), UserModelError> + Send + 'static,
    ) -> Result<(), UserModelError> {
        self.put_once(tenant, person, known, (None, 0), also).await.map(|_| ())
    }

    async fn put_once<T>(
        &self,
        tenant: &TenantId,
        person: Person,
        (mut row, profile): (ProfileRow, Profile),
        (request, now_ms): (Option<RequestKey>, i64),
        also: impl FnOnce(&mut crate::db::TenantTx<'_>) -> Result<T, UserModelError> + Send + 'static,
    ) -> Result<Made<T>, UserModelError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let key = match profile.is_empty() {
            true => None,
            false => Some(self.inner.keys.find_or_make(row.id).await?),
        };
        let vault = self.inner.vault.clone();
        let write = self.inner.db.write(tenant, move |tx| {
            once(tx, request.as_ref(), now_ms, |tx| {
                let outcome = also(tx)?;
                row.sealed = match &key {
                    None => None,
                    Some(key) => {
                        let json = zeroize::Zeroizing::new(
                            serde_json::to_vec(&profile).map_err(|_| UserModelError::Unreadable)?,
                        );
                        let place = PROFILES.place(&row.id);
                        Some(vault.seal_erasable(tx, (Purpose::UserModel, key), &place, &json)?)
                    }
                };
                store::put(tx, person, &row)?;
                Ok(outcome)
            })
        });
        write.await
    }
}

/// What the audit is told: who and what, and nothing of what is known.
pub(super) fn told(by: &Principal, person: Person, action: &'static str) -> Entry {
    Entry::done("user_model", by.source(), action).on(person.to_string())
}
