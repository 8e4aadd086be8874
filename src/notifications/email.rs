//! Notices by e-mail: plain text, one mail for each message, the same Message-ID with every attempt.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};

use super::sending::{DeliverFailure, DeliverNotice, Letter, LetterKind};
use crate::config::backends::KeyRef;
use crate::config::notifications::EmailConfig;
use crate::egress::{Authorities, Egress, MailError, MailServer, Password};
use crate::protocol::ids::TenantId;

/// Whom egress tells the vault that a password is for.
const USED_BY: &str = "notifications by e-mail";

/// An address of the settings that is none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no e-mail address")]
pub struct BadAddress(String);

/// See the module.
pub struct Email {
    egress: Egress,
    server: MailServer,
    from: Mailbox,
    to: Vec<Mailbox>,
}

// === impl Email ===

impl Email {
    /// Mail over this server.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn new(config: &EmailConfig, egress: Egress) -> Result<Arc<Self>, BadAddress> {
        let address = |text: &String| text.parse::<Mailbox>().map_err(|_| BadAddress(text.clone()));
        let secret = match &config.password {
            Some(KeyRef::Secret(name)) => Some(name.clone()),
            Some(KeyRef::Env(_)) | None => None,
        };
        let server = MailServer {
            host: config.host.clone(),
            port: config.port(),
            tls: config.tls,
            login: config.user.clone().zip(secret.map(Password::Named)),
            allow_private: config.allow_private,
            authorities: config.ca_file.clone().map(Authorities::File),
        };
        let to = config.to.iter().map(address).collect::<Result<_, _>>()?;
        Ok(Arc::new(Self { egress, server, from: address(&config.from)?, to }))
    }

    fn mail(&self, letter: &Letter) -> Result<Message, lettre::error::Error> {
        let told = match letter.kind {
            LetterKind::Notice => format!("[Capuchin] {}: {}", letter.severity, letter.title),
            LetterKind::Digest | LetterKind::Test => format!("[Capuchin] {}", letter.title),
        };
        let at = u64::try_from(letter.at_ms).unwrap_or(0);
        let builder = self.to.iter().cloned().fold(Message::builder(), MessageBuilder::to);
        // RFC 3834: nothing answers by itself to what was sent by itself.
        builder
            .from(self.from.clone())
            .subject(told)
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .date(SystemTime::UNIX_EPOCH + Duration::from_millis(at))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Capuchin-Pattern", &letter.pattern))
            .header(ContentType::TEXT_PLAIN)
            .body(text(letter))
    }
}

impl DeliverNotice for Email {
    fn is_ready(&self, _tenant: &TenantId) -> bool {
        true
    }

    fn deliver(&self, tenant: TenantId, letter: Letter) -> BoxFuture<'static, Result<(), DeliverFailure>> {
        let mail = self.mail(&letter);
        let (egress, server) = (self.egress.clone(), self.server.clone());
        async move {
            let mail = mail.map_err(|error| DeliverFailure::Never { why: error.to_string() })?;
            let (envelope, bytes) = (mail.envelope().clone(), mail.formatted());
            let sent = egress.send_mail((&tenant, USED_BY), &server, &envelope, &bytes).await;
            sent.map_err(|error| match error {
                MailError::Later(why) => DeliverFailure::Later { why, after: None },
                MailError::Never(why) | MailError::SignIn(why) => DeliverFailure::Never { why },
                MailError::Unknown(why) => DeliverFailure::Unknown { why },
            })
        }
        .boxed()
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn text(letter: &Letter) -> String {
    let mut text = String::new();
    if letter.possible_duplicate {
        text.push_str("This may be a duplicate: an earlier attempt was cut off.\n\n");
    }
    text.push_str(&letter.title);
    text.push_str("\n\n");
    if !letter.body.is_empty() {
        text.push_str(&letter.body);
        text.push_str("\n\n");
    }
    if !letter.pattern.is_empty() {
        text.push_str(&format!("{} ({})\n", letter.pattern, letter.severity));
    }
    text.push_str("Which of these you get: Settings, Notifications.\n");
    text
}
