#![doc = include_str!("notifications/README.md")]

mod desk;
mod email;
mod error;
mod keeping;
mod notice;
mod pattern;
mod pending;
mod push;
mod reading;
mod rule;
mod sending;
mod settings;
mod settings_desk;
mod store;

pub use desk::{Clock, NOTICES_MAX, Notifications};
pub use email::{BadAddress, Email};
pub use error::NotificationError;
pub use notice::{
    BODY_CHARS_MAX, Category, Happening, Notice, NoticeFilter, NoticeStatus, Severity, Source, SourceType,
    TITLE_CHARS_MAX, Unreadable,
};
pub use pattern::Pattern;
pub use push::{BROWSERS_MAX, Browser, NewBrowser, Push};
pub use reading::Cursor;
pub use rule::{Delivery, NewRule, RULES_MAX, Rule, RuleChange, Way};
pub use sending::{DeliverFailure, DeliverNotice, Letter, LetterKind};
pub use settings::{NoticeSettings, Quiet, SettingsChange};

#[cfg(test)]
mod tests;
