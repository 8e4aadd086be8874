//! An IMAP server (RFC 3501, IDLE: RFC 2177) on a loopback port: strict about what it is asked, and as unreliable as a test
//! wants. One folder, one user.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::mail::Encryption;

/// Who signs in, and with what.
pub const USER: &str = "bot@home.example";
/// The password of the mailbox.
pub const PASSWORD: &str = "correct horse \"battery\"";
/// Longest wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server does once, at the next occasion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImapFault {
    /// Closes the connection when mail comes while a client idles, and tells nothing.
    ClosedInIdle,
    /// Says goodbye while a client idles.
    Goodbye,
    /// Answers a look at a mail with half of it, and closes.
    HalfMail,
    /// Answers a look at a mail with something that is no IMAP, and closes.
    Garbage,
}

struct Stored {
    uid: u32,
    raw: String,
    date: &'static str,
    seen: bool,
}

struct Inner {
    validity: u32,
    next: u32,
    mails: Vec<Stored>,
    faults: VecDeque<ImapFault>,
    idles: bool,
    password: &'static str,
    /// What was asked and is not allowed.
    broken: Vec<String>,
    /// Every command of every connection.
    commands: Vec<String>,
}

/// What wakes clients: mails that came, and how often everybody was thrown out.
type News = (usize, usize);

/// See the module. Stops when dropped.
pub struct Imap {
    pub address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
    news: watch::Sender<News>,
    task: tokio::task::JoinHandle<()>,
}

impl Imap {
    pub async fn start() -> Self {
        Self::with(Encryption::None).await
    }

    pub async fn with(encryption: Encryption) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner {
            validity: 7,
            next: 1,
            mails: Vec::new(),
            faults: VecDeque::new(),
            idles: true,
            password: PASSWORD,
            broken: Vec::new(),
            commands: Vec::new(),
        }));
        let (news, _) = watch::channel((0, 0));
        let (shared, told) = (Arc::clone(&inner), news.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (inner, news, encryption) = (Arc::clone(&shared), told.subscribe(), encryption.clone());
                tokio::spawn(async move {
                    // A client that goes without a word is no fault.
                    let _ = serve(stream, encryption, inner, news).await;
                });
            }
        });
        Self { address, inner, news, task }
    }

    /// A mail comes.
    pub fn deliver(&self, raw: &str) {
        self.store(raw, "21-Nov-2096 10:00:00 +0000");
    }

    /// A mail that is there for years.
    pub fn deliver_long_ago(&self, raw: &str) {
        self.store(raw, " 7-Jan-2020 10:00:00 +0000");
    }

    fn store(&self, raw: &str, date: &'static str) {
        let mut inner = self.inner.lock().unwrap();
        let (uid, raw) = (inner.next, raw.replace('\n', "\r\n"));
        inner.next += 3;
        inner.mails.push(Stored { uid, raw, date, seen: false });
        drop(inner);
        self.news.send_modify(|(came, _)| *came += 1);
    }

    /// The server gives every mail another number, and throws everybody out. Meanwhile a mail comes.
    pub fn renumber(&self, validity: u32, raw: &str) {
        let mut inner = self.inner.lock().unwrap();
        (inner.validity, inner.next) = (validity, 1);
        let mut next = 1;
        for mail in &mut inner.mails {
            mail.uid = next;
            next += 1;
        }
        inner.next = next;
        drop(inner);
        self.deliver(raw);
        self.throw_out();
    }

    /// Closes every connection.
    pub fn throw_out(&self) {
        self.news.send_modify(|(_, thrown)| *thrown += 1);
    }

    pub fn fail_next(&self, faults: &[ImapFault]) {
        self.inner.lock().unwrap().faults.extend(faults);
    }

    /// Whether clients may idle.
    pub fn idles(&self, idles: bool) {
        self.inner.lock().unwrap().idles = idles;
    }

    /// Another password.
    pub fn wants(&self, password: &'static str) {
        self.inner.lock().unwrap().password = password;
    }

    pub fn commands(&self) -> Vec<String> {
        self.inner.lock().unwrap().commands.clone()
    }

    /// Waits until so many commands like this were said.
    pub async fn heard(&self, command: &str, count: usize) {
        let said = |all: Vec<String>| all.iter().filter(|one| one.contains(command)).count();
        let wait = async {
            while said(self.commands()) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        assert!(waited.is_ok(), "nobody said {command}: {:#?}", self.commands());
    }

    /// Whether each mail is marked as seen, in their order.
    pub fn seen(&self) -> Vec<bool> {
        self.inner.lock().unwrap().mails.iter().map(|mail| mail.seen).collect()
    }
}

impl Drop for Imap {
    fn drop(&mut self) {
        self.task.abort();
        let broken = self.inner.lock().map(|inner| inner.broken.clone()).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(broken.is_empty(), "the server was asked what it does not allow: {broken:#?}");
        }
    }
}

async fn serve(
    stream: tokio::net::TcpStream,
    encryption: Encryption,
    inner: Arc<Mutex<Inner>>,
    news: watch::Receiver<News>,
) -> io::Result<()> {
    let talk = |inner| Talk { inner, news, secure: false, state: State::Greeted, tags: Vec::new(), told: 0 };
    match encryption {
        Encryption::None => {
            let mut stream = BufStream::new(stream);
            say(&mut stream, "* OK mail.test ready").await?;
            talk(inner).go_on(&mut stream, false).await.map(drop)
        }
        Encryption::Tls(acceptor) => {
            let mut stream = BufStream::new(acceptor.accept(stream).await?);
            say(&mut stream, "* OK mail.test ready").await?;
            Talk { secure: true, ..talk(inner) }.go_on(&mut stream, false).await.map(drop)
        }
        Encryption::Starttls(acceptor) => {
            let mut stream = BufStream::new(stream);
            say(&mut stream, "* OK mail.test ready").await?;
            let mut open = talk(inner);
            if !open.go_on(&mut stream, true).await? {
                return Ok(());
            }
            let mut secured = BufStream::new(acceptor.accept(stream.into_inner()).await?);
            open.secure = true;
            open.go_on(&mut secured, false).await.map(drop)
        }
    }
}

/// Resolves once everybody was thrown out another time.
async fn thrown_out(news: &mut watch::Receiver<News>, before: usize) {
    while news.borrow_and_update().1 == before {
        if news.changed().await.is_err() {
            return;
        }
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Greeted,
    SignedIn,
    Selected,
}

struct Talk {
    inner: Arc<Mutex<Inner>>,
    news: watch::Receiver<News>,
    secure: bool,
    state: State,
    tags: Vec<String>,
    /// Mails that the client knows of.
    told: usize,
}

impl Talk {
    fn fault(&self, text: &str) {
        self.inner.lock().unwrap().broken.push(text.to_owned());
    }

    /// Takes the next fault if it is one of these.
    fn fails(&self, ways: &[ImapFault]) -> Option<ImapFault> {
        let mut inner = self.inner.lock().unwrap();
        let next = inner.faults.front().copied().filter(|fault| ways.contains(fault));
        if next.is_some() {
            inner.faults.pop_front();
        }
        next
    }

    async fn line<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
    ) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if !text.ends_with("\r\n") {
            self.fault(&format!("a line does not end with CRLF: {text:?}"));
        }
        Ok(Some(text.trim_end().to_owned()))
    }

    /// Until the end; true when the other side wants to encrypt now.
    async fn go_on<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
        starttls: bool,
    ) -> io::Result<bool> {
        let mut news = self.news.clone();
        let thrown = news.borrow().1;
        loop {
            let line = tokio::select! {
                line = self.line(stream) => line?,
                () = thrown_out(&mut news, thrown) => return Ok(false),
            };
            let Some(line) = line else { return Ok(false) };
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            let (tag, command) = (tag.to_owned(), command.to_owned());
            let shown = command.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let hides = ["AUTHENTICATE", "LOGIN"].iter().any(|word| command.starts_with(word));
            self.inner.lock().unwrap().commands.push(if hides { shown } else { command.clone() });
            if self.tags.contains(&tag) {
                self.fault(&format!("the tag {tag} was used before"));
            }
            self.tags.push(tag.clone());
            if starttls && command == "STARTTLS" {
                say(stream, &format!("{tag} OK begin")).await?;
                return Ok(true);
            }
            if starttls && command != "CAPABILITY" {
                self.fault(&format!("{command} before STARTTLS"));
            }
            if !self.answer(stream, &tag, &command, starttls).await? {
                return Ok(false);
            }
        }
    }

    async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
        tag: &str,
        command: &str,
        starttls: bool,
    ) -> io::Result<bool> {
        let (word, rest) = command.split_once(' ').unwrap_or((command, ""));
        let needed = match word {
            "CAPABILITY" | "AUTHENTICATE" => State::Greeted,
            "SELECT" => State::SignedIn,
            _ => State::Selected,
        };
        if self.state < needed {
            self.fault(&format!("{command} too early"));
        }
        match word {
            "CAPABILITY" => {
                let more = if starttls { "STARTTLS LOGINDISABLED" } else { "AUTH=PLAIN SASL-IR" };
                let idle = if self.inner.lock().unwrap().idles { " IDLE" } else { "" };
                say(stream, &format!("* CAPABILITY IMAP4rev1 {more}{idle}")).await?;
            }
            "AUTHENTICATE" => {
                let wanted = format!("\0{USER}\0{}", self.inner.lock().unwrap().password);
                let wanted = base64::engine::general_purpose::STANDARD.encode(wanted);
                if rest != format!("PLAIN {wanted}") {
                    say(stream, &format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.")).await?;
                    return Ok(true);
                }
                self.state = State::SignedIn;
            }
            "SELECT" => {
                self.select(stream, rest).await?;
            }
            "UID" => return self.mails(stream, tag, rest).await,
            "IDLE" => return self.idle(stream, tag).await,
            "NOOP" => self.tell(stream).await?,
            other => self.fault(&format!("what is {other}?")),
        }
        say(stream, &format!("{tag} OK done")).await?;
        Ok(true)
    }

    async fn select<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
        folder: &str,
    ) -> io::Result<()> {
        if folder != "\"INBOX\"" {
            self.fault(&format!("SELECT {folder}"));
        }
        let (count, validity, next) = {
            let inner = self.inner.lock().unwrap();
            (inner.mails.len(), inner.validity, inner.next)
        };
        (self.state, self.told) = (State::Selected, count);
        say(stream, "* FLAGS (\\Answered \\Seen)").await?;
        say(stream, &format!("* {count} EXISTS")).await?;
        say(stream, &format!("* OK [UIDVALIDITY {validity}] UIDs valid")).await?;
        say(stream, &format!("* OK [UIDNEXT {next}] Predicted next UID")).await
    }

    /// Tells of mail that the client does not know of.
    async fn tell<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut BufStream<S>) -> io::Result<()> {
        let count = self.inner.lock().unwrap().mails.len();
        if count != self.told {
            self.told = count;
            say(stream, &format!("* {count} EXISTS")).await?;
        }
        Ok(())
    }

    /// Whether the talk goes on.
    async fn idle<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
        tag: &str,
    ) -> io::Result<bool> {
        if !self.inner.lock().unwrap().idles {
            say(stream, &format!("{tag} BAD what?")).await?;
            return Ok(true);
        }
        let mut news = self.news.clone();
        let thrown = news.borrow_and_update().1;
        say(stream, "+ idling").await?;
        loop {
            let has_news = self.inner.lock().unwrap().mails.len() != self.told;
            if has_news || self.inner.lock().unwrap().faults.front() == Some(&ImapFault::Goodbye) {
                match self.fails(&[ImapFault::ClosedInIdle, ImapFault::Goodbye]) {
                    Some(ImapFault::Goodbye) => {
                        say(stream, "* BYE the server restarts").await?;
                        return Ok(false);
                    }
                    Some(_) => return Ok(false),
                    None => self.tell(stream).await?,
                }
            }
            tokio::select! {
                line = self.line(stream) => {
                    let Some(line) = line? else { return Ok(false) };
                    if line != "DONE" {
                        self.fault(&format!("{line} while idling"));
                    }
                    say(stream, &format!("{tag} OK done")).await?;
                    return Ok(true);
                }
                changed = news.changed() => {
                    if changed.is_err() || news.borrow_and_update().1 != thrown {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// `UID FETCH` and `UID STORE`; whether the talk goes on.
    async fn mails<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufStream<S>,
        tag: &str,
        rest: &str,
    ) -> io::Result<bool> {
        let words: Vec<&str> = rest.splitn(3, ' ').collect();
        let [what, which, items] = words[..] else {
            self.fault(&format!("UID {rest}"));
            return Ok(false);
        };
        let found: Vec<(usize, u32, String, &'static str)> = {
            let inner = self.inner.lock().unwrap();
            let last = inner.mails.last().map_or(0, |mail| mail.uid);
            let (from, to) = match which.split_once(':') {
                Some((from, _)) => (from.parse::<u32>().unwrap(), u32::MAX),
                None if which == "*" => (last, last),
                None => (which.parse().unwrap(), which.parse().unwrap()),
            };
            // As real servers do: `n:*` always means the last one too.
            let fits = |mail: &Stored| (from..=to).contains(&mail.uid) || to == u32::MAX && mail.uid == last;
            let mails = inner.mails.iter().enumerate().filter(|(_, mail)| fits(mail));
            mails.map(|(at, mail)| (at + 1, mail.uid, mail.raw.clone(), mail.date)).collect()
        };
        if what == "STORE" {
            if items != "+FLAGS.SILENT (\\Seen)" {
                self.fault(&format!("UID {rest}"));
            }
            for (at, ..) in found {
                self.inner.lock().unwrap().mails[at - 1].seen = true;
            }
            say(stream, &format!("{tag} OK done")).await?;
            return Ok(true);
        }
        for (at, uid, raw, date) in found {
            match items {
                "(UID RFC822.SIZE)" => {
                    say(stream, &format!("* {at} FETCH (UID {uid} RFC822.SIZE {})", raw.len())).await?;
                }
                "(UID INTERNALDATE)" => {
                    say(stream, &format!("* {at} FETCH (UID {uid} INTERNALDATE \"{date}\")")).await?;
                }
                "(UID BODY.PEEK[])" | "(UID BODY.PEEK[]<0.2097152>)" => {
                    let fault = self.fails(&[ImapFault::HalfMail, ImapFault::Garbage]);
                    if fault == Some(ImapFault::Garbage) {
                        say(stream, "<html>bad gateway</html>").await?;
                        return Ok(false);
                    }
                    let (origin, read) = match items.contains('<') {
                        true => ("<0>", &raw[..raw.len().min(2_097_152)]),
                        false => ("", raw.as_str()),
                    };
                    let head = format!("* {at} FETCH (UID {uid} FLAGS () BODY[]{origin} {{{}}}", read.len());
                    say(stream, &head).await?;
                    if fault.is_some() {
                        stream.write_all(&read.as_bytes()[..read.len() / 2]).await?;
                        stream.flush().await?;
                        return Ok(false);
                    }
                    stream.write_all(read.as_bytes()).await?;
                    say(stream, ")").await?;
                }
                other => self.fault(&format!("UID FETCH {other}")),
            }
        }
        say(stream, &format!("{tag} OK done")).await?;
        Ok(true)
    }
}
