//! What is known about the people of a tenant: topics, patterns, and what they say about themselves.
//!
//! It is kept for each person (the owner, a member), not for each workspace as the seeds have it: people share workspaces,
//! and only a person can say *forget me*.
//!
//! | level | what is noticed |
//! |---|---|
//! | `full` | topics; how many questions, how long on average, at which hours |
//! | `limited` (default) | topics |
//! | `none` | nothing |
//!
//! Topics are words of four letters and more that say something, of which the 100 that count most stay. What was noticed is
//! in memory for `user_model.flush_s`, then sealed into one row, under the vault's key and under a key of the person's own
//! ([`crate::vault::ErasableKeys`]). *Forget me* destroys that key: a backup of the data that was made before still has the
//! sealed row, and nothing opens it. Messages are conversations, and stay until these are deleted. Who copied the folder
//! `keys/people` too has the key: leave it out of backups, or delete it there as well.
//!
//! **Invariant:** only what a person of the tenant wrote, signed in or on the machine itself, is noticed: no token's,
//! channel's, webhook's, schedule's or tool's words, no quotes and no code.
//! **Invariant:** nothing of it is in the database in clear but what prompts were told, in `injections`; a correction takes
//! that out, too.
//! **Invariant:** no log and no audit entry has a word of it.

mod correcting;
mod desk;
mod error;
mod observer;
mod person;
mod plugs;
mod profile;
mod prompt;
mod store;
mod words;

pub use desk::{UserModel, UserModelChange, UserView};
pub use error::UserModelError;
pub use observer::PEOPLE_MAX;
pub use person::Person;
pub use plugs::{InjectionPlug, ObservationPlug};
pub use profile::{
    COUNT_MAX, HOUR_MAX, MUTED_MAX, NOTICED_TOPICS_MAX, PREFERENCE_CHARS_MAX, PREFERENCES_MAX, Preference,
    Profile, QUERIES_MAX, TOPICS_MAX, Topic,
};
pub use prompt::{CONTEXT_BYTES_MAX, INTERESTS_MAX, QUESTION_CHARS_MIN, context};
pub use words::{WORD_CHARS_MAX, WORD_CHARS_MIN, WORDS_PER_MESSAGE_MAX, topics};

#[cfg(test)]
mod tests;
