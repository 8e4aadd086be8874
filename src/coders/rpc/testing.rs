//! Recordings of real programs, played to a dialect.
//!
//! A recording has a line for each message, `<` from the program and `>` to it, and `# prompt:answer` before each prompt. What the
//! dialect writes has to be what the program took then: each request by its method, each answer as it is. Ids of our requests
//! are translated, so that a recording may be a part of a longer one.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use crate::coders::dialect::{Decision, Dialect, Ending, Event, Opening, Out, ToolKind, Went};

/// A dialect at play.
pub(in crate::coders) struct Replay {
    dialect: Box<dyn Dialect>,
    written: VecDeque<Value>,
    /// The program's id of a request of the recording, to the dialect's.
    ids: HashMap<u64, Value>,
    asks: VecDeque<String>,
    told: Vec<String>,
}

impl Replay {
    pub(in crate::coders) fn new(dialect: impl Dialect + 'static) -> Self {
        Self {
            dialect: Box::new(dialect),
            written: VecDeque::new(),
            ids: HashMap::new(),
            asks: VecDeque::new(),
            told: Vec::new(),
        }
    }

    /// Opens a session in `/w`.
    pub(in crate::coders) fn opened(dialect: impl Dialect + 'static) -> Self {
        let opening = Opening {
            folder: "/w".into(),
            tools: Some(("http://127.0.0.1:1/mcp".to_owned(), "t".to_owned())),
            ..Opening::default()
        };
        let mut replay = Self::new(dialect);
        replay.act(|dialect, out| dialect.open(&opening, out));
        replay
    }

    /// Does something with the dialect.
    pub(in crate::coders) fn act(&mut self, act: impl FnOnce(&mut dyn Dialect, &mut Out)) {
        let mut out = Out::default();
        act(self.dialect.as_mut(), &mut out);
        self.written.extend(out.lines.iter().map(|line| serde_json::from_str(line).unwrap()));
        for event in out.events {
            if let Event::Ask(ask) = &event {
                self.asks.push_back(ask.id.clone());
            }
            self.told.push(tell(&event));
        }
    }

    /// The program says `message`.
    pub(in crate::coders) fn hear(&mut self, message: &Value) {
        let line = message.to_string();
        self.act(|dialect, out| dialect.take(&line, out));
    }

    /// What was written since the last look.
    pub(in crate::coders) fn written(&mut self) -> Vec<Value> {
        self.written.drain(..).collect()
    }

    /// What was told since the last look, a line each.
    pub(in crate::coders) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    /// The open questions, oldest first, by name.
    pub(in crate::coders) fn asks(&self) -> Vec<String> {
        self.asks.iter().cloned().collect()
    }

    /// Plays a recording; what was told, with `# …` before each prompt.
    pub(in crate::coders) fn play(&mut self, recording: &str) -> Vec<String> {
        let mut answer = String::new();
        for line in recording.lines().filter(|line| !line.is_empty()) {
            let (mark, rest) = line.split_at(2);
            match mark {
                "# " => {
                    let (prompt, with) = rest.split_once(':').unwrap_or((rest, ""));
                    answer = with.to_owned();
                    self.told.push(format!("# {rest}"));
                    let text = format!("Do [[{prompt}]]");
                    self.act(|dialect, out| dialect.prompt(&text, out));
                }
                "> " => self.expect(&serde_json::from_str(rest).unwrap(), &answer),
                _ => self.hear_recorded(serde_json::from_str(rest).unwrap()),
            }
        }
        assert!(self.written.is_empty(), "written and not in the recording: {:?}", self.written);
        self.told()
    }

    fn hear_recorded(&mut self, mut message: Value) {
        if message.get("method").is_none() {
            let id = message["id"].as_u64().unwrap();
            message["id"] =
                self.ids.get(&id).unwrap_or_else(|| panic!("a reply to nothing: {message}")).clone();
        }
        self.hear(&message);
    }

    fn expect(&mut self, recorded: &Value, answer: &str) {
        let method = recorded.get("method").and_then(Value::as_str);
        if matches!(method, Some("turn/interrupt" | "session/cancel")) {
            self.act(|dialect, out| dialect.interrupt(out));
        }
        if method.is_none() && self.written.is_empty() {
            let ask = self.asks.pop_front().expect("nothing was asked");
            let decision =
                if answer == "allow" { Decision::Allow } else { Decision::Deny("not today".to_owned()) };
            self.act(|dialect, out| dialect.decide(&ask, &decision, out));
        }
        let written = self.written.pop_front().unwrap_or_else(|| panic!("not written: {recorded}"));
        assert_eq!(written.get("method"), recorded.get("method"), "written: {written}");
        if method.is_some() {
            if let Some(id) = recorded["id"].as_u64() {
                self.ids.insert(id, written["id"].clone());
            }
        } else if recorded.get("error").is_some() {
            assert_eq!(written["error"]["code"], recorded["error"]["code"]);
        } else {
            assert_eq!(without_nulls(&written["result"]), without_nulls(&recorded["result"]));
            assert_eq!(written["id"], recorded["id"]);
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// An event as a line.
pub(in crate::coders) fn tell(event: &Event) -> String {
    match event {
        Event::Ready { session, model, version } => {
            format!(
                "ready {session} {} {}",
                model.as_deref().unwrap_or("-"),
                version.as_deref().unwrap_or("-")
            )
        }
        Event::Lost => "lost".to_owned(),
        Event::Text(text) => format!("text {text}"),
        Event::Thinking(text) => format!("thinking {text}"),
        Event::Again => "again".to_owned(),
        Event::ToolBegun(tool) => format!("begun {} {}", tool.name, kind(&tool.kind)),
        Event::ToolEnded { went, output, .. } => {
            let went = match went {
                Went::Done => "done",
                Went::Failed => "failed",
                Went::Refused => "refused",
            };
            format!("ended {went} {}", output.lines().next().unwrap_or_default())
        }
        Event::Ask(ask) => format!("ask {} {}", ask.tool.name, kind(&ask.tool.kind)),
        Event::Retrying { status, reason } => {
            format!("retrying {} {}", status.unwrap_or_default(), reason.lines().next().unwrap_or_default())
        }
        Event::Usage(usage) => format!(
            "usage {} {} {} {}",
            usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens
        ),
        Event::Ended(Ending::Stopped(reason)) => format!("stopped {reason:?}"),
        Event::Ended(Ending::Interrupted) => "interrupted".to_owned(),
        Event::Ended(Ending::Failed(error)) | Event::Broken(error) => {
            let message = error.message.lines().next().unwrap_or_default();
            format!("failed {} {} {message}", error.kind.as_str(), error.status.unwrap_or_default())
        }
    }
}

fn kind(kind: &ToolKind) -> String {
    match kind {
        ToolKind::Read(paths) => format!("read {}", json!(paths)),
        ToolKind::Write(paths) => format!("write {}", json!(paths)),
        ToolKind::Run(command) => format!("run {command}"),
        ToolKind::Fetch(url) => format!("fetch {url}"),
        ToolKind::Mcp(server, tool) => format!("mcp {server} {tool}"),
        ToolKind::Internal => "internal".to_owned(),
        ToolKind::Other => "other".to_owned(),
    }
}
