//! Pieces of conversations made whole.

use super::*;

fn called(ids: &[&str]) -> Said {
    let call =
        |id: &&str| ToolCall { id: (*id).to_owned(), name: "t".to_owned(), arguments: "{}".to_owned() };
    let parts = ids.iter().map(|id| Part::ToolCall(call(id))).collect();
    let message = ChatMessage { role: Role::Assistant, parts };
    Said { id: None, message, provenance: Provenance::Model, injected: Vec::new() }
}

fn answer(id: &str) -> Said {
    let parts = vec![Part::ToolResult { call_id: id.to_owned(), content: "fine".to_owned() }];
    Said {
        id: None,
        message: ChatMessage { role: Role::Tool, parts },
        provenance: Provenance::Tool,
        injected: Vec::new(),
    }
}

fn text(text: &str) -> Said {
    Said {
        id: None,
        message: ChatMessage::text(Role::User, text),
        provenance: Provenance::Owner,
        injected: Vec::new(),
    }
}

/// A conversation in short: `c1,2` calls, `a1` an answer, `?1` one that was put there, else a text.
fn short(said: &[Said]) -> String {
    let one = |said: &Said| {
        let part = |part: &Part| match part {
            Part::ToolCall(call) => format!("c{}", call.id),
            Part::ToolResult { call_id, content } if content == "fine" => format!("a{call_id}"),
            Part::ToolResult { call_id, .. } => format!("?{call_id}"),
            Part::Text { text } => text.clone(),
            Part::Image { .. } | Part::Thinking { .. } => String::new(),
        };
        said.message.parts.iter().map(part).collect::<Vec<_>>().join(",")
    };
    said.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_call_has_its_answer_and_every_answer_its_call() {
    let open = |id: &str| OpenCall {
        call: ToolCall { id: id.to_owned(), name: "t".to_owned(), arguments: String::new() },
        begun: None,
    };
    let table = [
        (vec![text("x"), called(&["1"]), answer("1"), text("y")], vec![], "x c1 a1 y"),
        (vec![answer("1"), text("y")], vec![], "y"),
        (vec![called(&["1", "2"]), answer("2"), text("y")], vec![], "c1,c2 a2 ?1 y"),
        (vec![called(&["1"]), called(&["2"]), answer("2")], vec![], "c1 ?1 c2 a2"),
        (vec![called(&["1"]), answer("1"), answer("1")], vec![], "c1 a1"),
        (vec![called(&["1", "2"]), answer("1")], vec![open("2")], "c1,c2 a1"),
        (vec![called(&["1", "2"]), answer("1")], vec![], "c1,c2 a1 ?2"),
    ];
    for (said, open, wanted) in table {
        assert_eq!(short(&paired(said, &open)), wanted);
    }
}
