//! A mail server (RFC 5321) that takes nothing that is not right: every line ends with CRLF, nothing is said before
//! encryption where that is wanted, and nothing comes out of order.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// Longest wait for a mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the server encrypts.
#[derive(Clone)]
pub enum Encryption {
    /// Not at all.
    None,
    /// After STARTTLS, with this certificate.
    Starttls(TlsAcceptor),
    /// From the first byte.
    Tls(TlsAcceptor),
}

/// What the server does with one mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Takes it.
    Take,
    /// Says that the mailbox is not there.
    Refuse,
    /// Reads all of it and says nothing.
    Hang,
    /// Says that it may take it later.
    Later,
    /// Takes it and closes before it says so.
    TakenAndClosed,
}

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Who signed in: user and password.
    pub login: Option<(String, String)>,
    /// Whether it came encrypted.
    pub encrypted: bool,
    /// The sender of the envelope.
    pub from: String,
    /// Its recipients.
    pub to: Vec<String>,
    /// Headers and text, without the dots of the transport.
    pub text: String,
}

impl Mail {
    /// The value of a header.
    pub fn header(&self, name: &str) -> String {
        let line = self
            .text
            .lines()
            .find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        line.map(|line| line[name.len() + 1..].trim().to_owned()).unwrap_or_default()
    }
}

#[derive(Default)]
struct Seen {
    mails: Vec<Mail>,
    /// Every command of every connection.
    commands: Vec<String>,
    /// What was not right.
    faults: Vec<String>,
    manners: VecDeque<Manner>,
    /// The only password that is taken; any, without one.
    password: Option<&'static str>,
}

/// See the module.
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
        let faults = std::mem::take(&mut self.seen.lock().unwrap().faults);
        assert!(faults.is_empty() || std::thread::panicking(), "{faults:?}");
    }
}

impl MailServer {
    /// Listens on a port of its own; `manners` are those of the first mails, then it takes everything.
    pub async fn start(encryption: Encryption, manners: &[Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen =
            Arc::new(Mutex::new(Seen { manners: manners.iter().copied().collect(), ..Seen::default() }));
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (encryption, seen) = (encryption.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Err(error) = serve(stream, encryption, &seen).await {
                        seen.lock().unwrap().commands.push(format!("({error})"));
                    }
                });
            }
        });
        Self { address, seen, task }
    }

    /// Waits until there are so many mails; all of them.
    pub async fn mails(&self, count: usize) -> Vec<Mail> {
        let wait = async {
            loop {
                let mails = self.seen.lock().unwrap().mails.clone();
                if mails.len() >= count {
                    return mails;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("no mail: {:?}", self.commands()))
    }

    /// Takes only this password from now on.
    pub fn wants(&self, password: &'static str) {
        self.seen.lock().unwrap().password = Some(password);
    }

    /// What the server does with the next mails.
    pub fn next_mails(&self, manners: &[Manner]) {
        self.seen.lock().unwrap().manners.extend(manners);
    }

    /// Every command that was said.
    pub fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }
}

/// TLS with the certificate of a listener that `capuchin certs` made.
pub fn acceptor(certificate: &Path, key: &Path) -> TlsAcceptor {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

async fn serve(stream: tokio::net::TcpStream, encryption: Encryption, seen: &Mutex<Seen>) -> io::Result<()> {
    match encryption {
        Encryption::None => drop(Talk::new(stream, false, seen).greet().await?.go_on(None).await?),
        Encryption::Tls(acceptor) => {
            let stream = acceptor.accept(stream).await?;
            drop(Talk::new(stream, true, seen).greet().await?.go_on(None).await?);
        }
        Encryption::Starttls(acceptor) => {
            let talk = Talk::new(stream, false, seen).greet().await?.go_on(Some(&acceptor)).await?;
            if let Some(stream) = talk {
                let stream = acceptor.accept(stream).await?;
                drop(Talk::new(stream, true, seen).go_on(None).await?);
            }
        }
    }
    Ok(())
}

struct Talk<'s, S> {
    stream: BufStream<S>,
    encrypted: bool,
    seen: &'s Mutex<Seen>,
    mail: Mail,
    helo: bool,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Talk<'s, S> {
    fn new(stream: S, encrypted: bool, seen: &'s Mutex<Seen>) -> Self {
        Self { stream: BufStream::new(stream), encrypted, seen, mail: Mail::default(), helo: false }
    }

    async fn greet(mut self) -> io::Result<Self> {
        self.say("220 mail.test ESMTP").await?;
        Ok(self)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    fn fault(&self, text: &str) {
        self.seen.lock().unwrap().faults.push(text.to_owned());
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        if !text.ends_with("\r\n") || text[..text.len() - 2].contains('\r') {
            self.fault(&format!("a line does not end with CRLF: {text:?}"));
        }
        if line.len() > 1_000 {
            self.fault("a line is too long");
        }
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// Until the end, or until the other side wants to encrypt; then the bare stream.
    async fn go_on(mut self, starttls: Option<&TlsAcceptor>) -> io::Result<Option<S>> {
        while let Some(line) = self.line().await? {
            let shown = if line.starts_with("AUTH") { "AUTH" } else { &line };
            self.seen.lock().unwrap().commands.push(shown.to_owned());
            let upper = line.to_uppercase();
            match upper.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    self.helo = true;
                    self.say("250-mail.test").await?;
                    let more =
                        if starttls.is_some() { "250 STARTTLS" } else { "250-8BITMIME\r\n250 AUTH PLAIN" };
                    self.say(more).await?;
                }
                "STARTTLS" if starttls.is_some() => {
                    self.say("220 go ahead").await?;
                    return Ok(Some(self.stream.into_inner()));
                }
                "AUTH" => self.sign_in(&line).await?,
                "MAIL" => {
                    if starttls.is_some() || !self.helo {
                        self.fault("MAIL before STARTTLS or EHLO");
                    }
                    self.mail.from = address(&line);
                    self.mail.encrypted = self.encrypted;
                    self.say("250 ok").await?;
                }
                "RCPT" => self.recipient(&line).await?,
                "DATA" => {
                    if !self.data().await? {
                        return Ok(None);
                    }
                }
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Ok(None);
                }
                _ => self.say("500 what?").await?,
            }
        }
        Ok(None)
    }

    async fn sign_in(&mut self, line: &str) -> io::Result<()> {
        let coded = line.strip_prefix("AUTH PLAIN ").unwrap_or_default();
        let plain = base64::engine::general_purpose::STANDARD.decode(coded).unwrap_or_default();
        let parts: Vec<String> =
            plain.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        let [_, user, password] = &parts[..] else {
            return self.say("501 not PLAIN").await;
        };
        if self.seen.lock().unwrap().password.is_some_and(|wanted| wanted != password) {
            return self.say("535 5.7.8 authentication failed").await;
        }
        self.mail.login = Some((user.clone(), password.clone()));
        self.say("235 welcome").await
    }

    async fn recipient(&mut self, line: &str) -> io::Result<()> {
        let refuses = self.seen.lock().unwrap().manners.front() == Some(&Manner::Refuse);
        if refuses {
            self.seen.lock().unwrap().manners.pop_front();
            return self.say("550 5.1.1 no such mailbox here").await;
        }
        self.mail.to.push(address(line));
        self.say("250 ok").await
    }

    /// Whether the talk goes on.
    async fn data(&mut self) -> io::Result<bool> {
        if self.mail.to.is_empty() {
            self.fault("DATA without a recipient");
        }
        self.say("354 go ahead").await?;
        let mut text = String::new();
        loop {
            let Some(line) = self.line().await? else { return Ok(false) };
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push('\n');
        }
        self.mail.text = text;
        let manner = {
            let mut seen = self.seen.lock().unwrap();
            seen.mails.push(self.mail.clone());
            seen.manners.pop_front().unwrap_or(Manner::Take)
        };
        match manner {
            Manner::Hang => std::future::pending::<()>().await,
            Manner::TakenAndClosed => return Ok(false),
            _ => {}
        }
        self.mail = Mail { login: self.mail.login.clone(), ..Mail::default() };
        self.say(if manner == Manner::Later { "451 4.3.0 try again later" } else { "250 queued" }).await?;
        Ok(true)
    }
}

fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}
