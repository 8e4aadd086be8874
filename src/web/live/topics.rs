//! What a browser watches.

use crate::http::Problem;
use crate::protocol::ids::{ApprovalId, ChannelId, ThreadId};

/// Topics of one stream: more tabs than anybody reads.
const TOPICS_MAX: usize = 24;

/// One thing to watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Topic {
    /// A conversation after this event of the log.
    Thread {
        /// The thread.
        id: ThreadId,
        /// The last event that the page shows.
        after: i64,
    },
    /// The facts of Home.
    Home,
    /// The list of chats.
    Rail,
    /// The supervision tree.
    Runtime,
    /// The lists of the inbox.
    Inbox,
    /// The number beside the inbox.
    Count,
    /// The bell.
    Bell,
    /// The list of notifications.
    Notices,
    /// The banner of the kill switch.
    Halt,
    /// The cards of channels.
    Channels,
    /// What changes by itself on the page of a channel.
    Channel(ChannelId),
    /// What has not arrived.
    Outbox,
    /// A question.
    Approval(ApprovalId),
}

/// Reads a comma-separated list.
pub(super) fn parse(list: &str) -> Result<Vec<Topic>, Problem> {
    let topics: Option<Vec<Topic>> = list.split(',').filter(|word| !word.is_empty()).map(topic).collect();
    match topics {
        Some(topics) if topics.len() <= TOPICS_MAX => Ok(topics),
        Some(_) => Err(Problem::bad_request("too many topics for one stream")),
        None => Err(Problem::bad_request("an unknown topic")),
    }
}

fn topic(word: &str) -> Option<Topic> {
    match word {
        "home" => Some(Topic::Home),
        "rail" => Some(Topic::Rail),
        "runtime" => Some(Topic::Runtime),
        "inbox" => Some(Topic::Inbox),
        "count" => Some(Topic::Count),
        "bell" => Some(Topic::Bell),
        "notices" => Some(Topic::Notices),
        "halt" => Some(Topic::Halt),
        "channels" => Some(Topic::Channels),
        "outbox" => Some(Topic::Outbox),
        _ if word.starts_with("channel:") => {
            Some(Topic::Channel(word.strip_prefix("channel:")?.parse().ok()?))
        }
        _ if word.starts_with("approval:") => {
            Some(Topic::Approval(word.strip_prefix("approval:")?.parse().ok()?))
        }
        _ => {
            let rest = word.strip_prefix("thread:")?;
            let (id, after) = rest.split_once('@').unwrap_or((rest, "0"));
            let after = after.parse::<i64>().ok().filter(|after| *after >= 0)?;
            Some(Topic::Thread { id: id.parse().ok()?, after })
        }
    }
}

#[cfg(test)]
mod tests;
