//! What came of skills, what they said before, and what people say of the answers that they helped to make.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{OfPlace, SkillView, place, unrestricted};
use crate::http::auth::{Admin, Chat, May, ReadChats};
use crate::http::conditional::{IfMatch, tagged, unconditional};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::TurnId;
use crate::skills::{Estimate, SkillError, SkillOutcome, SkillVersion};

/// How useful a skill has been: what ranking makes of its outcomes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkillScore)]
pub(super) struct ScoreView {
    /// The expected rate of good outcomes, from 0 to 1.
    mean: f64,
    /// With 90% it is not below this. Ranking uses it.
    low: f64,
    /// With 90% it is not above this.
    high: f64,
    /// How many outcomes it is made of. With none, it is what is assumed of every skill.
    evidence: usize,
}

impl From<Estimate> for ScoreView {
    fn from(estimate: Estimate) -> Self {
        let round = |number: f64| (number * 1_000.0).round() / 1_000.0;
        let Estimate { mean, low, high, evidence } = estimate;
        Self { mean: round(mean), low: round(low), high: round(high), evidence }
    }
}

/// A text of a skill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkillVersion)]
struct VersionView {
    /// 1 is the oldest.
    number: i64,
    /// `learnt`, `written`, `restored`, `removed`, or `found` for a file that was changed by hand.
    deed: &'static str,
    /// The experiment that it was learnt from.
    origin: Option<String>,
    text: String,
    by: String,
    at: String,
}

impl From<SkillVersion> for VersionView {
    fn from(version: SkillVersion) -> Self {
        Self {
            number: version.number,
            deed: version.deed.as_str(),
            origin: Some(version.origin).filter(|origin| !origin.is_empty()),
            text: version.text,
            by: version.by,
            at: rfc3339(version.at_ms),
        }
    }
}

/// Something that came of using a skill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SkillOutcome)]
struct OutcomeView {
    /// `feedback`, `experiment`, or `failure` of a turn.
    kind: &'static str,
    /// The turn with who said it, the experiment, or the turn that failed.
    subject: String,
    good: bool,
    /// How much it says when it is new, from 0 to 1.
    weight: f64,
    at: String,
}

impl From<SkillOutcome> for OutcomeView {
    fn from(one: SkillOutcome) -> Self {
        Self {
            kind: one.kind.as_str(),
            subject: one.subject,
            good: one.outcome.good,
            weight: one.outcome.weight,
            at: rfc3339(one.outcome.at_ms),
        }
    }
}

/// Which version is put back.
#[derive(Deserialize, ToSchema)]
struct RestoreSkill {
    /// Its number.
    version: i64,
}

/// Whether an answer helped.
#[derive(Deserialize, ToSchema)]
struct Feedback {
    /// `null` takes back what you said.
    helpful: Option<bool>,
}

/// What was said of an answer.
#[derive(Serialize, ToSchema)]
struct FeedbackView {
    turn_id: String,
    helpful: Option<bool>,
    /// The skills that the turn had, whose score moves.
    skills: Vec<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(versions))
        .routes(routes!(restore))
        .routes(routes!(outcomes))
        .routes(routes!(feedback))
}

/// Every text of a skill of the home, the newest first; at most 50 are kept. Also of one that was removed.
#[utoipa::path(
    get, path = "/api/v1/skills/{name}/versions", tag = "skills", params(("name" = String, Path)),
    responses((status = 200, body = Page<VersionView>), (status = 404, description = "No such skill")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn versions(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(name): Named<String>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let versions = state.knowledge.skills.versions(&by.tenant, &name).await?;
    Ok(Json(Page::whole(versions.into_iter().map(VersionView::from).collect())))
}

/// Puts a text of a skill of the home back, as a new version. A skill that is still there needs its version in `If-Match`.
#[utoipa::path(
    post, path = "/api/v1/skills/{name}/restore", tag = "skills", params(("name" = String, Path)),
    request_body = RestoreSkill,
    responses(
        (status = 200, body = SkillView),
        (status = 404, description = "No such skill, or no such version of it"),
        (status = 409, description = "There are too many skills"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "The text is no valid SKILL.md"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn restore(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    known: IfMatch,
    Body(body): Body<RestoreSkill>,
) -> Result<Response, Problem> {
    unrestricted(&by)?;
    let skill = match state.knowledge.skills.restore(&by, &name, body.version, known.version()).await {
        Err(SkillError::Stale) if known.version().is_none() => return Err(unconditional()),
        outcome => outcome?,
    };
    Ok(tagged(StatusCode::OK, skill.version, SkillView::from(skill)))
}

/// What came of a skill, the newest first: what its score is made of.
#[utoipa::path(
    get, path = "/api/v1/skills/{name}/outcomes", tag = "skills",
    params(("name" = String, Path), ("workspace" = Option<String>, Query)),
    responses((status = 200, body = Page<OutcomeView>), (status = 404, description = "No such workspace")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn outcomes(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Params(of): Params<OfPlace>,
) -> Result<Json<Page<OutcomeView>>, Problem> {
    let place = place(&state, &by, of).await?;
    let outcomes = state.knowledge.skills.outcomes(&by.tenant, place, &name).await?;
    Ok(Json(Page::whole(outcomes.into_iter().map(OutcomeView::from).collect())))
}

/// Says whether the answer of a turn helped: the score of the skills that it had moves. Once for each who says it; said
/// again, it replaces what was said before.
#[utoipa::path(
    post, path = "/api/v1/turns/{id}/feedback", tag = "skills", params(("id" = String, Path)), request_body = Feedback,
    responses((status = 200, body = FeedbackView), (status = 404, description = "No such turn")),
    security(("token" = ["chat"]))
)]
async fn feedback(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<TurnId>,
    Body(body): Body<Feedback>,
) -> Result<Json<FeedbackView>, Problem> {
    let turn = state.turns.turn(&by.tenant, id).await?.ok_or_else(Problem::not_found)?;
    state.threads.get(&by, turn.thread_id).await?;
    let skills = state.knowledge.skills.feedback(&by, id, body.helpful).await?;
    Ok(Json(FeedbackView { turn_id: id.to_string(), helpful: body.helpful, skills }))
}
