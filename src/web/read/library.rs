//! The library as rows.

use super::{assistant_problem, name_of, problem, rfc3339};
use crate::assistants::files::{AgentFile, FILE_BYTES_MAX, FILE_PROMPT_BYTES_MAX, FileName};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::AssistantId;
use crate::skills::{Estimate, OutcomeKind, Skill, SkillPlace, TEXT_BYTES_MAX};
use crate::web::view::Frame;
use crate::web::view::library::{
    FileRow, FilesView, LibraryTextPage, OutcomeRow, SkillDetail, SkillRow, SkillVersionRow, SkillsView,
};

/// Outcomes of a skill that are shown.
const OUTCOMES_MAX: usize = 50;
/// Assistants and workspaces that are shown.
pub(super) const OWNERS_MAX: usize = 200;

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

/// Every skill that there is.
pub(in crate::web) async fn skills(
    state: &AppState,
    by: &Principal,
    draft: String,
) -> Result<SkillsView, Problem> {
    let home = skill_rows(state, by, SkillPlace::Home).await?;
    let mut workspaces = Vec::new();
    for workspace in state.workspaces.list(by, None, OWNERS_MAX).await.map_err(problem)? {
        let own = skill_rows(state, by, SkillPlace::Workspace(workspace.id)).await?;
        if !own.is_empty() {
            workspaces.push((workspace.name, own));
        }
    }
    Ok(SkillsView { home, workspaces, draft })
}

async fn skill_rows(state: &AppState, by: &Principal, place: SkillPlace) -> Result<Vec<SkillRow>, Problem> {
    let skills = &state.knowledge.skills;
    let known = skills.estimates(&by.tenant, place).await?;
    let all = skills.list(&by.tenant, place).await?.into_iter();
    Ok(all.map(|skill| skill_row(known.get(&skill.name), skill)).collect())
}

/// How useful a skill has been, for people.
fn score(estimate: Option<&Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, low, high, evidence }) => {
            let percent = |part: f64| format!("{:.0}", part * 100.0);
            let (mean, low, high) = (percent(*mean), percent(*low), percent(*high));
            format!("{mean} % ({low} to {high}, of {evidence})")
        }
        None => "unproven".to_owned(),
    }
}

fn skill_row(estimate: Option<&Estimate>, skill: Skill) -> SkillRow {
    SkillRow {
        score: score(estimate),
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
    let detail = detail(state, by, &skill).await?;
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
            ..detail
        }),
        text: skill.text,
        notice: None,
        error: None,
    })
}

/// What came of a skill, and what it said before.
async fn detail(state: &AppState, by: &Principal, skill: &Skill) -> Result<SkillDetail, Problem> {
    let skills = &state.knowledge.skills;
    let known = skills.estimates(&by.tenant, skill.place).await?;
    let outcomes = skills.outcomes(&by.tenant, skill.place, &skill.name).await?;
    let (mut versions, mut origin) = (Vec::new(), String::new());
    if skill.place == SkillPlace::Home {
        versions = skills.versions(&by.tenant, &skill.name).await?;
        origin = skills.origins(&by.tenant).await?.remove(&skill.name).unwrap_or_default();
    }
    let outcomes = outcomes.into_iter().take(OUTCOMES_MAX).map(|one| OutcomeRow {
        from: match one.kind {
            OutcomeKind::Feedback => "What somebody said of an answer",
            OutcomeKind::Experiment => "An experiment",
            OutcomeKind::Failure => "A turn that failed",
        },
        state: if one.outcome.good { "good" } else { "bad" },
        at: rfc3339(one.outcome.at_ms),
    });
    let versions = versions.into_iter().enumerate().map(|(at, version)| SkillVersionRow {
        number: version.number,
        deed: version.deed.as_str(),
        by: name_of(state, &version.by),
        at: rfc3339(version.at_ms),
        can_return: at > 0,
    });
    Ok(SkillDetail {
        score: score(known.get(&skill.name)),
        origin,
        outcomes: outcomes.collect(),
        versions: versions.collect(),
        state: skill.state.as_str(),
        problem: None,
        files: Vec::new(),
        workspace: String::new(),
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
