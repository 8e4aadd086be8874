//! Who may talk in a channel. A stranger gets a code, shows it to the owner, and the owner approves it.

use super::desk::{Channels, now_ms, told};
use super::error::ChannelError;
use super::outbox::Obligation;
use super::store;
use crate::audit;
use crate::identity::Principal;
use crate::protocol::ids::{ChannelId, TenantId};

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

/// What a person does with somebody who wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PersonChange {
    /// They may talk; whether their word decides.
    Approve {
        /// Whether it answers questions of assistants, as the owner's.
        decides: bool,
    },
    /// They hear nothing any more.
    Block,
    /// They are a stranger again.
    Forget,
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

// === impl Channels ===

impl Channels {
    /// Approves the stranger with this code, in whatever channel they wrote.
    ///
    /// # Errors
    /// [`ChannelError::WrongCode`], or what the store answers.
    pub async fn approve_code(
        &self,
        by: &Principal,
        typed: &str,
        decides: bool,
    ) -> Result<Person, ChannelError> {
        let (code, now_ms) = (normal(typed), now_ms());
        let read = self.db().read(&by.tenant, move |read| store::people::by_code(read, &code, now_ms));
        let found = read.await?.ok_or(ChannelError::WrongCode)?;
        self.change_person(by, (found.channel, &found.sender), PersonChange::Approve { decides }).await?;
        Ok(Person { standing: Standing::Approved, decides, code: None, ..found })
    }

    /// Changes what somebody may, whether or not they wrote before.
    ///
    /// # Errors
    /// [`ChannelError::NotFound`], or what the store answers.
    pub async fn change_person(
        &self,
        by: &Principal,
        (channel, sender): (ChannelId, &str),
        change: PersonChange,
    ) -> Result<(), ChannelError> {
        let (now_ms, changer, sender) = (now_ms(), by.clone(), sender.to_owned());
        let write = self.db().write(&by.tenant, move |tx| {
            let of = store::by_id(tx, channel)?;
            let found = store::people::one(tx, channel, &sender)?;
            let known = found.unwrap_or_else(|| Person {
                channel,
                sender: sender.clone(),
                name: sender.clone(),
                standing: Standing::Pending,
                decides: false,
                code: None,
                code_until_ms: 0,
                created_ms: now_ms,
            });
            let (action, standing, decides) = match change {
                PersonChange::Approve { decides } => ("channel.sender_approved", Standing::Approved, decides),
                PersonChange::Block => ("channel.sender_blocked", Standing::Blocked, false),
                PersonChange::Forget => ("channel.sender_forgotten", Standing::Pending, false),
            };
            match change {
                PersonChange::Forget if !store::people::remove(tx, channel, &sender)? => {
                    return Err(ChannelError::NotFound);
                }
                PersonChange::Forget => {}
                PersonChange::Approve { .. } | PersonChange::Block => {
                    let changed = Person { standing, decides, code: None, code_until_ms: 0, ..known };
                    store::people::put(tx, &changed, &changer.source())?;
                }
            }
            let entry = told(&changer, action, &of).with("sender", sender.as_str());
            audit::append(tx, entry.with("decides", decides))?;
            Ok(())
        });
        write.await?;
        self.reload().await
    }

    /// Owes these words to everybody who may decide, wherever they talk to us alone. How many they are.
    ///
    /// # Errors
    /// What the store answers; then nobody is told.
    pub async fn tell_deciders(&self, tenant: &TenantId, words: String) -> Result<usize, ChannelError> {
        let now_ms = now_ms();
        let write = self.db().write(tenant, move |tx| {
            let places = store::people::deciders(tx)?;
            for (channel, conversation) in &places {
                let owed = Obligation::words(*channel, conversation, words.clone(), now_ms);
                store::outbox::insert(tx, &owed)?;
            }
            Ok::<_, ChannelError>(places.len())
        });
        let told = write.await?;
        self.live().wake_outboxes();
        Ok(told)
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
