//! Skills that are learnt, ranked by what came of them, and kept in every version.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::desk::{Skills, blocking, current, now_ms, told};
use super::estimate::{Estimate, Outcome, estimate};
use super::learning::{self, Learnt};
use super::ranking::{Candidate, ranked};
use super::store::{self, Choice, Decided, library, print_of};
use super::version::{OutcomeKind, SkillDeed, SkillOutcome, SkillVersion};
use super::{NewSkill, Skill, SkillError, SkillPlace, folders};
use crate::audit::{self, Entry};
use crate::db::{DbError, TenantRead};
use crate::identity::Principal;
use crate::protocol::ids::{TenantId, TurnId, WorkspaceId};

/// What a failed turn says about a skill that it had: little, turns fail for many reasons.
const FAILURE_WEIGHT: f64 = 0.25;
/// What an iteration of an experiment says: the experiment's own end says more.
const ITERATION_WEIGHT: f64 = 0.25;
/// Names that are tried for a skill that is learnt.
const NAMES_MAX: usize = 100;

// === impl Skills ===

impl Skills {
    /// What outcomes say about the skills of a place, by name. One that has none is not in it: see
    /// [`Skills::unproven`].
    ///
    /// # Errors
    /// What the store answers.
    pub async fn estimates(
        &self,
        tenant: &TenantId,
        place: SkillPlace,
    ) -> Result<HashMap<String, Estimate>, SkillError> {
        let (now_ms, half_life_ms) = (now_ms(), self.half_life_ms);
        let found = self.db.read(tenant, move |read| library::outcomes(read, place)).await?;
        let of = |outcomes: Vec<SkillOutcome>| {
            let outcomes: Vec<Outcome> = outcomes.into_iter().map(|one| one.outcome).collect();
            estimate(&outcomes, half_life_ms, now_ms)
        };
        Ok(found.into_iter().map(|(name, outcomes)| (name, of(outcomes))).collect())
    }

    /// The estimate of a skill of which nothing is known.
    #[must_use]
    pub fn unproven(&self) -> Estimate {
        estimate(&[], self.half_life_ms, 0)
    }

    /// What came of a skill, the newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn outcomes(
        &self,
        tenant: &TenantId,
        place: SkillPlace,
        name: &str,
    ) -> Result<Vec<SkillOutcome>, SkillError> {
        let mut all = self.db.read(tenant, move |read| library::outcomes(read, place)).await?;
        Ok(all.remove(name).unwrap_or_default())
    }

    /// The experiments that skills of the home were learnt from, by name.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn origins(&self, tenant: &TenantId) -> Result<HashMap<String, String>, SkillError> {
        Ok(self.db.read(tenant, library::origins).await?)
    }

    /// The skills that a question in a workspace needs, the best first.
    pub async fn best(
        &self,
        tenant: &TenantId,
        workspace: WorkspaceId,
        question: &str,
        limit: usize,
    ) -> Result<Vec<Skill>, SkillError> {
        let skills = self.active(tenant, workspace).await;
        if skills.is_empty() {
            return Ok(skills);
        }
        let home = self.estimates(tenant, SkillPlace::Home).await?;
        let own = self.estimates(tenant, SkillPlace::Workspace(workspace)).await?;
        let unproven = self.unproven();
        let candidates: Vec<(String, &Skill, f64)> = skills
            .iter()
            .map(|skill| {
                let known = if skill.place == SkillPlace::Home { &home } else { &own };
                let low = known.get(&skill.name).copied().unwrap_or(unproven).low;
                (skill.name.replace('-', " "), skill, low)
            })
            .collect();
        let candidates: Vec<Candidate<'_>> = candidates
            .iter()
            .map(|(name, skill, low)| Candidate {
                name,
                description: skill.document.as_ref().map_or("", |document| document.description.as_str()),
                body: skill.document.as_ref().map_or("", |document| document.body.as_str()),
                low: *low,
            })
            .collect();
        let best = ranked(question, &candidates).into_iter().take(limit);
        Ok(best.filter_map(|(at, _)| skills.get(at).cloned()).collect())
    }

    /// Notes that a turn had these skills.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn note_uses(
        &self,
        tenant: &TenantId,
        turn: TurnId,
        used: Vec<(SkillPlace, String)>,
    ) -> Result<(), SkillError> {
        let write = self.db.write(tenant, move |tx| {
            for (place, name) in used {
                library::note_use(tx, turn, (place, &name))?;
            }
            Ok::<_, SkillError>(())
        });
        write.await
    }

    /// The skills that a turn had.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn used(
        &self,
        tenant: &TenantId,
        turn: TurnId,
    ) -> Result<Vec<(SkillPlace, String)>, SkillError> {
        Ok(self.db.read(tenant, move |read| library::uses(read, turn)).await?)
    }

    /// The same as part of another read.
    ///
    /// # Errors
    /// What the store answers.
    pub fn used_in(read: &TenantRead<'_>, turn: TurnId) -> Result<Vec<(SkillPlace, String)>, DbError> {
        library::uses(read, turn)
    }

    /// Somebody says whether the answer of a turn helped; `None` takes back what they said. The skills that it is about.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn feedback(
        &self,
        by: &Principal,
        turn: TurnId,
        helpful: Option<bool>,
    ) -> Result<Vec<String>, SkillError> {
        let (subject, now_ms) = (format!("{turn} {}", by.source()), now_ms());
        let write = self.db.write(&by.tenant, move |tx| {
            let used = library::uses(tx, turn)?;
            let outcome = helpful.map(|good| Outcome { good, weight: 1.0, at_ms: now_ms });
            for (place, name) in &used {
                library::put_outcome(tx, (*place, name), (OutcomeKind::Feedback, &subject), outcome)?;
            }
            Ok::<_, SkillError>(used.into_iter().map(|(_, name)| name).collect())
        });
        write.await
    }

    /// A turn failed: a weak sign against the skills that it had.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn note_failure(&self, tenant: &TenantId, turn: TurnId) -> Result<(), SkillError> {
        let now_ms = now_ms();
        let write = self.db.write(tenant, move |tx| {
            let outcome = Some(Outcome { good: false, weight: FAILURE_WEIGHT, at_ms: now_ms });
            for (place, name) in library::uses(tx, turn)? {
                let about = (OutcomeKind::Failure, turn.to_string());
                library::put_outcome(tx, (place, &name), (about.0, &about.1), outcome)?;
            }
            Ok::<_, SkillError>(())
        });
        write.await
    }

    /// Learns from the end of an experiment: what became of the skills that it had, and, where it was accepted, a new one.
    /// The same experiment again is the same skill. Its name, if one was learnt.
    ///
    /// # Errors
    /// [`SkillError`]; `None` in it when the data says no such thing.
    pub async fn learn(&self, tenant: &TenantId, data: &Value) -> Result<Option<String>, SkillError> {
        let Some(ended) = learning::ended(data) else { return Ok(None) };
        let Some(accepted) = ended.accepted else { return Ok(None) };
        let (used, id, at_ms) = (ended.used, ended.id, now_ms());
        let write = self.db.write(tenant, move |tx| {
            let outcome = Some(Outcome { good: accepted, weight: 1.0, at_ms });
            for (place, name) in &used {
                library::put_outcome(tx, (*place, name), (OutcomeKind::Experiment, &id), outcome)?;
            }
            Ok::<_, SkillError>(())
        });
        write.await?;
        match ended.learnt {
            Some(learnt) => self.keep(tenant, learnt).await.map(Some),
            None => Ok(None),
        }
    }

    /// An iteration of an experiment was judged: a weak sign for or against the skills that were in its prompt.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn note_iteration(&self, tenant: &TenantId, data: &Value) -> Result<(), SkillError> {
        let Some(judged) = learning::judged(data) else { return Ok(()) };
        let at_ms = now_ms();
        let write = self.db.write(tenant, move |tx| {
            let outcome = Some(Outcome { good: judged.accepted, weight: ITERATION_WEIGHT, at_ms });
            for (place, name) in &judged.used {
                let about = (OutcomeKind::Experiment, judged.subject.as_str());
                library::put_outcome(tx, (*place, name), about, outcome)?;
            }
            Ok::<_, SkillError>(())
        });
        write.await
    }

    /// Keeps a skill that was learnt: off where something untrusted had a hand in it, until a person turns it on.
    async fn keep(&self, tenant: &TenantId, learnt: Learnt) -> Result<String, SkillError> {
        let known = self.origins(tenant).await?;
        let known = known.into_iter().find(|(_, origin)| *origin == learnt.origin).map(|(name, _)| name);
        if let Some(name) = known {
            return Ok(name);
        }
        let name = self.free_name(tenant, &learnt.name).await?;
        let new = NewSkill { text: learning::document(&learnt, &name), files: Vec::new() };
        folders::check(&new)?;
        let by = format!("experiment {}", learnt.origin);
        let at_ms = now_ms();
        let version = SkillVersion {
            number: 0,
            deed: SkillDeed::Learnt,
            origin: learnt.origin.clone(),
            text: new.text.clone(),
            by: by.clone(),
            at_ms,
        };
        let told = Entry::done("skills", by.as_str(), "skill.learnt")
            .on(name.as_str())
            .with("on", learnt.is_trusted);
        let (kept, origin, is_trusted) = (name.clone(), learnt.origin, learnt.is_trusted);
        let write = self.db.write(tenant, move |tx| {
            let choice = Choice { enabled: is_trusted, fingerprint: print_of(&version.text) };
            store::decide(tx, SkillPlace::Home, &kept, &choice, &Decided { by, at_ms })?;
            library::append_version(tx, &kept, &version)?;
            let outcome = Some(Outcome { good: true, weight: 1.0, at_ms });
            library::put_outcome(tx, (SkillPlace::Home, &kept), (OutcomeKind::Experiment, &origin), outcome)?;
            audit::append(tx, told)
        });
        write.await?;
        self.make(tenant, &name, new).await?;
        Ok(name)
    }

    async fn free_name(&self, tenant: &TenantId, wanted: &str) -> Result<String, SkillError> {
        for n in 1..=NAMES_MAX {
            let name = if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
            if let Err(SkillError::NotFound) = self.get(tenant, SkillPlace::Home, &name).await {
                return Ok(name);
            }
        }
        Err(SkillError::NameTaken)
    }

    /// Every text of a skill of the home, the newest first; also of one that was removed.
    ///
    /// # Errors
    /// [`SkillError::NotFound`] when there never was one.
    pub async fn versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<SkillVersion>, SkillError> {
        let wanted = name.to_owned();
        let mut versions = self.db.read(tenant, move |read| library::versions(read, &wanted)).await?;
        if let Ok(skill) = self.get(tenant, SkillPlace::Home, name).await
            && versions
                .first()
                .is_none_or(|newest| newest.deed == SkillDeed::Removed || newest.text != skill.text)
        {
            let number = versions.first().map_or(1, |newest| newest.number + 1);
            versions.insert(0, SkillVersion { number, ..found(&skill) });
        }
        if versions.is_empty() { Err(SkillError::NotFound) } else { Ok(versions) }
    }

    /// Puts a version back, as a new one. A skill that is still there must have the version of `known`; one that was
    /// removed is there again, without the files beside it.
    ///
    /// # Errors
    /// [`SkillError`]; then nothing changed.
    pub async fn restore(
        &self,
        by: &Principal,
        name: &str,
        number: i64,
        known: Option<i64>,
    ) -> Result<Skill, SkillError> {
        let versions = self.versions(&by.tenant, name).await?;
        let old =
            versions.into_iter().find(|version| version.number == number).ok_or(SkillError::NotFound)?;
        match self.get(&by.tenant, SkillPlace::Home, name).await {
            Ok(skill) => {
                let known = known.ok_or(SkillError::Stale)?;
                current(&skill, known)?;
                self.write_as(by, (name, known), old.text, SkillDeed::Restored).await
            }
            Err(SkillError::NotFound) => {
                let new = NewSkill { text: old.text, files: Vec::new() };
                folders::check(&new)?;
                self.note_version(by, name, None, (SkillDeed::Restored, new.text.clone())).await?;
                self.make(&by.tenant, name, new).await?;
                self.get(&by.tenant, SkillPlace::Home, name).await
            }
            Err(error) => Err(error),
        }
    }

    /// Notes a text that somebody gives a skill, with its audit entry; before it, what the history does not have yet.
    pub(super) async fn note_version(
        &self,
        by: &Principal,
        name: &str,
        was: Option<&Skill>,
        (deed, text): (SkillDeed, String),
    ) -> Result<(), SkillError> {
        let action = match deed {
            SkillDeed::Removed => "skill.removed",
            SkillDeed::Restored => "skill.restored",
            _ if was.is_none() => "skill.created",
            _ => "skill.changed",
        };
        let (before, told, name) = (was.map(found), told(by, action, name, &text), name.to_owned());
        let version =
            SkillVersion { number: 0, deed, origin: String::new(), text, by: by.source(), at_ms: now_ms() };
        let write = self.db.write(&by.tenant, move |tx| {
            let newest = library::versions(tx, &name)?.into_iter().next();
            if let Some(before) = before
                && newest.is_none_or(|newest| newest.deed == SkillDeed::Removed || newest.text != before.text)
            {
                library::append_version(tx, &name, &before)?;
            }
            library::append_version(tx, &name, &version)?;
            if deed == SkillDeed::Removed {
                library::forget_outcomes(tx, SkillPlace::Home, &name)?;
                store::forget(tx, SkillPlace::Home, &name)?;
            }
            Ok::<_, SkillError>(audit::append(tx, told)?)
        });
        write.await
    }

    /// Makes the folder of a skill of the home.
    pub(super) async fn make(&self, tenant: &TenantId, name: &str, new: NewSkill) -> Result<(), SkillError> {
        let (root, name, writing) =
            (self.home.skills(tenant), name.to_owned(), std::sync::Arc::clone(&self.writing));
        let make = move || {
            let _one_at_a_time = writing.lock();
            folders::make(&root, &name, &new)
        };
        blocking(make).await
    }
}

/// What was there, and nobody noted.
fn found(skill: &Skill) -> SkillVersion {
    let modified = Timestamp::from_millisecond(skill.modified_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    SkillVersion {
        number: 0,
        deed: SkillDeed::Found,
        origin: String::new(),
        text: skill.text.clone(),
        by: "a file".to_owned(),
        at_ms: modified.as_millisecond(),
    }
}
