//! The way out of a mailbox: answers as letters in the thread that they answer, handed over by SMTP.

use jiff::Timestamp;

use super::life::Life;
use crate::channels::mail::{self, LetterError, MailSecurity, MailSettings, Thread};
use crate::channels::{CannotSay, Channel, Credentials, Outcome, Outgoing, Post, Us};
use crate::config::notifications::MailTls;
use crate::egress::{Authorities, Egress, MailError, MailServer, Password, Secret};
use crate::protocol::ids::TenantId;

/// Whom egress is told that a password is for.
const USED_BY: &str = "a mailbox of a channel";
/// What a person can do where user or password are wrong.
const SIGN_IN: &str = "check user and password of the mailbox; many providers want an app password";
/// What a person can do where the server refuses for good.
const SERVER: &str = "check the address and the outgoing server of the channel";

/// A mailbox, with what signs in to its servers.
pub(super) struct Letters {
    egress: Egress,
    tenant: TenantId,
    /// The name that letters come from.
    name: String,
    pub(super) settings: MailSettings,
    /// Signs in to the server that is read.
    pub(super) password: Secret,
    server: MailServer,
}

// === impl Letters ===

impl Letters {
    /// None for a channel without a mailbox.
    pub(super) fn new(
        egress: &Egress,
        (tenant, channel): (&TenantId, &Channel),
        credentials: &Credentials,
    ) -> Option<Self> {
        let settings = channel.settings.mail.clone()?;
        let password = credentials.token.clone();
        let outward = credentials.smtp_password.as_ref().unwrap_or(&password).clone();
        let server = MailServer {
            host: settings.smtp_host.clone(),
            port: settings.smtp_port(),
            tls: match settings.smtp_security() {
                MailSecurity::Tls => MailTls::Tls,
                MailSecurity::Starttls => MailTls::Starttls,
                MailSecurity::None => MailTls::None,
            },
            login: Some((settings.user().to_owned(), Password::Held(outward))),
            allow_private: settings.allow_private,
            authorities: settings.authorities.clone().map(Authorities::Pem),
        };
        let (egress, tenant, name) = (egress.clone(), tenant.clone(), channel.name.clone());
        Some(Self { egress, tenant, name, settings, password, server })
    }

    /// Who we are. Whether the server takes our letters is asked first: what is wrong for good is said at once, and what may
    /// be better later keeps nobody from reading.
    pub(super) async fn introduced(&self) -> Result<Us, Outcome> {
        match self.egress.try_mail((&self.tenant, USED_BY), &self.server).await {
            Ok(()) | Err(MailError::Later(_) | MailError::Unknown(_)) => {}
            Err(MailError::Never(why)) => return Err(Outcome::Refused { why, fix: SERVER }),
            Err(MailError::SignIn(why)) => return Err(Outcome::Refused { why, fix: SIGN_IN }),
        }
        let address = self.settings.address.clone();
        Ok(Us { id: address.clone(), name: address, bot_id: None })
    }

    /// Hands a letter over, and says what the server's answer means.
    async fn send(&self, conversation: &str, post: &Post<'_>, answers: Option<&Thread>) -> Outcome {
        let to = conversation.split(' ').next().unwrap_or_default();
        let to = answers.map_or(to, |thread| thread.to.as_str());
        let message_id = mail::message_id(post.key, &self.settings.address);
        let letter = mail::Letter {
            from_name: &self.name,
            from: &self.settings.address,
            to,
            subject: &self.name,
            markdown: &post.part.markup,
            message_id: &message_id,
            sent_ms: Timestamp::now().as_millisecond(),
            answers,
        };
        let written = || Ok::<_, LetterError>((mail::envelope(letter.from, to)?, mail::compose(&letter)?));
        let (envelope, bytes) = match written() {
            Ok(written) => written,
            Err(error) => return Outcome::Refused { why: error.to_string(), fix: "check the address" },
        };
        let sent = self.egress.send_mail((&self.tenant, USED_BY), &self.server, &envelope, &bytes).await;
        match sent {
            Ok(()) => Outcome::Sent { message: message_id },
            Err(MailError::Later(why)) => Outcome::Again { why },
            Err(MailError::Unknown(why)) => Outcome::Unknown { why },
            Err(MailError::SignIn(_)) => Outcome::Unauthorized { fix: SIGN_IN },
            Err(MailError::Never(why)) => Outcome::Refused { why, fix: SERVER },
        }
    }
}

// === impl Life ===

impl Life {
    /// Writes a letter to who talks in a conversation: as an answer to the mail that is answered, else to the newest there.
    pub(super) async fn write_letter(
        &self,
        letters: &Letters,
        conversation: &str,
        out: &Outgoing<'_>,
    ) -> Result<Outcome, CannotSay> {
        let Outgoing::Say(post) = out else { return Err(CannotSay::NoSuchThing) };
        let answered = match post.reply_to {
            Some(handle) => Some(handle.to_owned()),
            None => {
                let found = self.parts.channels.newest_of(&self.tenant, self.channel.id, conversation).await;
                match found {
                    Ok(newest) => newest.and_then(|incoming| incoming.message),
                    Err(error) => return Ok(Outcome::Again { why: error.to_string() }),
                }
            }
        };
        let thread = answered.as_deref().and_then(Thread::of_handle);
        Ok(letters.send(conversation, post, thread.as_ref()).await)
    }
}
