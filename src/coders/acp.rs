//! The dialect of the Agent Client Protocol, version 1: Gemini CLI, OpenCode, Copilot and whoever else speaks it.
//!
//! | file | what |
//! |---|---|
//! | `notes` | failures that Copilot tells as text |
//! | `prompt` | the prompt under way: what is said, how it ends, what it costs |
//! | `quirks` | how the programs differ, as data |
//! | `tools` | tool calls, their updates, and what a question says of them |
//!
//! The client offers nothing (no files, no terminals): a program that asks for them is told that there is no such method. To a
//! question only "once" is ever answered; where a program offers no such answer it is told that the question was cancelled.

mod notes;
mod prompt;
mod quirks;
#[cfg(test)]
mod tests;
mod tools;

pub(super) use quirks::{ANY, COPILOT, GEMINI, OPENCODE, Quirks};

use serde_json::{Value, json};

use self::prompt::{Choice, Turn};
use super::dialect::{Decision, Dialect, Ending, Event, Opening, Out};
use super::rpc::{Asks, Fault, Heard, Rpc, Tools, failed, list_at, str_at};
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// The name of the daemon's tools in the program.
const DOOR: &str = "capuchin";
/// "Authentication required" in ACP.
const AUTH_REQUIRED: i64 = -32000;

/// A conversation with an agent.
#[derive(Debug)]
pub(super) struct Acp {
    quirks: &'static Quirks,
    rpc: Rpc<Sent>,
    opening: Opening,
    version: Option<String>,
    session: Option<String>,
    /// Whether prompts are taken: the session is there and tells nothing of the past any more.
    ready: bool,
    model: Option<String>,
    /// The model is an option of the session; otherwise it has a method of its own.
    model_is_option: bool,
    /// Models that were asked for and not answered.
    settings: usize,
    /// The last model that was asked for is refused.
    no_model: Option<ModelError>,
    /// Told before the first prompt.
    preface: Option<String>,
    /// A session is taken up by loading it, which tells all of it once more.
    loads: bool,
    /// Something of the past was told since the last look.
    replaying: bool,
    turn: Option<Turn>,
    tools: Tools,
    asks: Asks<Choice>,
    /// Tokens of the session so far, of programs that count so.
    counted: Usage,
}

/// What a request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    Initialize,
    Authenticate,
    New,
    Load,
    /// Nothing but to see whether the past is still being told.
    Look,
    Model,
    Prompt,
}

impl Acp {
    /// A conversation that has not begun, with a program of these quirks.
    #[must_use]
    pub(super) fn new(quirks: &'static Quirks) -> Self {
        Self {
            quirks,
            rpc: Rpc::new(true),
            opening: Opening::default(),
            version: None,
            session: None,
            ready: false,
            model: None,
            model_is_option: false,
            settings: 0,
            no_model: None,
            preface: None,
            loads: false,
            replaying: false,
            turn: None,
            tools: Tools::new(),
            asks: Asks::new(),
            counted: Usage::default(),
        }
    }
}

// === impl Dialect ===

impl Dialect for Acp {
    fn open(&mut self, opening: &Opening, out: &mut Out) {
        self.opening = opening.clone();
        let params = json!({
            "protocolVersion": 1,
            "clientCapabilities": { "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false },
            "clientInfo": { "name": "capuchin", "title": "Capuchin", "version": env!("CARGO_PKG_VERSION") },
        });
        self.rpc.ask("initialize", params, Sent::Initialize, out);
    }

    fn take(&mut self, line: &str, out: &mut Out) {
        match self.rpc.hear(line) {
            Some(Heard::Reply(sent, Ok(reply))) => self.replied(sent, &reply, out),
            Some(Heard::Reply(sent, Err(fault))) => self.refused(sent, &fault, out),
            Some(Heard::Request { id, method, params }) if method == "session/request_permission" => {
                self.asked(id, params, out);
            }
            Some(Heard::Request { id, .. }) => self.rpc.refuse(id, out),
            Some(Heard::Notice { method, params }) if method == "session/update" => {
                if let Some(update) = params.get("update").filter(|_| self.is_ours(&params)) {
                    self.updated(update, out);
                }
            }
            Some(Heard::Notice { .. }) | None => {}
        }
    }

    fn prompt(&mut self, text: &str, out: &mut Out) {
        if self.turn.is_some() {
            return;
        }
        self.turn = Some(Turn::new(text, self.counted));
        if self.ready {
            self.go_on(out);
        } else {
            let error = failed(ModelErrorKind::Protocol, None, "there is no session");
            self.end(Ending::Failed(error), out);
        }
    }

    fn decide(&mut self, ask: &str, decision: &Decision, out: &mut Out) {
        let Some(asked) = self.asks.close(ask) else { return };
        self.rpc.answer(asked.request, asked.manner.answer(decision), out);
        if let Decision::Deny(reason) = decision {
            self.tools.refuse(&asked.tool, reason, out);
        }
    }

    fn interrupt(&mut self, out: &mut Out) {
        let Some(turn) = self.turn.as_mut().filter(|turn| !turn.stopped) else { return };
        turn.stopped = true;
        let held = std::mem::take(&mut turn.held);
        if turn.waiting.is_some() {
            self.end(Ending::Interrupted, out);
            return;
        }
        self.rpc.tell("session/cancel", Some(json!({ "sessionId": self.session })), out);
        let open: Vec<Value> = self.asks.close_all().map(|asked| asked.request).collect();
        for request in open.into_iter().chain(held.into_iter().map(|(request, _)| request)) {
            self.rpc.answer(request, prompt::cancelled(), out);
        }
    }

    fn set_model(&mut self, model: &str, out: &mut Out) {
        if self.session.is_none() {
            self.opening.model = Some(model.to_owned());
            return;
        }
        self.no_model = None;
        self.model = Some(model.to_owned());
        let wire = format!("{}{model}", self.quirks.model_prefix);
        let session = &self.session;
        let (method, params) = if self.model_is_option {
            let params = json!({ "sessionId": session, "configId": "model", "value": wire });
            ("session/set_config_option", params)
        } else {
            ("session/set_model", json!({ "sessionId": session, "modelId": wire }))
        };
        self.settings = self.settings.saturating_add(1);
        self.rpc.ask(method, params, Sent::Model, out);
    }
}

// === the session ===

impl Acp {
    fn replied(&mut self, sent: Sent, reply: &Value, out: &mut Out) {
        match sent {
            Sent::Initialize => self.shook_hands(reply, out),
            Sent::Authenticate => self.begin(out),
            Sent::New => match str_at(reply, "sessionId") {
                Some(id) => self.began(id.to_owned(), false, reply, out),
                None => {
                    let error =
                        failed(ModelErrorKind::Protocol, None, "the program made a session without an id");
                    out.events.push(Event::Broken(error));
                }
            },
            Sent::Load => {
                let id = self.opening.resume.take().unwrap_or_default();
                self.began(id, true, reply, out);
            }
            Sent::Look => self.looked(out),
            Sent::Model => self.set(None, out),
            Sent::Prompt => self.prompted(reply, out),
        }
    }

    fn refused(&mut self, sent: Sent, fault: &Fault, out: &mut Out) {
        match sent {
            Sent::Initialize | Sent::Authenticate | Sent::New => {
                out.events.push(Event::Broken(self.fault(fault)));
            }
            Sent::Load => out.events.push(Event::Lost),
            Sent::Look => self.looked(out),
            Sent::Model => {
                let error = failed(ModelErrorKind::NotFound, None, &fault.message);
                self.set(Some(error), out);
            }
            Sent::Prompt => {
                let error = self.fault(fault);
                self.failed(error, out);
            }
        }
    }

    fn shook_hands(&mut self, reply: &Value, out: &mut Out) {
        self.version = reply.get("agentInfo").and_then(|agent| str_at(agent, "version")).map(str::to_owned);
        if reply.get("protocolVersion").is_some_and(|version| *version != json!(1)) {
            let error = failed(ModelErrorKind::Protocol, None, "the program speaks another version of ACP");
            out.events.push(Event::Broken(error));
            return;
        }
        let capabilities = reply.get("agentCapabilities").unwrap_or(&Value::Null);
        let resumes = capabilities.get("sessionCapabilities").is_some_and(|has| has.get("resume").is_some());
        let loads = capabilities.get("loadSession").and_then(Value::as_bool) == Some(true);
        if self.opening.resume.is_some() && !resumes && !loads {
            out.events.push(Event::Lost);
            return;
        }
        // Taking up a session without hearing all of it again is not offered by all.
        self.loads = !resumes;
        match self.quirks.authenticate {
            Some(method) => {
                self.rpc.ask("authenticate", json!({ "methodId": method }), Sent::Authenticate, out);
            }
            None => self.begin(out),
        }
    }

    fn begin(&mut self, out: &mut Out) {
        let door = self.opening.tools.as_ref().map(|(address, token)| {
            let bearer = json!({ "name": "Authorization", "value": format!("Bearer {token}") });
            json!({ "type": "http", "name": DOOR, "url": address, "headers": [bearer] })
        });
        let servers: Vec<Value> = door.into_iter().collect();
        let mut params = json!({ "cwd": self.opening.folder, "mcpServers": servers });
        let Some(resume) = self.opening.resume.clone() else {
            if !self.quirks.instructions_in_file && !self.opening.instructions.is_empty() {
                self.preface = Some(std::mem::take(&mut self.opening.instructions));
            }
            self.rpc.ask("session/new", params, Sent::New, out);
            return;
        };
        if let Some(params) = params.as_object_mut() {
            params.insert("sessionId".to_owned(), json!(resume));
        }
        let method = if self.loads { "session/load" } else { "session/resume" };
        self.rpc.ask(method, params, Sent::Load, out);
    }

    fn began(&mut self, id: String, taken_up: bool, reply: &Value, out: &mut Out) {
        self.session = Some(id);
        let option =
            list_at(reply, "configOptions").iter().find(|option| str_at(option, "id") == Some("model"));
        self.model_is_option = option.is_some();
        let current = option
            .and_then(|option| str_at(option, "currentValue"))
            .or_else(|| reply.get("models").and_then(|models| str_at(models, "currentModelId")));
        let current = current.map(|model| model.strip_prefix(self.quirks.model_prefix).unwrap_or(model));
        self.model = current.map(str::to_owned);
        if let Some(wanted) = self.opening.model.take().filter(|wanted| Some(wanted.as_str()) != current) {
            self.set_model(&wanted, out);
        }
        if taken_up && self.quirks.replays_late {
            self.look(out);
        } else {
            self.become_ready(out);
        }
    }

    fn look(&mut self, out: &mut Out) {
        self.replaying = false;
        let params = json!({ "sessionId": self.session, "modeId": "default" });
        self.rpc.ask("session/set_mode", params, Sent::Look, out);
    }

    /// What is answered in a quiet moment has no past before it that is still to be told.
    fn looked(&mut self, out: &mut Out) {
        if self.replaying {
            self.look(out);
        } else {
            self.become_ready(out);
        }
    }

    fn become_ready(&mut self, out: &mut Out) {
        self.ready = true;
        out.events.push(Event::Ready {
            session: self.session.clone().unwrap_or_default(),
            model: self.model.clone(),
            version: self.version.clone(),
        });
    }

    fn set(&mut self, error: Option<ModelError>, out: &mut Out) {
        self.settings = self.settings.saturating_sub(1);
        if self.settings == 0 {
            self.no_model = error;
            self.go_on(out);
        }
    }

    fn is_ours(&self, params: &Value) -> bool {
        match (&self.session, str_at(params, "sessionId")) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        }
    }

    /// What a failed request means.
    fn fault(&self, fault: &Fault) -> ModelError {
        let status = u16::try_from(fault.code).ok().filter(|status| (400..600).contains(status));
        let status = status.filter(|_| self.quirks.code_is_status);
        let named = str_at(&fault.data, "errorName").unwrap_or_default();
        let kind = match (status, fault.code) {
            (Some(status), _) => super::rpc::kind_of(status),
            (None, AUTH_REQUIRED) => ModelErrorKind::Authentication,
            _ if named == "ProviderAuthError" => ModelErrorKind::Authentication,
            _ if named == "ContextOverflowError" => ModelErrorKind::TooLarge,
            (None, -32600 | -32602) => ModelErrorKind::InvalidRequest,
            (None, -32601) => ModelErrorKind::Protocol,
            _ => ModelErrorKind::Upstream,
        };
        failed(kind, status, &prompt::words(fault))
    }
}
