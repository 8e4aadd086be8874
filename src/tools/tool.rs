//! The one trait of everything that a model can call.

use futures::future::BoxFuture;
use serde_json::{Map, Value};

use super::{Place, Plan, ToolError, ToolOutput};
use crate::protocol::chat::ToolSpec;

/// The arguments of a call: a JSON object that fits the tool's schema.
pub type Arguments = Map<String, Value>;

/// How a model gets to know a tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// It is in every prompt.
    Always,
    /// Its name is; its schema is given when the model asks for it.
    OnDemand,
}

/// One call, after it was planned, judged and journalled.
#[derive(Clone, Debug)]
pub struct ToolCallRun {
    /// The arguments, those of the plan.
    pub arguments: Arguments,
    /// For whom and where.
    pub place: Place,
}

/// Something that a model can call.
pub trait Tool: Send + Sync + 'static {
    /// Its name (`[a-z0-9_]`, at most 64 bytes), what it does in a sentence or two, and the JSON Schema of its
    /// arguments. Short: every byte of it is in prompts.
    fn spec(&self) -> ToolSpec;

    /// The MCP server that has it; `None` for a built-in tool.
    fn server(&self) -> Option<&str> {
        None
    }

    /// How a model gets to know it.
    fn reach(&self) -> Reach {
        Reach::OnDemand
    }

    /// What a call with these arguments is going to do. Changes nothing. Pure, but for looks at the file system that
    /// say which file is meant.
    ///
    /// # Errors
    /// [`ToolError::Arguments`] or [`ToolError::Refused`], in words from which a model can do better.
    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError>;

    /// Does what was planned. Dropping the future ends the work, and every process that it has started.
    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>>;
}
