//! Who may talk in a channel. A stranger gets a code, shows it to the owner, and the owner approves it.

use crate::protocol::ids::ChannelId;

/// How long a code is good: an hour, in milliseconds.
pub(super) const CODE_LIFE_MS: i64 = 3_600_000;
/// Most strangers of a channel that wait at a time; further ones are not answered.
pub(super) const STRANGERS_MAX: usize = 20;
/// Characters of a code: none that are taken for another.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Letters of a code: 32^8, far more than can be tried within an hour.
const CODE_LETTERS: usize = 8;

/// Whether somebody may talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// A stranger with a code.
    Pending,
    /// They may.
    Approved,
    /// They may not, and hear nothing.
    Blocked,
}

/// Somebody who wrote in a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Where.
    pub channel: ChannelId,
    /// The platform's id of them.
    pub sender: String,
    /// How they call themselves; proves nothing.
    pub name: String,
    /// Whether they may talk.
    pub standing: Standing,
    /// Whether their word answers questions of assistants, as the owner's.
    pub decides: bool,
    /// The code that they were given, as it is compared.
    pub code: Option<String>,
    /// Until when it is good, in milliseconds since 1970.
    pub code_until_ms: i64,
    /// When they wrote first.
    pub created_ms: i64,
}

// === impl Standing ===

impl Standing {
    /// The word used in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Blocked => "blocked",
        }
    }

    /// The standing with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Blocked].into_iter().find(|one| one.as_str() == word)
    }
}

// === impl Person ===

impl Person {
    /// A stranger with a fresh code; none without randomness.
    pub(super) fn stranger(channel: ChannelId, (sender, name): (&str, &str), now_ms: i64) -> Option<Self> {
        Some(Self {
            channel,
            sender: sender.to_owned(),
            name: name.to_owned(),
            standing: Standing::Pending,
            decides: false,
            code: Some(code()?),
            code_until_ms: now_ms + CODE_LIFE_MS,
            created_ms: now_ms,
        })
    }

    /// The code as it is shown to people, while it is good.
    #[must_use]
    pub fn shown_code(&self, now_ms: i64) -> Option<String> {
        self.code.as_deref().filter(|_| self.has_code(now_ms)).map(shown)
    }

    /// Whether the code is good.
    pub(super) const fn has_code(&self, now_ms: i64) -> bool {
        self.code.is_some() && now_ms < self.code_until_ms
    }
}

/// A code as people write it, as it is compared.
#[must_use]
pub(super) fn normal(typed: &str) -> String {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).take(CODE_LETTERS + 1).collect()
}

/// A code as it is shown: `ABCD-2345`.
#[must_use]
pub(super) fn shown(code: &str) -> String {
    match code.split_at_checked(CODE_LETTERS / 2) {
        Some((first, second)) => format!("{first}-{second}"),
        None => code.to_owned(),
    }
}

fn code() -> Option<String> {
    let mut bytes = [0; CODE_LETTERS];
    getrandom::fill(&mut bytes).ok()?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % LETTERS.len()).copied().map(char::from);
    bytes.into_iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let made = Person::stranger(ChannelId::new(), ("7", "Ada"), 5).unwrap();
        let code = made.code.clone().unwrap();
        assert_eq!(code.len(), CODE_LETTERS);
        assert_eq!(normal(&shown(&code)), code);
        assert_eq!(normal(&format!(" {} ", shown(&code).to_lowercase())), code);
        assert_ne!(normal(&format!("{code}X")), code);
        assert_eq!(made.shown_code(5), Some(shown(&code)));
        assert_eq!(made.shown_code(5 + CODE_LIFE_MS), None, "an old code helps nobody");
        assert!(made.has_code(5) && made.has_code(4 + CODE_LIFE_MS) && !made.has_code(5 + CODE_LIFE_MS));
        assert_ne!(Person::stranger(ChannelId::new(), ("7", "Ada"), 5).unwrap().code, Some(code));
    }
}
