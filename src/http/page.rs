//! Cursor pages: `?limit&after` in, `{items, next}` out.

use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;

/// Items of a page unless the request says otherwise.
pub const LIMIT_DEFAULT: usize = 50;
/// Most items of a page.
pub const LIMIT_MAX: usize = 200;

/// Which page is asked for. The cursor is the id of the last item that the caller has.
#[derive(Clone, Copy, Debug)]
pub struct Paging<Id> {
    /// Items at most.
    pub limit: usize,
    /// Where the page starts.
    pub after: Option<Id>,
}

impl<Id: FromStr> Paging<Id> {
    /// Reads the two parameters.
    ///
    /// # Errors
    /// 422 for a limit outside 1–200 or a cursor that is none of ours.
    pub fn new(limit: Option<usize>, after: Option<&str>) -> Result<Self, Problem> {
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::invalid_field("limit", format!("is between 1 and {LIMIT_MAX}")));
        }
        let cursor = |text: &str| text.parse().map_err(|_| Problem::invalid_field("after", "is no cursor"));
        Ok(Self { limit, after: after.map(cursor).transpose()? })
    }

    /// One more than the page has, so that it is known whether another one follows.
    #[must_use]
    pub const fn fetch(&self) -> usize {
        self.limit + 1
    }

    /// The page of the items that were fetched.
    pub fn page<T, V: Serialize>(
        &self,
        mut fetched: Vec<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(T) -> V,
    ) -> Page<V> {
        let more = fetched.len() > self.limit;
        fetched.truncate(self.limit);
        let next = fetched.last().filter(|_| more).map(id);
        Page { items: fetched.into_iter().map(view).collect(), next }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<V> {
    /// The items.
    pub items: Vec<V>,
    /// The cursor of the next page; `null` after the last one.
    pub next: Option<String>,
}

impl<V> Page<V> {
    /// A list that is always whole.
    #[must_use]
    pub const fn whole(items: Vec<V>) -> Self {
        Self { items, next: None }
    }
}

#[cfg(test)]
mod tests;
