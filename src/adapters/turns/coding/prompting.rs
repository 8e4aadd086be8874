//! What a program is told of the thread: the message, and where its session does not know it, all that was said before.

use crate::coders::Wish;
use crate::protocol::chat::{ChatMessage, Part, Role};
use crate::protocol::model::ModelRequest;

use super::Coding;

const EARLIER: &str =
    "What was said in this conversation before, oldest first; you answer the last message only.";
const NOW: &str = "The message that you answer now:";
const AGAIN: &str = "The work on this message was interrupted, and what was being done may have happened or not. Look, then go \
                     on. The message was:";

/// The request of a turn's first round as a program gets it: three messages, of which one is said. The guard scans all of
/// them before.
pub(in crate::adapters::turns) fn told(request: ModelRequest) -> ModelRequest {
    let own = request.messages.iter().rposition(|message| message.role == Role::User);
    let text = own.and_then(|own| request.messages.get(own)).map(ChatMessage::plain_text).unwrap_or_default();
    let before = own.and_then(|own| request.messages.get(..own)).unwrap_or_default();
    let seeded = if before.is_empty() { text.clone() } else { seeded(before, &text) };
    let again = format!("{AGAIN}\n\n{text}");
    let messages = [text, again, seeded].map(|text| ChatMessage::text(Role::User, text)).to_vec();
    ModelRequest { messages, ..request }
}

fn seeded(before: &[ChatMessage], text: &str) -> String {
    let mut seeded = EARLIER.to_owned();
    for message in before {
        for part in &message.parts {
            let (who, said) = match (part, message.role) {
                (Part::Text { text }, Role::User) => ("person", text.as_str()),
                (Part::Text { text }, _) => ("you", text.as_str()),
                (Part::ToolCall(call), _) => {
                    seeded.push_str(&format!("\n\n[you called {}]\n{}", call.name, call.arguments));
                    continue;
                }
                (Part::ToolResult { content, .. }, _) => ("answer of the tool", content.as_str()),
                (Part::Thinking { .. } | Part::Image { .. }, _) => continue,
            };
            seeded.push_str(&format!("\n\n[{who}]\n{said}"));
        }
    }
    seeded.push_str(&format!("\n\n{NOW}\n\n{text}"));
    seeded
}

// === impl Coding ===

impl Coding {
    /// What is wanted of the session; the request is one of [`told`] that the guard has seen.
    pub(super) fn wish(&self, request: ModelRequest) -> Wish {
        let mut texts = request.messages.iter().map(ChatMessage::plain_text);
        let mut next = || texts.next().unwrap_or_default();
        let (text, again, seeded) = (next(), next(), next());
        Wish {
            turn: self.place.turn,
            model: (!request.model.is_empty()).then_some(request.model),
            instructions: request.system,
            folder: self.place.folder.to_path_buf(),
            text,
            again,
            seeded,
        }
    }
}

#[cfg(test)]
mod tests {
    //! What is said where.

    use super::*;

    #[test]
    fn a_new_session_is_told_what_was_said_and_an_old_one_the_message_alone() {
        let said = |role, text: &str| ChatMessage::text(role, text);
        let messages = vec![
            said(Role::User, "my cat is Tom"),
            said(Role::Assistant, "A fine cat."),
            said(Role::User, "who is my cat?"),
        ];
        let request = told(ModelRequest { messages, ..ModelRequest::default() });
        let texts: Vec<String> = request.messages.iter().map(ChatMessage::plain_text).collect();
        assert_eq!(texts[0], "who is my cat?");
        assert!(texts[1].starts_with(AGAIN) && texts[1].ends_with("who is my cat?"));
        assert!(texts[2].contains("[person]\nmy cat is Tom\n\n[you]\nA fine cat."), "{}", texts[2]);
        assert!(texts[2].ends_with("who is my cat?"));
    }

    #[test]
    fn a_first_message_is_said_as_it_is() {
        let request = told(ModelRequest {
            messages: vec![ChatMessage::text(Role::User, "hello")],
            ..ModelRequest::default()
        });
        assert_eq!(request.messages[2].plain_text(), "hello");
    }
}
