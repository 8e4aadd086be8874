//! What a channel proves itself with, and what the platform proves itself with to us: sealed in the vault, opened for one
//! life of the channel.

use std::collections::BTreeMap;

use serde_json::Value;
use zeroize::Zeroizing;

use super::channel::Mode;
use super::error::ChannelError;
use super::platform::Platform;
use super::store;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::egress::Secret;
use crate::protocol::ids::ChannelId;
use crate::vault::{Place, Plain, Purpose, SealedColumn, Vault, VaultError};
use crate::webhooks::verify::{self, BadSecret, Key, Source};

/// Longest credential in bytes.
const VALUE_BYTES_MAX: usize = 4_096;

/// When a channel needs a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needed {
    /// In every mode.
    Always,
    /// In this one.
    In(Mode),
    /// It is made here when it is left out.
    Made,
    /// It can be left out.
    Optional,
}

/// A credential of a platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CredentialField {
    /// Its name in the API.
    pub name: &'static str,
    /// Where a person finds it.
    pub help: &'static str,
    /// When it is needed.
    pub needed: Needed,
}

const fn field(name: &'static str, needed: Needed, help: &'static str) -> CredentialField {
    CredentialField { name, help, needed }
}

const TELEGRAM: &[CredentialField] = &[
    field("bot_token", Needed::Always, "BotFather gives it with the new bot: 123456:ABC…"),
    field(
        "secret_token",
        Needed::Made,
        "Telegram shows it with every webhook. Made here when it is left out.",
    ),
];
const SLACK: &[CredentialField] = &[
    field("bot_token", Needed::Always, "OAuth & Permissions of the app: xoxb-…"),
    field(
        "app_token",
        Needed::In(Mode::Socket),
        "App-Level Tokens in Basic Information, with connections:write: xapp-…",
    ),
    field("signing_secret", Needed::In(Mode::Webhook), "App Credentials in Basic Information"),
];
const DISCORD: &[CredentialField] = &[field(
    "bot_token",
    Needed::Always,
    "Bot page of the application. Message Content Intent has to be on only where groups are answered always.",
)];
const WHATSAPP: &[CredentialField] = &[
    field("access_token", Needed::Always, "System user's token with whatsapp_business_messaging"),
    field("app_secret", Needed::Always, "App settings, Basic"),
    field("verify_token", Needed::Always, "Any word; enter the same one at Meta when you set the webhook"),
];
const EMAIL: &[CredentialField] = &[
    field("password", Needed::Always, "Of the mailbox; where the provider wants one, an app password"),
    field("smtp_password", Needed::Optional, "Of the server that takes answers, where it is another one"),
];

/// The credentials of a platform.
#[must_use]
pub const fn fields(platform: Platform) -> &'static [CredentialField] {
    match platform {
        Platform::Telegram => TELEGRAM,
        Platform::Slack => SLACK,
        Platform::Discord => DISCORD,
        Platform::Whatsapp => WHATSAPP,
        Platform::Email => EMAIL,
    }
}

/// Credentials on their way to the vault. They have no `Debug`.
#[derive(Default)]
pub struct NewCredentials(BTreeMap<&'static str, Zeroizing<String>>);

// === impl NewCredentials ===

impl NewCredentials {
    /// Takes what was entered for a platform.
    ///
    /// # Errors
    /// [`ChannelError::Field`] for one that is missing, unknown or too long, [`ChannelError::Credential`] for one that can
    /// verify nothing.
    pub fn entered(
        (platform, mode): (Platform, Mode),
        mut values: BTreeMap<String, String>,
    ) -> Result<Self, ChannelError> {
        let mut taken = BTreeMap::new();
        for field in fields(platform) {
            let value = values.remove(field.name).unwrap_or_default();
            let bad = |why: String| ChannelError::Field { field: "credentials", why };
            if value.is_empty() && field.needed != Needed::Always && field.needed != Needed::In(mode) {
                continue;
            }
            if value.trim().is_empty() {
                return Err(bad(format!("`{}` is needed. {}", field.name, field.help)));
            }
            if value.len() > VALUE_BYTES_MAX || value.trim() != value || value.chars().any(char::is_control) {
                return Err(bad(format!("`{}` has blanks around it, or is too long", field.name)));
            }
            taken.insert(field.name, Zeroizing::new(value));
        }
        if let Some(unknown) = values.keys().next() {
            let known: Vec<_> = fields(platform).iter().map(|field| field.name).collect();
            let why = format!("`{unknown}` is none of {}", known.join(", "));
            return Err(ChannelError::Field { field: "credentials", why });
        }
        if platform == Platform::Telegram && !taken.contains_key("secret_token") {
            let made = Source::Generic.new_secret().ok_or(VaultError::from(DbError::Unavailable))?;
            taken.insert("secret_token", made);
        }
        let credentials = Self(taken);
        credentials.keys(platform)?;
        Ok(credentials)
    }

    fn keys(&self, platform: Platform) -> Result<Option<Key>, ChannelError> {
        let Some(name) = verifying(platform) else { return Ok(None) };
        let Some(text) = self.0.get(name) else { return Ok(None) };
        key(platform, text.as_str()).map(Some).map_err(|error| ChannelError::Credential { name, error })
    }

    pub(super) fn seal(
        &self,
        vault: &Vault,
        tx: &mut TenantTx<'_>,
        id: ChannelId,
    ) -> Result<Vec<u8>, VaultError> {
        let plain: BTreeMap<&str, &str> =
            self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = Zeroizing::new(serde_json::to_string(&plain).unwrap_or_default());
        vault.seal(tx, Purpose::Channels, &place(&id), text.as_bytes())
    }
}

/// The credentials of one life of a channel.
pub struct Credentials {
    /// What calls of the platform carry.
    pub token: Secret,
    /// What opens a WebSocket, where that is another token (Slack).
    pub app_token: Option<Secret>,
    /// What the platform's requests are verified with.
    pub keys: Vec<Key>,
    /// Telegram: what it is told to show with every webhook.
    pub shown: Option<Secret>,
    /// E-mail: what signs in to the server that takes answers, where it is another one.
    pub smtp_password: Option<Secret>,
    /// WhatsApp: the word of its challenge.
    pub challenge: Vec<Key>,
}

// === impl Credentials ===

impl Credentials {
    pub(super) fn open(
        vault: &Vault,
        read: &TenantRead<'_>,
        (id, platform): (ChannelId, Platform),
    ) -> Result<Self, ChannelError> {
        let sealed = store::credentials(read, id)?;
        let plain = vault.open(read, Purpose::Channels, &place(&id), &sealed)?;
        Self::of(platform, &plain)
    }

    fn of(platform: Platform, plain: &Plain) -> Result<Self, ChannelError> {
        let damaged = || DbError::Corrupt("the credentials of a channel".to_owned());
        let values: BTreeMap<String, Zeroizing<String>> = match serde_json::from_slice(plain.bytes()) {
            Ok(Value::Object(values)) => values
                .into_iter()
                .filter_map(|(name, value)| Some((name, Zeroizing::new(value.as_str()?.to_owned()))))
                .collect(),
            _ => return Err(damaged().into()),
        };
        let text = |name: &str| values.get(name).map(|value| value.as_str()).unwrap_or_default();
        let token = fields(platform).first().map_or("", |field| field.name);
        let keys = match verifying(platform) {
            Some(name) if values.contains_key(name) => {
                vec![key(platform, text(name)).map_err(|error| ChannelError::Credential { name, error })?]
            }
            _ => Vec::new(),
        };
        let secret = |name: &str| values.get(name).map(|value| Secret::new(value.as_str().to_owned()));
        Ok(Self {
            token: secret(token).unwrap_or_else(|| Secret::new(String::new())),
            app_token: secret("app_token"),
            keys,
            shown: secret("secret_token"),
            smtp_password: secret("smtp_password"),
            challenge: verify::whatsapp::key(text("verify_token")).into_iter().collect(),
        })
    }
}

/// The credential with which the platform's requests are verified.
const fn verifying(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Telegram => Some("secret_token"),
        Platform::Slack => Some("signing_secret"),
        Platform::Whatsapp => Some("app_secret"),
        Platform::Discord | Platform::Email => None,
    }
}

fn key(platform: Platform, text: &str) -> Result<Key, BadSecret> {
    match platform {
        Platform::Telegram => verify::telegram::key(text),
        Platform::Whatsapp => verify::whatsapp::key(text),
        Platform::Slack | Platform::Discord | Platform::Email => Source::Slack.key(text),
    }
}

fn place(id: &ChannelId) -> Place<'_> {
    CREDENTIALS.place(id.as_bytes())
}

/// The column that holds them.
pub(super) const CREDENTIALS: SealedColumn =
    SealedColumn { purpose: Purpose::Channels, table: "channels", name: "credentials", row: "id" };
