//! Where a mailbox is read and where its letters are handed over. No secrets.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Most characters of a host, a user, an address or a folder.
const TEXT_CHARS_MAX: usize = 254;
/// Most further addresses of a mailbox.
const ALIASES_MAX: usize = 32;
/// Most bytes of further authorities.
const AUTHORITIES_BYTES_MAX: usize = 64 << 10;

/// How a connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// Encrypted from the first byte.
    #[default]
    Tls,
    /// Encrypted before anything is said; a server that does not is refused.
    Starttls,
    /// Not at all. Only to this machine itself.
    None,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The address that people write to, and that answers come from.
    pub address: String,
    /// Further addresses that end in the same mailbox.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The host that is asked for mail.
    pub imap_host: String,
    /// Its port; 993, or 143 where the connection begins in the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap_port: Option<u16>,
    /// The host that takes answers.
    pub smtp_host: String,
    /// Its port; 465, 587 with `starttls`, or 25 without encryption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_port: Option<u16>,
    /// How connections are protected.
    #[serde(default)]
    pub security: MailSecurity,
    /// The same for the host that takes answers, where it is another way; on port 587 it is `starttls`, on 465 `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp_security: Option<MailSecurity>,
    /// Who signs in; the address without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The folder that is read.
    #[serde(default = "inbox")]
    pub folder: String,
    /// How the receiving server names itself in `Authentication-Results` (RFC 8601), or `*.example.com` where a provider has
    /// many: only what it says proves who wrote.
    pub authserv_id: String,
    /// Whether the hosts may be on private networks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// Further authorities that sign the hosts' certificates, as PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

// === impl MailSettings ===

impl MailSettings {
    /// The port that is asked for mail.
    #[must_use]
    pub fn imap_port(&self) -> u16 {
        self.imap_port.unwrap_or(match self.security {
            MailSecurity::Tls => 993,
            MailSecurity::Starttls | MailSecurity::None => 143,
        })
    }

    /// How the connection to the host that takes answers is protected.
    #[must_use]
    pub fn smtp_security(&self) -> MailSecurity {
        self.smtp_security.unwrap_or(match self.smtp_port {
            Some(587) => MailSecurity::Starttls,
            Some(465) => MailSecurity::Tls,
            _ => self.security,
        })
    }

    /// The port that takes answers.
    #[must_use]
    pub fn smtp_port(&self) -> u16 {
        self.smtp_port.unwrap_or(match self.smtp_security() {
            MailSecurity::Tls => 465,
            MailSecurity::Starttls => 587,
            MailSecurity::None => 25,
        })
    }

    /// Who signs in.
    #[must_use]
    pub fn user(&self) -> &str {
        self.user.as_deref().unwrap_or(&self.address)
    }

    /// Every address of the mailbox, the one for writing first.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        std::iter::once(&self.address).chain(&self.aliases).cloned().collect()
    }

    /// What is wrong: a field, and what it must be.
    pub(in crate::channels) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let is_plain = |text: &str| {
            (1..=TEXT_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        let is_name = |text: &str| is_plain(text) && !text.contains(char::is_whitespace);
        let is_address = |text: &str| is_name(text) && text.parse::<lettre::Address>().is_ok();
        if !is_address(&self.address) {
            return Err(("settings/mail/address", "is an address such as capuchin@example.org"));
        }
        if self.aliases.len() > ALIASES_MAX || !self.aliases.iter().all(|alias| is_address(alias)) {
            return Err(("settings/mail/aliases", "has at most 32 addresses"));
        }
        if !is_host(&self.imap_host) {
            return Err(("settings/mail/imap_host", "is the name of a server, without a scheme and a port"));
        }
        if !is_host(&self.smtp_host) {
            return Err(("settings/mail/smtp_host", "is the name of a server, without a scheme and a port"));
        }
        if self.imap_port == Some(0) {
            return Err(("settings/mail/imap_port", "is 993, 143 or another port, not 0"));
        }
        if self.smtp_port == Some(0) {
            return Err(("settings/mail/smtp_port", "is 465, 587 or another port, not 0"));
        }
        if self.security == MailSecurity::None && !is_this_machine(&self.imap_host) {
            let why = "is `none` only for servers on this machine: localhost or a loopback address";
            return Err(("settings/mail/security", why));
        }
        if self.smtp_security() == MailSecurity::None && !is_this_machine(&self.smtp_host) {
            let why = "is `none` only for a server on this machine: localhost or a loopback address";
            return Err(("settings/mail/smtp_security", why));
        }
        if self.user.as_ref().is_some_and(|user| !is_plain(user)) {
            return Err(("settings/mail/user", "has 1 to 254 characters"));
        }
        if !is_plain(&self.folder) || !self.folder.is_ascii() {
            return Err((
                "settings/mail/folder",
                "is a folder as the server spells it: ASCII, modified UTF-7",
            ));
        }
        let below = self.authserv_id.strip_prefix("*.").unwrap_or(&self.authserv_id);
        if !is_host(below) || self.authserv_id.starts_with("*.") && !below.contains('.') {
            let why = "is needed: the first word of the header Authentication-Results in any mail of this mailbox, as \
                       mx.example.org, or *.example.org where that varies";
            return Err(("settings/mail/authserv_id", why));
        }
        if let Some(pem) = &self.authorities
            && (pem.len() > AUTHORITIES_BYTES_MAX || !pem.contains("-----BEGIN CERTIFICATE-----"))
        {
            return Err((
                "settings/mail/authorities",
                "is PEM with one or more certificates, at most 64 KiB",
            ));
        }
        Ok(())
    }
}

fn is_host(text: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_name = !text.is_empty() && text.len() <= 253 && text.bytes().all(part);
    is_name || bare(text).parse::<IpAddr>().is_ok()
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || bare(host).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(more: &serde_json::Value) -> MailSettings {
        let mut all = json!({
            "address": "bot@home.example", "imap_host": "imap.home.example", "smtp_host": "smtp.home.example",
            "authserv_id": "mx.home.example",
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn what_is_left_out_is_what_most_servers_have() {
        let usual = settings(&json!({}));
        assert_eq!((usual.imap_port(), usual.smtp_port(), usual.user()), (993, 465, "bot@home.example"));
        assert_eq!((usual.folder.as_str(), usual.smtp_security()), ("INBOX", MailSecurity::Tls));
        let table = [
            (json!({ "smtp_port": 587 }), (993, 587, MailSecurity::Starttls)),
            (json!({ "smtp_security": "starttls" }), (993, 587, MailSecurity::Starttls)),
            (json!({ "security": "starttls" }), (143, 587, MailSecurity::Starttls)),
            (json!({ "security": "starttls", "smtp_port": 465 }), (143, 465, MailSecurity::Tls)),
            (json!({ "security": "none" }), (143, 25, MailSecurity::None)),
        ];
        for (more, expected) in table {
            let one = settings(&more);
            assert_eq!((one.imap_port(), one.smtp_port(), one.smtp_security()), expected, "{more}");
        }
    }

    #[test]
    fn a_field_that_cannot_work_is_named() {
        let fine = [
            json!({}),
            json!({ "authserv_id": "*.mx.example" }),
            json!({ "security": "none", "imap_host": "127.0.0.1", "smtp_host": "[::1]" }),
        ];
        for more in fine {
            assert_eq!(settings(&more).check(), Ok(()), "{more}");
        }
        let table = [
            (json!({ "address": "bot" }), "address"),
            (json!({ "aliases": ["a@b.example", "x"] }), "aliases"),
            (json!({ "imap_host": "imaps://imap.home.example" }), "imap_host"),
            (json!({ "imap_host": "" }), "imap_host"),
            (json!({ "smtp_host": "smtp.home.example:465" }), "smtp_host"),
            (json!({ "imap_port": 0 }), "imap_port"),
            (json!({ "smtp_port": 0 }), "smtp_port"),
            (json!({ "security": "none" }), "security"),
            (json!({ "smtp_security": "none" }), "smtp_security"),
            (json!({ "user": "" }), "user"),
            (json!({ "folder": "a\r\nb" }), "folder"),
            (json!({ "authserv_id": "" }), "authserv_id"),
            (json!({ "authserv_id": "mx; dmarc=pass" }), "authserv_id"),
            (json!({ "authserv_id": "*" }), "authserv_id"),
            (json!({ "authserv_id": "*.com" }), "authserv_id"),
            (json!({ "authorities": "no PEM" }), "authorities"),
        ];
        for (more, field) in table {
            let (found, _) = settings(&more).check().unwrap_err();
            assert_eq!(found, format!("settings/mail/{field}"), "{more}");
        }
    }
}
