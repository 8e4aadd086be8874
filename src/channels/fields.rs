//! What a person is asked for when a channel is made, as tables: pages, the API's list and the command line are made from
//! them, so that another setting or credential is another row.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::channel::{ChannelSettings, Mode};
use super::credentials::{CredentialField, Needed};
use super::error::ChannelError;
use super::platform::Platform;

/// Platforms that a channel can be made for, the one that is quickest to set up first.
pub const OFFERED: &[Platform] =
    &[Platform::Telegram, Platform::Slack, Platform::Discord, Platform::Whatsapp, Platform::Email];

/// How a setting is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Switch,
    /// One of these: word and label, the usual one first.
    Choice(&'static [(&'static str, &'static str)]),
    /// Any number of texts, one on each line.
    Lines,
}

/// A setting of a platform that is no secret and that a person types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SettingField {
    /// Its place in the settings: names, with `/` between them.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Where a person finds it, and what it is without it.
    pub help: &'static str,
    /// How it is written.
    pub kind: SettingKind,
    /// Whether nothing works without it.
    pub needed: bool,
    /// Whether hardly anybody needs it.
    pub advanced: bool,
}

const fn field(
    name: &'static str,
    label: &'static str,
    kind: SettingKind,
    help: &'static str,
) -> SettingField {
    SettingField { name, label, help, kind, needed: false, advanced: false }
}

const BASE_URL: SettingField = SettingField {
    advanced: true,
    ..field(
        "base_url",
        "Address of the platform",
        SettingKind::Text,
        "Only for a server of your own, or a proxy: https://…, without a slash at the end",
    )
};
const WHOLE_ANSWERS: SettingField = SettingField {
    advanced: true,
    ..field(
        "whole_answers",
        "Show answers only when they are whole",
        SettingKind::Switch,
        "Otherwise they grow in the conversation while they are written",
    )
};
const COMMON: &[SettingField] = &[WHOLE_ANSWERS, BASE_URL];
const WHATSAPP: &[SettingField] = &[
    SettingField {
        needed: true,
        ..field(
            "phone_number_id",
            "Phone number ID",
            SettingKind::Text,
            "The app at Meta, WhatsApp, API setup: the ID below the number, digits only; not the number itself",
        )
    },
    BASE_URL,
];

const SECURITY: SettingKind = SettingKind::Choice(&[
    ("tls", "TLS"),
    ("starttls", "STARTTLS"),
    ("none", "nothing; only on one's own network"),
]);
const EMAIL: &[SettingField] = &[
    SettingField {
        needed: true,
        ..field(
            "mail/address",
            "Address",
            SettingKind::Text,
            "Of a mailbox that nobody else reads: people write to it, and answers come from it",
        )
    },
    SettingField {
        needed: true,
        ..field(
            "mail/imap_host",
            "IMAP server",
            SettingKind::Text,
            "Which is asked for mail, such as imap.example.com",
        )
    },
    SettingField {
        needed: true,
        ..field(
            "mail/smtp_host",
            "SMTP server",
            SettingKind::Text,
            "Which takes answers, such as smtp.example.com",
        )
    },
    SettingField {
        needed: true,
        ..field(
            "mail/authserv_id",
            "Name of the receiving server",
            SettingKind::Text,
            "The first word of the header Authentication-Results of any mail there, or *.example.com: only what this server \
             says proves who wrote",
        )
    },
    SettingField {
        advanced: true,
        ..field("mail/user", "User", SettingKind::Text, "Who signs in; the address without it")
    },
    SettingField {
        advanced: true,
        ..field("mail/security", "Connections are protected by", SECURITY, "TLS without it")
    },
    SettingField {
        advanced: true,
        ..field("mail/imap_port", "Port of IMAP", SettingKind::Number, "993 without it; 143 with STARTTLS")
    },
    SettingField {
        advanced: true,
        ..field("mail/smtp_port", "Port of SMTP", SettingKind::Number, "465 without it; 587 with STARTTLS")
    },
    SettingField {
        advanced: true,
        ..field(
            "mail/smtp_security",
            "SMTP is protected by",
            SECURITY,
            "As the port wants it, without a choice",
        )
    },
    SettingField {
        advanced: true,
        ..field("mail/folder", "Folder", SettingKind::Text, "That is read; INBOX without it")
    },
    SettingField {
        advanced: true,
        ..field(
            "mail/aliases",
            "Further addresses",
            SettingKind::Lines,
            "That end in the same mailbox, one on each line",
        )
    },
    SettingField {
        advanced: true,
        ..field(
            "mail/allow_private",
            "The servers may be on a private network",
            SettingKind::Switch,
            "Otherwise only public addresses are connected to",
        )
    },
];

/// The settings of a platform that a person types.
#[must_use]
pub const fn settings(platform: Platform) -> &'static [SettingField] {
    match platform {
        Platform::Whatsapp => WHATSAPP,
        Platform::Telegram | Platform::Slack | Platform::Discord => COMMON,
        Platform::Email => EMAIL,
    }
}

// === impl CredentialField ===

impl CredentialField {
    /// Whether it means something in this mode.
    #[must_use]
    pub fn is_for(&self, mode: Mode) -> bool {
        match self.needed {
            Needed::In(only) => only == mode,
            Needed::Made => mode == Mode::Webhook,
            _ => true,
        }
    }

    /// Whether a channel of this mode cannot be made without it.
    #[must_use]
    pub fn is_needed(&self, mode: Mode) -> bool {
        self.is_for(mode) && matches!(self.needed, Needed::Always | Needed::In(_))
    }
}

// === impl ChannelSettings ===

impl ChannelSettings {
    /// What a field says now, as it is typed; nothing for one that is not set.
    #[must_use]
    pub fn typed(&self, field: &SettingField) -> String {
        let all = serde_json::to_value(self).unwrap_or_default();
        match all.pointer(&format!("/{}", field.name)) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Some(Value::Array(lines)) => {
                lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }

    /// These settings with the fields of a platform as they were typed, by their names. An empty one is not set.
    ///
    /// # Errors
    /// [`ChannelError::Field`] for one that is not what it must be.
    pub fn with_typed(
        self,
        platform: Platform,
        typed: &BTreeMap<String, String>,
    ) -> Result<Self, ChannelError> {
        let bad = |why: String| ChannelError::Field { field: "settings", why };
        let Ok(Value::Object(mut all)) = serde_json::to_value(self) else {
            return Err(bad("the settings cannot be read".to_owned()));
        };
        for field in settings(platform) {
            let text = typed.get(field.name).map(|text| text.trim()).unwrap_or_default();
            if text.is_empty() && field.needed {
                return Err(bad(format!("`{}` is needed. {}", field.label, field.help)));
            }
            let value = field.kind.read(text).map_err(|why| bad(format!("`{}` {why}", field.label)))?;
            put(&mut all, field.name, value);
        }
        serde_json::from_value(Value::Object(all)).map_err(|error| bad(error.to_string()))
    }
}

// === impl SettingKind ===

impl SettingKind {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Switch => "switch",
            Self::Choice(_) => "choice",
            Self::Lines => "lines",
        }
    }

    /// What can be chosen: word and label; nothing for other kinds.
    #[must_use]
    pub const fn choices(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Choice(choices) => choices,
            Self::Text | Self::Number | Self::Switch | Self::Lines => &[],
        }
    }

    fn read(self, text: &str) -> Result<Option<Value>, &'static str> {
        if text.is_empty() {
            return Ok(None);
        }
        match self {
            Self::Text => Ok(Some(text.into())),
            Self::Number => {
                text.parse::<u32>().map(|number| Some(number.into())).map_err(|_| "is a whole number")
            }
            Self::Switch => match text {
                "yes" | "true" => Ok(Some(true.into())),
                "no" | "false" => Ok(Some(false.into())),
                _ => Err("is yes or no"),
            },
            Self::Choice(choices) => match choices.iter().find(|(word, _)| *word == text) {
                Some((word, _)) => Ok(Some((*word).into())),
                None => Err("is none of the choices"),
            },
            Self::Lines => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                Ok(Some(lines.map(Value::from).collect()))
            }
        }
    }
}

/// Puts a value at a place, or takes away what is there, with what is empty then.
fn put(within: &mut Map<String, Value>, path: &str, value: Option<Value>) {
    match (path.split_once('/'), value) {
        (None, Some(value)) => {
            within.insert(path.to_owned(), value);
        }
        (None, None) => {
            within.remove(path);
        }
        (Some((first, rest)), value) => {
            let inner = within.entry(first).or_insert(Value::Null);
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(object) = inner else { return };
            put(object, rest, value);
            if object.is_empty() {
                within.remove(first);
            }
        }
    }
}

#[cfg(test)]
mod tests;
