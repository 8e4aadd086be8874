//! What every CLI's protocol is to the rest: lines in and out, events up. No process, no clock.

use std::path::PathBuf;

use serde_json::Value;

use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::model::ModelError;

/// One conversation with one program, without the program: the host writes [`Out::lines`] to its standard input, and
/// hands what it prints to [`Dialect::take`]. Framing (a line each, without its end) is the host's.
///
/// Order: `open`, then `prompt` after [`Event::Ready`], one prompt at a time until its [`Event::Ended`].
pub trait Dialect: Send {
    /// Begins: shakes hands, and makes a session or takes up an earlier one.
    fn open(&mut self, opening: &Opening, out: &mut Out);

    /// A line that the program printed. What is not of the protocol is ignored.
    fn take(&mut self, line: &str, out: &mut Out);

    /// What a person says.
    fn prompt(&mut self, text: &str, out: &mut Out);

    /// The answer to a question ([`Event::Ask`]) that is open; to any other nothing happens.
    fn decide(&mut self, ask: &str, decision: &Decision, out: &mut Out);

    /// Stops the prompt under way; its `Ended` still comes.
    fn interrupt(&mut self, out: &mut Out);

    /// Another model from the next prompt on.
    fn set_model(&mut self, model: &str, out: &mut Out);
}

/// How a session begins.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    /// Where the program works.
    pub folder: PathBuf,
    /// The model; the program's own choice without one.
    pub model: Option<String>,
    /// The session of an earlier life of the program, by the id of its [`Event::Ready`].
    pub resume: Option<String>,
    /// What is added to the program's own instructions.
    pub instructions: String,
    /// The daemon's tools for it: an MCP server over streamable HTTP, its address and bearer token.
    pub tools: Option<(String, String)>,
}

/// What a dialect answers with.
#[derive(Debug, Default)]
pub struct Out {
    /// For the program's standard input, in order, without line ends.
    pub lines: Vec<String>,
    /// For the host, in order.
    pub events: Vec<Event>,
}

/// What a program does, in nobody's dialect.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The session is there and takes a prompt.
    Ready {
        /// Names it for a later life.
        session: String,
        /// The model that answers.
        model: Option<String>,
        /// The program's version, where it says so.
        version: Option<String>,
    },
    /// The session to be taken up is gone; a new one has to be opened by a new program.
    Lost,
    /// A piece of the answer.
    Text(String),
    /// A piece of reasoning.
    Thinking(String),
    /// The model is asked again: what was said of the message under way does not count.
    Again,
    /// A tool has begun, asked for or not.
    ToolBegun(ToolUse),
    /// A tool has ended, by its id.
    ToolEnded {
        /// The tool's id.
        id: String,
        /// How.
        went: Went,
        /// What it answered, as text.
        output: String,
    },
    /// Whether a tool may run. The program waits.
    Ask(Ask),
    /// The program tries its provider again by itself.
    Retrying {
        /// The status that it met, where it says so.
        status: Option<u16>,
        /// Its words.
        reason: String,
    },
    /// Tokens of the prompt under way so far; the last one counts.
    Usage(Usage),
    /// The prompt is over.
    Ended(Ending),
    /// The program cannot go on; nothing more is to be expected of it.
    Broken(ModelError),
}

/// How a prompt ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Ending {
    /// The program has said what it had to say.
    Stopped(StopReason),
    /// It was interrupted.
    Interrupted,
    /// It failed; the session may take another prompt.
    Failed(ModelError),
}

/// How a tool ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Went {
    /// It ran.
    Done,
    /// It ran and failed.
    Failed,
    /// It was not allowed to run.
    Refused,
}

/// A question whether a tool may run.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// Names the question.
    pub id: String,
    /// The tool.
    pub tool: ToolUse,
}

/// The answer to it. There is no "always": the host remembers, not the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    /// It may run, this once.
    Allow,
    /// It may not, for this reason, which the model is told where the protocol can.
    Deny(String),
}

/// A tool of the program with what it is to do.
#[derive(Clone, PartialEq, Debug)]
pub struct ToolUse {
    /// The program's id of this use.
    pub id: String,
    /// The program's name of the tool.
    pub name: String,
    /// What it does, as far as the host can judge it.
    pub kind: ToolKind,
    /// The arguments as they are.
    pub arguments: Value,
}

/// What a tool does. Where a program does not say enough it is [`ToolKind::Other`], which is judged most strictly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToolKind {
    /// Reads or lists files below or at these paths (searches too).
    Read(Vec<PathBuf>),
    /// Writes, moves or deletes these files.
    Write(Vec<PathBuf>),
    /// Runs a command of a shell.
    Run(String),
    /// Gets an address from the network.
    Fetch(String),
    /// A tool of an MCP server: the server and the tool.
    Mcp(String, String),
    /// Thinks, plans, keeps a list: touches nothing.
    Internal,
    /// Anything else.
    Other,
}
