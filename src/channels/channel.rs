//! A connection to a chat platform, as a person set it up.

use serde::{Deserialize, Serialize};

use super::codec;
use super::error::ChannelError;
use super::mail::MailSettings;
use super::platform::Platform;
use crate::policy::Ceiling;
use crate::protocol::ids::{ChannelId, WorkspaceId};

/// Most channels of a tenant; as many as `supervision.toml` lets run.
pub const CHANNELS_MAX: usize = 64;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 50;
/// Most senders that need no pairing.
const ALLOWED_MAX: usize = 256;
/// Most characters of a sender's id, an address or another setting.
const SETTING_CHARS_MAX: usize = 512;

/// How what is said there reaches us. Only for the last one we have to be reachable from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// We ask for it.
    Poll,
    /// It comes over a WebSocket that we open.
    Socket,
    /// The platform sends it to the ingress.
    Webhook,
}

/// What is answered where several people read along.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// What mentions us.
    #[default]
    Mention,
    /// Everything.
    Always,
    /// Nothing.
    Never,
}

/// Everything of a channel that is no secret.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelSettings {
    /// How messages come, where there is a choice; `None` for the first of [`Mode::of`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The address of the platform, where it is another one than its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// WhatsApp: the id of our phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_id: Option<String>,
    /// E-mail: the mailbox and its servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSettings>,
    /// What is answered in groups.
    pub groups: Groups,
    /// Whether answers are shown only when they are whole, where they could grow before everybody's eyes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whole_answers: bool,
    /// Senders who need no pairing, by the platform's own ids.
    pub allowed: Vec<String>,
    /// How far turns may go that begin here; `None` for as far as the assistant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
}

/// A channel. Its credentials are in the vault's care and not here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Where its threads belong.
    pub workspace_id: WorkspaceId,
    /// Its name, unique in the tenant.
    pub name: String,
    /// The platform.
    pub platform: Platform,
    /// Whether it runs.
    pub enabled: bool,
    /// Everything else.
    pub settings: ChannelSettings,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when a channel is made.
#[derive(Clone, Debug)]
pub struct NewChannel {
    /// Its name.
    pub name: String,
    /// The platform.
    pub platform: Platform,
    /// Where its threads belong; `None` for the default workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Everything else.
    pub settings: ChannelSettings,
}

/// What changes of a channel. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    /// Another name.
    pub name: Option<String>,
    /// Another workspace, for conversations that begin from now on.
    pub workspace_id: Option<WorkspaceId>,
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// Other settings, all of them.
    pub settings: Option<ChannelSettings>,
}

// === impl Mode ===

impl Mode {
    /// The ways in which a platform's messages come, the one that needs the least first.
    #[must_use]
    pub const fn of(platform: Platform) -> &'static [Self] {
        match platform {
            Platform::Telegram => &[Self::Poll, Self::Webhook],
            Platform::Slack => &[Self::Socket, Self::Webhook],
            Platform::Discord => &[Self::Socket],
            Platform::Whatsapp => &[Self::Webhook],
            Platform::Email => &[Self::Poll],
        }
    }

    /// The one with this word, if messages of the platform can come like that.
    #[must_use]
    pub fn parse(platform: Platform, word: &str) -> Option<Self> {
        Self::of(platform).iter().copied().find(|one| one.word() == word)
    }

    /// The word in settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Socket => "socket",
            Self::Webhook => "webhook",
        }
    }
}

// === impl Groups ===

impl Groups {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::Mention, Self::Always, Self::Never];

    /// The one with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// The word in settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

// === impl ChannelSettings ===

impl ChannelSettings {
    /// How messages of this platform come.
    #[must_use]
    pub fn mode_on(&self, platform: Platform) -> Mode {
        let first = Mode::of(platform).first().copied();
        self.mode.or(first).unwrap_or(Mode::Webhook)
    }
}

// === impl NewChannel ===

impl NewChannel {
    pub(super) fn into_channel(
        self,
        workspace_id: WorkspaceId,
        now_ms: i64,
    ) -> Result<Channel, ChannelError> {
        let channel = Channel {
            id: ChannelId::new(),
            workspace_id,
            name: self.name.trim().to_owned(),
            platform: self.platform,
            enabled: true,
            settings: self.settings,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        channel.check()?;
        Ok(channel)
    }
}

// === impl ChannelChange ===

impl ChannelChange {
    pub(super) fn apply(self, to: Channel, now_ms: i64) -> Result<Channel, ChannelError> {
        let changed = Channel {
            name: self.name.map_or(to.name, |name| name.trim().to_owned()),
            workspace_id: self.workspace_id.unwrap_or(to.workspace_id),
            enabled: self.enabled.unwrap_or(to.enabled),
            settings: self.settings.unwrap_or(to.settings),
            version: to.version + 1,
            updated_ms: now_ms,
            ..to
        };
        changed.check()?;
        Ok(changed)
    }
}

// === impl Channel ===

impl Channel {
    /// The door of its threads, and the name under which its idempotency keys and its usage are kept.
    #[must_use]
    pub fn door(&self) -> String {
        format!("{DOOR}{}", self.id)
    }

    /// The path of its address on the ingress.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/api/channels/{}/webhook", self.id)
    }

    /// How messages come.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.settings.mode_on(self.platform)
    }

    /// Whether the platform sends to the ingress.
    #[must_use]
    pub fn is_sent_to(&self) -> bool {
        self.mode() == Mode::Webhook
    }

    /// The address of the platform.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.settings.base_url.as_deref().or(codec::base_url(self.platform)).unwrap_or_default()
    }

    fn check(&self) -> Result<(), ChannelError> {
        let field = |field, why: &str| Err(ChannelError::Field { field, why: why.to_owned() });
        let is_plain = |text: &str| {
            (1..=SETTING_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let name = self.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&name) || self.name.chars().any(char::is_control) {
            return field("name", "has 1 to 50 characters and no control characters");
        }
        let settings = &self.settings;
        match (&settings.mail, self.platform == Platform::Email) {
            (Some(mail), true) => mail.check().or_else(|(name, why)| field(name, why))?,
            (None, true) => {
                return field("settings/mail", "is needed: the address of the mailbox and its servers");
            }
            (Some(_), false) => return field("settings/mail", "is for e-mail only"),
            (None, false) => {}
        }
        let modes = Mode::of(self.platform);
        if settings.mode.is_some_and(|mode| !modes.contains(&mode)) {
            let words: Vec<_> = modes.iter().map(|mode| mode.word()).collect();
            return field("settings/mode", &format!("is {}", words.join(" or ")));
        }
        if let Some(url) = &settings.base_url
            && (!is_plain(url)
                || url.ends_with('/')
                || !(url.starts_with("https://") || url.starts_with("http://")))
        {
            return field(
                "settings/base_url",
                "starts with https:// or http:// and does not end with a slash",
            );
        }
        if self.platform == Platform::Whatsapp && !settings.phone_number_id.as_deref().is_some_and(is_digits)
        {
            return field(
                "settings/phone_number_id",
                "is needed: the id of the number, digits only, from the app's API setup",
            );
        }
        if settings.allowed.len() > ALLOWED_MAX || !settings.allowed.iter().all(|one| is_plain(one)) {
            return field("settings/allowed", "has at most 256 ids of senders");
        }
        Ok(())
    }
}

/// The beginning of every channel's door.
pub(super) const DOOR: &str = "channel:";

fn is_digits(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
