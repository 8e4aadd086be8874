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
    &[Platform::Telegram, Platform::Slack, Platform::Discord, Platform::Whatsapp];

/// How a setting is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Switch,
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

const BASE_URL: SettingField = SettingField {
    name: "base_url",
    label: "Address of the platform",
    help: "Only for a server of your own, or a proxy: https://…, without a slash at the end",
    kind: SettingKind::Text,
    needed: false,
    advanced: true,
};
const COMMON: &[SettingField] = &[BASE_URL];
const WHATSAPP: &[SettingField] = &[
    SettingField {
        name: "phone_number_id",
        label: "Phone number ID",
        help: "The app at Meta, WhatsApp, API setup: the ID below the number, digits only; not the number itself",
        kind: SettingKind::Text,
        needed: true,
        advanced: false,
    },
    BASE_URL,
];

/// The settings of a platform that a person types.
#[must_use]
pub const fn settings(platform: Platform) -> &'static [SettingField] {
    match platform {
        Platform::Whatsapp => WHATSAPP,
        Platform::Telegram | Platform::Slack | Platform::Discord => COMMON,
        Platform::Email => &[],
    }
}

// === impl CredentialField ===

impl CredentialField {
    /// Whether it means something in this mode.
    #[must_use]
    pub fn is_for(&self, mode: Mode) -> bool {
        match self.needed {
            Needed::Always => true,
            Needed::In(only) => only == mode,
            Needed::Made => mode == Mode::Webhook,
        }
    }

    /// Whether a channel of this mode cannot be made without it.
    #[must_use]
    pub fn is_needed(&self, mode: Mode) -> bool {
        self.is_for(mode) && self.needed != Needed::Made
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
