//! Policy: what an assistant may do, as data, and its judgement as a pure function.
//!
//! | file | what |
//! |---|---|
//! | `action` | what is to be done: a closed set of typed actions, the unknown one denied |
//! | `path`, `host`, `command`, `glob` | one spelling for each thing, and patterns over it |
//! | `pattern`, `subject`, `rule` | which actions, of whom, and what becomes of them |
//! | `mode`, `built_in` | permission modes and autonomy levels, and the rules that they stand for |
//! | `judge` | policy × action × circumstances → allow, ask or deny, with the reason |
//! | `document`, `desk`, `store` | the policy of a tenant, kept, versioned and audited |
//! | `kill_switch` | nothing is started any more |
//!
//! **Invariant:** default deny; deny wins over ask wins over allow, whatever the order of the rules.
//! **Invariant:** no combination of modes, levels and settings allows more than each of them alone.
//! **Invariant:** only people and programs with the scope `admin` change a policy; no action reaches it.

mod action;
mod built_in;
mod command;
mod desk;
mod document;
mod error;
mod glob;
mod host;
mod judge;
mod kill_switch;
mod mode;
mod path;
mod pattern;
mod rule;
mod store;
mod subject;

pub use action::{ACTION_KINDS, Action, ToolClass};
pub use command::CommandPattern;
pub use desk::{Author, Policies, PolicyChange};
pub use document::Policy;
pub use error::{BadPattern, Malformed, PolicyError};
pub use glob::{Glob, PATTERN_CHARS_MAX, PathGlob};
pub use host::{HostPattern, canonical_host};
pub use judge::{Ask, Verdict, judge};
pub use kill_switch::{Engaged, KILL_REASON_CHARS_MAX, KillSwitches};
pub use mode::{ApprovalMode, Autonomy, Ceiling, PermissionMode, Preset, UnknownWord};
pub use pattern::{ActionPattern, PathPattern, Whereabouts};
pub use rule::{Effect, NOTE_CHARS_MAX, NewRule, Origin, RULES_MAX, Rule};
pub use subject::{SourceKind, Subject, SubjectPattern};

#[cfg(test)]
mod tests;
