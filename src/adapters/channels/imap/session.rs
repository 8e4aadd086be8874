//! A conversation with an IMAP server: commands, each with the end that the server gives it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;

use super::reply::{Condition, Fetched, Heard, Status};
use super::wire::{BODY_BYTES_MAX, ImapError, Wire};
use crate::channels::mail::{MailSecurity, MailSettings};
use crate::egress::{Egress, Secret, SecretForm, Stream};

/// Longest wait for the end of a command.
const ANSWER: Duration = Duration::from_secs(60);
/// Longest wait for a mail.
const MAIL: Duration = Duration::from_secs(180);
/// Mails that one look lists.
const LISTED_MAX: usize = 100;

/// A folder as it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Folder {
    /// Another value means that the mails have other numbers now.
    pub(super) validity: u32,
    /// The number that the next mail gets, where the server says so.
    pub(super) next: Option<u32>,
}

/// See the module.
pub(super) struct Session {
    wire: Wire,
    tags: u32,
    capabilities: BTreeSet<String>,
    /// Mails that the folder had when the server said so last.
    exists: Option<u32>,
    /// Whether mail came that was not listed since.
    news: bool,
}

// === impl Session ===

impl Session {
    /// Connects, and encrypts before anything is said.
    pub(super) async fn open(egress: &Egress, to: &MailSettings) -> Result<Self, ImapError> {
        let stream = egress.stream(&to.imap_host, to.imap_port(), to.allow_private).await?;
        let authorities = to.authorities.as_deref();
        match to.security {
            MailSecurity::None => Self::greeted(stream).await,
            MailSecurity::Tls => Self::greeted(egress.secure(stream, authorities).await?).await,
            MailSecurity::Starttls => {
                let mut open = Self::greeted(stream).await?;
                open.run("STARTTLS", |_| {}).await.map_err(|error| match error {
                    ImapError::Refused { .. } => ImapError::NoTls,
                    other => other,
                })?;
                let tags = open.tags;
                let secured = egress.secure(open.wire.bare()?, authorities).await?;
                // What was said in the clear is forgotten, and the server greets once.
                let mut session = Self { tags, ..Self::over(secured) };
                session.learn().await?;
                Ok(session)
            }
        }
    }

    fn over(stream: Stream) -> Self {
        Self { wire: Wire::new(stream), tags: 0, capabilities: BTreeSet::new(), exists: None, news: false }
    }

    /// Waits for the greeting and learns what the server can.
    pub(super) async fn greeted(stream: Stream) -> Result<Self, ImapError> {
        let mut session = Self::over(stream);
        let frame = timeout(ANSWER, session.wire.frame()).await.map_err(|_| ImapError::Late("greet"))??;
        match Heard::of(&frame) {
            Heard::Told(Condition { status: Status::Ok, .. }) => {}
            Heard::Told(Condition { status: Status::Bye, text, .. }) => return Err(ImapError::Bye(text)),
            // Who is signed in already is somebody whom no setting names.
            _ => return Err(ImapError::NoImap),
        }
        session.learn().await?;
        Ok(session)
    }

    async fn learn(&mut self) -> Result<(), ImapError> {
        let mut found = BTreeSet::new();
        self.run("CAPABILITY", |heard| {
            if let Heard::Capabilities(words) = heard {
                found.extend(words);
            }
        })
        .await?;
        self.capabilities = found;
        Ok(())
    }

    /// Whether the server can do this, in upper case.
    pub(super) fn can(&self, word: &str) -> bool {
        self.capabilities.contains(word)
    }

    /// Signs in, with PLAIN where the server takes it.
    pub(super) async fn sign_in(&mut self, user: &str, password: &Secret) -> Result<(), ImapError> {
        let tag = self.tag();
        let form = SecretForm::Plain { user };
        if self.can("AUTH=PLAIN") && self.can("SASL-IR") {
            self.wire.say_secret(&format!("{tag} AUTHENTICATE PLAIN "), password, form).await?;
        } else if self.can("AUTH=PLAIN") {
            self.wire.say(&format!("{tag} AUTHENTICATE PLAIN")).await?;
            if !self.go_on(&tag).await.map_err(refused_sign_in)? {
                return self.learn().await;
            }
            self.wire.say_secret("", password, form).await?;
        } else if self.can("LOGINDISABLED") {
            return Err(ImapError::NoLogin);
        } else {
            let before = format!("{tag} LOGIN {} ", quoted(user));
            self.wire.say_secret(&before, password, SecretForm::Quoted).await?;
        }
        let ended = self.end(&tag, "LOGIN", ANSWER, |_| {}).await.map_err(refused_sign_in)?;
        match ended.capabilities() {
            Some(words) => self.capabilities = words.into_iter().collect(),
            None => self.learn().await?,
        }
        Ok(())
    }

    /// Opens a folder.
    pub(super) async fn select(&mut self, folder: &str) -> Result<Folder, ImapError> {
        let mut opened = Folder::default();
        let command = format!("SELECT {}", quoted(folder));
        let selected = self.run(&command, |heard| {
            if let Heard::Told(told) = heard {
                opened.validity = told.number("UIDVALIDITY").unwrap_or(opened.validity);
                opened.next = told.number("UIDNEXT").or(opened.next);
            }
        });
        selected.await.map_err(|error| match error {
            ImapError::Refused { said, .. } => ImapError::Folder(said),
            other => other,
        })?;
        Ok(opened)
    }

    /// The first mails after this number, with their sizes. Always also the last mail, as servers mean it.
    pub(super) async fn after(&mut self, uid: u32) -> Result<Vec<Fetched>, ImapError> {
        self.news = false;
        let mut found: Vec<Fetched> = Vec::new();
        if self.exists == Some(0) {
            return Ok(found);
        }
        let from = uid.saturating_add(1);
        self.run(&format!("UID FETCH {from}:* (UID RFC822.SIZE)"), |heard| {
            if let Heard::Fetched(mail) = heard
                && mail.uid > uid
            {
                found.push(mail);
                if found.len() > 2 * LISTED_MAX {
                    found.sort_by_key(|mail| mail.uid);
                    found.truncate(LISTED_MAX);
                }
            }
        })
        .await?;
        found.sort_by_key(|mail| mail.uid);
        found.dedup_by_key(|mail| mail.uid);
        found.truncate(LISTED_MAX);
        Ok(found)
    }

    /// The number of the last mail; 0 when there is none.
    pub(super) async fn last(&mut self) -> Result<u32, ImapError> {
        let mut last = 0;
        if self.exists == Some(0) {
            return Ok(last);
        }
        self.run("UID FETCH * (UID)", |heard| {
            if let Heard::Fetched(mail) = heard {
                last = last.max(mail.uid);
            }
        })
        .await?;
        Ok(last)
    }

    /// The number of the first mail that the server got at this time or later. Of what has no readable time nobody can say that
    /// it is news.
    pub(super) async fn first_since(&mut self, since_ms: i64) -> Result<Option<u32>, ImapError> {
        let mut first: Option<u32> = None;
        if self.exists == Some(0) {
            return Ok(first);
        }
        self.run("UID FETCH 1:* (UID INTERNALDATE)", |heard| {
            if let Heard::Fetched(mail) = heard
                && mail.arrived_ms.is_some_and(|arrived_ms| arrived_ms >= since_ms)
            {
                first = Some(first.map_or(mail.uid, |first| first.min(mail.uid)));
            }
        })
        .await?;
        Ok(first)
    }

    /// A mail, or its beginning where it is larger than is read. None when it is gone by now.
    pub(super) async fn mail(&mut self, uid: u32, is_large: bool) -> Result<Option<Vec<u8>>, ImapError> {
        let partial = if is_large { format!("<0.{BODY_BYTES_MAX}>") } else { String::new() };
        let (tag, mut body) = (self.tag(), None);
        self.wire.say(&format!("{tag} UID FETCH {uid} (UID BODY.PEEK[]{partial})")).await?;
        self.end(&tag, "FETCH", MAIL, |heard| {
            if let Heard::Fetched(mail) = heard
                && mail.uid == uid
                && mail.body.is_some()
            {
                body = mail.body;
            }
        })
        .await?;
        Ok(body)
    }

    /// Marks a mail as seen.
    pub(super) async fn mark_seen(&mut self, uid: u32) -> Result<(), ImapError> {
        self.run(&format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)"), |_| {}).await.map(drop)
    }

    /// Asks whether anything is new.
    pub(super) async fn beat(&mut self) -> Result<(), ImapError> {
        self.run("NOOP", |_| {}).await.map(drop)
    }

    /// Whether mail came since the last list.
    pub(super) const fn has_news(&self) -> bool {
        self.news
    }

    // === IDLE (RFC 2177) ===

    /// Has the server tell by itself what is new; the tag of it. None when it does not.
    pub(super) async fn idle(&mut self) -> Result<Option<String>, ImapError> {
        let tag = self.tag();
        self.wire.say(&format!("{tag} IDLE")).await?;
        match self.go_on(&tag).await {
            Ok(true) => Ok(Some(tag)),
            Ok(false) | Err(ImapError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Resolves once there is news. May be dropped and called again at any time.
    pub(super) async fn news(&mut self) -> Result<(), ImapError> {
        while !self.news {
            let frame = self.wire.frame().await?;
            self.hear(&frame)?;
        }
        Ok(())
    }

    /// Has the server stop telling.
    pub(super) async fn stop_idling(&mut self, tag: &str) -> Result<(), ImapError> {
        self.wire.say("DONE").await?;
        self.end(tag, "IDLE", ANSWER, |_| {}).await.map(drop)
    }

    // === commands ===

    fn tag(&mut self) -> String {
        self.tags += 1;
        format!("c{}", self.tags)
    }

    async fn run(&mut self, command: &str, each: impl FnMut(Heard)) -> Result<Condition, ImapError> {
        let tag = self.tag();
        self.wire.say(&format!("{tag} {command}")).await?;
        let what = match command.split(' ').next() {
            Some("SELECT") => "SELECT",
            Some("NOOP") => "NOOP",
            Some("UID") => "a look at mails",
            _ => "a command",
        };
        self.end(&tag, what, ANSWER, each).await
    }

    /// What an answer means whatever it answers.
    fn hear(&mut self, frame: &[u8]) -> Result<Heard, ImapError> {
        let heard = Heard::of(frame);
        match heard {
            Heard::Told(Condition { status: Status::Bye, text, .. }) => Err(ImapError::Bye(text)),
            Heard::Exists(count) => {
                (self.exists, self.news) = (Some(count), true);
                Ok(Heard::Other)
            }
            heard => Ok(heard),
        }
    }

    /// Hears everything up to the end of a command. Only `OK` is a success.
    async fn end(
        &mut self,
        tag: &str,
        what: &'static str,
        within: Duration,
        mut each: impl FnMut(Heard),
    ) -> Result<Condition, ImapError> {
        let ended = async {
            loop {
                let frame = self.wire.frame().await?;
                match self.hear(&frame)? {
                    Heard::Done(of, condition) if of == tag => return Ok::<_, ImapError>(condition),
                    heard => each(heard),
                }
            }
        };
        let condition = timeout(within, ended).await.map_err(|_| ImapError::Late("answer"))??;
        match condition.status {
            Status::Ok => Ok(condition),
            _ => Err(refused(what, condition)),
        }
    }

    /// Waits until the server wants more of a command; false when it has ended it instead, and well.
    async fn go_on(&mut self, tag: &str) -> Result<bool, ImapError> {
        let waits = async {
            loop {
                let frame = self.wire.frame().await?;
                match self.hear(&frame)? {
                    Heard::GoOn => return Ok(None),
                    Heard::Done(of, condition) if of == tag => return Ok::<_, ImapError>(Some(condition)),
                    _ => {}
                }
            }
        };
        match timeout(ANSWER, waits).await.map_err(|_| ImapError::Late("answer"))?? {
            None => Ok(true),
            Some(Condition { status: Status::Ok, .. }) => Ok(false),
            Some(condition) => Err(refused("a command", condition)),
        }
    }
}

fn refused(what: &'static str, Condition { code, text, .. }: Condition) -> ImapError {
    let said = if text.is_empty() { code.clone() } else { text };
    ImapError::Refused { what, code, said }
}

/// A refused password. What the server may take another time (RFC 5530) stays what it is.
fn refused_sign_in(error: ImapError) -> ImapError {
    const ANOTHER_TIME: [&str; 4] = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"];
    match error {
        ImapError::Refused { code, said, .. } if !ANOTHER_TIME.contains(&code.as_str()) => {
            ImapError::SignIn(said)
        }
        other => other,
    }
}

/// A string of IMAP in quotation marks.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests;
