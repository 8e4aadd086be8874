//! `[notifications]`: how what people are told leaves this machine. Which things are told is no setting: Settings,
//! Notifications.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::backends::KeyRef;
use super::sections::Check;

/// Addresses that mail goes to.
const TO_MAX: usize = 20;

/// See the module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsConfig {
    /// The mail server. No default: without it nothing is sent by e-mail.
    pub email: Option<EmailConfig>,
    /// An address under which push services find whoever runs this daemon, `mailto:…` or `https://…`. Default: the
    /// address that mail comes from, or one that says nothing.
    pub push_contact: Option<String>,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// It begins in the clear and is encrypted before anything is said; a server without it is refused.
    #[default]
    Starttls,
    /// It is encrypted from the first byte.
    Tls,
    /// It is not. Only to this machine itself.
    None,
}

/// A mail server that takes what is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Its name. Its certificate must have it.
    pub host: String,
    /// Its port. Default 587, 465 with `tls = "tls"`, 25 with `tls = "none"`.
    #[serde(default)]
    pub port: Option<u16>,
    /// `starttls`, `tls`, or `none` for a server on this machine. Default `starttls`.
    #[serde(default)]
    pub tls: MailTls,
    /// Who signs in. Default: nobody does.
    #[serde(default)]
    pub user: Option<String>,
    /// `@secret:NAME`: a secret of the vault that may go to this host.
    #[serde(default)]
    pub password: Option<KeyRef>,
    /// Whom it comes from: `capuchin@example.org`.
    pub from: String,
    /// Whom it goes to.
    pub to: Vec<String>,
    /// Whether the name may lead to a private address. Default `false`.
    #[serde(default)]
    pub allow_private: bool,
    /// PEM file with further authorities that are trusted, an absolute path. Default: those of the system alone.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl NotificationsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if let Some(email) = &self.email {
            email.validate(check);
        }
        let is_contact = |text: &String| text.starts_with("mailto:") || text.starts_with("https://");
        if self.push_contact.as_ref().is_some_and(|text| !is_contact(text)) {
            check.problem("notifications.push_contact", "begins with mailto: or https://");
        }
    }

    /// The secrets that it names, each with who names it.
    pub fn secret_users(&self) -> impl Iterator<Item = (String, String)> {
        let password = self.email.as_ref().and_then(|email| email.password.as_ref());
        password.into_iter().filter_map(|key| match key {
            KeyRef::Secret(name) => Some((name.clone(), "notifications by e-mail".to_owned())),
            KeyRef::Env(_) => None,
        })
    }
}

impl EmailConfig {
    /// The port that is meant.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Starttls => 587,
            MailTls::Tls => 465,
            MailTls::None => 25,
        })
    }

    fn validate(&self, check: &mut Check<'_>) {
        let of = |key: &str| format!("notifications.email.{key}");
        let is_name =
            |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_name(&self.host) {
            check.problem(&of("host"), "is the name of a server");
        }
        if self.tls == MailTls::None && !is_this_machine(&self.host) {
            check.problem(
                &of("tls"),
                "is `none` for a server on this machine only: localhost or a loopback address",
            );
        }
        if self.user.is_some() != self.password.is_some() {
            check.problem(&of("user"), "goes with a password, and a password with a user");
        }
        if matches!(self.password, Some(KeyRef::Env(_))) {
            check.problem(&of("password"), "is written as \"@secret:NAME\": a secret of the vault");
        }
        let is_address = |text: &String| is_name(text.trim()) && text.contains('@') || text.ends_with('>');
        if !is_address(&self.from) {
            check.problem(&of("from"), "is an address such as capuchin@example.org");
        }
        if self.to.is_empty() || self.to.len() > TO_MAX || !self.to.iter().all(is_address) {
            check.problem(&of("to"), format_args!("has 1 to {TO_MAX} addresses"));
        }
        if self.ca_file.as_ref().is_some_and(|path| !path.is_absolute()) {
            check.problem(&of("ca_file"), "must be an absolute path");
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
