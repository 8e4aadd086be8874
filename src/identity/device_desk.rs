//! Devices ask to come in, and people decide.

use std::sync::Arc;
use std::time::Instant;

use super::client::Client;
use super::device::{DeviceBegun, DeviceWish};
use super::error::{DeviceError, SignInError, TokenError};
use super::gate::Identity;
use super::principal::Principal;
use super::rate::Purpose;
use super::scope::{Scope, Scopes};
use super::secret::SecretText;
use super::tokens::{NewToken, TOKEN_NAME_CHARS_MAX};
use super::told;
use crate::audit;

/// How long a token lives that was made in a browser, unless somebody says otherwise.
pub const TOKEN_LIFE_DEFAULT_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

impl Identity {
    /// A device asks to come in.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn begin_device(
        &self,
        name: &str,
        scopes: Scopes,
        client: &Client,
    ) -> Result<DeviceBegun, DeviceError> {
        let name = name.trim();
        let fits = !name.is_empty() && name.chars().count() <= TOKEN_NAME_CHARS_MAX;
        if !fits || name.chars().any(char::is_control) {
            return Err(DeviceError::Name);
        }
        let wish = DeviceWish { name: name.to_owned(), scopes, address: client.address.to_string() };
        self.inner.devices.lock().begin(wish, Instant::now())
    }

    /// What the device asks for whose code a person typed, narrowed to what that person may give.
    ///
    /// # Errors
    /// [`DeviceError`]. Wrong codes are counted.
    pub fn device_wish(
        &self,
        by: &Principal,
        typed: &str,
        client: &Client,
    ) -> Result<DeviceWish, DeviceError> {
        self.knock(client, Purpose::Device).map_err(|error| match error {
            SignInError::LockedOut { retry_after } => DeviceError::LockedOut { retry_after },
            _ => DeviceError::Expired,
        })?;
        let found = self.inner.devices.lock().wish(typed, Instant::now()).ok_or(DeviceError::Expired)?;
        self.inner.failures.lock().succeeded(client.address, Purpose::Device);
        Ok(narrowed(by, found))
    }

    /// Lets the device in with a token of its own, or not. Decided once.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn decide_device(
        &self,
        by: &Principal,
        typed: &str,
        approve: bool,
        client: &Client,
    ) -> Result<(), DeviceError> {
        let wish = self.device_wish(by, typed, client)?;
        if !approve {
            let told = told::from(by.source(), "device.denied", client).on(wish.name);
            let write = self.inner.db.write(&self.inner.tenant, move |tx| audit::append(tx, told));
            write.await.map_err(TokenError::from)?;
            return self.decided(typed, None);
        }
        if wish.scopes.words().is_empty() {
            return Err(TokenError::Escalation.into());
        }
        let new = NewToken {
            name: wish.name.clone(),
            scopes: wish.scopes,
            assistant: None,
            budget_usd: None,
            expires_ms: Some(self.now_ms() + TOKEN_LIFE_DEFAULT_MS),
        };
        let made = self.create_token(by, new, None).await?.thing;
        let id = made.record.id;
        let told = told::from(by.source(), "device.approved", client).on(id.to_string());
        let told = told::with(told, [("name", &wish.name), ("device_address", &wish.address)]);
        let write = self.inner.db.write(&self.inner.tenant, move |tx| audit::append(tx, told));
        write.await.map_err(TokenError::from)?;
        let decided = self.decided(typed, made.value);
        if decided.is_err() {
            // Somebody else was faster: nobody can fetch this token.
            self.revoke_token(by, id).await?;
        }
        decided
    }

    fn decided(&self, typed: &str, token: Option<SecretText>) -> Result<(), DeviceError> {
        let decided = self.inner.devices.lock().decide(typed, token, Instant::now());
        if decided { Ok(()) } else { Err(DeviceError::Expired) }
    }

    /// The device asks whether somebody decided.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub fn fetch_device_token(&self, device_code: &str) -> Result<SecretText, DeviceError> {
        self.inner.devices.lock().ask(device_code, Instant::now())
    }
}

/// A wish without what this person may not give.
fn narrowed(by: &Principal, wish: Arc<DeviceWish>) -> DeviceWish {
    let mut wish = Arc::unwrap_or_clone(wish);
    if !by.scopes.covers(wish.scopes) {
        let kept = wish.scopes.words().into_iter().filter(|scope: &Scope| by.scopes.allows(*scope));
        wish.scopes = kept.collect();
    }
    wish
}
