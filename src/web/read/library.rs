//! The library as rows.

use super::{assistant_problem, name_of, problem, rfc3339};
use crate::assistants::files::{AgentFile, FILE_BYTES_MAX, FILE_PROMPT_BYTES_MAX, FileName};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::memory::{Category, Fact, Visible};
use crate::protocol::ids::AssistantId;
use crate::skills::{Skill, SkillPlace, TEXT_BYTES_MAX};
use crate::web::view::Frame;
use crate::web::view::library::{
    FactDraft, FactRow, FileRow, FilesView, LibraryTextPage, MemoryView, SkillDetail, SkillRow, SkillsView,
};

/// Assistants and workspaces that are shown.
const OWNERS_MAX: usize = 200;
/// Facts that are shown; a search finds the others.
const FACTS_MAX: usize = 200;

/// The files of every assistant.
pub(in crate::web) async fn files(state: &AppState, by: &Principal) -> Result<Vec<FilesView>, Problem> {
    let all = state.assistants.list(&by.tenant, None, OWNERS_MAX).await.map_err(assistant_problem)?;
    let mut views = Vec::with_capacity(all.len());
    for assistant in all {
        let files = state.knowledge.files.list(&by.tenant, assistant.id).await?;
        let files = files.into_iter().map(|file| file_row(&file)).collect();
        views.push(FilesView { id: assistant.id.to_string(), name: assistant.name, files });
    }
    Ok(views)
}

fn file_row(file: &AgentFile) -> FileRow {
    FileRow {
        name: file.name.as_str(),
        purpose: file.name.purpose(),
        length: file.modified_ms.map(|_| length(file.bytes)),
        cut: file.is_cut(),
        changed: file.modified_ms.map(rfc3339),
    }
}

/// The page of one of an assistant's files.
pub(in crate::web) async fn file(
    state: &AppState,
    by: &Principal,
    frame: impl Fn(String) -> Frame,
    (id, name): (AssistantId, FileName),
) -> Result<LibraryTextPage, Problem> {
    let assistant = state.assistants.get(&by.tenant, id).await?;
    let file = state.knowledge.files.read(&by.tenant, id, name).await?;
    let kilobytes = FILE_PROMPT_BYTES_MAX / 1_024;
    let hint = match file.is_cut() {
        true => format!("It is longer than a prompt takes: only its first {kilobytes} KB count."),
        false => format!("Prompts have its first {kilobytes} KB. Empty, it costs nothing."),
    };
    Ok(LibraryTextPage {
        frame: frame(format!("{} of {}", name.as_str(), assistant.name)),
        back: ("/library", "Files"),
        purpose: format!("{}. It counts from the next message on.", name.purpose()),
        action: format!("/library/files/{id}/{}", name.as_str()),
        text: file.text,
        chars_max: FILE_BYTES_MAX,
        version: file.version,
        editable: true,
        hint,
        skill: None,
        notice: None,
        error: None,
    })
}

/// What is remembered: the newest, or what fits a question.
pub(in crate::web) async fn memory(
    state: &AppState,
    by: &Principal,
    question: String,
    draft: FactDraft,
) -> Result<MemoryView, Problem> {
    let memory = &state.knowledge.memory;
    let all = Visible::default();
    let mut found = match question.trim().is_empty() {
        true => memory.list(&by.tenant, all, None, (None, FACTS_MAX + 1)).await?,
        false => memory.search(&by.tenant, &question, all, None, FACTS_MAX + 1).await?,
    };
    let more = found.len() > FACTS_MAX;
    found.truncate(FACTS_MAX);
    if question.trim().is_empty() {
        let at = |category| Category::ALL.into_iter().position(|known| known == category);
        found.sort_by(|a, b| {
            (a.is_trusted(), at(a.category), b.updated_ms).cmp(&(
                b.is_trusted(),
                at(b.category),
                a.updated_ms,
            ))
        });
    }
    let assistants = state.assistants.list(&by.tenant, None, OWNERS_MAX).await.map_err(assistant_problem)?;
    let assistants: Vec<(String, String)> =
        assistants.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let facts = found.into_iter().map(|fact| fact_row(state, &assistants, fact)).collect();
    Ok(MemoryView { question, facts, more, backend: memory.backend(), assistants, draft })
}

fn fact_row(state: &AppState, assistants: &[(String, String)], fact: Fact) -> FactRow {
    let owner = fact.scope.assistant.map(|id| id.to_string());
    let name = owner.as_ref().and_then(|id| assistants.iter().find(|(known, _)| known == id));
    let whose = match (&owner, name) {
        (None, _) => "every assistant",
        (Some(_), Some((_, name))) => name,
        (Some(_), None) => "an assistant that is gone",
    };
    let of = match fact.category {
        Category::Core => format!("{whose}, in every prompt"),
        Category::Custom => whose.to_owned(),
        Category::Daily => format!("{whose}, in one workspace"),
        Category::Conversation => format!("{whose}, in one chat"),
    };
    FactRow {
        id: fact.id.to_string(),
        category: fact.category.as_str(),
        tags: fact.tags.join(" "),
        by: match fact.source.starts_with("turn ") {
            true => "the assistant".to_owned(),
            false => name_of(state, &fact.source),
        },
        trusted: fact.is_trusted(),
        changed: rfc3339(fact.updated_ms),
        version: fact.version,
        key: fact.key,
        text: fact.text,
        of,
    }
}

/// Every skill that there is.
pub(in crate::web) async fn skills(
    state: &AppState,
    by: &Principal,
    draft: String,
) -> Result<SkillsView, Problem> {
    let skills = &state.knowledge.skills;
    let home = skills.list(&by.tenant, SkillPlace::Home).await?.into_iter().map(skill_row).collect();
    let mut workspaces = Vec::new();
    for workspace in state.workspaces.list(by, None, OWNERS_MAX).await.map_err(problem)? {
        let own = skills.list(&by.tenant, SkillPlace::Workspace(workspace.id)).await?;
        if !own.is_empty() {
            workspaces.push((workspace.name, own.into_iter().map(skill_row).collect()));
        }
    }
    Ok(SkillsView { home, workspaces, draft })
}

fn skill_row(skill: Skill) -> SkillRow {
    SkillRow {
        href: address(&skill),
        description: skill.description(),
        state: skill.state.as_str(),
        changed: rfc3339(skill.modified_ms),
        name: skill.name,
    }
}

/// The page of one skill.
pub(in crate::web) async fn skill(
    state: &AppState,
    by: &Principal,
    frame: impl Fn(String) -> Frame,
    (place, name): (SkillPlace, &str),
) -> Result<LibraryTextPage, Problem> {
    let skill = state.knowledge.skills.get(&by.tenant, place, name).await?;
    let files = state.knowledge.skills.files(&by.tenant, &skill).await?;
    let hint = match place {
        SkillPlace::Home => {
            "Prompts have its name and description; assistants read the rest when they need it."
        }
        SkillPlace::Workspace(_) => {
            "It is a file of the workspace, where tools can write: it counts as you see it here, and no longer when it changes."
        }
    };
    Ok(LibraryTextPage {
        frame: frame(skill.name.clone()),
        back: ("/library?tab=skills", "Skills"),
        purpose: skill.document.as_ref().map(|document| document.description.clone()).unwrap_or_default(),
        action: format!("/library/skills/{}", skill.name),
        chars_max: TEXT_BYTES_MAX,
        version: skill.version,
        editable: place == SkillPlace::Home,
        hint: hint.to_owned(),
        skill: Some(SkillDetail {
            state: skill.state.as_str(),
            problem: skill.document.err().map(|problem| problem.to_string()),
            files: files.into_iter().map(|file| (file.path, length(file.bytes))).collect(),
            workspace: place.workspace().map(|id| id.to_string()).unwrap_or_default(),
        }),
        text: skill.text,
        notice: None,
        error: None,
    })
}

fn address(skill: &Skill) -> String {
    match skill.place {
        SkillPlace::Home => format!("/library/skills/{}", skill.name),
        SkillPlace::Workspace(id) => format!("/library/skills/{}?workspace={id}", skill.name),
    }
}

/// A length for people.
fn length(bytes: u64) -> String {
    if bytes < 1_024 { format!("{bytes} bytes") } else { format!("{} KB", bytes.div_ceil(1_024)) }
}
