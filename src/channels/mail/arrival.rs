//! Raw mail as something said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, HeaderValue, Message, MessageParser};
use sha2::{Digest as _, Sha256};

use super::super::incoming::{Incoming, Said, Sender};
use super::super::platform::{TextUnit, shortened};
use super::quote::own_words;
use super::verdict::is_authenticated;
use super::{Arrival, Dropped, Mailbox, Thread};

/// Longest id of a mail that is kept as it is.
const ID_BYTES_MAX: usize = 200;
/// How many ids of earlier mails are kept: the first, and the last ones.
const REFERENCES_MAX: usize = 20;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 250;
/// Longest words that are kept, in characters.
const WORDS_CHARS_MAX: usize = 100_000;
/// Headers that only programs write, whatever their value.
const AUTOMATIC: &[&str] = &["x-autoreply", "x-autorespond", "x-auto-reply", "x-failed-recipients"];
/// Headers of lists.
const LIST: &[&str] = &["list-id", "list-post", "list-unsubscribe", "mailing-list", "feedback-id"];

/// What a raw mail says.
///
/// # Errors
/// When it says nothing to us.
pub fn read(raw: &[u8], mailbox: &Mailbox<'_>) -> Result<Arrival, Dropped> {
    read_whole(raw, mailbox, None)
}

/// What a mail says of which only the beginning was read: `more` says what came along.
///
/// # Errors
/// When it says nothing to us.
pub fn read_beginning(raw: &[u8], mailbox: &Mailbox<'_>, more: &str) -> Result<Arrival, Dropped> {
    read_whole(raw, mailbox, Some(more))
}

fn read_whole(raw: &[u8], mailbox: &Mailbox<'_>, more: Option<&str>) -> Result<Arrival, Dropped> {
    let mail = MessageParser::default().parse(raw).ok_or(Dropped::NoMail)?;
    let headers: Vec<(String, &str)> =
        mail.headers_raw().map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())).collect();
    let (address, name) = only_sender(&mail, &headers)?;
    if is_ours(&address, mailbox) {
        return Err(Dropped::Own);
    }
    not_from_a_program(&headers, &address)?;
    let references = references(&mail);
    let own_id = mail.message_id().filter(|id| is_id(id)).map(str::to_owned);
    let id = own_id.clone().unwrap_or_else(|| digest(raw));
    let root = references.first().unwrap_or(&id);
    let recipients = recipients(&mail);
    let named = |addresses: &[String]| addresses.iter().any(|address| is_ours(address, mailbox));
    let direct = recipients.to.iter().chain(&recipients.cc).all(|address| is_ours(address, mailbox));
    let mentions_us = named(&recipients.to) || !named(&recipients.cc);
    let subject = subject(&mail);
    let words = words(&mail, &subject, references.is_empty());
    let with = more.or((mail.attachment_count() > 0).then_some("a file"));
    let said = Said::of(&words, false, with).ok_or(Dropped::Empty)?;
    let said = match said {
        Said::Text { text, with, .. } => Said::Text { text, mentions_us, with },
        said => said,
    };
    let authenticated = mailbox.server.is_some_and(|server| is_authenticated(&headers, server, &address));
    Ok(Arrival {
        incoming: Incoming {
            conversation: format!("{address} {root}"),
            message: Some(id.clone()),
            sender: Sender { authenticated, ..Sender::known(address.clone(), &name) },
            direct,
            sent_ms: mail.date().and_then(|date| date.to_timestamp().checked_mul(1_000)),
            said,
            id,
        },
        thread: Thread { to: address, subject, message_id: own_id, references },
    })
}

/// The address, in lower case, and the name of the one who wrote it.
fn only_sender(mail: &Message<'_>, headers: &[(String, &str)]) -> Result<(String, String), Dropped> {
    let one_header = headers.iter().filter(|(name, _)| name == "from").count() == 1;
    let Some(Address::List(list)) = mail.from().filter(|_| one_header) else { return Err(Dropped::Sender) };
    let [only] = list.as_slice() else { return Err(Dropped::Sender) };
    let address = only.address().map(str::to_ascii_lowercase).filter(|address| is_address(address));
    Ok((address.ok_or(Dropped::Sender)?, only.name().unwrap_or_default().to_owned()))
}

fn is_address(address: &str) -> bool {
    let plain =
        address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b';' | b'"'));
    let halves = address.split_once('@');
    plain
        && address.len() <= 254
        && halves
            .is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.') && !domain.contains('@'))
}

fn is_ours(address: &str, mailbox: &Mailbox<'_>) -> bool {
    mailbox.addresses.iter().any(|ours| ours.eq_ignore_ascii_case(address))
}

/// RFC 3834 and its neighbours: answers to programs go round in circles.
fn not_from_a_program(headers: &[(String, &str)], address: &str) -> Result<(), Dropped> {
    let value = |wanted: &str| {
        headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.to_ascii_lowercase())
    };
    let is_in = |wanted: &[&str]| headers.iter().any(|(name, _)| wanted.contains(&name.as_str()));
    let precedence = value("precedence").unwrap_or_default();
    if is_in(LIST) || matches!(precedence.as_str(), "list" | "bulk") {
        return Err(Dropped::List);
    }
    let submitted = value("auto-submitted").is_some_and(|value| !value.starts_with("no"));
    let returned = value("return-path").is_some_and(|value| value == "<>");
    let report = value("content-type").is_some_and(|value| value.starts_with("multipart/report"));
    let user = address.split('@').next().unwrap_or_default();
    let robot = matches!(
        user,
        "mailer-daemon" | "postmaster" | "no-reply" | "noreply" | "do-not-reply" | "donotreply"
    );
    if submitted
        || returned
        || report
        || robot
        || is_in(AUTOMATIC)
        || matches!(precedence.as_str(), "junk" | "auto_reply")
    {
        return Err(Dropped::Automatic);
    }
    Ok(())
}

/// The ids of the mails before this one, oldest first: `References`, else `In-Reply-To`.
fn references(mail: &Message<'_>) -> Vec<String> {
    let mut ids = ids(mail.references());
    if ids.is_empty() {
        ids = self::ids(mail.in_reply_to());
    }
    if ids.len() > REFERENCES_MAX {
        ids.drain(1..=ids.len() - REFERENCES_MAX);
    }
    ids
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let all: Vec<&str> = match value {
        HeaderValue::Text(id) => vec![id],
        HeaderValue::TextList(list) => list.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|id| is_id(id)).map(str::to_owned).collect()
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= ID_BYTES_MAX
        && id.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'))
}

fn digest(raw: &[u8]) -> String {
    format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(raw)))
}

struct Recipients {
    to: Vec<String>,
    cc: Vec<String>,
}

fn recipients(mail: &Message<'_>) -> Recipients {
    let all = |addresses: Option<&Address<'_>>| -> Vec<String> {
        let addresses = addresses.into_iter().flat_map(Address::iter);
        addresses.filter_map(|one| one.address().map(str::to_ascii_lowercase)).collect()
    };
    Recipients { to: all(mail.to()), cc: all(mail.cc()) }
}

fn subject(mail: &Message<'_>) -> String {
    let subject = mail.subject().unwrap_or_default();
    let words: Vec<&str> = subject
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(SUBJECT_CHARS_MAX).collect()
}

/// The words of the sender. The subject of a first mail is a part of them; of an answer it is only a name.
fn words(mail: &Message<'_>, subject: &str, first: bool) -> String {
    let is_page = mail.text_part(0).is_some_and(|part| part.is_text_html());
    let text = mail.body_text(0).filter(|text| !is_page && !text.trim().is_empty());
    let page = || mail.body_html(0).map(|html| html_to_text(&with_lines(&html)));
    let text = text.map(std::borrow::Cow::into_owned).or_else(page);
    let own = shortened(&own_words(&text.unwrap_or_default()), TextUnit::Chars, WORDS_CHARS_MAX);
    match (first && !subject.is_empty(), own.is_empty()) {
        (true, true) => subject.to_owned(),
        (true, false) if !own.starts_with('/') => format!("{subject}\n\n{own}"),
        _ => own,
    }
}

/// A page with a new line before each quote, which else goes on behind the words that announce it.
fn with_lines(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut lines = String::with_capacity(html.len() + 64);
    let mut from = 0;
    for (at, _) in lower.match_indices("<blockquote") {
        lines.push_str(html.get(from..at).unwrap_or_default());
        lines.push_str("<br>");
        from = at;
    }
    lines.push_str(html.get(from..).unwrap_or_default());
    lines
}
