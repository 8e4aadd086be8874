//! What is known about the person who looks: shown, corrected, forgotten.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::you::YouPage;
use super::library::{is_final, lines};
use crate::http::auth::Chat;
use crate::http::extract::Params;
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::user_model::{Person, UserModelChange, UserModelError};

#[derive(Deserialize)]
pub(super) struct YouQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct DecideFields {
    privacy: String,
    #[serde(default)]
    injection: String,
    version: i64,
}

#[derive(Deserialize)]
pub(super) struct PreferenceFields {
    #[serde(default)]
    text: String,
    number: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct DropFields {
    /// `topic`, `preference` or `muted`.
    kind: String,
    what: String,
}

#[derive(Deserialize)]
pub(super) struct TopicFields {
    topic: String,
    word: String,
}

#[derive(Deserialize)]
pub(super) struct ForgetFields {
    #[serde(default)]
    sure: String,
}

/// `GET /you`.
pub(super) async fn show(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<YouQuery>,
) -> Result<Response, Problem> {
    let template = read::you::you(&state, &by, reader.frame("You", "library")).await?;
    let notice = match query.done.as_str() {
        "decided" => Some("Done."),
        "kept" => Some("Kept. Prompts are told from the next message on."),
        "removed" => Some("Removed."),
        "forgotten" => Some("Forgotten, and the key is destroyed. Nothing is noticed from now on."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &YouPage { notice, ..template }))
}

/// `POST /you`: how much is noticed, and whether prompts are told.
pub(super) async fn decide(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<DecideFields>,
) -> Result<Response, Problem> {
    let privacy = fields.privacy.parse();
    let privacy = privacy
        .map_err(|error: crate::config::NotALevel| Problem::invalid_field("privacy", error.to_string()))?;
    let change = UserModelChange { privacy: Some(privacy), injection: Some(fields.injection == "yes") };
    let outcome = state.knowledge.people.decide(&by, person(&by)?, Some(fields.version), change).await;
    done(&state, &by, &reader, outcome.map(|()| "decided")).await
}

/// `POST /you/preferences`: another one, or another text of one.
pub(super) async fn prefer(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<PreferenceFields>,
) -> Result<Response, Problem> {
    let (people, person) = (&state.knowledge.people, person(&by)?);
    let text = state.clean(&by, "user_model", lines(&fields.text));
    let outcome = match fields.number {
        Some(number) => people.change_preference(&by, person, (number, None), &text).await,
        None => people.add_preference(&by, person, &text, None).await.map(|_| ()),
    };
    done(&state, &by, &reader, outcome.map(|()| "kept")).await
}

/// `POST /you/topics`: another word in the place of a topic.
pub(super) async fn topic(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<TopicFields>,
) -> Result<Response, Problem> {
    let change = (Some(fields.word.as_str()), None);
    let people = &state.knowledge.people;
    let outcome = people.change_topic(&by, person(&by)?, (&fields.topic, None), change).await;
    done(&state, &by, &reader, outcome.map(|()| "kept")).await
}

/// `POST /you/drop`: a topic, a preference, or the silence about a topic.
pub(super) async fn drop_one(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<DropFields>,
) -> Result<Response, Problem> {
    let (people, person, what) = (&state.knowledge.people, person(&by)?, fields.what.as_str());
    let outcome = match (fields.kind.as_str(), what.parse()) {
        ("topic", _) => people.mute_topic(&by, person, (what, None)).await,
        ("muted", _) => people.unmute_topic(&by, person, (what, None)).await,
        ("preference", Ok(number)) => people.remove_preference(&by, person, (number, None)).await,
        _ => return Err(Problem::not_found()),
    };
    done(&state, &by, &reader, outcome.map(|()| "removed")).await
}

/// `POST /you/forget`.
pub(super) async fn forget(
    by: May<Chat>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<ForgetFields>,
) -> Result<Response, Problem> {
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to have everything forgotten"));
    }
    let outcome = state.knowledge.people.forget(&by, person(&by)?).await;
    done(&state, &by, &reader, outcome.map(|()| "forgotten")).await
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, UserModelError>,
) -> Result<Response, Problem> {
    match outcome.map_err(Problem::from) {
        Ok(done) => Ok(Redirect::to(&format!("/you?done={done}")).into_response()),
        Err(problem) if is_final(reader, &problem) => Err(problem),
        Err(problem) => {
            let template = read::you::you(state, by, reader.frame("You", "library")).await?;
            let error = Some(sentence(&problem.detail));
            Ok(page(problem.status, &YouPage { error, ..template }))
        }
    }
}

fn person(by: &Principal) -> Result<Person, Problem> {
    Person::of(by).ok_or_else(Problem::not_found)
}
