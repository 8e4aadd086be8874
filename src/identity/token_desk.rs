//! Tokens are made, listed and revoked.

use super::error::TokenError;
use super::gate::Identity;
use super::principal::{Principal, Who};
use super::request_key::{Made, RequestKey, once};
use super::secret::{SecretText, TOKEN_PREFIX};
use super::store;
use super::tokens::{CreatedToken, NewToken, TOKEN_NAME_CHARS_MAX, TOKENS_MAX, TokenRecord};
use super::told::with;
use crate::audit::{self, Entry};
use crate::db::DbError;
use crate::protocol::ids::TokenId;

impl Identity {
    /// Makes a token. A repeated `key` answers with the first record and no value.
    ///
    /// # Errors
    /// [`TokenError`]; then nothing is stored.
    pub async fn create_token(
        &self,
        maker: &Principal,
        new: NewToken,
        key: Option<RequestKey>,
    ) -> Result<Made<CreatedToken>, TokenError> {
        let now_ms = self.now_ms();
        check(maker, &new, now_ms)?;
        let value = SecretText::random(TOKEN_PREFIX)?;
        let hash = value.hash();
        let record = TokenRecord {
            id: TokenId::new(),
            tenant: self.inner.tenant.clone(),
            name: new.name.trim().to_owned(),
            scopes: new.scopes,
            assistant: new.assistant,
            budget_usd: new.budget_usd,
            created_ms: now_ms,
            expires_ms: new.expires_ms,
            last_used_ms: None,
            last_used_from: None,
            revoked_ms: None,
            member: match maker.who {
                Who::Member(id) => Some(id),
                Who::Owner | Who::Token(_) => None,
            },
        };
        let told = Entry::done("identity", maker.source(), "token.made").on(record.id.to_string());
        let told = with(told, [("name", record.name.as_str()), ("scopes", &record.scopes.to_string())]);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::tokens::live_tokens(tx, now_ms)? >= TOKENS_MAX {
                    return Err(TokenError::TooMany);
                }
                store::tokens::insert_token(tx, &hash, &record)?;
                audit::append(tx, told)?;
                Ok(record)
            })
        });
        let made = write.await?;
        self.reload().await?;
        if !made.repeated {
            tracing::info!(token = %made.thing.id, scopes = %made.thing.scopes, "a token was made");
        }
        let value = (!made.repeated).then_some(value);
        Ok(Made { thing: CreatedToken { record: made.thing, value }, repeated: made.repeated })
    }

    /// Tokens that are not revoked, oldest first, at most [`TOKENS_MAX`] of them live.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, DbError> {
        let found = self.inner.db.read(&self.inner.tenant, store::tokens::tokens).await?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    /// One token, revoked or not.
    ///
    /// # Errors
    /// [`TokenError::NotFound`], or what the store answers.
    pub async fn token(&self, id: TokenId) -> Result<TokenRecord, TokenError> {
        let found =
            self.inner.db.read(&self.inner.tenant, move |read| store::tokens::token_by_id(read, id)).await?;
        found.ok_or(TokenError::NotFound)
    }

    /// Revokes a token. From the return on nobody comes in with it, and its streams end.
    ///
    /// # Errors
    /// [`TokenError::NotFound`], or what the store answers.
    pub async fn revoke_token(&self, by: &Principal, id: TokenId) -> Result<(), TokenError> {
        let now_ms = self.now_ms();
        let told = Entry::done("identity", by.source(), "token.revoked").on(id.to_string());
        let write = self.inner.db.write(&self.inner.tenant, move |tx| {
            let revoked = store::tokens::revoke_token(tx, id, now_ms)?;
            if revoked {
                audit::append(tx, told)?;
            }
            Ok::<_, DbError>(revoked)
        });
        if !write.await? {
            return Err(TokenError::NotFound);
        }
        self.reload().await?;
        tracing::info!(token = %id, "a token was revoked");
        Ok(())
    }
}

fn check(maker: &Principal, new: &NewToken, now_ms: i64) -> Result<(), TokenError> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > TOKEN_NAME_CHARS_MAX {
        return Err(TokenError::Name);
    }
    if new.budget_usd.is_some_and(|budget| !(budget.is_finite() && budget > 0.0)) {
        return Err(TokenError::Budget);
    }
    if new.expires_ms.is_some_and(|end| end <= now_ms) {
        return Err(TokenError::Expiry);
    }
    let wider_assistant = maker.assistant.is_some() && new.assistant != maker.assistant;
    let wider_budget = maker.budget_usd.is_some_and(|own| new.budget_usd.is_none_or(|budget| budget > own));
    if !maker.scopes.covers(new.scopes) || wider_assistant || wider_budget {
        return Err(TokenError::Escalation);
    }
    Ok(())
}
