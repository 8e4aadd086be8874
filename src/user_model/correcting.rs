//! What people correct: topics they take out or change, and what they say about themselves.

use super::desk::{Act, UserModel, told};
use super::error::UserModelError;
use super::person::Person;
use super::profile::{COUNT_MAX, PREFERENCE_CHARS_MAX};
use super::words::{WORD_CHARS_MAX, WORD_CHARS_MIN, checked_topic};
use crate::identity::{Made, Principal, RequestKey};

impl UserModel {
    /// Writes something that a person says about themselves; its number.
    ///
    /// # Errors
    /// [`UserModelError`]; then nothing is written.
    pub async fn add_preference(
        &self,
        by: &Principal,
        person: Person,
        text: &str,
        key: Option<RequestKey>,
    ) -> Result<Made<u32>, UserModelError> {
        let (text, now_ms) = (checked_preference(text)?, self.now_ms());
        let act = Act { key, ..self.as_of(by, person, None) };
        self.act(person, act, |_, profile| {
            profile.add_preference(text, now_ms).ok_or(UserModelError::TooMany)
        })
        .await
    }

    /// Writes another text in the place of a preference.
    ///
    /// # Errors
    /// [`UserModelError`]; then it is as it was.
    pub async fn change_preference(
        &self,
        by: &Principal,
        person: Person,
        (id, version): (u32, Option<i64>),
        text: &str,
    ) -> Result<(), UserModelError> {
        let text = checked_preference(text)?;
        let changed = self.act(person, self.as_of(by, person, version), |_, profile| {
            let found = profile.preferences.iter_mut().find(|one| one.id == id);
            found.ok_or(UserModelError::NotFound)?.text = text;
            Ok(())
        });
        changed.await.map(|_| ())
    }

    /// Removes a preference.
    ///
    /// # Errors
    /// [`UserModelError`].
    pub async fn remove_preference(
        &self,
        by: &Principal,
        person: Person,
        (id, version): (u32, Option<i64>),
    ) -> Result<(), UserModelError> {
        let removed = self.act(person, self.as_of(by, person, version), |_, profile| {
            let before = profile.preferences.len();
            profile.preferences.retain(|one| one.id != id);
            if profile.preferences.len() == before { Err(UserModelError::NotFound) } else { Ok(()) }
        });
        removed.await.map(|_| ())
    }

    /// Takes a topic out. It does not come back by itself.
    ///
    /// # Errors
    /// [`UserModelError`].
    pub async fn mute_topic(
        &self,
        by: &Principal,
        person: Person,
        (word, version): (&str, Option<i64>),
    ) -> Result<(), UserModelError> {
        let muted =
            self.act(person, self.as_of(by, person, version), |_, profile| match profile.mute(word) {
                true => Ok(()),
                false => Err(UserModelError::NotFound),
            });
        muted.await.map(|_| ())
    }

    /// Lets a topic that was taken out be noticed again.
    ///
    /// # Errors
    /// [`UserModelError`].
    pub async fn unmute_topic(
        &self,
        by: &Principal,
        person: Person,
        (word, version): (&str, Option<i64>),
    ) -> Result<(), UserModelError> {
        let heard = self.act(person, self.as_of(by, person, version), |_, profile| {
            match profile.muted.remove(word) {
                true => Ok(()),
                false => Err(UserModelError::NotFound),
            }
        });
        heard.await.map(|_| ())
    }

    /// Writes another word, or another count, in the place of a topic's.
    ///
    /// # Errors
    /// [`UserModelError`].
    pub async fn change_topic(
        &self,
        by: &Principal,
        person: Person,
        (word, version): (&str, Option<i64>),
        (to, count): (Option<&str>, Option<u32>),
    ) -> Result<(), UserModelError> {
        let to = to.map(checked_word).transpose()?;
        if count.is_some_and(|count| !(1..=COUNT_MAX).contains(&count)) {
            return Err(UserModelError::Field { field: "count", text: format!("is from 1 to {COUNT_MAX}") });
        }
        let changed = self.act(person, self.as_of(by, person, version), |_, profile| {
            match profile.edit_topic(word, to, count) {
                true => Ok(()),
                false => Err(UserModelError::NotFound),
            }
        });
        changed.await.map(|_| ())
    }

    fn as_of<'a>(&self, by: &'a Principal, person: Person, version: Option<i64>) -> Act<'a> {
        Act { by, version, told: told(by, person, "user_model.corrected"), key: None }
    }
}

fn checked_preference(text: &str) -> Result<String, UserModelError> {
    let text = text.trim();
    let is_plain = !text.chars().any(|c| c.is_control() && c != '\n');
    if (1..=PREFERENCE_CHARS_MAX).contains(&text.chars().count()) && is_plain {
        return Ok(text.to_owned());
    }
    Err(UserModelError::Field { field: "text", text: format!("has 1 to {PREFERENCE_CHARS_MAX} characters") })
}

fn checked_word(word: &str) -> Result<String, UserModelError> {
    let wrong = format!("is one word of {WORD_CHARS_MIN} to {WORD_CHARS_MAX} letters that says something");
    checked_topic(word.trim()).ok_or(UserModelError::Field { field: "word", text: wrong })
}
