//! `ask_person`: a question of the model to the person, kept and decided like an approval; the reason is the answer.

use serde_json::{Value, json};

use crate::approvals::{Approval, ApprovalState};
use crate::protocol::chat::ToolSpec;
use crate::tools::{Arguments, ToolOutput};

/// Its name.
pub(super) const ASK_PERSON: &str = "ask_person";
/// Why the person is asked.
pub(super) const WHY: &str = "the assistant has a question; allow, and write the answer as the reason";
/// Longest question with its choices, in bytes.
const QUESTION_BYTES_MAX: usize = 4_000;

pub(super) fn spec() -> ToolSpec {
    ToolSpec {
        name: ASK_PERSON.to_owned(),
        description:
            "Asks the person a question and waits for the answer. Only for what you cannot find out."
                .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "question": { "type": "string", "minLength": 1, "maxLength": QUESTION_BYTES_MAX },
                "choices": { "type": "array", "items": { "type": "string" }, "maxItems": 10 },
            },
            "required": ["question"],
            "additionalProperties": false,
        }),
    }
}

/// The question as the person sees it.
pub(super) fn question(arguments: &Arguments) -> String {
    let mut text = arguments.get("question").and_then(Value::as_str).unwrap_or_default().to_owned();
    for choice in arguments.get("choices").and_then(Value::as_array).into_iter().flatten() {
        text.push_str("\n- ");
        text.push_str(choice.as_str().unwrap_or_default());
    }
    text
}

/// What the model is told.
pub(super) fn answer(decided: Option<&Approval>) -> ToolOutput {
    let Some(decided) = decided else { return ToolOutput::system("nobody could be asked").failed() };
    let reason = decided.reason.as_str();
    match (decided.state, reason.is_empty()) {
        (ApprovalState::Allowed, false) => ToolOutput::system(format!("The person answered: {reason}")),
        (ApprovalState::Allowed, true) => ToolOutput::system("The person said yes."),
        (ApprovalState::Expired, _) => ToolOutput::system("The person did not answer in time.").failed(),
        (_, false) => ToolOutput::system(format!("The person said no: {reason}")),
        (_, true) => ToolOutput::system("The person said no."),
    }
}
