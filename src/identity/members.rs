//! People: the owner of a tenant and its members, and the table of them in memory.

use std::collections::HashMap;

use crate::protocol::ids::MemberId;

use super::scope::{Scope, Scopes};

/// Most people of a tenant.
pub const MEMBERS_MAX: usize = 100;
/// Most characters of a person's name.
pub const MEMBER_NAME_CHARS_MAX: usize = 60;
/// The owner's name until the owner chooses another.
pub const OWNER_NAME: &str = "owner";

/// What a person is in a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// May everything. There is one.
    Owner,
    /// Talks, reads, and decides approvals of what everybody here shares.
    Member,
}

impl Role {
    /// The word in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// The role of a word.
    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Owner, Self::Member].into_iter().find(|role| role.as_str() == word)
    }

    /// What a person with this role may.
    #[must_use]
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Owner => Scopes::all(),
            Self::Member => [Scope::Chat, Scope::Read, Scope::Approve].into_iter().collect(),
        }
    }
}

/// Whether a person may come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberState {
    /// Has a link, and nothing to sign in with.
    Invited,
    /// May sign in.
    Active,
    /// May not, until the owner says otherwise.
    Disabled,
}

impl MemberState {
    /// The word in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Disabled].into_iter().find(|state| state.as_str() == word)
    }
}

/// A person, with what they can sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: MemberId,
    /// The name that they sign in with, unique in the tenant without regard to case.
    pub name: String,
    /// What they are.
    pub role: Role,
    /// Whether they may come in.
    pub state: MemberState,
    /// Whether they have a password.
    pub has_password: bool,
    /// How many passkeys they have.
    pub passkeys: u32,
    /// Whether a password needs a code beside it.
    pub has_second_factor: bool,
    /// When their recovery key was made, if they have one.
    pub recovery_key_ms: Option<i64>,
    /// When they were invited, in milliseconds since 1970.
    pub created_ms: i64,
}

impl Member {
    /// Somebody who is new.
    #[must_use]
    pub(super) fn new(name: &str, role: Role, state: MemberState, now_ms: i64) -> Self {
        Self {
            id: MemberId::new(),
            name: name.to_owned(),
            role,
            state,
            has_password: false,
            passkeys: 0,
            has_second_factor: false,
            recovery_key_ms: None,
            created_ms: now_ms,
        }
    }

    /// Whether anything opens the door for them.
    #[must_use]
    pub const fn has_credential(&self) -> bool {
        self.has_password || self.passkeys > 0
    }

    /// Whether they may come in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == MemberState::Active
    }
}

/// The people of one tenant. Replaced whole when something changes.
#[derive(Clone, Debug)]
pub(super) struct People {
    owner: MemberId,
    all: HashMap<MemberId, Member>,
}

impl People {
    /// The people of these rows; `None` when there is no owner among them.
    pub(super) fn new(members: Vec<Member>) -> Option<Self> {
        let owner = members.iter().find(|member| member.role == Role::Owner)?.id;
        Some(Self { owner, all: members.into_iter().map(|member| (member.id, member)).collect() })
    }

    /// The owner's id.
    pub(super) const fn owner(&self) -> MemberId {
        self.owner
    }

    /// A person.
    pub(super) fn get(&self, id: MemberId) -> Option<&Member> {
        self.all.get(&id)
    }

    /// Everybody.
    pub(super) fn all(&self) -> Vec<Member> {
        self.all.values().cloned().collect()
    }

    /// A person who may come in.
    pub(super) fn active(&self, id: MemberId) -> Option<&Member> {
        self.get(id).filter(|member| member.is_active())
    }

    /// The person with this name who may come in. No name is the owner's.
    pub(super) fn named(&self, name: &str) -> Option<&Member> {
        let name = name.trim();
        if name.is_empty() {
            return self.active(self.owner);
        }
        self.all.values().find(|member| member.name.eq_ignore_ascii_case(name)).filter(|m| m.is_active())
    }

    /// Whether the owner can sign in.
    pub(super) fn is_set_up(&self) -> bool {
        self.get(self.owner).is_some_and(Member::has_credential)
    }
}

#[cfg(test)]
mod tests;
