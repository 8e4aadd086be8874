//! `/api/v1/user-model`: what is known about the person who asks. A token with `admin` for every assistant asks for the
//! owner; for any other token there is nothing here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::user_model::{Person, Profile, UserModelChange, UserModelError, UserView, context};

/// What is known about a person, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = UserModel)]
struct ModelView {
    /// `owner`, or a member's id.
    person: String,
    /// `full`, `limited` or `none`.
    privacy: &'static str,
    /// Whether prompts are told.
    injection: bool,
    /// Whether what is known can be opened. If not, its key is gone, and all that can be done is to forget it.
    readable: bool,
    /// What counts most first.
    topics: Vec<TopicView>,
    /// Questions that were noticed; only with `full`.
    queries: u32,
    /// Their average length, in characters.
    average_prompt_chars: f64,
    /// Questions by the hour of the day, from 0 to 23.
    hours: Vec<u32>,
    /// What the person says about themselves.
    preferences: Vec<PreferenceView>,
    /// Topics that the person took out.
    muted: Vec<String>,
    /// What the next prompt would be told, under `[User context]`.
    told: String,
    version: i64,
    /// When it was written last; `null` for never.
    updated_at: Option<String>,
}

/// A topic.
#[derive(Serialize, ToSchema)]
#[schema(as = UserTopic)]
struct TopicView {
    word: String,
    /// Messages that had it, or what the person says.
    count: u32,
    first_at: String,
    last_at: String,
    /// Whether the person wrote or changed it.
    edited: bool,
}

/// Something that a person says about themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = UserPreference)]
struct PreferenceView {
    id: u32,
    text: String,
    created_at: String,
}

/// The preference that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = UserPreferenceMade)]
struct PreferenceMade {
    id: u32,
}

impl ModelView {
    fn of(view: UserView) -> Self {
        let readable = view.profile.is_some();
        let profile: Profile = view.profile.unwrap_or_default();
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let topics = profile.interests(now_ms).into_iter().map(|(word, topic)| TopicView {
            word: word.to_owned(),
            count: topic.count,
            first_at: rfc3339(topic.first_ms),
            last_at: rfc3339(topic.last_ms),
            edited: topic.edited,
        });
        let preferences = profile.preferences.iter().map(|one| PreferenceView {
            id: one.id,
            text: one.text.clone(),
            created_at: rfc3339(one.created_ms),
        });
        Self {
            person: view.person.to_string(),
            privacy: view.privacy.as_str(),
            injection: view.injection,
            readable,
            topics: topics.collect(),
            queries: profile.queries,
            average_prompt_chars: (profile.average_chars * 10.0).round() / 10.0,
            hours: profile.hours.to_vec(),
            preferences: preferences.collect(),
            muted: profile.muted.iter().cloned().collect(),
            told: if view.injection { context(&profile, now_ms) } else { String::new() },
            version: view.version,
            updated_at: (view.updated_ms > 0).then(|| rfc3339(view.updated_ms)),
        }
    }
}

/// What a person decides. What is absent stays.
#[derive(Deserialize, ToSchema)]
struct ChangeModel {
    /// `full`, `limited` or `none`. What a lower level does not allow is removed at once.
    privacy: Option<String>,
    /// Whether prompts are told.
    injection: Option<bool>,
}

/// Something that a person says about themselves.
#[derive(Deserialize, Serialize, ToSchema)]
struct WritePreference {
    /// 1–500 characters.
    text: String,
}

/// What changes of a topic.
#[derive(Deserialize, ToSchema)]
struct ChangeTopic {
    /// Another word.
    word: Option<String>,
    /// From 1 to 1,000.
    count: Option<u32>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(read, change, forget))
        .routes(routes!(add_preference))
        .routes(routes!(change_preference, remove_preference))
        .routes(routes!(change_topic, mute))
        .routes(routes!(unmute))
}

/// Everything that is known, and why.
#[utoipa::path(
    get, path = "/api/v1/user-model", tag = "user-model",
    responses(
        (status = 200, body = ModelView),
        (status = 404, description = "The token is nobody's"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn read(by: May<Chat>, State(state): State<AppState>) -> Result<Response, Problem> {
    shown(&state, &by, StatusCode::OK).await
}

/// Decides how much is noticed, and whether prompts are told.
#[utoipa::path(
    patch, path = "/api/v1/user-model", tag = "user-model", request_body = ChangeModel,
    responses(
        (status = 200, body = ModelView),
        (status = 404, description = "The token is nobody's"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 422, description = "There is no such level"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn change(
    by: May<Chat>,
    State(state): State<AppState>,
    known: IfMatch,
    Body(body): Body<ChangeModel>,
) -> Result<Response, Problem> {
    let privacy = body.privacy.map(|word| word.parse()).transpose();
    let privacy = privacy
        .map_err(|error: crate::config::NotALevel| Problem::invalid_field("/privacy", error.to_string()))?;
    let change = UserModelChange { privacy, injection: body.injection };
    state.knowledge.people.decide(&by, person(&by)?, known.version(), change).await?;
    shown(&state, &by, StatusCode::OK).await
}

/// Forget me: destroys the key that opens it, so that no backup of the data opens it either, then removes it, and what
/// prompts of stored conversations were told of it. From then on nothing is noticed. Messages stay: they are conversations.
#[utoipa::path(
    delete, path = "/api/v1/user-model", tag = "user-model",
    responses((status = 204), (status = 404, description = "The token is nobody's")),
    security(("token" = ["chat"]))
)]
async fn forget(by: May<Chat>, State(state): State<AppState>) -> Result<StatusCode, Problem> {
    state.knowledge.people.forget(&by, person(&by)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes something that you say about yourself.
#[utoipa::path(
    post, path = "/api/v1/user-model/preferences", tag = "user-model", request_body = WritePreference,
    responses(
        (status = 201, body = PreferenceMade),
        (status = 404, description = "The token is nobody's"),
        (status = 409, description = "There are too many, or what is known cannot be opened"),
        (status = 422, description = "The text is empty or too long"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn add_preference(
    by: May<Chat>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<WritePreference>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/user-model/preferences", &body);
    let text = state.clean(&by, "user_model", body.text);
    let made = state.knowledge.people.add_preference(&by, person(&by)?, &text, key).await?;
    Ok(created(made, |_| None, |id| PreferenceMade { id }))
}

/// Writes another text in the place of a preference.
#[utoipa::path(
    patch, path = "/api/v1/user-model/preferences/{number}", tag = "user-model", params(("number" = u32, Path)),
    request_body = WritePreference,
    responses(
        (status = 200, body = ModelView),
        (status = 404, description = "No such preference"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 422, description = "The text is empty or too long"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn change_preference(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<u32>,
    known: IfMatch,
    Body(body): Body<WritePreference>,
) -> Result<Response, Problem> {
    let text = state.clean(&by, "user_model", body.text);
    let people = &state.knowledge.people;
    people.change_preference(&by, person(&by)?, (id, known.version()), &text).await?;
    shown(&state, &by, StatusCode::OK).await
}

/// Removes a preference.
#[utoipa::path(
    delete, path = "/api/v1/user-model/preferences/{number}", tag = "user-model", params(("number" = u32, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such preference"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn remove_preference(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<u32>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.knowledge.people.remove_preference(&by, person(&by)?, (id, known.version())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes another word or another count in the place of a topic's.
#[utoipa::path(
    patch, path = "/api/v1/user-model/topics/{name}", tag = "user-model", params(("name" = String, Path)),
    request_body = ChangeTopic,
    responses(
        (status = 200, body = ModelView),
        (status = 404, description = "No such topic"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 422, description = "The word is none that can be a topic, or the count is out of bounds"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn change_topic(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(word): Named<String>,
    known: IfMatch,
    Body(body): Body<ChangeTopic>,
) -> Result<Response, Problem> {
    let (people, change) = (&state.knowledge.people, (body.word.as_deref(), body.count));
    people.change_topic(&by, person(&by)?, (&word, known.version()), change).await?;
    shown(&state, &by, StatusCode::OK).await
}

/// Takes a topic out. It does not come back by itself.
#[utoipa::path(
    delete, path = "/api/v1/user-model/topics/{name}", tag = "user-model", params(("name" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such topic"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn mute(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(word): Named<String>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.knowledge.people.mute_topic(&by, person(&by)?, (&word, known.version())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a topic that was taken out be noticed again.
#[utoipa::path(
    delete, path = "/api/v1/user-model/muted/{name}", tag = "user-model", params(("name" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "It was not taken out"),
        (status = 409, description = "What is known cannot be opened"),
        (status = 412, description = "It was changed since it was read"),
        (status = 423, description = "The vault is sealed"),
    ),
    security(("token" = ["chat"]))
)]
async fn unmute(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(word): Named<String>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.knowledge.people.unmute_topic(&by, person(&by)?, (&word, known.version())).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn shown(state: &AppState, by: &Principal, status: StatusCode) -> Result<Response, Problem> {
    let view = ModelView::of(state.knowledge.people.view(&by.tenant, person(by)?).await?);
    Ok(tagged(status, view.version, view))
}

fn person(by: &Principal) -> Result<Person, Problem> {
    Person::of(by).ok_or_else(Problem::not_found)
}

impl From<UserModelError> for Problem {
    fn from(error: UserModelError) -> Self {
        let detail = error.to_string();
        match error {
            UserModelError::Field { field, text } => Self::invalid_field(format!("/{field}"), text),
            UserModelError::NotFound => Self::not_found(),
            UserModelError::TooMany => Self::conflict("too_many", detail),
            UserModelError::Stale => stale(),
            UserModelError::Unreadable => Self::conflict("unreadable", detail),
            UserModelError::KeyReused(reused) => reused.into(),
            UserModelError::Vault(error) => error.into(),
            UserModelError::Store(error) => error.into(),
        }
    }
}
