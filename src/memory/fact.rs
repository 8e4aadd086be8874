//! Facts and their bounds.

use serde::{Deserialize, Serialize};

use super::version::checked_why;
use super::{Category, Confidence, MemoryError};
use crate::protocol::ids::{AssistantId, FactId, ThreadId, WorkspaceId};
use crate::protocol::turn::Provenance;

/// Most facts of a tenant.
pub const FACTS_MAX: usize = 10_000;
/// Most characters of a key.
pub const KEY_CHARS_MAX: usize = 64;
/// Longest text of a fact, in bytes.
pub const TEXT_BYTES_MAX: usize = 4_096;
/// Most tags of a fact.
pub const TAGS_MAX: usize = 8;
/// Most characters of a tag.
pub const TAG_CHARS_MAX: usize = 40;

/// Where a fact is known; `None` stands for everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FactScope {
    /// Whose it is.
    pub assistant: Option<AssistantId>,
    /// The workspace of a daily fact.
    pub workspace: Option<WorkspaceId>,
    /// The thread of a conversation's fact.
    pub thread: Option<ThreadId>,
}

/// One thing to remember.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// Its id; a Markdown file has the one of its place.
    pub id: FactId,
    /// Where it is known.
    pub scope: FactScope,
    /// Its name there.
    pub key: String,
    /// What kind it is.
    pub category: Category,
    /// What it says.
    pub text: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Who stored it: a principal's name, or `turn ID`.
    pub source: String,
    /// What it was made of.
    pub provenance: Provenance,
    /// How sure it is.
    #[serde(default)]
    pub confidence: Confidence,
    /// When it is over, in ms since 1970; then it is in no prompt.
    #[serde(default)]
    pub expires_ms: Option<i64>,
    /// Whether prompts always have it.
    #[serde(default)]
    pub pinned: bool,
    /// Stands for exactly this text.
    pub version: i64,
    /// When it was made.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// A fact before it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewFact {
    /// Where it is known.
    pub scope: FactScope,
    /// Its name there: `a-z`, `0-9`, `-` and `_`.
    pub key: String,
    /// What kind it is.
    pub category: Category,
    /// What it says.
    pub text: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// When it is over, in ms since 1970.
    pub expires_ms: Option<i64>,
    /// Whether prompts always have it.
    pub pinned: bool,
    /// Why it is kept, for its history.
    pub why: String,
}

/// What changes of a fact. What is absent stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FactChange {
    /// Another text.
    pub text: Option<String>,
    /// Other tags.
    pub tags: Option<Vec<String>>,
    /// Another confidence.
    pub confidence: Option<Confidence>,
    /// Another end; `Some(None)` for none.
    pub expires_ms: Option<Option<i64>>,
    /// Whether prompts always have it.
    pub pinned: Option<bool>,
    /// Why, for its history.
    pub why: String,
}

// === impl Fact ===

impl Fact {
    /// Whether prompts may have it as it is.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        self.provenance.is_trusted()
    }

    /// Whether both say the same, whoever wrote them and when.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let said =
            |fact: &Self| (fact.category, fact.confidence, fact.expires_ms, fact.pinned, fact.provenance);
        said(self) == said(other) && self.text == other.text && self.tags == other.tags
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_ms.is_some_and(|end| end <= now_ms)
    }

    /// The fact with this change, made by somebody who read it.
    ///
    /// # Errors
    /// [`MemoryError::Field`].
    pub(super) fn changed(
        self,
        change: FactChange,
        (source, provenance): (String, Provenance),
        now_ms: i64,
    ) -> Result<Self, MemoryError> {
        let text = change.text.as_deref().map(checked_text).transpose()?.unwrap_or(self.text);
        let tags = change.tags.map(checked_tags).transpose()?.unwrap_or(self.tags);
        Ok(Self {
            text,
            tags,
            confidence: change.confidence.unwrap_or(self.confidence),
            expires_ms: change.expires_ms.unwrap_or(self.expires_ms),
            pinned: change.pinned.unwrap_or(self.pinned),
            source,
            provenance,
            version: self.version + 1,
            updated_ms: now_ms,
            ..self
        })
    }
}

// === impl FactChange ===

impl FactChange {
    /// Whether it changes nothing: then somebody only says that they read it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { why: self.why.clone(), ..Self::default() }
    }
}

// === impl NewFact ===

impl NewFact {
    /// A certain fact that stays until it is forgotten.
    #[must_use]
    pub fn new(
        scope: FactScope,
        key: impl Into<String>,
        category: Category,
        text: impl Into<String>,
    ) -> Self {
        Self {
            scope,
            key: key.into(),
            category,
            text: text.into(),
            tags: Vec::new(),
            confidence: Confidence::CERTAIN,
            expires_ms: None,
            pinned: false,
            why: String::new(),
        }
    }

    /// The fact with everything in its bounds.
    ///
    /// # Errors
    /// [`MemoryError::Field`] for the first thing that is not.
    pub(super) fn into_fact(
        self,
        (source, provenance): (String, Provenance),
        now_ms: i64,
    ) -> Result<Fact, MemoryError> {
        let wrong = |field, text: &str| Err(MemoryError::Field { field, text: text.to_owned() });
        match (self.category, self.scope.workspace, self.scope.thread) {
            (Category::Daily, Some(_), None) | (Category::Conversation, None, Some(_)) => {}
            (Category::Core | Category::Custom, None, None) => {}
            (Category::Daily, None, _) => return wrong("workspace_id", "is needed for a daily fact"),
            (Category::Conversation, _, None) => {
                return wrong("thread_id", "is needed for a conversation's fact");
            }
            (Category::Conversation | Category::Core | Category::Custom, Some(_), _) => {
                return wrong("workspace_id", "belongs to daily facts only");
            }
            (_, _, Some(_)) => return wrong("thread_id", "belongs to facts of a conversation only"),
        }
        checked_why(&self.why)?;
        Ok(Fact {
            id: FactId::new(),
            scope: self.scope,
            key: checked_key(self.key)?,
            category: self.category,
            text: checked_text(&self.text)?,
            tags: checked_tags(self.tags)?,
            source,
            provenance,
            confidence: self.confidence,
            expires_ms: self.expires_ms,
            pinned: self.pinned,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        })
    }
}

/// A key is a file name, a word of a URL and what a model says; so it is a plain word.
pub(super) fn checked_key(key: String) -> Result<String, MemoryError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let starts = key.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    if starts && key.len() <= KEY_CHARS_MAX && key.bytes().all(fits) {
        return Ok(key);
    }
    let text = format!("has 1 to {KEY_CHARS_MAX} of a-z, 0-9, - and _, and begins with a letter or a digit");
    Err(MemoryError::Field { field: "key", text })
}

fn checked_text(text: &str) -> Result<String, MemoryError> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.len() > TEXT_BYTES_MAX || trimmed.contains('\0') {
        let text = format!("has 1 to {TEXT_BYTES_MAX} bytes");
        return Err(MemoryError::Field { field: "text", text });
    }
    Ok(trimmed.to_owned())
}

fn checked_tags(mut tags: Vec<String>) -> Result<Vec<String>, MemoryError> {
    let fits = |tag: &String| {
        (1..=TAG_CHARS_MAX).contains(&tag.chars().count())
            && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    tags.dedup();
    if tags.len() > TAGS_MAX || !tags.iter().all(fits) {
        let text = format!("are at most {TAGS_MAX} words of 1 to {TAG_CHARS_MAX} letters, digits, - and _");
        return Err(MemoryError::Field { field: "tags", text });
    }
    Ok(tags)
}
