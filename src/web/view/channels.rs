//! Channels: chat platforms, who talks there, and what is owed to them.

use askama::Template;

use super::{Frame, filters};

/// `/channels`.
#[derive(Template)]
#[template(path = "channels.html", config = "src/web/askama.toml")]
pub struct ChannelsPage {
    /// The frame.
    pub frame: Frame,
    /// In the order of their making.
    pub cards: Vec<ChannelCard>,
    /// What the last form did.
    pub notice: Option<&'static str>,
}

/// The cards alone, for the live stream.
#[derive(Template)]
#[template(path = "channels_list.html", config = "src/web/askama.toml")]
pub struct ChannelsFragment<'a> {
    /// In the order of their making.
    pub cards: &'a [ChannelCard],
}

/// `/channels/new`: the platforms, or the form of one.
#[derive(Template)]
#[template(path = "channel_new.html", config = "src/web/askama.toml")]
pub struct NewChannelPage {
    /// The frame.
    pub frame: Frame,
    /// Platforms, the one that is quickest to set up first.
    pub platforms: Vec<PlatformRow>,
    /// The form of the platform that was chosen.
    pub form: Option<ChannelForm>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// `/channels/{id}`.
#[derive(Template)]
#[template(path = "channel.html", config = "src/web/askama.toml")]
pub struct ChannelPage {
    /// The frame.
    pub frame: Frame,
    /// What changes by itself.
    pub live: ChannelLive,
    /// Where the platform sends to, if it does.
    pub address: Option<AddressView>,
    /// The forms that change it.
    pub form: ChannelForm,
    /// Counts changes.
    pub version: i64,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// `/channels/{id}/credentials`.
#[derive(Template)]
#[template(path = "channel_new_credentials.html", config = "src/web/askama.toml")]
pub struct CredentialsPage {
    /// The frame.
    pub frame: Frame,
    /// The id of the channel.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its form, of which the credentials are shown.
    pub form: ChannelForm,
    /// Counts changes.
    pub version: i64,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// What changes by itself on the page of a channel, for the live stream.
#[derive(Template)]
#[template(path = "channel_live.html", config = "src/web/askama.toml")]
pub struct ChannelFragment<'a> {
    /// All of it.
    pub live: &'a ChannelLive,
}

/// `/inbox/outbox`.
#[derive(Template)]
#[template(path = "outbox.html", config = "src/web/askama.toml")]
pub struct OutboxPage {
    /// The frame.
    pub frame: Frame,
    /// What has not arrived.
    pub list: OutboxList,
    /// How much is dead, for the tab.
    pub undelivered: usize,
    /// What the last form did.
    pub notice: Option<&'static str>,
}

/// The list of what has not arrived alone, for the live stream.
#[derive(Template)]
#[template(path = "outbox_list.html", config = "src/web/askama.toml")]
pub struct OutboxFragment<'a> {
    /// What has not arrived.
    pub list: &'a OutboxList,
}

/// A channel and what it does now.
#[derive(Clone, Debug)]
pub struct ChannelCard {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The platform's name.
    pub platform: &'static str,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The word of its state: `live`, `connecting`, `warning`, `failed` or `stopped`.
    pub state: &'static str,
    /// The same for people.
    pub state_word: &'static str,
    /// Why it is not well; empty if it is.
    pub trouble: String,
    /// Who we are there; empty while nobody knows.
    pub us: String,
    /// When the last message came, RFC 3339; empty if none did.
    pub last: String,
    /// The last looks, oldest first: `good`, `bad`, or `none` where there was none yet.
    pub beats: Vec<&'static str>,
    /// The same in words.
    pub beats_text: String,
    /// Strangers who wait.
    pub strangers: usize,
    /// Messages that are still tried.
    pub waiting: usize,
    /// Messages that are not tried any more.
    pub dead: usize,
}

/// What changes by itself on the page of a channel.
#[derive(Clone, Debug)]
pub struct ChannelLive {
    /// What it does.
    pub card: ChannelCard,
    /// What to do until the first message came, step by step; empty once it did.
    pub first: Vec<String>,
    /// Who wrote and waits.
    pub strangers: Vec<PersonRow>,
    /// Who may talk, and who is blocked.
    pub people: Vec<PersonRow>,
    /// Where words can be sent: address and label.
    pub conversations: Vec<(String, String)>,
    /// What is owed and was, newest first.
    pub outbox: Vec<OwedRow>,
    /// Whether there is more than is shown.
    pub more: bool,
}

/// Somebody who wrote.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// The platform's id of them.
    pub sender: String,
    /// How they call themselves.
    pub name: String,
    /// `pending`, `approved` or `blocked`.
    pub state: &'static str,
    /// Whether their word decides questions.
    pub decides: bool,
    /// The code that they were given, while it is good.
    pub code: Option<String>,
    /// When they wrote first, RFC 3339.
    pub since: String,
}

/// A message that is owed or was.
#[derive(Clone, Debug)]
pub struct OwedRow {
    /// Its id.
    pub id: String,
    /// The id of its channel.
    pub channel: String,
    /// The name of its channel; empty on the page of the channel.
    pub channel_name: String,
    /// Where it goes.
    pub to: String,
    /// What it says, cut to a few lines.
    pub text: String,
    /// `pending`, `sent` or `dead`.
    pub state: &'static str,
    /// The word of the chip.
    pub chip: &'static str,
    /// Why it waits or is dead; empty otherwise.
    pub reason: String,
    /// When it is tried next, RFC 3339; empty if it is not, or at once.
    pub next: String,
    /// Tries of the part that is next.
    pub attempts: u32,
    /// Parts that the platform took.
    pub parts: usize,
    /// Whether some of it may stand there twice.
    pub doubtful: bool,
    /// When it was made, RFC 3339.
    pub at: String,
}

/// What has not arrived in all channels.
#[derive(Clone, Debug, Default)]
pub struct OutboxList {
    /// What is not tried any more, newest first.
    pub dead: Vec<OwedRow>,
    /// What is still tried, newest first.
    pub waiting: Vec<OwedRow>,
    /// Whether the reader may try again.
    pub may_retry: bool,
    /// Whether the reader sees the pages of channels.
    pub may_open: bool,
}

/// A platform to choose.
#[derive(Clone, Debug)]
pub struct PlatformRow {
    /// Its word.
    pub word: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it takes to connect it.
    pub what: &'static str,
}

/// Where a platform sends to.
#[derive(Clone, Debug)]
pub struct AddressView {
    /// The address.
    pub url: String,
    /// Where to enter it.
    pub enter: &'static str,
    /// Whether senders can reach it as far as the settings say.
    pub is_public: bool,
}

/// The form of a channel.
#[derive(Clone, Debug)]
pub struct ChannelForm {
    /// The word of the platform.
    pub platform: &'static str,
    /// Its name.
    pub label: &'static str,
    /// What a person does at the platform before.
    pub prepare: &'static [&'static str],
    /// How messages can come, the one of this form chosen.
    pub modes: Vec<ModeRow>,
    /// Its name.
    pub name: String,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// The id of its workspace; empty for the default one.
    pub workspace: String,
    /// What is answered in groups.
    pub groups: String,
    /// Senders who need no pairing, one on each line.
    pub allowed: String,
    /// How far its turns may go; empty for as far as the assistant.
    pub ceiling: String,
    /// What it proves itself with.
    pub credentials: Vec<FieldRow>,
    /// What else the platform needs to know.
    pub settings: Vec<FieldRow>,
    /// The same, for the few who need it.
    pub advanced: Vec<FieldRow>,
}

impl ChannelForm {
    /// What is answered in groups: word and label.
    pub const GROUPS: &'static [(&'static str, &'static str)] =
        &[("mention", "what mentions it"), ("always", "everything"), ("never", "nothing")];
    /// How far turns may go: word and label.
    pub const CEILINGS: &'static [(&'static str, &'static str)] = &[
        ("", "do what the assistant may"),
        ("supervised", "ask you for more"),
        ("read_only", "read, and change nothing"),
        ("no_tools", "only answer"),
    ];

    /// The word of the mode.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        self.modes.iter().find(|mode| mode.chosen).map_or("", |mode| mode.word)
    }
}

/// A way in which messages come.
#[derive(Clone, Copy, Debug)]
pub struct ModeRow {
    /// Its word.
    pub word: &'static str,
    /// What it means.
    pub label: &'static str,
    /// Whether it is the one of the form.
    pub chosen: bool,
}

/// A field that the tables of a platform name.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// Its name in the form.
    pub name: String,
    /// Its label.
    pub label: String,
    /// Where a person finds it.
    pub help: &'static str,
    /// What is typed.
    pub value: String,
    /// Whether it has to be.
    pub needed: bool,
    /// `text`, `number`, `switch`, `choice` or `lines`.
    pub kind: &'static str,
    /// What can be chosen: word and label.
    pub choices: &'static [(&'static str, &'static str)],
}
