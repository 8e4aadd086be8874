//! What the routes of channels take and answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::channels::outbox::{Obligation, ObligationState};
use crate::channels::{
    ChannelSettings, ChannelState, ChannelView, CredentialField, KnownConversation, Mode, Owed, Person,
    Platform, SettingField, fields, settings,
};
use crate::http::moment::rfc3339;
use crate::protocol::ids::WorkspaceId;

/// Everything of a channel that is no secret, for the document of the API.
#[derive(ToSchema)]
#[schema(as = ChannelSettings)]
#[allow(
    dead_code,
    reason = "it describes `ChannelSettings`, which the product module keeps without the document's crate"
)]
struct SettingsDescribed {
    /// How messages come; without it the first of `modes` of the platform in `/api/v1/channel-platforms`. Telegram: `poll` or
    /// `webhook`; Slack: `socket` or `webhook`; Discord: `socket`; WhatsApp: `webhook`; e-mail: `poll`.
    mode: Option<String>,
    /// The address of the platform, where it is another one than its own.
    base_url: Option<String>,
    /// WhatsApp: the id of our phone number.
    phone_number_id: Option<String>,
    /// E-mail: the mailbox and its servers.
    mail: Option<MailDescribed>,
    /// What is answered in groups: `mention` (without it), `always` or `never`.
    groups: Option<String>,
    /// Whether answers are shown only when they are whole, where they could grow before everybody's eyes.
    whole_answers: Option<bool>,
    /// Senders who need no pairing, by the platform's own ids.
    allowed: Option<Vec<String>>,
    /// How far turns may go: `no_tools`, `read_only` or `supervised`; as far as the assistant without it.
    ceiling: Option<String>,
}

/// A mailbox and its servers.
#[derive(ToSchema)]
#[schema(as = MailSettings)]
#[allow(dead_code, reason = "it describes `MailSettings`, for the same reason")]
struct MailDescribed {
    /// The address that people write to, and that answers come from.
    address: String,
    /// Further addresses that end in the same mailbox.
    aliases: Option<Vec<String>>,
    /// The host that is asked for mail, by IMAP.
    imap_host: String,
    /// 993 without it, or 143 where the connection begins in the clear.
    imap_port: Option<u16>,
    /// The host that takes answers, by SMTP.
    smtp_host: String,
    /// 465 without it, or 587 with `starttls`.
    smtp_port: Option<u16>,
    /// `tls` (without it), `starttls`, or `none` for servers on this machine.
    security: Option<String>,
    /// The same for the host that takes answers, where it is another way.
    smtp_security: Option<String>,
    /// Who signs in; the address without it.
    user: Option<String>,
    /// The folder that is read; `INBOX` without it.
    folder: Option<String>,
    /// How the receiving server names itself in the header `Authentication-Results`, or `*.example.com` where a provider has
    /// many: only what it says proves who wrote.
    authserv_id: String,
    /// Whether the hosts may be on private networks; not without it.
    allow_private: Option<bool>,
    /// Further authorities that sign the hosts' certificates, as PEM.
    authorities: Option<String>,
}

/// A channel and what it does now.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
pub(super) struct ChannelBody {
    id: String,
    name: String,
    /// `telegram`, `slack`, `discord`, `whatsapp` or `email`.
    platform: &'static str,
    workspace_id: String,
    enabled: bool,
    #[schema(value_type = SettingsDescribed)]
    settings: ChannelSettings,
    /// `stopped`, `connecting`, `live`, `troubled` or `failed`.
    state: &'static str,
    /// Why it is troubled or failed.
    trouble: Option<String>,
    /// Who we are there.
    us: Option<String>,
    /// Where the platform sends to; `null` where we ask.
    webhook_url: Option<String>,
    last_message_at: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

/// Somebody who wrote in a channel.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelSender)]
pub(super) struct PersonView {
    channel_id: String,
    /// The platform's id of them.
    sender: String,
    /// How they call themselves; proves nothing.
    name: String,
    /// `pending`, `approved` or `blocked`.
    state: &'static str,
    /// Whether their word answers questions of assistants, as the owner's.
    decides: bool,
    created_at: String,
}

/// A message that is owed or was.
#[derive(Serialize, ToSchema)]
#[schema(as = Obligation)]
pub(super) struct ObligationView {
    id: String,
    channel_id: String,
    conversation: String,
    text: String,
    /// `pending`, `sent` or `dead`.
    state: &'static str,
    attempts: u32,
    parts_sent: usize,
    /// Whether some of it may stand there twice.
    possible_duplicate: bool,
    /// Why it waits or is dead.
    reason: Option<String>,
    /// When it is tried, at the earliest; `null` for what is not tried any more.
    next_try_at: Option<String>,
    turn_id: Option<String>,
    created_at: String,
}

/// A message that has not arrived, with the name of its channel.
#[derive(Serialize, ToSchema)]
#[schema(as = OwedObligation)]
pub(super) struct OwedView {
    channel: String,
    #[serde(flatten)]
    obligation: ObligationView,
}

/// Where words can be sent.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelConversation)]
pub(super) struct ConversationView {
    /// The address, as `test` takes it.
    conversation: String,
    /// The title of the thread in which it goes on.
    title: Option<String>,
}

/// A platform, with what it asks for.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelPlatform)]
pub(super) struct PlatformView {
    platform: &'static str,
    name: &'static str,
    /// How messages can come, the default first: `poll`, `socket` or `webhook`.
    modes: Vec<&'static str>,
    credentials: Vec<CredentialView>,
    settings: Vec<SettingView>,
}

/// A credential of a platform.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelCredentialField)]
pub(super) struct CredentialView {
    name: &'static str,
    /// Where a person finds it.
    help: &'static str,
    /// The modes in which it means something.
    modes: Vec<&'static str>,
    /// Whether a channel of these modes cannot be made without it.
    needed: bool,
}

/// A setting of a platform.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelSettingField)]
pub(super) struct SettingView {
    /// Its place in `settings`: names, with `/` between them.
    name: &'static str,
    label: &'static str,
    help: &'static str,
    /// `text`, `number`, `switch`, `choice` or `lines`.
    kind: &'static str,
    /// The words of a `choice`, the usual one first.
    choices: Vec<&'static str>,
    needed: bool,
}

/// A new channel.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateChannel {
    /// 1–50 characters, unique.
    pub(super) name: String,
    /// One of `/api/v1/channel-platforms`: `telegram`, `slack`, `discord`, `whatsapp` or `email`.
    pub(super) platform: String,
    /// By their names in `/api/v1/channel-platforms`. Telegram: `bot_token`, and `secret_token`, which is made here when it is
    /// left out; Slack: `bot_token`, with `app_token` (mode `socket`) or `signing_secret` (mode `webhook`); Discord:
    /// `bot_token`; WhatsApp: `access_token`, `app_secret`, `verify_token`; e-mail: `password`, and `smtp_password` where it is
    /// another one.
    pub(super) credentials: BTreeMap<String, String>,
    /// Where its threads belong; the default workspace without it.
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    #[schema(value_type = Option<SettingsDescribed>)]
    pub(super) settings: Option<ChannelSettings>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeChannel {
    pub(super) name: Option<String>,
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    pub(super) enabled: Option<bool>,
    /// All of them anew.
    #[schema(value_type = Option<SettingsDescribed>)]
    pub(super) settings: Option<ChannelSettings>,
    /// All of them anew.
    pub(super) credentials: Option<BTreeMap<String, String>>,
}

/// A code that a stranger was given.
#[derive(Deserialize, ToSchema)]
pub(super) struct ApproveCode {
    pub(super) code: String,
    /// Whether their word answers questions of assistants, as the owner's; it does not without this.
    pub(super) decides: Option<bool>,
}

/// What somebody may.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePerson {
    /// The platform's id of them.
    pub(super) sender: String,
    /// `approved`, `blocked`, or `forgotten`: a stranger again.
    pub(super) state: String,
    /// Whether their word answers questions; it does not without this.
    pub(super) decides: Option<bool>,
}

/// Words for a conversation.
#[derive(Deserialize, ToSchema)]
pub(super) struct TestChannel {
    /// The address of the conversation, as obligations have it.
    pub(super) conversation: String,
    pub(super) text: Option<String>,
}

// === impl ChannelBody ===

impl ChannelBody {
    /// A channel below this address of the ingress.
    pub(super) fn at(view: ChannelView, base: &str) -> Self {
        let ChannelView { channel, live, last_message_ms, .. } = view;
        let (state, trouble) = match live.state {
            ChannelState::Stopped => ("stopped", None),
            ChannelState::Connecting => ("connecting", None),
            ChannelState::Live => ("live", None),
            ChannelState::Troubled(why) => ("troubled", Some(why)),
            ChannelState::Failed(why) => ("failed", Some(why)),
        };
        Self {
            webhook_url: channel.is_sent_to().then(|| format!("{base}{}", channel.path())),
            id: channel.id.to_string(),
            name: channel.name,
            platform: channel.platform.word(),
            workspace_id: channel.workspace_id.to_string(),
            enabled: channel.enabled,
            settings: channel.settings,
            state,
            trouble,
            us: live.us.map(|us| us.name),
            last_message_at: last_message_ms.map(rfc3339),
            version: channel.version,
            created_at: rfc3339(channel.created_ms),
            updated_at: rfc3339(channel.updated_ms),
        }
    }
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            channel_id: person.channel.to_string(),
            sender: person.sender,
            name: person.name,
            state: person.standing.as_str(),
            decides: person.decides,
            created_at: rfc3339(person.created_ms),
        }
    }
}

impl From<Platform> for PlatformView {
    fn from(platform: Platform) -> Self {
        let modes = Mode::of(platform);
        let words = |wanted: &dyn Fn(Mode) -> bool| {
            modes.iter().copied().filter(|mode| wanted(*mode)).map(Mode::word).collect::<Vec<_>>()
        };
        let credential = |field: &CredentialField| CredentialView {
            name: field.name,
            help: field.help,
            modes: words(&|mode| field.is_for(mode)),
            needed: modes.iter().any(|mode| field.is_needed(*mode)),
        };
        let setting = |field: &SettingField| SettingView {
            name: field.name,
            label: field.label,
            help: field.help,
            kind: field.kind.as_str(),
            choices: field.kind.choices().iter().map(|(word, _)| *word).collect(),
            needed: field.needed,
        };
        Self {
            platform: platform.word(),
            name: platform.label(),
            modes: words(&|_| true),
            credentials: fields(platform).iter().map(credential).collect(),
            settings: settings(platform).iter().map(setting).collect(),
        }
    }
}

impl From<KnownConversation> for ConversationView {
    fn from(known: KnownConversation) -> Self {
        Self { conversation: known.address, title: Some(known.title).filter(|title| !title.is_empty()) }
    }
}

impl From<Owed> for OwedView {
    fn from(owed: Owed) -> Self {
        Self { channel: owed.channel_name, obligation: owed.obligation.into() }
    }
}

impl From<Obligation> for ObligationView {
    fn from(owed: Obligation) -> Self {
        Self {
            id: owed.id.to_string(),
            channel_id: owed.channel.to_string(),
            conversation: owed.conversation,
            text: owed.body,
            state: owed.state.as_str(),
            attempts: owed.attempts,
            parts_sent: owed.sent_parts,
            possible_duplicate: owed.doubtful,
            reason: (!owed.reason.is_empty()).then_some(owed.reason),
            next_try_at: (owed.state == ObligationState::Pending).then(|| rfc3339(owed.due_ms)),
            turn_id: owed.turn.map(|turn| turn.to_string()),
            created_at: rfc3339(owed.created_ms),
        }
    }
}
