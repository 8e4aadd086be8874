//! Whether an assistant has answered with a fallback for long, and when its own model is back. Pure.

use std::time::Duration;

/// People are told after so long.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// An assistant whose own model does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Away {
    /// Since then, in milliseconds since 1970.
    pub(super) since_ms: i64,
    /// Whether people were told.
    pub(super) told: bool,
}

/// What people are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum News {
    /// A fallback has answered for [`LONG`].
    Away,
    /// Its own model answers again, and people were told that it did not.
    Back,
}

/// What is known after this place of the chain has answered, and what is news.
pub(super) fn answered(before: Option<Away>, place: usize, now_ms: i64) -> (Option<Away>, Option<News>) {
    let Some(mut away) = before else {
        return ((place > 0).then_some(Away { since_ms: now_ms, told: false }), None);
    };
    if place == 0 {
        return (None, away.told.then_some(News::Back));
    }
    let long = i64::try_from(LONG.as_millis()).unwrap_or(i64::MAX);
    let is_news = !away.told && now_ms.saturating_sub(away.since_ms) >= long;
    away.told |= is_news;
    (Some(away), is_news.then_some(News::Away))
}

#[cfg(test)]
mod tests;
