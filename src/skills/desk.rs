//! The handle of skills.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::store::{Choice, Decided, print_of};
use super::version::SkillDeed;
use super::{NewSkill, Skill, SkillError, SkillFile, SkillPlace, SkillState, folders, prompt, store};
use crate::audit::{self, Entry};
use crate::config::{FileText, Home, SkillsConfig};
use crate::db::{Db, DbError};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::workspaces::{WorkspaceError, Workspaces};

const DAY_MS: i64 = 86_400_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Skills {
    pub(super) db: Db,
    pub(super) home: Arc<Home>,
    workspaces: Workspaces,
    /// Between the look at a version and the write.
    pub(super) writing: Arc<Mutex<()>>,
    /// After so long an outcome says half as much.
    pub(super) half_life_ms: i64,
}

// === impl Skills ===

impl Skills {
    /// The skills of this home.
    #[must_use]
    pub fn new(db: Db, home: &Home) -> Self {
        let workspaces = Workspaces::new(db.clone(), home);
        let half_life_ms = i64::from(SkillsConfig::default().half_life_days) * DAY_MS;
        Self { db, home: Arc::new(home.clone()), workspaces, writing: Arc::default(), half_life_ms }
    }

    /// With these settings.
    #[must_use]
    pub fn with_settings(self, config: &SkillsConfig) -> Self {
        Self { half_life_ms: i64::from(config.half_life_days) * DAY_MS, ..self }
    }

    /// The folder of a place's skills. It may not exist.
    ///
    /// # Errors
    /// [`SkillError::NotFound`]: there is no such workspace, or its folder has gone.
    pub async fn folder(&self, tenant: &TenantId, place: SkillPlace) -> Result<PathBuf, SkillError> {
        match place {
            SkillPlace::Home => Ok(self.home.skills(tenant)),
            SkillPlace::Workspace(id) => match self.workspaces.folder(tenant, id).await {
                Ok(folder) => Ok(folder.join("skills")),
                Err(WorkspaceError::Store(error)) => Err(error.into()),
                Err(_) => Err(SkillError::NotFound),
            },
        }
    }

    /// Every skill of a place, in the order of their names, broken ones too.
    ///
    /// # Errors
    /// [`SkillError`].
    pub async fn list(&self, tenant: &TenantId, place: SkillPlace) -> Result<Vec<Skill>, SkillError> {
        let root = self.folder(tenant, place).await?;
        let mut skills = blocking(move || folders::list(&root, place)).await?;
        if skills.is_empty() {
            return Ok(skills);
        }
        let choices = self.db.read(tenant, move |read| store::choices(read, place)).await?;
        for skill in &mut skills {
            skill.state = state(skill, choices.get(&skill.name));
        }
        Ok(skills)
    }

    /// One skill.
    ///
    /// # Errors
    /// [`SkillError::NotFound`], or why it cannot be looked for.
    pub async fn get(&self, tenant: &TenantId, place: SkillPlace, name: &str) -> Result<Skill, SkillError> {
        let (root, wanted) = (self.folder(tenant, place).await?, name.to_owned());
        let found = blocking(move || folders::one(&root, &wanted, place)).await?;
        let mut skill = found.ok_or(SkillError::NotFound)?;
        let mut choices = self.db.read(tenant, move |read| store::choices(read, place)).await?;
        skill.state = state(&skill, choices.remove(name).as_ref());
        Ok(skill)
    }

    /// The files beside a skill's `SKILL.md`.
    ///
    /// # Errors
    /// [`SkillError::Io`].
    pub async fn files(&self, tenant: &TenantId, skill: &Skill) -> Result<Vec<SkillFile>, SkillError> {
        let (root, name) = (self.folder(tenant, skill.place).await?, skill.name.clone());
        blocking(move || folders::files(&root, &name)).await
    }

    /// One of these files; `None` when there is none.
    ///
    /// # Errors
    /// [`SkillError::Io`], also for what is no plain file.
    pub async fn file(
        &self,
        tenant: &TenantId,
        skill: &Skill,
        path: &str,
    ) -> Result<Option<FileText>, SkillError> {
        let (root, name, path) =
            (self.folder(tenant, skill.place).await?, skill.name.clone(), path.to_owned());
        blocking(move || folders::file(&root, &name, &path)).await
    }

    /// Makes a skill of the home. It is on.
    ///
    /// # Errors
    /// [`SkillError`]; then nothing is made.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewSkill,
        key: Option<RequestKey>,
    ) -> Result<Made<Skill>, SkillError> {
        let name = folders::check(&new)?.name;
        let taken = self.get(&by.tenant, SkillPlace::Home, &name).await.is_ok();
        let text = new.text.clone();
        let (now_ms, chosen) = (now_ms(), name.clone());
        let made: Made<()> = self
            .db
            .write(&by.tenant, move |tx| {
                once(tx, key.as_ref(), now_ms, |tx| {
                    if taken {
                        return Err(SkillError::NameTaken);
                    }
                    store::forget(tx, SkillPlace::Home, &chosen)?;
                    Ok(())
                })
            })
            .await?;
        if !(made.repeated && taken) {
            self.note_version(by, &name, None, (SkillDeed::Written, text)).await?;
            self.make(&by.tenant, &name, new).await?;
        }
        let thing = self.get(&by.tenant, SkillPlace::Home, &name).await?;
        Ok(Made { thing, repeated: made.repeated })
    }

    /// Puts a text in the place of the `SKILL.md` of a skill of the home that still has this version.
    ///
    /// # Errors
    /// [`SkillError`]; then it is as it was.
    pub async fn write(
        &self,
        by: &Principal,
        name: &str,
        version: i64,
        text: String,
    ) -> Result<Skill, SkillError> {
        self.write_as(by, (name, version), text, SkillDeed::Written).await
    }

    pub(super) async fn write_as(
        &self,
        by: &Principal,
        (name, version): (&str, i64),
        text: String,
        deed: SkillDeed,
    ) -> Result<Skill, SkillError> {
        let new = NewSkill { text, files: Vec::new() };
        let document = folders::check(&new)?;
        if document.name != name {
            return Err(super::SkillProblem::OtherName(document.name).into());
        }
        let was = self.get(&by.tenant, SkillPlace::Home, name).await?;
        current(&was, version)?;
        self.note_version(by, name, Some(&was), (deed, new.text.clone())).await?;
        let (root, own, writing) = (self.home.skills(&by.tenant), name.to_owned(), Arc::clone(&self.writing));
        let write = move || {
            let _one_at_a_time = writing.lock();
            let now = folders::one(&root, &own, SkillPlace::Home)?.ok_or(SkillError::NotFound)?;
            current(&now, version)?;
            folders::write(&root, &own, &new.text)
        };
        blocking(write).await?;
        self.get(&by.tenant, SkillPlace::Home, name).await
    }

    /// Turns a skill on or off. On means: exactly the text of this version, where tools could change it.
    ///
    /// # Errors
    /// [`SkillError`]; then nothing is decided.
    pub async fn enable(
        &self,
        by: &Principal,
        (place, name): (SkillPlace, &str),
        version: i64,
        enabled: bool,
    ) -> Result<Skill, SkillError> {
        let skill = self.get(&by.tenant, place, name).await?;
        current(&skill, version)?;
        if let (true, Err(problem)) = (enabled, &skill.document) {
            return Err(problem.clone().into());
        }
        let choice = Choice { enabled, fingerprint: print_of(&skill.text) };
        let decided = Decided { by: by.source(), at_ms: now_ms() };
        let action = if enabled { "skill.enabled" } else { "skill.disabled" };
        let (told, chosen) = (told(by, action, name, &skill.text), name.to_owned());
        let write = self.db.write(&by.tenant, move |tx| {
            store::decide(tx, place, &chosen, &choice, &decided)?;
            audit::append(tx, told)
        });
        write.await?;
        self.get(&by.tenant, place, name).await
    }

    /// Removes a skill of the home that still has this version, with its files.
    ///
    /// # Errors
    /// [`SkillError`].
    pub async fn remove(&self, by: &Principal, name: &str, version: i64) -> Result<(), SkillError> {
        let skill = self.get(&by.tenant, SkillPlace::Home, name).await?;
        current(&skill, version)?;
        self.note_version(by, name, Some(&skill), (SkillDeed::Removed, skill.text.clone())).await?;
        let (root, own) = (self.home.skills(&by.tenant), name.to_owned());
        blocking(move || folders::remove(&root, &own)).await
    }

    /// The skills that count in a workspace: the home's, and its own that are called otherwise. What cannot be read
    /// is left out, and the log says why.
    pub async fn active(&self, tenant: &TenantId, workspace: WorkspaceId) -> Vec<Skill> {
        let mut active: Vec<Skill> = Vec::new();
        for place in [SkillPlace::Home, SkillPlace::Workspace(workspace)] {
            match self.list(tenant, place).await {
                Ok(skills) => {
                    for skill in skills.into_iter().filter(|skill| skill.state == SkillState::On) {
                        if active.iter().all(|known| known.name != skill.name) {
                            active.push(skill);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "skills are left out"),
            }
        }
        active.sort_by(|a, b| a.name.cmp(&b.name));
        active
    }

    /// The part of the system prompt that skills make; empty without any.
    pub async fn prompt(&self, tenant: &TenantId, workspace: WorkspaceId) -> String {
        prompt::listed(&self.active(tenant, workspace).await)
    }
}

/// Whether a skill counts after what was decided about it.
fn state(skill: &Skill, choice: Option<&Choice>) -> SkillState {
    let seen = choice.is_some_and(|choice| choice.fingerprint == print_of(&skill.text));
    match (skill.place, choice) {
        _ if skill.document.is_err() => SkillState::Broken,
        (SkillPlace::Home, Some(Choice { enabled: false, .. })) => SkillState::Off,
        (SkillPlace::Home, _) => SkillState::On,
        (SkillPlace::Workspace(_), Some(choice)) if seen && choice.enabled => SkillState::On,
        (SkillPlace::Workspace(_), Some(choice)) if !choice.enabled => SkillState::Off,
        (SkillPlace::Workspace(_), _) => SkillState::Unseen,
    }
}

/// What the audit is told. The text itself stays out of it.
pub(super) fn told(by: &Principal, action: &'static str, name: &str, text: &str) -> Entry {
    Entry::done("skills", by.source(), action).on(name).with("bytes", text.len())
}

pub(super) fn current(skill: &Skill, version: i64) -> Result<(), SkillError> {
    if skill.version == version { Ok(()) } else { Err(SkillError::Stale) }
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SkillError> + Send + 'static,
) -> Result<T, SkillError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SkillError::Store(DbError::Closed)))
}
