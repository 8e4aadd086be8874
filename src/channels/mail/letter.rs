//! Our own mail: plain text, and the same as simple HTML.
//!
//! Nothing in it is loaded from anywhere: a picture's address could carry away what the text must not tell.

use std::time::{Duration, SystemTime};

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart, header};

use super::super::markup::plain;
use super::{LetterError, Thread};

/// A mail to write.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The name that we write under.
    pub from_name: &'a str,
    /// Our address.
    pub from: &'a str,
    /// Who gets it, when it answers nothing.
    pub to: &'a str,
    /// The subject, when it answers nothing.
    pub subject: &'a str,
    /// What it says.
    pub markdown: &'a str,
    /// Its id, as `message_id` makes it: the same for a repeat.
    pub message_id: &'a str,
    /// When it is sent, in milliseconds since 1970.
    pub sent_ms: i64,
    /// What it answers.
    pub answers: Option<&'a Thread>,
}

/// The id of a mail with `key`, from `address`.
#[must_use]
pub fn message_id(key: &str, address: &str) -> String {
    let safe: String =
        key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    let domain = address.rsplit('@').next().unwrap_or(address);
    format!("{safe}@{domain}")
}

/// Between whom a letter goes.
///
/// # Errors
/// When an address is none.
pub fn envelope(from: &str, to: &str) -> Result<Envelope, LetterError> {
    Ok(Envelope::new(Some(from.parse()?), vec![to.parse()?])?)
}

/// The bytes to send. The same letter gives the same bytes.
///
/// # Errors
/// When an address is none.
pub fn compose(letter: &Letter<'_>) -> Result<Vec<u8>, LetterError> {
    let (to, subject) = match letter.answers {
        Some(thread) => (thread.to.as_str(), reply_subject(&thread.subject)),
        None => (letter.to, one_line(letter.subject)),
    };
    let sent_ms = u64::try_from(letter.sent_ms).map_err(|_| LetterError::Time)?;
    let sent = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(sent_ms)).ok_or(LetterError::Time)?;
    let name = one_line(letter.from_name);
    let mut mail = Message::builder()
        .from(Mailbox::new((!name.is_empty()).then_some(name), letter.from.parse()?))
        .to(Mailbox::new(None, to.parse()?))
        .subject(subject)
        .date(sent)
        .message_id(Some(format!("<{}>", letter.message_id)))
        .raw_header(raw(
            "Auto-Submitted",
            if letter.answers.is_some() { "auto-replied" } else { "auto-generated" },
        ))
        // Exchange answers for absent people unless it is told not to.
        .raw_header(raw("X-Auto-Response-Suppress", "All"));
    if let Some(thread) = letter.answers
        && let Some(answered) = &thread.message_id
    {
        let mut before: Vec<String> = thread.references.iter().map(|id| format!("<{id}>")).collect();
        before.push(format!("<{answered}>"));
        mail = mail.in_reply_to(format!("<{answered}>")).references(before.join(" "));
    }
    let text = SinglePart::builder()
        .header(header::ContentType::TEXT_PLAIN)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(plain(letter.markdown));
    let page = SinglePart::builder()
        .header(header::ContentType::TEXT_HTML)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(html(letter.markdown));
    // A boundary by chance would make every try another mail.
    let boundary: String = letter.message_id.chars().filter(char::is_ascii_alphanumeric).take(48).collect();
    let both =
        MultiPart::alternative().boundary(format!("part-{boundary}")).singlepart(text).singlepart(page);
    Ok(mail.multipart(both)?.formatted())
}

/// `markdown` as a page: raw HTML is text, links lead only to the web and to mail, pictures are links.
fn html(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.render.escape = true;
    options.render.hardbreaks = true;
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options);
    for node in root.descendants() {
        let value = node.data().value.clone();
        if let NodeValue::Image(link) = value {
            node.data_mut().value = NodeValue::Link(link);
        }
    }
    let mut body = String::with_capacity(markdown.len() * 2);
    if comrak::format_html(root, &options, &mut body).is_err() {
        // A text refuses no write; the plain part says the same.
        body.clear();
    }
    format!("<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body>\n{body}</body></html>\n")
}

fn reply_subject(subject: &str) -> String {
    let subject = one_line(subject);
    let is_reply = subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"));
    if is_reply { subject } else { format!("Re: {subject}").trim_end().to_owned() }
}

fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
