//! The handle of assistants.

use jiff::Timestamp;

use super::assistant::{Assistant, AssistantChange, NewAssistant};
use super::error::AssistantError;
use super::store;
use crate::audit::{self, Entry};
use crate::db::Db;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{AssistantId, TenantId};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Assistants {
    db: Db,
}

impl Assistants {
    /// A handle on this store.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    /// Up to `limit` assistants after this one, in the order of their making.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        tenant: &TenantId,
        after: Option<AssistantId>,
        limit: usize,
    ) -> Result<Vec<Assistant>, AssistantError> {
        self.db.read(tenant, move |read| Ok(store::list(read, after, limit)?)).await
    }

    /// One assistant.
    ///
    /// # Errors
    /// [`AssistantError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: AssistantId) -> Result<Assistant, AssistantError> {
        self.db.read(tenant, move |read| Ok(store::by_id(read, id)?)).await
    }

    /// The assistant with this name, or else with this id.
    ///
    /// # Errors
    /// [`AssistantError::NotFound`], or what the store answers.
    pub async fn find(&self, tenant: &TenantId, name_or_id: &str) -> Result<Assistant, AssistantError> {
        let wanted = name_or_id.to_owned();
        let read =
            self.db.read(tenant, move |read| match store::by_name(read, &wanted).map_err(Into::into) {
                Err(AssistantError::NotFound) => {
                    let id = wanted.parse().map_err(|_| AssistantError::NotFound)?;
                    Ok(store::by_id(read, id)?)
                }
                found => found,
            });
        read.await
    }

    /// The default assistant.
    ///
    /// # Errors
    /// [`AssistantError::NotFound`] before [`Assistants::ensure_default`], or what the store answers.
    pub async fn default(&self, tenant: &TenantId) -> Result<Assistant, AssistantError> {
        let read = self.db.read(tenant, |read| store::default(read)?.ok_or(AssistantError::NotFound));
        read.await
    }

    /// Makes an assistant.
    ///
    /// # Errors
    /// [`AssistantError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewAssistant,
        key: Option<RequestKey>,
    ) -> Result<Made<Assistant>, AssistantError> {
        let now_ms = Timestamp::now().as_millisecond();
        let assistant = new.into_assistant(now_ms)?;
        let told = told(by, "assistant.created", &assistant);
        let write = self.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                store::insert(tx, &assistant)?;
                audit::append(tx, told)?;
                Ok(assistant)
            })
        });
        write.await
    }

    /// Changes an assistant that still has this version.
    ///
    /// # Errors
    /// [`AssistantError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: AssistantId,
        version: i64,
        change: AssistantChange,
    ) -> Result<Assistant, AssistantError> {
        let now_ms = Timestamp::now().as_millisecond();
        let changer = by.clone();
        let write = self.db.write(&by.tenant, move |tx| {
            let changed = change.apply(current(store::by_id(tx, id)?, version)?, now_ms)?;
            store::update(tx, &changed)?;
            audit::append(tx, told(&changer, "assistant.changed", &changed))?;
            Ok(changed)
        });
        write.await
    }

    /// Deletes an assistant that still has this version. What used it falls back to the default.
    ///
    /// # Errors
    /// [`AssistantError`]; then it is still there.
    pub async fn delete(&self, by: &Principal, id: AssistantId, version: i64) -> Result<(), AssistantError> {
        let deleter = by.clone();
        let write = self.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            if found.is_default {
                return Err(AssistantError::IsDefault);
            }
            store::delete(tx, id)?;
            Ok(audit::append(tx, told(&deleter, "assistant.deleted", &found))?)
        });
        write.await
    }

    /// Makes the default assistant where there is none, and answers it.
    ///
    /// # Errors
    /// [`AssistantError`].
    pub async fn ensure_default(
        &self,
        tenant: &TenantId,
        new: NewAssistant,
    ) -> Result<Assistant, AssistantError> {
        if let Some(found) =
            self.db.read(tenant, |read| Ok::<_, AssistantError>(store::default(read)?)).await?
        {
            return Ok(found);
        }
        let first = Assistant { is_default: true, ..new.into_assistant(Timestamp::now().as_millisecond())? };
        let write = self.db.write(tenant, move |tx| {
            if let Some(found) = store::default(tx)? {
                return Ok(found);
            }
            store::insert(tx, &first)?;
            Ok(first)
        });
        write.await
    }
}

/// What the audit is told. The prompt itself stays out of it: it is the person's, and may be long.
fn told(by: &Principal, action: &'static str, assistant: &Assistant) -> Entry {
    let fallbacks: Vec<String> = assistant.routing.fallbacks.iter().map(ToString::to_string).collect();
    Entry::done("assistants", by.source(), action)
        .on(assistant.id.to_string())
        .with("name", assistant.name.as_str())
        .with("backend", assistant.backend.as_str())
        .with("model", assistant.model.as_str())
        .with("fallbacks", fallbacks.join(", "))
        .with("local_only", assistant.routing.local_only)
        .with("system_prompt_bytes", assistant.system_prompt.len())
        .with("version", assistant.version)
}

fn current(found: Assistant, version: i64) -> Result<Assistant, AssistantError> {
    if found.version == version { Ok(found) } else { Err(AssistantError::Stale) }
}
