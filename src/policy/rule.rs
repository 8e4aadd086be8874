//! A rule: what it does, to which actions, of whom, until when, and where it came from.

use serde::{Deserialize, Serialize};

use super::error::PolicyError;
use super::pattern::ActionPattern;
use super::subject::SubjectPattern;
use crate::protocol::ids::{ApprovalId, RuleId};

/// Most rules of a tenant.
pub const RULES_MAX: usize = 1_000;
/// Most characters of a note or of a standing rule's words.
pub const NOTE_CHARS_MAX: usize = 500;
/// Most arguments of a command in a rule.
const ARGS_MAX: usize = 64;

/// What becomes of an action, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is done.
    Allow,
    /// A person is asked.
    Ask,
    /// It is not done.
    Deny,
}

impl Effect {
    /// The word used in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// Who made a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person wrote it.
    Person,
    /// A person answered this question with more than *once*.
    Approval(ApprovalId),
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// What it does.
    pub effect: Effect,
    /// To which actions.
    pub action: ActionPattern,
    /// Of whom.
    #[serde(default)]
    pub subject: SubjectPattern,
    /// Whether an allow holds also after untrusted text was read. Only a person can say so.
    #[serde(default)]
    pub even_untrusted: bool,
    /// The rule in plain words, for a deny that the model is told of too: "never delete mail".
    #[serde(default)]
    pub standing: Option<String>,
    /// For people; may be empty.
    #[serde(default)]
    pub note: String,
    /// When it ends, in milliseconds since 1970.
    #[serde(default)]
    pub expires_ms: Option<i64>,
    /// Where it came from.
    pub origin: Origin,
    /// When it was made.
    pub created_ms: i64,
    /// Who made it: `owner`, or the id of a member or a token.
    pub created_by: String,
}

/// What is asked for when a rule is made or replaced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRule {
    /// What it does.
    pub effect: Effect,
    /// To which actions.
    pub action: ActionPattern,
    /// Of whom.
    pub subject: SubjectPattern,
    /// See [`Rule::even_untrusted`].
    pub even_untrusted: bool,
    /// See [`Rule::standing`], 1–500 characters.
    pub standing: Option<String>,
    /// Up to 500 characters.
    pub note: String,
    /// When it ends; in the future.
    pub expires_ms: Option<i64>,
    /// Where it comes from.
    pub origin: Origin,
}

// === impl Rule ===

impl Rule {
    /// Whether it still holds.
    #[must_use]
    pub fn is_live(&self, now_ms: i64) -> bool {
        self.expires_ms.is_none_or(|end| now_ms < end)
    }
}

// === impl NewRule ===

impl NewRule {
    /// A rule of a person about everybody, without an end.
    #[must_use]
    pub fn of_person(effect: Effect, action: ActionPattern) -> Self {
        Self {
            effect,
            action,
            subject: SubjectPattern::default(),
            even_untrusted: false,
            standing: None,
            note: String::new(),
            expires_ms: None,
            origin: Origin::Person,
        }
    }

    pub(super) fn into_rule(self, id: RuleId, by: &str, now_ms: i64) -> Result<Rule, PolicyError> {
        self.check(now_ms)?;
        Ok(Rule {
            id,
            effect: self.effect,
            action: self.action,
            subject: self.subject,
            even_untrusted: self.even_untrusted,
            standing: self.standing.map(|words| words.trim().to_owned()),
            note: self.note,
            expires_ms: self.expires_ms,
            origin: self.origin,
            created_ms: now_ms,
            created_by: by.to_owned(),
        })
    }

    fn check(&self, now_ms: i64) -> Result<(), PolicyError> {
        let wrong = |field, why| Err(PolicyError::Field { field, why });
        let clean = |text: &str| !text.chars().any(char::is_control);
        if self.even_untrusted && (self.effect != Effect::Allow || self.origin != Origin::Person) {
            return wrong("even_untrusted", "is for rules that allow, written by a person");
        }
        if let Some(words) = &self.standing {
            let words = words.trim();
            if self.effect != Effect::Deny {
                return wrong("standing", "is for rules that deny");
            }
            if words.is_empty() || words.chars().count() > NOTE_CHARS_MAX || !clean(words) {
                return wrong("standing", "has 1 to 500 characters on one line");
            }
        }
        if self.note.chars().count() > NOTE_CHARS_MAX || !clean(&self.note) {
            return wrong("note", "has at most 500 characters on one line");
        }
        if self.expires_ms.is_some_and(|end| end <= now_ms) {
            return wrong("expires_at", "is in the past");
        }
        self.check_command()
    }

    fn check_command(&self) -> Result<(), PolicyError> {
        let wrong = |why| Err(PolicyError::Field { field: "action", why });
        let ActionPattern::RunCommand(command) = &self.action else { return Ok(()) };
        let program = command.program.as_deref();
        if program.is_some_and(|name| name.is_empty() || name.ends_with('/') || name.contains('*')) {
            return wrong(
                "names a program by its name or its absolute path, without `*`; none is every program",
            );
        }
        if program.is_some_and(|name| name.contains('/') && !name.starts_with('/')) {
            return wrong("names a program by its name or its absolute path");
        }
        if program.is_none() && !command.args.is_empty() {
            return wrong("with arguments names their program");
        }
        // An approval's rule repeats a whole command, however long it is.
        if self.origin == Origin::Person && command.args.len() > ARGS_MAX {
            return wrong("has at most 64 arguments");
        }
        if self.effect != Effect::Allow && command.exact {
            return wrong("can be exact only in a rule that allows");
        }
        Ok(())
    }
}
