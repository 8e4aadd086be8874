//! What an assistant is told besides its own system prompt, and the handles on it.

use std::sync::Arc;

use crate::assistants::AgentFileTool;
use crate::assistants::files::AgentFiles;
use crate::config::{Config, Home};
use crate::db::Db;
use crate::memory::{self, Memory, Visible};
use crate::protocol::ids::{AssistantId, TenantId, ThreadId, WorkspaceId};
use crate::skills::{SkillTool, Skills};
use crate::tools::Tool;
use crate::user_model::UserModel;
use crate::vault::{ErasableKeys, Vault};

/// What assistants know. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    /// Who they are, in files.
    pub files: AgentFiles,
    /// What they remember.
    pub memory: Memory,
    /// What they can look up how to do.
    pub skills: Skills,
    /// What is known about the people that they talk to.
    pub people: UserModel,
}

/// A part of what an assistant is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What it is, for people.
    pub what: &'static str,
    /// Its text.
    pub text: String,
}

/// For whom a prompt is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// Whose data it may have.
    pub tenant: TenantId,
    /// Who answers.
    pub assistant: AssistantId,
    /// Where.
    pub workspace: WorkspaceId,
    /// In which conversation.
    pub thread: ThreadId,
}

// === impl Knowledge ===

impl Knowledge {
    /// What is known in this home.
    #[must_use]
    pub fn open(db: &Db, vault: &Vault, config: &Config, home: &Home) -> Self {
        let keys = ErasableKeys::new(home.people_keys());
        Self {
            files: AgentFiles::new(home.assistants(), db.clone()),
            memory: Memory::open(db.clone(), &config.memory, home.memory()),
            skills: Skills::new(db.clone(), home).with_settings(&config.skills),
            people: UserModel::open(db.clone(), vault.clone(), keys, config.user_model.clone()),
        }
    }

    /// The tools with which assistants read and change it.
    #[must_use]
    pub fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let mut tools: Vec<Arc<dyn Tool>> = vec![Arc::new(AgentFileTool::new(self.files.clone()))];
        tools.extend(memory::tools(&self.memory));
        tools.push(Arc::new(SkillTool::new(self.skills.clone())));
        tools
    }

    /// The system prompt of an assistant with what it knows below it, part by part. What there is nothing of costs no
    /// byte.
    pub async fn told(&self, own: String, reader: &Reader) -> Vec<Told> {
        let visible = Visible {
            assistant: Some(reader.assistant),
            workspace: Some(reader.workspace),
            thread: Some(reader.thread),
        };
        let (files, facts, skills) = tokio::join!(
            self.files.prompt(reader.assistant),
            self.memory.prompt(&reader.tenant, visible),
            self.skills.prompt(&reader.tenant, reader.workspace),
        );
        let parts = [
            ("System prompt", own),
            ("Files of the assistant", files),
            ("Memory", facts),
            ("Skills", skills),
        ];
        let parts = parts.into_iter().filter(|(_, text)| !text.trim().is_empty());
        parts.map(|(what, text)| Told { what, text }).collect()
    }

    /// Removes what is known to an assistant that is gone. What cannot be removed stays, and the log says why.
    pub async fn forget(&self, tenant: &TenantId, assistant: AssistantId) {
        if let Err(error) = self.files.remove(assistant).await {
            tracing::warn!(%error, %assistant, "the files of a deleted assistant stay");
        }
        if let Err(error) = self.memory.sweep(tenant).await {
            tracing::warn!(%error, %assistant, "what a deleted assistant remembered stays until the next look");
        }
    }
}
