//! The gateway's protocol as a machine: it is told what happened and says what to do.
//!
//! <https://docs.discord.com/developers/events/gateway>. The caller owns the socket and the clock. A session is
//! kept over reconnections, so that events in between are sent again; it may be stored and resumed by another
//! life of the daemon, if every event was stored before its number was. Frames hold `{token}` where the token
//! goes. Closing with 1000 or 1001 would end the session; we close with `CLOSE_CODE`.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::channel::Groups;
use super::super::json::{int, text};
use super::super::outgoing::Us;

/// With what we close a connection that we resume.
pub const CLOSE_CODE: u16 = 4_000;
/// What is added to a gateway's address.
pub const QUERY: &str = "/?v=10&encoding=json";
/// Messages in servers.
const GUILD_MESSAGES: u32 = 1 << 9;
/// Direct messages.
const DIRECT_MESSAGES: u32 = 1 << 12;
/// The privileged intent for the words of all messages.
const MESSAGE_CONTENT: u32 = 1 << 15;

/// Bounds of the interval that a server may ask for, in milliseconds.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 1_000..=600_000;

/// What is asked for where groups are answered so. The words of messages in servers are sent to us without a privilege
/// where they are for us: a mention, or a reply that pings (<https://docs.discord.com/developers/events/gateway#message-content-intent>).
/// So the privilege is asked for only by who wants to answer everything, and nothing of a server where nothing is answered.
#[must_use]
pub const fn intents(groups: Groups) -> u32 {
    match groups {
        Groups::Never => DIRECT_MESSAGES,
        Groups::Mention => DIRECT_MESSAGES | GUILD_MESSAGES,
        Groups::Always => DIRECT_MESSAGES | GUILD_MESSAGES | MESSAGE_CONTENT,
    }
}

/// What is needed to go on with a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Where it is resumed, without `QUERY`.
    pub url: String,
    /// The number of the last event.
    pub sequence: i64,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    intents: u32,
    session: Option<Session>,
    /// The last number, also before there is a session.
    sequence: Option<i64>,
    /// Whether the last heartbeat was answered.
    answered: bool,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Connecting, or waiting for the server's hello.
    Waiting,
    /// Said who we are, or what we resume.
    Introduced,
    /// Events come.
    Ready,
    /// Closing, or closed: frames that still come mean nothing.
    Over,
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A connection was begun.
    Connecting,
    /// A text frame came.
    Frame(&'a str),
    /// It is time for a heartbeat.
    HeartbeatDue,
    /// The connection is closed, with a code where there was one.
    Closed(Option<u16>),
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send a text frame, with the token in place of `{token}`.
    Send(String),
    /// From now on say `HeartbeatDue` every so many milliseconds, the first time after a random part of them.
    Heartbeats {
        /// How often.
        every_ms: u64,
    },
    /// A heartbeat was answered: the server is there.
    Alive,
    /// The session is ready.
    Ready {
        /// Who we are; none after a resume.
        us: Option<Us>,
    },
    /// An event for `read_message` (`MESSAGE_CREATE`) or `read_interaction` (`INTERACTION_CREATE`).
    Dispatch {
        /// Its name.
        name: String,
        /// What it carries.
        data: Value,
    },
    /// Close the connection with `CLOSE_CODE`.
    Close,
    /// Connect again.
    Reconnect {
        /// Where; none: ask for the gateway's address.
        url: Option<String>,
        /// Not before a random moment between these, in milliseconds.
        wait_ms: (u64, u64),
    },
    /// It will not work until a person does something.
    Fatal {
        /// What the platform says.
        why: &'static str,
        /// What a person can do.
        fix: &'static str,
    },
}

impl Gateway {
    /// A machine that begins a session, or goes on with one.
    #[must_use]
    pub fn new(intents: u32, session: Option<Session>) -> Self {
        let sequence = session.as_ref().map(|session| session.sequence);
        Self { intents, session, sequence, answered: true, stage: Stage::Waiting }
    }

    /// What can be resumed.
    #[must_use]
    pub const fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Where to connect first; none: ask for the gateway's address.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.url.as_str())
    }

    /// The machine after `event`, and what to do.
    #[must_use]
    pub fn next(mut self, event: Event<'_>) -> (Self, Vec<Effect>) {
        let effects = match event {
            Event::Connecting => {
                self.stage = Stage::Waiting;
                self.answered = true;
                Vec::new()
            }
            Event::Frame(_) | Event::HeartbeatDue if self.stage == Stage::Over => Vec::new(),
            Event::Frame(frame) => match serde_json::from_str(frame) {
                Ok(frame) => self.on_frame(&frame),
                Err(_) => self.again((1_000, 5_000)),
            },
            Event::HeartbeatDue => self.on_heartbeat_due(),
            Event::Closed(code) => self.on_closed(code),
        };
        (self, effects)
    }

    fn on_frame(&mut self, frame: &Value) -> Vec<Effect> {
        match int(frame, "/op") {
            Some(0) => self.on_dispatch(frame),
            Some(1) => vec![self.heartbeat()],
            Some(7) => self.again((0, 1_000)),
            Some(9) => {
                if frame.pointer("/d").and_then(Value::as_bool) != Some(true) {
                    self.forget();
                }
                self.again((1_000, 5_000))
            }
            Some(10) => self.on_hello(frame),
            Some(11) => {
                self.answered = true;
                vec![Effect::Alive]
            }
            _ => Vec::new(),
        }
    }

    fn on_hello(&mut self, frame: &Value) -> Vec<Effect> {
        let every_ms =
            int(frame, "/d/heartbeat_interval").and_then(|ms| u64::try_from(ms).ok()).unwrap_or(41_250);
        let every_ms = every_ms.clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end());
        self.answered = true;
        self.stage = Stage::Introduced;
        let introduction = match &self.session {
            Some(session) => json!({"op": 6, "d": {
                "token": "{token}", "session_id": session.id, "seq": session.sequence,
            }}),
            None => json!({"op": 2, "d": {
                "token": "{token}", "intents": self.intents,
                "properties": {"os": std::env::consts::OS, "browser": "capuchin", "device": "capuchin"},
            }}),
        };
        vec![Effect::Heartbeats { every_ms }, Effect::Send(introduction.to_string())]
    }

    fn on_dispatch(&mut self, frame: &Value) -> Vec<Effect> {
        if let Some(sequence) = int(frame, "/s") {
            self.sequence = Some(sequence);
            if let Some(session) = &mut self.session {
                session.sequence = sequence;
            }
        }
        let Some(name) = text(frame, "/t") else { return Vec::new() };
        let data = frame.get("d").unwrap_or(&Value::Null);
        match name {
            "READY" => {
                self.stage = Stage::Ready;
                let (id, url) = (text(data, "/session_id"), text(data, "/resume_gateway_url"));
                self.session = id.zip(url).filter(|(_, url)| is_address(url)).map(|(id, url)| Session {
                    id: id.to_owned(),
                    url: url.to_owned(),
                    sequence: self.sequence.unwrap_or(0),
                });
                let own = text(data, "/user/id").zip(text(data, "/user/username"));
                let us = own.map(|(id, name)| Us { id: id.to_owned(), name: name.to_owned(), bot_id: None });
                vec![Effect::Ready { us }]
            }
            "RESUMED" => {
                self.stage = Stage::Ready;
                vec![Effect::Ready { us: None }]
            }
            "MESSAGE_CREATE" | "INTERACTION_CREATE" => {
                vec![Effect::Dispatch { name: name.to_owned(), data: data.clone() }]
            }
            _ => Vec::new(),
        }
    }

    /// A server that left the last heartbeat without an answer is not there any more.
    fn on_heartbeat_due(&mut self) -> Vec<Effect> {
        if !self.answered {
            return self.again((0, 1_000));
        }
        self.answered = false;
        vec![self.heartbeat()]
    }

    fn on_closed(&mut self, code: Option<u16>) -> Vec<Effect> {
        if self.stage == Stage::Over {
            return Vec::new();
        }
        self.stage = Stage::Over;
        if let Some((_, why, fix)) = FATAL.iter().find(|(fatal, ..)| Some(*fatal) == code) {
            self.forget();
            return vec![Effect::Fatal { why, fix }];
        }
        // Not authenticated, a number that is not valid, a session that ended; 1000 and 1001 end it too.
        if matches!(code, Some(1_000 | 1_001 | 4_003 | 4_007 | 4_009)) {
            self.forget();
        }
        // Too many frames: more time.
        let wait_ms = if code == Some(4_008) { (5_000, 10_000) } else { (1_000, 5_000) };
        vec![self.reconnect(wait_ms)]
    }

    fn again(&mut self, wait_ms: (u64, u64)) -> Vec<Effect> {
        self.stage = Stage::Over;
        vec![Effect::Close, self.reconnect(wait_ms)]
    }

    fn reconnect(&self, wait_ms: (u64, u64)) -> Effect {
        Effect::Reconnect { url: self.session.as_ref().map(|session| session.url.clone()), wait_ms }
    }

    fn heartbeat(&self) -> Effect {
        Effect::Send(json!({"op": 1, "d": self.sequence}).to_string())
    }

    fn forget(&mut self) {
        self.session = None;
        self.sequence = None;
    }
}

/// Codes that come again with every try.
const FATAL: &[(u16, &str, &str)] = &[
    (
        4_004,
        "Discord does not know the token",
        "reset the bot's token in the developer portal and store it in the vault",
    ),
    (4_010, "Discord refused the shard", "this is a fault of the program: report it"),
    (
        4_011,
        "the bot is in too many servers for one connection",
        "take the bot out of servers that do not need it",
    ),
    (4_012, "Discord no longer speaks version 10 of its gateway", "update the program"),
    (4_013, "Discord does not know the intents", "this is a fault of the program: report it"),
    (
        4_014,
        "the bot may not read the words of all messages",
        "switch on Message Content Intent for the bot in the developer portal, or let the channel answer only \
         what mentions it (groups)",
    ),
];

fn is_address(url: &str) -> bool {
    url.starts_with("wss://") || url.starts_with("ws://")
}
