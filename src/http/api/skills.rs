//! `/api/v1/skills`: how something is done, in folders with a `SKILL.md`. What came of them is beside.

mod library;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::library::ScoreView;
use crate::http::auth::{self, Admin, May, ReadChats};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::skills::{NewSkill, Skill, SkillError, SkillFile, SkillPlace};

/// A skill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Skill)]
pub(super) struct SkillView {
    /// Its name, and that of its folder.
    name: String,
    /// `home` or `workspace`.
    place: &'static str,
    workspace_id: Option<String>,
    /// What it does and when to use it; empty when it is no valid skill.
    description: String,
    license: Option<String>,
    compatibility: Option<String>,
    /// `on`, `off`, `unseen` (in a workspace, and nobody turned on this text) or `broken`.
    state: &'static str,
    /// Why it is no valid skill.
    problem: Option<String>,
    /// Stands for its `SKILL.md`.
    version: i64,
    updated_at: String,
    /// How useful it has been.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreView>,
    /// The experiment that it was learnt from.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// A skill with its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkillWhole)]
pub(super) struct WholeView {
    #[serde(flatten)]
    skill: SkillView,
    /// Its `SKILL.md`.
    text: String,
    /// What is beside it.
    files: Vec<SkillFileView>,
}

/// A file beside a `SKILL.md`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkillFile)]
pub(super) struct SkillFileView {
    path: String,
    bytes: u64,
}

impl From<Skill> for SkillView {
    fn from(skill: Skill) -> Self {
        let problem = skill.document.as_ref().err().map(ToString::to_string);
        let document = skill.document.ok();
        Self {
            place: skill.place.as_str(),
            workspace_id: skill.place.workspace().map(|id| id.to_string()),
            description: document.as_ref().map(|document| document.description.clone()).unwrap_or_default(),
            license: document.as_ref().and_then(|document| document.license.clone()),
            compatibility: document.and_then(|document| document.compatibility),
            state: skill.state.as_str(),
            version: skill.version,
            updated_at: rfc3339(skill.modified_ms),
            name: skill.name,
            problem,
            score: None,
            origin: None,
        }
    }
}

impl From<SkillFile> for SkillFileView {
    fn from(file: SkillFile) -> Self {
        Self { path: file.path, bytes: file.bytes }
    }
}

/// A new skill of the home.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateSkill {
    /// Its `SKILL.md`, at most 65,536 bytes; its front matter has the name.
    text: String,
    /// What is beside it: at most 100 files with 8 MiB.
    #[serde(default)]
    files: Vec<CreateSkillFile>,
}

/// A file beside it.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateSkillFile {
    /// Its path below the skill's folder, with `/`.
    path: String,
    /// Its content as text …
    text: Option<String>,
    /// … or in base64.
    base64: Option<String>,
}

/// Another text.
#[derive(Deserialize, ToSchema)]
pub(super) struct WriteSkill {
    /// The `SKILL.md`, with the same name in it.
    text: String,
}

/// Whether it counts.
#[derive(Deserialize, ToSchema)]
pub(super) struct DecideSkill {
    /// Whether prompts may have it; of a workspace's skill, exactly the text of this version.
    enabled: bool,
}

#[derive(Deserialize)]
struct OfPlace {
    workspace: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, write, decide, remove))
        .merge(library::routes())
}

/// All skills of the home, or of a workspace, in the order of their names.
#[utoipa::path(
    get, path = "/api/v1/skills", tag = "skills",
    params(("workspace" = Option<String>, Query, description = "The workspace whose own skills are meant")),
    responses((status = 200, body = Page<SkillView>), (status = 404, description = "No such workspace")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(of): Params<OfPlace>,
) -> Result<Json<Page<SkillView>>, Problem> {
    let place = place(&state, &by, of).await?;
    let skills = state.knowledge.skills.list(&by.tenant, place).await?;
    let scored = scored(&state, &by, place).await?;
    Ok(Json(Page::whole(skills.into_iter().map(scored).collect())))
}

/// Makes a skill of the home. It is on.
#[utoipa::path(
    post, path = "/api/v1/skills", tag = "skills", request_body = CreateSkill,
    responses(
        (status = 201, body = SkillView),
        (status = 409, description = "There is a skill with this name, or there are too many"),
        (status = 422, description = "The text is no valid SKILL.md, or a file has a bad path"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateSkill>,
) -> Result<Response, Problem> {
    unrestricted(&by)?;
    let key = key.of(&by, "POST /api/v1/skills", &body);
    let mut files = Vec::new();
    for file in body.files {
        let content = match (file.text, file.base64) {
            (Some(text), None) => state.clean(&by, "skill", text).into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|_| Problem::invalid_field("/files", "has something that is no base64"))?,
            _ => return Err(Problem::invalid_field("/files", "each has either text or base64")),
        };
        files.push((file.path, content));
    }
    let new = NewSkill { text: state.clean(&by, "skill", body.text), files };
    let made = state.knowledge.skills.create(&by, new, key).await?;
    Ok(created(made, |skill| Some(skill.version), SkillView::from))
}

/// One skill with its text, and what is beside it.
#[utoipa::path(
    get, path = "/api/v1/skills/{name}", tag = "skills",
    params(("name" = String, Path), ("workspace" = Option<String>, Query)),
    responses((status = 200, body = WholeView), (status = 404, description = "No such skill")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Params(of): Params<OfPlace>,
) -> Result<Response, Problem> {
    let place = place(&state, &by, of).await?;
    let skill = state.knowledge.skills.get(&by.tenant, place, &name).await?;
    let files = state.knowledge.skills.files(&by.tenant, &skill).await?;
    let (version, text) = (skill.version, skill.text.clone());
    let files = files.into_iter().map(SkillFileView::from).collect();
    let skill = scored(&state, &by, place).await?(skill);
    Ok(tagged(StatusCode::OK, version, WholeView { skill, text, files }))
}

/// Puts a text in the place of a `SKILL.md` of the home that still has the version of `If-Match`.
#[utoipa::path(
    put, path = "/api/v1/skills/{name}", tag = "skills", params(("name" = String, Path)), request_body = WriteSkill,
    responses(
        (status = 200, body = SkillView),
        (status = 404, description = "No such skill"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "The text is no valid SKILL.md with this name"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn write(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    known: IfMatch,
    Body(body): Body<WriteSkill>,
) -> Result<Response, Problem> {
    unrestricted(&by)?;
    let text = state.clean(&by, "skill", body.text);
    let skill = state.knowledge.skills.write(&by, &name, known.required()?, text).await?;
    Ok(tagged(StatusCode::OK, skill.version, SkillView::from(skill)))
}

/// Turns a skill on or off, if it still has the version of `If-Match`.
#[utoipa::path(
    patch, path = "/api/v1/skills/{name}", tag = "skills",
    params(("name" = String, Path), ("workspace" = Option<String>, Query)), request_body = DecideSkill,
    responses(
        (status = 200, body = SkillView),
        (status = 404, description = "No such skill"),
        (status = 412, description = "It was changed since it was read"),
        (status = 422, description = "It is no valid skill"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn decide(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Params(of): Params<OfPlace>,
    known: IfMatch,
    Body(body): Body<DecideSkill>,
) -> Result<Response, Problem> {
    unrestricted(&by)?;
    let place = place(&state, &by, of).await?;
    let skills = &state.knowledge.skills;
    let skill = skills.enable(&by, (place, &name), known.required()?, body.enabled).await?;
    Ok(tagged(StatusCode::OK, skill.version, SkillView::from(skill)))
}

/// Removes a skill of the home with its files, if it still has the version of `If-Match`.
#[utoipa::path(
    delete, path = "/api/v1/skills/{name}", tag = "skills", params(("name" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such skill"),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    unrestricted(&by)?;
    state.knowledge.skills.remove(&by, &name, known.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How skills of a place are shown with what came of them.
async fn scored(
    state: &AppState,
    by: &Principal,
    place: SkillPlace,
) -> Result<impl Fn(Skill) -> SkillView, Problem> {
    let skills = &state.knowledge.skills;
    let (known, unproven) = (skills.estimates(&by.tenant, place).await?, skills.unproven());
    let origins = match place {
        SkillPlace::Home => skills.origins(&by.tenant).await?,
        SkillPlace::Workspace(_) => std::collections::HashMap::new(),
    };
    Ok(move |skill: Skill| {
        let score = Some(known.get(&skill.name).copied().unwrap_or(unproven).into());
        let origin = origins.get(&skill.name).cloned();
        SkillView { score, origin, ..SkillView::from(skill) }
    })
}

/// The place that a query means. A workspace that the caller does not see is none.
async fn place(state: &AppState, by: &Principal, of: OfPlace) -> Result<SkillPlace, Problem> {
    let Some(text) = of.workspace else { return Ok(SkillPlace::Home) };
    let id = text.parse().map_err(|_| Problem::not_found())?;
    let found = state.workspaces.get(by, id).await?;
    Ok(SkillPlace::Workspace(found.id))
}

/// Skills are every assistant's.
fn unrestricted(by: &Principal) -> Result<(), Problem> {
    auth::unrestricted(by, "change skills, which are every assistant's")
}

impl From<SkillError> for Problem {
    fn from(error: SkillError) -> Self {
        let detail = error.to_string();
        match error {
            SkillError::Invalid(_) => Self::invalid_field("/text", detail),
            SkillError::Files(_) => Self::invalid_field("/files", detail),
            SkillError::NameTaken => Self::conflict("name_taken", detail),
            SkillError::TooMany => Self::conflict("too_many_skills", detail),
            SkillError::Stale => stale(),
            SkillError::NotFound => Self::not_found(),
            SkillError::KeyReused(reused) => reused.into(),
            SkillError::Io { .. } => {
                tracing::error!(error = %detail, "a skill's folder cannot be used");
                Self::conflict("unusable_file", detail)
            }
            SkillError::Store(error) => error.into(),
        }
    }
}
