//! Where a page of notices goes on.

use std::fmt;
use std::str::FromStr;

use super::notice::Notice;
use crate::protocol::ids::NotificationId;

/// After this notice, as it was when the page before was read: `MILLISECONDS.ID`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// When it happened last.
    pub last_ms: i64,
    /// Which one.
    pub id: NotificationId,
}

impl Cursor {
    /// The page after this notice.
    #[must_use]
    pub const fn after(notice: &Notice) -> Self {
        Self { last_ms: notice.last_ms, id: notice.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.last_ms, self.id)
    }
}

/// A text that is no cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is no cursor")]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (ms, id) = text.split_once('.').ok_or(NoCursor)?;
        let (last_ms, id) = (ms.parse().map_err(|_| NoCursor)?, id.parse().map_err(|_| NoCursor)?);
        Ok(Self { last_ms, id })
    }
}
