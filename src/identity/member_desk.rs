//! People are invited, named, disabled and removed.

use super::client::Client;
use super::error::MemberError;
use super::gate::Identity;
use super::members::{MEMBER_NAME_CHARS_MAX, MEMBERS_MAX, Member, MemberState, Role};
use super::principal::Principal;
use super::request_key::{Made, RequestKey, once};
use super::secret::SecretText;
use super::store;
use super::told;
use crate::audit;
use crate::db::{DbError, TenantTx};
use crate::protocol::ids::MemberId;

/// How long an invitation works.
pub const INVITE_LIFETIME_MS: i64 = 24 * 60 * 60 * 1_000;

/// Somebody who was invited.
#[derive(Debug)]
pub struct Invited {
    /// Who.
    pub member: Member,
    /// The token of the link, shown once; `None` when an earlier call with the same key showed it.
    pub token: Option<SecretText>,
    /// When the link stops working, in milliseconds since 1970.
    pub expires_ms: i64,
}

impl Identity {
    /// Everybody, the owner first.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let mut all = self.people().all();
        all.sort_by_key(|member| (member.role == Role::Member, member.id));
        all
    }

    /// One person.
    ///
    /// # Errors
    /// [`MemberError::NotFound`].
    pub fn member(&self, id: MemberId) -> Result<Member, MemberError> {
        self.people().get(id).cloned().ok_or(MemberError::NotFound)
    }

    /// The person who asks; `None` for a token.
    #[must_use]
    pub fn myself(&self, by: &Principal) -> Option<Member> {
        self.person(by).and_then(|id| self.people().get(id).cloned())
    }

    /// Invites somebody by a link that works once, for a day.
    ///
    /// # Errors
    /// [`MemberError`]; then nothing is stored.
    pub async fn invite(
        &self,
        by: &Principal,
        name: &str,
        client: &Client,
        key: Option<RequestKey>,
    ) -> Result<Made<Invited>, MemberError> {
        let (name, now_ms) = (checked_name(name)?, self.now_ms());
        let (token, expires_ms) = (SecretText::random("")?, now_ms + INVITE_LIFETIME_MS);
        let (hash, member) = (token.hash(), Member::new(&name, Role::Member, MemberState::Invited, now_ms));
        let told = told::from(by.source(), "member.invited", client).on(member.id.to_string());
        let told = told::with(told, [("name", &name)]);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                let people = store::members::all(tx)?;
                if people.len() >= MEMBERS_MAX {
                    return Err(MemberError::TooMany);
                }
                if people.iter().any(|other| other.name.eq_ignore_ascii_case(&member.name)) {
                    return Err(MemberError::NameTaken);
                }
                store::members::insert(tx, &member)?;
                store::members::put_invite(tx, member.id, &hash, expires_ms)?;
                audit::append(tx, told)?;
                Ok(member.id)
            })
        });
        let made = write.await?;
        self.reload_people().await?;
        let token = (!made.repeated).then_some(token);
        let member = self.member(made.thing)?;
        Ok(Made { thing: Invited { member, token, expires_ms }, repeated: made.repeated })
    }

    /// Makes a new link for somebody who has not come in yet. The one of before is void.
    ///
    /// # Errors
    /// [`MemberError`].
    pub async fn invite_again(
        &self,
        by: &Principal,
        id: MemberId,
        client: &Client,
    ) -> Result<Invited, MemberError> {
        let member = self.member(id)?;
        if member.state != MemberState::Invited {
            return Err(MemberError::NotInvited);
        }
        let (token, expires_ms) = (SecretText::random("")?, self.now_ms() + INVITE_LIFETIME_MS);
        let hash = token.hash();
        self.change(by, "member.invited", id, client, move |tx| {
            Ok(store::members::put_invite(tx, id, &hash, expires_ms)?)
        })
        .await?;
        Ok(Invited { member, token: Some(token), expires_ms })
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// [`MemberError`].
    pub async fn rename_member(
        &self,
        by: &Principal,
        id: MemberId,
        name: &str,
        client: &Client,
    ) -> Result<Member, MemberError> {
        let (name, now_ms) = (checked_name(name)?, self.now_ms());
        self.member(id)?;
        self.change(by, "member.renamed", id, client, move |tx| {
            if store::members::rename(tx, id, &name, now_ms)? { Ok(()) } else { Err(MemberError::NameTaken) }
        })
        .await?;
        self.member(id)
    }

    /// Shuts a member out, or lets them in again. Shut out, their sessions and tokens end at once.
    ///
    /// # Errors
    /// [`MemberError`].
    pub async fn set_member_disabled(
        &self,
        by: &Principal,
        id: MemberId,
        disabled: bool,
        client: &Client,
    ) -> Result<Member, MemberError> {
        let member = self.not_the_owner(id)?;
        let (state, action) = match (member.state, disabled) {
            (MemberState::Invited, _) => return Err(MemberError::StillInvited),
            (_, true) => (MemberState::Disabled, "member.disabled"),
            (_, false) => (MemberState::Active, "member.enabled"),
        };
        let now_ms = self.now_ms();
        self.change(by, action, id, client, move |tx| {
            store::members::set_state(tx, id, state, now_ms)?;
            if disabled {
                shut_out(tx, id, now_ms)?;
            }
            Ok(())
        })
        .await?;
        self.member(id)
    }

    /// Removes a member. Their sessions and tokens end at once; what they wrote stays.
    ///
    /// # Errors
    /// [`MemberError`].
    pub async fn remove_member(
        &self,
        by: &Principal,
        id: MemberId,
        client: &Client,
    ) -> Result<(), MemberError> {
        self.not_the_owner(id)?;
        let now_ms = self.now_ms();
        self.change(by, "member.removed", id, client, move |tx| {
            shut_out(tx, id, now_ms)?;
            Ok(store::members::delete(tx, id)?)
        })
        .await
    }

    fn not_the_owner(&self, id: MemberId) -> Result<Member, MemberError> {
        let member = self.member(id)?;
        if member.role == Role::Owner { Err(MemberError::IsOwner) } else { Ok(member) }
    }

    /// One change to a person with its entry; afterwards every table in memory knows of it.
    async fn change(
        &self,
        by: &Principal,
        action: &'static str,
        id: MemberId,
        client: &Client,
        work: impl FnOnce(&mut TenantTx<'_>) -> Result<(), MemberError> + Send + 'static,
    ) -> Result<(), MemberError> {
        let told = told::from(by.source(), action, client).on(id.to_string());
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            work(tx)?;
            Ok::<_, MemberError>(audit::append(tx, told)?)
        });
        write.await?;
        self.reload_people().await?;
        if self.people().active(id).is_none() {
            self.inner.sessions.write().end_of(id);
            self.reload().await?;
            self.announce_ending();
        }
        tracing::info!(member = %id, action, "a person was changed");
        Ok(())
    }
}

fn shut_out(tx: &mut TenantTx<'_>, id: MemberId, now_ms: i64) -> Result<(), DbError> {
    store::sessions::delete_of(tx, id)?;
    store::tokens::revoke_tokens_of(tx, id, now_ms)?;
    Ok(())
}

/// A name that people can type and tell apart.
pub(super) fn checked_name(name: &str) -> Result<String, MemberError> {
    let name = name.trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
    let fits = !name.is_empty() && name.chars().count() <= MEMBER_NAME_CHARS_MAX && name.chars().all(plain);
    if fits { Ok(name.to_owned()) } else { Err(MemberError::Name) }
}
