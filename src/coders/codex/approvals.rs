//! What Codex asks for, and how it is answered: for this once, or not.
//!
//! Whatever would allow more than the tool at hand is answered with no here, and nobody is asked: a root to write below for the
//! rest of a session, further permissions, answers in a person's name.

use serde_json::{Value, json};

use super::{Codex, items};
use crate::coders::dialect::{Ask, Decision, Event, Out, ToolKind, ToolUse};
use crate::coders::rpc::str_at;

/// In which form a question wants its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// A command or a change of files.
    Approval,
    /// A tool of an MCP server.
    Elicitation,
}

impl Manner {
    pub(super) fn answer(self, decision: &Decision) -> Value {
        let allowed = *decision == Decision::Allow;
        match self {
            Self::Approval if allowed => json!({ "decision": "accept" }),
            Self::Approval => json!({ "decision": "decline" }),
            Self::Elicitation if allowed => json!({ "action": "accept", "content": null, "_meta": null }),
            Self::Elicitation => json!({ "action": "decline", "content": null, "_meta": null }),
        }
    }
}

impl Codex {
    pub(super) fn asked(&mut self, id: Value, method: &str, params: &Value, out: &mut Out) {
        let tool = match method {
            "item/commandExecution/requestApproval" => Ok((Manner::Approval, self.command(params))),
            "item/fileChange/requestApproval" => self
                .change(params)
                .map(|tool| (Manner::Approval, tool))
                .ok_or(Manner::Approval.answer(&Decision::Deny(String::new()))),
            "mcpServer/elicitation/request" => self
                .mcp(params)
                .map(|tool| (Manner::Elicitation, tool))
                .ok_or(Manner::Elicitation.answer(&Decision::Deny(String::new()))),
            "item/permissions/requestApproval" => Err(json!({ "permissions": {}, "scope": "turn" })),
            "item/tool/requestUserInput" => Err(json!({ "answers": {} })),
            _ => return self.rpc.refuse(id, out),
        };
        match tool {
            Ok((manner, tool)) => self.ask(id, manner, tool, out),
            Err(no) => self.rpc.answer(id, no, out),
        }
    }

    /// Passes a question on. Of a tool that was not told of before, its beginning is told here.
    fn ask(&mut self, id: Value, manner: Manner, tool: ToolUse, out: &mut Out) {
        let tool = self.tools.begin(tool, out);
        match self.asks.open(&id, &tool.id, manner) {
            Some(name) => out.events.push(Event::Ask(Ask { id: name, tool })),
            None => self.rpc.answer(id, manner.answer(&Decision::Deny(String::new())), out),
        }
    }

    /// What the request says of the command counts, not what was said of it before: the request is what is allowed.
    fn command(&self, params: &Value) -> ToolUse {
        let id = str_at(params, "itemId").unwrap_or_default();
        let given = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
        let plain = str_at(params, "kind").is_none_or(|kind| kind == "command")
            && !given("networkApprovalContext")
            && !given("additionalPermissions");
        let (kind, arguments) = match self.tools.find(id) {
            _ if !plain => (ToolKind::Other, params.clone()),
            Some(known) if !given("command") => (known.kind.clone(), known.arguments.clone()),
            _ => items::run(params),
        };
        ToolUse { id: id.to_owned(), name: "commandExecution".to_owned(), kind, arguments }
    }

    /// A change of files names only its item; what it changes was said when the item began. `None`: it asks for more than that.
    fn change(&self, params: &Value) -> Option<ToolUse> {
        if params.get("grantRoot").is_some_and(|root| !root.is_null()) {
            return None;
        }
        let id = str_at(params, "itemId").unwrap_or_default();
        let known = self.tools.find(id).filter(|tool| tool.name == "fileChange").cloned();
        Some(known.unwrap_or_else(|| ToolUse {
            id: id.to_owned(),
            name: "fileChange".to_owned(),
            kind: ToolKind::Other,
            arguments: params.clone(),
        }))
    }

    /// A question whether a tool of an MCP server may run names the server, the tool and its arguments, but not its item.
    /// `None`: the server asks for something else.
    fn mcp(&self, params: &Value) -> Option<ToolUse> {
        let meta = params
            .get("_meta")
            .filter(|meta| str_at(meta, "codex_approval_kind") == Some("mcp_tool_call"))?;
        let server = str_at(params, "serverName")?;
        let tool = str_at(meta, "tool_name")?;
        let kind = ToolKind::Mcp(server.to_owned(), tool.to_owned());
        let arguments = meta.get("tool_params").cloned().unwrap_or(Value::Null);
        let known = self.tools.under_way(|known| known.kind == kind && known.arguments == arguments);
        let id = known.map_or_else(|| format!("{server}/{tool}"), |known| known.id.clone());
        Some(ToolUse { id, name: "mcpToolCall".to_owned(), kind, arguments })
    }
}
