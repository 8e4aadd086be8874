//! The dialect of Codex: `codex app-server`, JSON-RPC by lines without `jsonrpc`. Measured with 0.169.0.
//!
//! | file | what |
//! |---|---|
//! | `approvals` | what it asks for, and how it is answered |
//! | `command` | the script of a command that is wrapped in a shell |
//! | `faults` | its typed errors |
//! | `items` | what it does: items as tools |
//!
//! A thread is a session, a turn a prompt. Every session is begun with `approvalPolicy: "untrusted"`, with which it asks before
//! each command and each change of a file (its settings file takes that word no longer, the request does), and the daemon's
//! tools ask too. A declined tool does not end the turn: the model reads that it was refused, but not why.

mod approvals;
mod command;
mod faults;
mod items;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::approvals::Manner;
use super::dialect::{Decision, Dialect, Ending, Event, Opening, Out};
use super::rpc::{Asks, Fault, Heard, Rpc, Tools, failed, str_at, u64_at};
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// The name of the daemon's tools in the program.
const DOOR: &str = "capuchin";
/// Messages of which pieces came and the whole not yet.
const UNFINISHED_MAX: usize = 16;

/// A conversation with Codex.
#[derive(Debug)]
pub(super) struct Codex {
    rpc: Rpc<Sent>,
    /// Until the session is there.
    opening: Option<Opening>,
    version: Option<String>,
    thread: Option<String>,
    /// The model of the next prompts, where another was wished for.
    model: Option<String>,
    turn: Option<Turn>,
    tools: Tools,
    asks: Asks<Manner>,
    /// Tokens of the whole session; `None` in one that was taken up, until the program says.
    counted: Option<Usage>,
}

/// What a request was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    Initialize,
    Start,
    Resume,
    Turn,
    Interrupt,
}

/// The prompt under way.
#[derive(Debug, Default)]
struct Turn {
    id: Option<String>,
    /// It is to be stopped as soon as its id is known.
    stop: bool,
    /// Messages of which pieces were passed on; bounded by [`UNFINISHED_MAX`].
    unfinished: Vec<String>,
    /// The last error that was not tried again.
    fault: Option<ModelError>,
    /// What the session had counted before it.
    before: Option<Usage>,
}

impl Default for Codex {
    fn default() -> Self {
        Self::new()
    }
}

impl Codex {
    /// A conversation that has not begun.
    #[must_use]
    pub(super) const fn new() -> Self {
        Self {
            rpc: Rpc::new(false),
            opening: None,
            version: None,
            thread: None,
            model: None,
            turn: None,
            tools: Tools::new(),
            asks: Asks::new(),
            counted: None,
        }
    }
}

// === impl Dialect ===

impl Dialect for Codex {
    fn open(&mut self, opening: &Opening, out: &mut Out) {
        self.opening = Some(opening.clone());
        let client = json!({ "name": "capuchin", "title": "Capuchin", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "clientInfo": client, "capabilities": { "experimentalApi": true } });
        self.rpc.ask("initialize", params, Sent::Initialize, out);
    }

    fn take(&mut self, line: &str, out: &mut Out) {
        match self.rpc.hear(line) {
            Some(Heard::Reply(sent, reply)) => self.replied(sent, reply, out),
            Some(Heard::Request { id, method, params }) => self.asked(id, &method, &params, out),
            Some(Heard::Notice { method, params }) => self.told(&method, &params, out),
            None => {}
        }
    }

    fn prompt(&mut self, text: &str, out: &mut Out) {
        if self.turn.is_some() {
            return;
        }
        let Some(thread) = &self.thread else {
            let error = failed(ModelErrorKind::Protocol, None, "there is no session");
            out.events.push(Event::Ended(Ending::Failed(error)));
            return;
        };
        let mut params = json!({ "threadId": thread, "input": [{ "type": "text", "text": text }] });
        if let (Some(model), Some(members)) = (&self.model, params.as_object_mut()) {
            members.insert("model".to_owned(), json!(model));
        }
        self.turn = Some(Turn { before: self.counted, ..Turn::default() });
        self.rpc.ask("turn/start", params, Sent::Turn, out);
    }

    fn decide(&mut self, ask: &str, decision: &Decision, out: &mut Out) {
        let Some(asked) = self.asks.close(ask) else { return };
        self.rpc.answer(asked.request, asked.manner.answer(decision), out);
        if let Decision::Deny(reason) = decision {
            self.tools.refuse(&asked.tool, reason, out);
        }
    }

    fn interrupt(&mut self, out: &mut Out) {
        if let Some(turn) = &mut self.turn {
            turn.stop = true;
        }
        self.stop(out);
    }

    fn set_model(&mut self, model: &str, _out: &mut Out) {
        self.model = Some(model.to_owned());
    }
}

// === the session ===

impl Codex {
    fn replied(&mut self, sent: Sent, reply: Result<Value, Fault>, out: &mut Out) {
        match (sent, reply) {
            (Sent::Initialize, Ok(reply)) => {
                self.version = str_at(&reply, "userAgent").and_then(version).map(str::to_owned);
                self.rpc.tell("initialized", None, out);
                self.begin(out);
            }
            (Sent::Start | Sent::Resume, Ok(reply)) => self.began(sent, &reply, out),
            (Sent::Resume, Err(_)) => out.events.push(Event::Lost),
            (Sent::Initialize | Sent::Start, Err(fault)) => {
                out.events.push(Event::Broken(faults::of_request(&fault)));
            }
            (Sent::Turn, Ok(reply)) => self.turned(&reply, out),
            (Sent::Turn, Err(fault)) => self.end(Ending::Failed(faults::of_request(&fault)), out),
            (Sent::Interrupt, _) => {}
        }
    }

    /// Makes a session, or takes one up.
    fn begin(&mut self, out: &mut Out) {
        let Some(opening) = self.opening.take() else { return };
        let mut params = json!({ "cwd": opening.folder, "approvalPolicy": "untrusted" });
        let members = [
            ("model", opening.model.map(Value::from)),
            ("config", opening.tools.map(|(address, token)| door(&address, &token))),
            (
                "developerInstructions",
                (!opening.instructions.is_empty()).then(|| opening.instructions.into()),
            ),
            ("excludeTurns", opening.resume.is_some().then_some(Value::Bool(true))),
            ("threadId", opening.resume.as_deref().map(Value::from)),
        ];
        if let Some(params) = params.as_object_mut() {
            params.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        match opening.resume {
            Some(_) => self.rpc.ask("thread/resume", params, Sent::Resume, out),
            None => self.rpc.ask("thread/start", params, Sent::Start, out),
        }
    }

    fn began(&mut self, sent: Sent, reply: &Value, out: &mut Out) {
        let Some(id) = reply.get("thread").and_then(|thread| str_at(thread, "id")) else {
            let error = failed(ModelErrorKind::Protocol, None, "the program made a session without an id");
            out.events.push(Event::Broken(error));
            return;
        };
        self.thread = Some(id.to_owned());
        if sent == Sent::Start {
            self.counted = Some(Usage::default());
        }
        out.events.push(Event::Ready {
            session: id.to_owned(),
            model: str_at(reply, "model").map(str::to_owned),
            version: self.version.clone(),
        });
    }

    fn turned(&mut self, reply: &Value, out: &mut Out) {
        let id = reply.get("turn").and_then(|turn| str_at(turn, "id"));
        if let (Some(turn), Some(id)) = (&mut self.turn, id) {
            turn.id = Some(id.to_owned());
        }
        self.stop(out);
    }

    /// Stops the turn, once, where that was wished and its id is known.
    fn stop(&mut self, out: &mut Out) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.stop) else { return };
        let (Some(id), Some(thread)) = (&turn.id, &self.thread) else { return };
        let params = json!({ "threadId": thread, "turnId": id });
        turn.stop = false;
        self.rpc.ask("turn/interrupt", params, Sent::Interrupt, out);
    }

    fn end(&mut self, ending: Ending, out: &mut Out) {
        if self.turn.take().is_none() {
            return;
        }
        self.tools.close(out);
        drop(self.asks.close_all());
        out.events.push(Event::Ended(ending));
    }
}

// === the prompt ===

impl Codex {
    fn told(&mut self, method: &str, params: &Value, out: &mut Out) {
        match method {
            "item/started" => self.item_began(params, out),
            "item/completed" => self.item_ended(params, out),
            "serverRequest/resolved" => {
                if let Some(request) = params.get("requestId") {
                    self.asks.withdraw(request);
                }
            }
            _ if !self.is_ours(params) => {}
            "item/agentMessage/delta" => self.said(params, Event::Text, out),
            "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta" => {
                self.said(params, Event::Thinking, out);
            }
            "item/reasoning/summaryPartAdded" if u64_at(params, "summaryIndex") > 0 => {
                out.events.push(Event::Thinking("\n\n".to_owned()));
            }
            "thread/tokenUsage/updated" => self.used(params, out),
            "error" => self.erred(params, out),
            "turn/completed" => self.completed(params, out),
            _ => {}
        }
    }

    /// Whether it is about our session, and not about an agent that the program has for itself.
    fn is_ours(&self, params: &Value) -> bool {
        str_at(params, "threadId").is_none_or(|thread| self.thread.as_deref() == Some(thread))
    }

    fn said(&mut self, params: &Value, event: fn(String) -> Event, out: &mut Out) {
        let (Some(turn), Some(delta)) = (&mut self.turn, str_at(params, "delta")) else { return };
        let item = str_at(params, "itemId").unwrap_or_default();
        if !turn.unfinished.iter().any(|id| id == item) {
            if turn.unfinished.len() >= UNFINISHED_MAX {
                turn.unfinished.remove(0);
            }
            turn.unfinished.push(item.to_owned());
        }
        out.events.push(event(delta.to_owned()));
    }

    /// A whole message: said already in pieces, or told now.
    fn finished(&mut self, item: &Value, text: String, event: fn(String) -> Event, out: &mut Out) {
        let Some(turn) = &mut self.turn else { return };
        let id = str_at(item, "id").unwrap_or_default();
        match turn.unfinished.iter().position(|unfinished| unfinished == id) {
            Some(at) => drop(turn.unfinished.remove(at)),
            None if text.is_empty() => {}
            None => out.events.push(event(text)),
        }
    }

    fn used(&mut self, params: &Value, out: &mut Out) {
        let Some(usage) = params.get("tokenUsage") else { return };
        let total = usage.get("total").map(tokens).unwrap_or_default();
        let last = usage.get("last").map(tokens).unwrap_or_default();
        self.counted = Some(total);
        let Some(turn) = &mut self.turn else { return };
        // Taking up a session, the program tells of its last turn once more, perhaps after the next has begun.
        if turn.id.as_deref().is_some_and(|id| str_at(params, "turnId").is_none_or(|of| of == id)) {
            let before = *turn.before.get_or_insert_with(|| minus(total, last));
            out.events.push(Event::Usage(minus(total, before)));
        } else {
            turn.before = Some(total);
        }
    }

    fn erred(&mut self, params: &Value, out: &mut Out) {
        let Some(turn) = &mut self.turn else { return };
        let error = params.get("error").map(faults::of_turn);
        if params.get("willRetry").and_then(Value::as_bool) != Some(true) {
            turn.fault = error;
            return;
        }
        let (status, reason) = error.map(|error| (error.status, error.message)).unwrap_or_default();
        out.events.push(Event::Retrying { status, reason });
        if !std::mem::take(&mut turn.unfinished).is_empty() {
            out.events.push(Event::Again);
        }
    }

    fn completed(&mut self, params: &Value, out: &mut Out) {
        let (Some(turn), Some(ended)) = (&mut self.turn, params.get("turn")) else { return };
        if turn.id.as_deref().is_some_and(|id| str_at(ended, "id").is_some_and(|of| of != id)) {
            return;
        }
        let error = ended.get("error").filter(|error| !error.is_null()).map(faults::of_turn);
        let ending = match str_at(ended, "status") {
            Some("interrupted") => Ending::Interrupted,
            Some("failed") => {
                let unknown = || failed(ModelErrorKind::Upstream, None, "the turn failed");
                Ending::Failed(error.or_else(|| turn.fault.take()).unwrap_or_else(unknown))
            }
            _ => Ending::Stopped(StopReason::EndTurn),
        };
        self.end(ending, out);
    }
}

/// The daemon's tools, as settings of one session: the token is in no file and in no environment. Each call is asked about.
fn door(address: &str, token: &str) -> Value {
    json!({ "mcp_servers": { DOOR: {
        "url": address,
        "http_headers": { "Authorization": format!("Bearer {token}") },
        "default_tools_approval_mode": "prompt",
    } } })
}

/// The version in a user agent like `capuchin/0.169.0 (…)`.
fn version(agent: &str) -> Option<&str> {
    agent.split_once('/').and_then(|(_, rest)| rest.split_whitespace().next())
}

fn tokens(count: &Value) -> Usage {
    Usage {
        input_tokens: u64_at(count, "inputTokens"),
        output_tokens: u64_at(count, "outputTokens"),
        cached_tokens: u64_at(count, "cachedInputTokens"),
        reasoning_tokens: u64_at(count, "reasoningOutputTokens"),
    }
}

const fn minus(all: Usage, part: Usage) -> Usage {
    Usage {
        input_tokens: all.input_tokens.saturating_sub(part.input_tokens),
        output_tokens: all.output_tokens.saturating_sub(part.output_tokens),
        cached_tokens: all.cached_tokens.saturating_sub(part.cached_tokens),
        reasoning_tokens: all.reasoning_tokens.saturating_sub(part.reasoning_tokens),
    }
}
