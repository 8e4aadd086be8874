//! What an IMAP server says (RFC 3501), as far as a mailbox is read with it. Pure.
//!
//! Servers say more than this, and not always as the grammar has it: what is not understood is [`Heard::Other`], and no
//! bytes make it panic. Nesting costs no stack.

/// Longest words of a server that are passed on, in characters.
const WORDS_CHARS_MAX: usize = 300;

/// How something ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    Bye,
    Preauth,
}

/// A status, its code in upper case (`UIDVALIDITY 7`, or nothing), and what it says to people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Condition {
    pub(super) status: Status,
    pub(super) code: String,
    pub(super) text: String,
}

/// What is told of a mail. Without its number it is nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Fetched {
    pub(super) uid: u32,
    pub(super) size: Option<u64>,
    /// When the server got it, in milliseconds since 1970.
    pub(super) arrived_ms: Option<i64>,
    pub(super) body: Option<Vec<u8>>,
}

/// One answer of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// The end of the command with this tag.
    Done(String, Condition),
    /// A status of nothing in particular.
    Told(Condition),
    /// It waits for more of a command.
    GoOn,
    /// So many mails are there.
    Exists(u32),
    /// What it can, in upper case.
    Capabilities(Vec<String>),
    /// A mail, or some of it.
    Fetched(Fetched),
    /// Something else.
    Other,
}

// === impl Condition ===

impl Condition {
    fn of(line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let status = match word.to_ascii_uppercase().as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            "BAD" => Status::Bad,
            "BYE" => Status::Bye,
            "PREAUTH" => Status::Preauth,
            _ => return None,
        };
        let rest = rest.trim_start();
        let coded = rest.strip_prefix('[').and_then(|inner| inner.split_once(']'));
        let (code, said) = coded.unwrap_or(("", rest));
        let said = said.trim().chars().filter(|c| !c.is_control()).take(WORDS_CHARS_MAX).collect();
        Some(Self { status, code: code.to_ascii_uppercase(), text: said })
    }

    /// The number after this word in the code.
    pub(super) fn number(&self, word: &str) -> Option<u32> {
        self.code.strip_prefix(word)?.strip_prefix(' ')?.trim().parse().ok()
    }

    /// The capabilities in the code.
    pub(super) fn capabilities(&self) -> Option<Vec<String>> {
        Some(words(self.code.strip_prefix("CAPABILITY ")?))
    }
}

// === impl Heard ===

impl Heard {
    /// One whole answer, with its literals and its last line end.
    pub(super) fn of(frame: &[u8]) -> Self {
        if frame.first() == Some(&b'+') {
            return Self::GoOn;
        }
        let Some(space) = frame.iter().position(|&byte| byte == b' ') else { return Self::Other };
        let (tag, rest) = frame.split_at(space);
        let rest = rest.trim_ascii_start();
        if let Some(condition) = Condition::of(first_line(rest)) {
            return match tag {
                b"*" => Self::Told(condition),
                tag => Self::Done(String::from_utf8_lossy(tag).into_owned(), condition),
            };
        }
        if tag != b"*" {
            return Self::Other;
        }
        data(rest).unwrap_or(Self::Other)
    }
}

/// Untagged data: `CAPABILITY …`, `3 EXISTS`, `3 FETCH (…)`.
fn data(rest: &[u8]) -> Option<Heard> {
    let mut cursor = Cursor(rest);
    let first = cursor.word();
    if first.eq_ignore_ascii_case(b"CAPABILITY") {
        let line = String::from_utf8_lossy(first_line(cursor.0)).to_ascii_uppercase();
        return Some(Heard::Capabilities(words(&line)));
    }
    let number: u32 = std::str::from_utf8(first).ok()?.parse().ok()?;
    let second = cursor.word();
    if second.eq_ignore_ascii_case(b"EXISTS") {
        return Some(Heard::Exists(number));
    }
    second.eq_ignore_ascii_case(b"FETCH").then(|| fetched(&mut cursor))?.map(Heard::Fetched)
}

fn words(line: &str) -> Vec<String> {
    line.split_ascii_whitespace().map(str::to_owned).collect()
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or(bytes).trim_ascii_end()
}

/// The items of a mail. None when its number is not among them: some servers tell of flags without one.
fn fetched(cursor: &mut Cursor<'_>) -> Option<Fetched> {
    cursor.spaces();
    cursor.take(b'(')?;
    let (mut mail, mut uid) = (Fetched::default(), None);
    loop {
        cursor.spaces();
        if cursor.take(b')').is_some() || cursor.0.is_empty() {
            break;
        }
        let name = cursor.item_name().to_ascii_uppercase();
        let value = cursor.value()?;
        let text = || String::from_utf8_lossy(&value).into_owned();
        match name.as_slice() {
            b"UID" => uid = text().parse().ok(),
            b"RFC822.SIZE" => mail.size = text().parse().ok(),
            b"INTERNALDATE" => mail.arrived_ms = moment(&text()),
            name if name.starts_with(b"BODY[") => mail.body = Some(value),
            _ => {}
        }
    }
    Some(Fetched { uid: uid?, ..mail })
}

/// ` 7-Jul-2026 02:44:25 -0700` in milliseconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let parsed = jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    Some(parsed.to_timestamp().ok()?.as_millisecond())
}

/// What is left to read of an answer.
struct Cursor<'f>(&'f [u8]);

// === impl Cursor ===

impl<'f> Cursor<'f> {
    fn spaces(&mut self) {
        self.0 = self.0.trim_ascii_start();
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    /// Takes so many bytes, or all that are left.
    fn cut(&mut self, length: usize) -> &'f [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'f [u8] {
        let length = self.0.iter().position(|&byte| ends(byte)).unwrap_or(self.0.len());
        self.cut(length)
    }

    /// What stands before the next space or parenthesis.
    fn word(&mut self) -> &'f [u8] {
        self.spaces();
        self.until(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b')'))
    }

    /// The name of an item; in brackets it may have spaces: `BODY[HEADER.FIELDS (TO)]<0>`.
    fn item_name(&mut self) -> &'f [u8] {
        let mut depth = 0_usize;
        let end = self.0.iter().position(|&byte| {
            match byte {
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && (byte.is_ascii_whitespace() || matches!(byte, b'(' | b')'))
        });
        self.cut(end.unwrap_or(self.0.len()))
    }

    /// A value; what a list holds is skipped. None when it does not end.
    fn value(&mut self) -> Option<Vec<u8>> {
        self.spaces();
        match self.0.first()? {
            b'"' => self.quoted(),
            b'{' | b'~' => self.literal().map(<[u8]>::to_vec),
            b'(' => self.skip_list().map(|()| Vec::new()),
            b')' => Some(Vec::new()),
            _ => Some(self.word().to_vec()),
        }
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        self.take(b'"')?;
        let mut text = Vec::new();
        loop {
            match self.cut(1) {
                b"\"" => return Some(text),
                b"\\" => text.extend_from_slice(self.cut(1)),
                [] => return None,
                other => text.extend_from_slice(other),
            }
        }
    }

    /// `{3}` and a line end, then three bytes.
    fn literal(&mut self) -> Option<&'f [u8]> {
        self.take(b'~').unwrap_or_default();
        self.take(b'{')?;
        let digits = self.until(|byte| !byte.is_ascii_digit());
        let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        self.until(|byte| byte == b'\n');
        self.take(b'\n')?;
        (self.0.len() >= length).then(|| self.cut(length))
    }

    fn skip_list(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.0.first()? {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'"' => {
                    self.quoted()?;
                    continue;
                }
                b'{' => {
                    self.literal()?;
                    continue;
                }
                _ => {}
            }
            self.cut(1);
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
