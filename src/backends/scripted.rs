//! A script of one call: the model of turns that ask none.
//!
//! A schedule that calls a tool is a turn as any other, so its call is judged, asked about, journalled and answered as any other.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};

use super::{Backend, ModelInfo};
use crate::protocol::chat::{Part, Role, StopReason, ToolCall, Usage};
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};
use crate::protocol::turn::ScriptedCall;

/// Its name. No setting and no message can choose it.
pub const SCRIPTED: &str = "script";
/// More than any conversation: nothing is shortened for somebody who reads nothing.
const CONTEXT_TOKENS: u64 = 1 << 40;

/// The script of this call.
#[must_use]
pub fn scripted(call: &ScriptedCall) -> Arc<dyn Backend> {
    Arc::new(Scripted { call: call.clone() })
}

struct Scripted {
    call: ScriptedCall,
}

impl Backend for Scripted {
    fn name(&self) -> &str {
        SCRIPTED
    }

    fn default_model(&self) -> Option<&str> {
        Some(SCRIPTED)
    }

    fn is_local(&self) -> bool {
        true
    }

    fn context_tokens(&self) -> Option<u64> {
        Some(CONTEXT_TOKENS)
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let own = request.messages.iter().rev().take_while(|message| message.role != Role::User);
        let is_answered =
            own.flat_map(|message| &message.parts).any(|part| matches!(part, Part::ToolResult { .. }));
        let (said, reason) = match is_answered || request.tools.is_empty() {
            true => (ModelEvent::Text(format!("`{}` was called.", self.call.name)), StopReason::EndTurn),
            false => {
                let ScriptedCall { name, arguments } = self.call.clone();
                (ModelEvent::ToolCall(ToolCall { id: String::new(), name, arguments }), StopReason::ToolUse)
            }
        };
        let usage = ModelEvent::Usage(Usage::default());
        stream::iter([said, usage, ModelEvent::Stop(reason)].map(Ok)).boxed()
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}
