//! Lines and literals of IMAP over a stream. Everything is bounded, and an answer that is waited for in vain is not lost:
//! what has come of it stays here.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::time::timeout;

use crate::egress::{EgressError, Secret, SecretForm, Stream};

/// Most bytes of a mail that are read.
pub(super) const BODY_BYTES_MAX: usize = 2 << 20;
/// Most bytes of a line.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Most bytes of an answer, literals included.
const FRAME_BYTES_MAX: usize = BODY_BYTES_MAX + 2 * LINE_BYTES_MAX;
/// Longest time until a line is handed to the network.
const WRITING: Duration = Duration::from_secs(30);

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImapError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    #[error("the connection to the mail server broke: {0}")]
    Broken(#[from] io::Error),
    #[error("the mail server closed the connection")]
    Closed,
    #[error("the mail server says goodbye: {0}")]
    Bye(String),
    #[error("the mail server did not {0} in time")]
    Late(&'static str),
    #[error("the mail server said more at once than is taken")]
    TooLong,
    #[error("what answers there does not speak IMAP")]
    NoImap,
    #[error("the mail server does not encrypt, so nothing is said to it")]
    NoTls,
    #[error("the mail server takes no password over this connection")]
    NoLogin,
    #[error("the mail server does not take user and password: {0}")]
    SignIn(String),
    #[error("the mail server does not open the folder: {0}")]
    Folder(String),
    #[error("the mail server refused {what}: {said}")]
    Refused {
        /// The command.
        what: &'static str,
        /// Its code in upper case, where it gave one.
        code: String,
        /// What it said.
        said: String,
    },
}

/// See the module.
pub(super) struct Wire {
    stream: BufReader<Stream>,
    /// What has come of the next answer.
    partial: Vec<u8>,
    /// Where its last line begins.
    line_at: usize,
    /// Bytes of a literal that have not come.
    literal_left: usize,
}

// === impl Wire ===

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream: BufReader::new(stream), partial: Vec::new(), line_at: 0, literal_left: 0 }
    }

    /// The stream itself, to be encrypted. Nothing may have been said after the agreement: it would be taken for encrypted.
    pub(super) fn bare(self) -> Result<Stream, ImapError> {
        let is_clean = self.stream.buffer().is_empty() && self.partial.is_empty();
        if is_clean { Ok(self.stream.into_inner()) } else { Err(ImapError::NoTls) }
    }

    /// Writes a line.
    pub(super) async fn say(&mut self, line: &str) -> Result<(), ImapError> {
        let line = format!("{line}\r\n");
        let written = async {
            self.stream.write_all(line.as_bytes()).await?;
            self.stream.flush().await
        };
        Ok(timeout(WRITING, written).await.map_err(|_| ImapError::Late("take a line"))??)
    }

    /// Writes a line that ends with a secret.
    pub(super) async fn say_secret(
        &mut self,
        before: &str,
        secret: &Secret,
        form: SecretForm<'_>,
    ) -> Result<(), ImapError> {
        let written = timeout(WRITING, self.stream.get_mut().write_secret(before, secret, form)).await;
        match written.map_err(|_| ImapError::Late("take a line"))? {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                Err(ImapError::SignIn(error.to_string()))
            }
            other => Ok(other?),
        }
    }

    /// The next answer, whole. May be dropped and called again at any time.
    pub(super) async fn frame(&mut self) -> Result<Vec<u8>, ImapError> {
        loop {
            let available = self.stream.fill_buf().await?;
            if available.is_empty() {
                return Err(ImapError::Closed);
            }
            let is_literal = self.literal_left > 0;
            let line_end = available.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            let length = if is_literal {
                self.literal_left.min(available.len())
            } else {
                line_end.unwrap_or(available.len())
            };
            let taken = available.get(..length).unwrap_or_default();
            if self.partial.len() + length > FRAME_BYTES_MAX
                || !is_literal && self.partial.len() - self.line_at + length > LINE_BYTES_MAX
            {
                return Err(ImapError::TooLong);
            }
            self.partial.extend_from_slice(taken);
            self.stream.consume(length);
            if is_literal {
                self.literal_left -= length;
                self.line_at = self.partial.len();
                continue;
            }
            if line_end.is_none() {
                continue;
            }
            match literal_announced(&self.partial, self.line_at) {
                Some(announced) if announced > BODY_BYTES_MAX => return Err(ImapError::TooLong),
                Some(announced) => {
                    self.literal_left = announced;
                    self.line_at = self.partial.len();
                }
                None => {
                    self.line_at = 0;
                    return Ok(std::mem::take(&mut self.partial));
                }
            }
        }
    }
}

/// The length of the literal that follows the last line. What a status says to people announces nothing.
fn literal_announced(frame: &[u8], line_at: usize) -> Option<usize> {
    let is_data = frame.strip_prefix(b"* ").is_some_and(|rest| {
        let word = rest.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        ![b"OK".as_slice(), b"NO", b"BAD", b"BYE", b"PREAUTH"]
            .iter()
            .any(|one| word.eq_ignore_ascii_case(one))
    });
    if !is_data {
        return None;
    }
    let line = frame.get(line_at..)?.trim_ascii_end().strip_suffix(b"}")?;
    let open = line.iter().rposition(|&byte| byte == b'{')?;
    let digits = line.get(open + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    let is_number = (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}
