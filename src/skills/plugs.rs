//! The plug of skills: what a question needs is put before it, what came of it is noted, and experiments are learnt from.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Skill, SkillError, SkillPlace, Skills};
use crate::extensions::{Context, Hook, Injection, Plug, PlugError, Source};
use crate::protocol::ids::{TurnId, WorkspaceId};
use crate::protocol::turn::Provenance;

/// Its name.
const SKILLS: &str = "skills";

/// At `query_pre`: puts the skills before a question that it needs, each once in a thread. At `query_post`: notes a turn that
/// failed against the skills that it had. At `iteration_completed`: notes how an iteration was judged. At
/// `experiment_completed`: learns.
pub struct SkillsPlug {
    skills: Skills,
    /// Skills of one question.
    injected_max: usize,
    /// Characters of all of them.
    chars_max: usize,
}

// === impl SkillsPlug ===

impl SkillsPlug {
    /// The plug with so many skills, and characters of all of them, at the most.
    #[must_use]
    pub const fn new(skills: Skills, injected_max: usize, chars_max: usize) -> Self {
        Self { skills, injected_max, chars_max }
    }

    async fn offer(&self, mut context: Context) -> Result<Context, PlugError> {
        let Ok(workspace) = context.text("workspace_id").parse::<WorkspaceId>() else { return Ok(context) };
        let found =
            self.skills.best(&context.tenant, workspace, context.text("prompt"), self.injected_max).await;
        let (mut left, mut used) = (self.chars_max, Vec::new());
        for skill in found.map_err(unavailable)? {
            let key = key(&skill);
            if context.known_keys().any(|known| known == key) {
                continue;
            }
            let Some(text) = told(&skill, left) else { continue };
            left -= text.chars().count();
            used.push((skill.place, skill.name.clone()));
            context.injections.push(Injection {
                plug: SKILLS.to_owned(),
                key,
                title: format!("Skill {}", skill.name),
                text,
                // A person put it there, or turned on exactly this text.
                provenance: Provenance::Owner,
                sources: vec![Source { kind: "skill".to_owned(), id: skill.name }],
            });
        }
        if let (false, Ok(turn)) = (used.is_empty(), context.text("turn_id").parse::<TurnId>()) {
            self.skills.note_uses(&context.tenant, turn, used).await.map_err(unavailable)?;
        }
        Ok(context)
    }

    async fn note(&self, context: Context) -> Result<Context, PlugError> {
        if let ("failed", Ok(turn)) = (context.text("state"), context.text("turn_id").parse::<TurnId>()) {
            self.skills.note_failure(&context.tenant, turn).await.map_err(unavailable)?;
        }
        Ok(context)
    }

    async fn weigh(&self, context: Context) -> Result<Context, PlugError> {
        self.skills.note_iteration(&context.tenant, &context.data).await.map_err(unavailable)?;
        Ok(context)
    }

    async fn learn(&self, context: Context) -> Result<Context, PlugError> {
        if let Some(name) = self.skills.learn(&context.tenant, &context.data).await.map_err(unavailable)? {
            tracing::info!(skill = name, "a skill was learnt from an experiment");
        }
        Ok(context)
    }
}

impl Plug for SkillsPlug {
    fn name(&self) -> &str {
        SKILLS
    }

    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>> {
        match context.hook {
            Hook::QueryPre => self.offer(context).boxed(),
            Hook::QueryPost => self.note(context).boxed(),
            Hook::IterationCompleted => self.weigh(context).boxed(),
            Hook::ExperimentCompleted => self.learn(context).boxed(),
            _ => async { Ok(context) }.boxed(),
        }
    }
}

/// Stands for exactly this text of a skill.
fn key(skill: &Skill) -> String {
    let place = match skill.place {
        SkillPlace::Home => "home".to_owned(),
        SkillPlace::Workspace(id) => id.to_string(),
    };
    format!("skill:{place}:{}:{}", skill.name, skill.version)
}

/// A skill as a prompt has it, within what is left: whole, or what it is for and how to read the rest; `None` when not
/// even that fits.
fn told(skill: &Skill, left: usize) -> Option<String> {
    let document = skill.document.as_ref().ok()?; // silent-ok: one that is not valid is in no prompt
    let whole = format!("{}\n\n{}", document.description, document.body);
    let brief = format!("{}\n\nRead it with the tool `skill` before you begin.", document.description);
    [whole, brief].into_iter().find(|text| text.chars().count() <= left)
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unavailable(error: SkillError) -> PlugError {
    PlugError::Unavailable(error.to_string())
}
