//! From what is known about a person to what they see.

use super::rfc3339;
use crate::http::auth::{Admin, Need as _};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::user_model::{Person, context};
use crate::web::view::Frame;
use crate::web::view::you::{PatternsView, TopicRow, YouPage};

/// Everything that is known, and why.
pub(in crate::web) async fn you(state: &AppState, by: &Principal, frame: Frame) -> Result<YouPage, Problem> {
    let person = Person::of(by).ok_or_else(Problem::not_found)?;
    let known = state.knowledge.people.view(&by.tenant, person).await?;
    let readable = known.profile.is_some();
    let profile = known.profile.unwrap_or_default();
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let topics = profile.interests(now_ms).into_iter().map(|(word, topic)| TopicRow {
        word: word.to_owned(),
        count: topic.count,
        last: rfc3339(topic.last_ms),
        edited: topic.edited,
    });
    let hours = (0_u32..).zip(profile.hours).filter(|(_, count)| *count > 0);
    let patterns = (profile.queries > 0).then(|| PatternsView {
        queries: profile.queries,
        chars: format!("{:.0}", profile.average_chars),
        hours: hours.map(|(hour, count)| (format!("{hour:02}:00"), count)).collect(),
    });
    Ok(YouPage {
        frame,
        notice: None,
        error: None,
        privacy: known.privacy.as_str(),
        injection: known.injection,
        readable,
        topics: topics.collect(),
        patterns,
        preferences: profile.preferences.iter().map(|one| (one.id, one.text.clone())).collect(),
        muted: profile.muted.iter().cloned().collect(),
        told: if known.injection { context(&profile, now_ms) } else { String::new() },
        version: known.version,
        library: by.authorize(Admin::ANY_OF).is_ok() && by.assistant.is_none(),
    })
}
