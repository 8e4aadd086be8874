//! Updates as messages and presses.

use serde_json::Value;

use super::super::incoming::{Incoming, Said, Sender};
use super::super::json::{flag, id, int, list, text};
use super::super::outgoing::{Answer, Outcome, Us};
use super::{Place, outcome};

/// What came without words, by the name of its field.
const THINGS: &[(&str, &str)] = &[
    ("/photo", "a picture"),
    ("/voice", "a voice message"),
    ("/animation", "an animation"),
    ("/video", "a video"),
    ("/video_note", "a video message"),
    ("/audio", "an audio file"),
    ("/document", "a file"),
    ("/sticker", "a sticker"),
    ("/venue", "a place"),
    ("/location", "a place"),
    ("/contact", "a contact"),
    ("/poll", "a poll"),
    ("/dice", "a dice"),
];

/// One entry of `getUpdates`.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Its number: the next poll asks for one more than the highest.
    pub number: i64,
    /// What `read` takes.
    pub value: Value,
}

/// The updates of an answer to `getUpdates`, or what the answer means instead. An update that nobody
/// understands is in the list too, so that the poll goes past it.
///
/// # Errors
/// The outcome of a call that gave no updates.
pub fn updates(answer: &Answer<'_>) -> Result<Vec<Update>, Outcome> {
    let body = answer.json().unwrap_or_default();
    if !flag(&body, "/ok") || !body.pointer("/result").is_some_and(Value::is_array) {
        return Err(outcome(answer));
    }
    let numbered = |value: &Value| Some(Update { number: int(value, "/update_id")?, value: value.clone() });
    Ok(list(&body, "/result").iter().filter_map(numbered).collect())
}

/// What an update says, if it is for us at all: edits, joins, channel posts and other bots are not.
#[must_use]
pub fn read(update: &Value, us: &Us) -> Option<Incoming> {
    match update.get("message") {
        Some(message) => read_message(message, us),
        None => read_press(update.get("callback_query")?),
    }
}

fn read_message(message: &Value, us: &Us) -> Option<Incoming> {
    let sender = sender(message)?;
    let (chat, number) = (int(message, "/chat/id")?, int(message, "/message_id")?);
    let direct = text(message, "/chat/type")? == "private";
    let (words, entities) = match text(message, "/text") {
        Some(words) => (words, list(message, "/entities")),
        None => (text(message, "/caption").unwrap_or_default(), list(message, "/caption_entities")),
    };
    let (words, mentioned) = without_us(words, entities, us);
    let thing = THINGS.iter().find(|(path, _)| message.pointer(path).is_some_and(|found| !found.is_null()));
    let said =
        Said::of(&words, direct || mentioned || answers_us(message, us), thing.map(|(_, what)| *what))?;
    if said_nothing(&said, mentioned) {
        return None;
    }
    Some(Incoming {
        id: format!("{chat}:{number}"),
        conversation: Place::written(chat, topic(message)),
        message: Some(number.to_string()),
        sender,
        direct,
        sent_ms: int(message, "/date").and_then(|seconds| seconds.checked_mul(1_000)),
        said,
    })
}

fn read_press(query: &Value) -> Option<Incoming> {
    let query_id = text(query, "/id")?;
    let message = query.get("message")?;
    let chat = int(message, "/chat/id")?;
    Some(Incoming {
        id: format!("press:{query_id}"),
        conversation: Place::written(chat, topic(message)),
        message: None,
        sender: sender(query)?,
        direct: text(message, "/chat/type") == Some("private"),
        sent_ms: None,
        said: Said::Press {
            data: text(query, "/data")?.to_owned(),
            message: id(message, "/message_id"),
            ack: Some(query_id.to_owned()),
        },
    })
}

/// A person; none for bots, and for messages in the name of a chat.
fn sender(value: &Value) -> Option<Sender> {
    let own = id(value, "/from/id")?;
    if flag(value, "/from/is_bot") || value.get("sender_chat").is_some() {
        return None;
    }
    let names = [text(value, "/from/first_name"), text(value, "/from/last_name")];
    let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Sender::known(own, &name))
}

/// A service message (a join, a new title) has no words and no thing; in a private chat it looks like a call.
fn said_nothing(said: &Said, mentioned: bool) -> bool {
    matches!(said, Said::Text { text, .. } if text.is_empty()) && !mentioned
}

/// The topic, where the number is one: in other groups it only tells who answered whom.
fn topic(message: &Value) -> Option<i64> {
    flag(message, "/is_topic_message").then(|| int(message, "/message_thread_id")).flatten()
}

/// Whether a message answers one of ours. The first message of a topic is answered by all others in it.
fn answers_us(message: &Value, us: &Us) -> bool {
    let Some(first) = message.get("reply_to_message") else { return false };
    id(first, "/from/id").is_some_and(|from| from == us.id) && first.get("forum_topic_created").is_none()
}

/// The words without mentions of us, and whether there were any (or a command for us).
fn without_us(words: &str, entities: &[Value], us: &Us) -> (String, bool) {
    // Offsets count code units of UTF-16.
    let units: Vec<u16> = words.encode_utf16().collect();
    let mut kept = vec![true; units.len()];
    let mut mentioned = false;
    for entity in entities {
        let Some((start, end)) = range(entity, units.len()) else { continue };
        let piece = String::from_utf16_lossy(units.get(start..end).unwrap_or_default());
        let ours = |name: &str| !us.name.is_empty() && name.eq_ignore_ascii_case(&us.name);
        let cut = match text(entity, "/type") {
            Some("mention") if piece.strip_prefix('@').is_some_and(ours) => start..end,
            Some("text_mention") if id(entity, "/user/id").is_some_and(|user| user == us.id) => start..end,
            Some("bot_command") => match piece.split_once('@') {
                // A command without a name reaches only bots that it may be meant for.
                None => end..end,
                Some((command, name)) if ours(name) => start + command.encode_utf16().count()..end,
                Some(_) => continue,
            },
            _ => continue,
        };
        mentioned = true;
        kept.get_mut(cut).unwrap_or_default().fill(false);
    }
    let left: Vec<u16> =
        units.into_iter().zip(kept).filter_map(|(unit, kept)| kept.then_some(unit)).collect();
    (String::from_utf16_lossy(&left).trim().to_owned(), mentioned)
}

fn range(entity: &Value, length: usize) -> Option<(usize, usize)> {
    let start = usize::try_from(int(entity, "/offset")?).ok()?;
    let end = start.checked_add(usize::try_from(int(entity, "/length")?).ok()?)?;
    (start <= end && end <= length).then_some((start, end))
}
