//! Reads a mailbox over IMAP (RFC 3501) while no other daemon does: what is new is stored, then marked as seen.
//!
//! The server tells of news itself (IDLE, RFC 2177), or is asked. A mailbox that is read for the first time begins at its
//! newest mail. There is no client crate here: those that there are take a refused command or a closed connection for an
//! empty answer, keep half a gigabyte of whatever a server says, or want to see the password, which only egress does.

mod reply;
mod session;
mod wire;

use std::time::Duration;

use self::session::{Folder, Session};
use self::wire::{BODY_BYTES_MAX, ImapError};
use super::lease::{LEASE, LOST};
use super::life::Life;
use crate::channels::mail::{self, MailSettings};
use crate::channels::{ChannelError, ChannelState, Counted, Incoming, Letter};
use crate::egress::Secret;
use crate::notifications::{Happening, Pattern, SourceType};

/// How often the lease is renewed, and a server that tells nothing by itself is asked.
const BEAT: Duration = Duration::from_secs(30);
/// Beats after which a server is asked whether it still tells: a connection can die without a word, and servers end one
/// after 29 minutes.
const BEATS_OF_IDLE: usize = 10;
/// Shortest and longest wait before the next connection.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// Wait after news of which there was nothing to see.
const NOTHING: Duration = Duration::from_secs(1);
/// How far back mail is looked at again when a mailbox has numbered it anew, in milliseconds: clocks differ.
const OVERLAP_MS: i64 = 3_600_000;
/// What a mail came with that is larger than what is read of it.
const LARGE: &str = "files of more than 2 MB";

/// Why a connection ended.
enum Trouble {
    /// There will be another one.
    Again(String),
    /// This life cannot go on.
    End(String),
}

/// What is read, and how far it was.
struct Reading {
    epoch: i64,
    uid: u32,
    mailbox: Vec<String>,
}

impl From<ImapError> for Trouble {
    fn from(error: ImapError) -> Self {
        let why = error.to_string();
        match error {
            ImapError::SignIn(_) | ImapError::NoLogin | ImapError::NoTls | ImapError::Folder(_) => {
                Self::End(why)
            }
            _ => Self::Again(why),
        }
    }
}

impl From<ChannelError> for Trouble {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Leased => Self::End(LOST.to_owned()),
            // Nothing was marked: the same mail is read again.
            other => Self::Again(other.to_string()),
        }
    }
}

impl Life {
    /// Reads the mailbox while it holds the lease; then why it does no more.
    pub(super) async fn read_mailbox(&self, settings: &MailSettings, password: &Secret) -> String {
        let (channels, id) = (&self.parts.channels, self.channel.id);
        let mut pause = AGAIN.0;
        loop {
            channels.enter(id, ChannelState::Connecting);
            let mut went_well = false;
            let ended = self.read_while_connected(settings, password, &mut went_well).await;
            if went_well {
                pause = AGAIN.0;
            }
            match ended {
                Trouble::End(why) => return why,
                Trouble::Again(why) => channels.enter(id, ChannelState::Troubled(why)),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(AGAIN.1);
        }
    }

    async fn read_while_connected(
        &self,
        settings: &MailSettings,
        password: &Secret,
        went_well: &mut bool,
    ) -> Trouble {
        let begun = async {
            let (epoch, _) = self.take_lease().await.map_err(Trouble::End)?;
            let mut session = Session::open(&self.parts.egress, settings).await?;
            session.sign_in(settings.user(), password).await?;
            let folder = session.select(&settings.folder).await?;
            let uid = self.begin(&mut session, settings, folder, epoch).await?;
            Ok((session, Reading { epoch, uid, mailbox: settings.addresses() }))
        };
        match begun.await {
            Ok((mut session, mut reading)) => {
                match self.read_on(&mut session, settings, &mut reading, went_well).await {
                    Ok(never) => match never {},
                    Err(trouble) => trouble,
                }
            }
            Err(trouble) => trouble,
        }
    }

    /// Where reading begins: where it ended, unless this is another mailbox, or it has numbered its mail anew.
    async fn begin(
        &self,
        session: &mut Session,
        settings: &MailSettings,
        folder: Folder,
        epoch: i64,
    ) -> Result<u32, Trouble> {
        let (channels, id) = (&self.parts.channels, self.channel.id);
        let (user, host, port) = (settings.user(), &settings.imap_host, settings.imap_port());
        let mailbox = format!("{user} {host}:{port} {} ", settings.folder);
        let by = format!("{mailbox}{}", folder.validity);
        let Counted { by: before, cursor, since_ms } = channels.counted(&self.tenant, id).await?;
        if before == by {
            return Ok(u32::try_from(cursor).unwrap_or(u32::MAX));
        }
        let is_same_mailbox =
            before.strip_prefix(&mailbox).is_some_and(|validity| validity.parse::<u32>().is_ok());
        let first = if is_same_mailbox {
            // What is known by its id is not taken twice.
            session.first_since(since_ms.saturating_sub(OVERLAP_MS).max(self.channel.created_ms)).await?
        } else {
            None
        };
        let uid = match (first, folder.next) {
            (Some(first), _) => first.saturating_sub(1),
            (None, Some(next)) => next.saturating_sub(1),
            (None, None) => session.last().await?,
        };
        channels.count_anew(&self.tenant, id, epoch, (by, i64::from(uid))).await?;
        Ok(uid)
    }

    /// Takes what is new, and waits for more, until the connection ends.
    async fn read_on(
        &self,
        session: &mut Session,
        settings: &MailSettings,
        reading: &mut Reading,
        went_well: &mut bool,
    ) -> Result<std::convert::Infallible, Trouble> {
        let mut tells = session.can("IDLE");
        loop {
            let found = self.take_new(session, settings, reading).await?;
            self.parts.channels.enter(self.channel.id, ChannelState::Live);
            *went_well = true;
            if session.has_news() {
                // News that never becomes a mail must not keep two programs busy.
                if found == 0 {
                    tokio::time::sleep(NOTHING).await;
                }
                continue;
            }
            let telling = if tells { session.idle().await? } else { None };
            if let Some(tag) = telling {
                for _ in 0..BEATS_OF_IDLE {
                    match tokio::time::timeout(BEAT, session.news()).await {
                        Ok(news) => {
                            news?;
                            break;
                        }
                        Err(_) => self.hold(reading.epoch).await?,
                    }
                }
                session.stop_idling(&tag).await?;
            } else {
                tells = false;
                tokio::time::sleep(BEAT).await;
                session.beat().await?;
            }
            self.hold(reading.epoch).await?;
        }
    }

    async fn hold(&self, epoch: i64) -> Result<(), Trouble> {
        match self.parts.channels.renew(&self.tenant, self.channel.id, epoch, LEASE).await? {
            true => Ok(()),
            false => Err(ChannelError::Leased.into()),
        }
    }

    /// Stores everything that is new, one mail at a time, and marks it as seen; how much.
    async fn take_new(
        &self,
        session: &mut Session,
        settings: &MailSettings,
        reading: &mut Reading,
    ) -> Result<usize, Trouble> {
        let (channels, mut taken) = (&self.parts.channels, 0);
        loop {
            let listed = session.after(reading.uid).await?;
            if listed.is_empty() {
                return Ok(taken);
            }
            for found in listed {
                let is_large = found.size.is_some_and(|size| size > BODY_BYTES_MAX as u64);
                let raw = session.mail(found.uid, is_large).await?;
                let mailbox =
                    mail::Mailbox { addresses: &reading.mailbox, server: Some(&settings.authserv_id) };
                let came = raw.and_then(|raw| self.understood(&raw, &mailbox, is_large));
                let is_for_us = came.is_some();
                let cursor = i64::from(found.uid);
                let came = came.into_iter().collect();
                channels.arrived(&self.tenant, self.channel.id, came, Some((reading.epoch, cursor))).await?;
                (reading.uid, taken) = (found.uid, taken + 1);
                if is_for_us {
                    self.mark_seen(session, found.uid).await?;
                }
            }
            self.hold(reading.epoch).await?;
        }
    }

    /// What a mail says, if it is said to us.
    fn understood(&self, raw: &[u8], mailbox: &mail::Mailbox<'_>, is_large: bool) -> Option<Incoming> {
        let read = match is_large {
            true => mail::read_beginning(raw, mailbox, LARGE),
            false => mail::read(raw, mailbox),
        };
        match read {
            Ok(arrival) => Some(Incoming { message: arrival.thread.handle(), ..arrival.incoming }),
            Err(dropped) => {
                tracing::debug!(%dropped, channel = %self.channel.id, "a mail is left alone");
                None
            }
        }
    }

    /// A mark is a comfort for people who look into the mailbox: it is stored here that the mail was read.
    async fn mark_seen(&self, session: &mut Session, uid: u32) -> Result<(), ImapError> {
        match session.mark_seen(uid).await {
            Err(ImapError::Refused { said, .. }) => {
                tracing::debug!(said, channel = %self.channel.id, "a mail could not be marked as seen");
                Ok(())
            }
            other => other,
        }
    }

    /// Mail that nothing proves is stored and not answered: the answer could go to somebody who never wrote. Who is known here
    /// may miss one, so people are told.
    pub(super) async fn leave_unanswered(&self, letter: &Letter, known: bool) -> Result<(), ChannelError> {
        if known {
            let sender = letter.incoming.sender.id.as_str();
            let server = self.channel.settings.mail.as_ref().map_or("", |mail| mail.authserv_id.as_str());
            let title = format!("Nothing proves that a mail on {} is from {sender}", self.channel.name);
            let body = format!(
                "It was not answered. Proof is what `{server}` writes into the topmost header Authentication-Results; if your \
                 server has another name there, change the channel's authserv_id."
            );
            let happening = Happening::new(Pattern::PairingWanted, title).saying(body);
            let happening = happening.to(SourceType::Channel, self.channel.id).told_apart_by(sender);
            self.parts.notices.raise(&self.tenant, happening.within(self.channel.workspace_id));
        }
        self.parts.channels.settle(letter, "unproven", None).await
    }
}
