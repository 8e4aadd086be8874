//! What an assistant may do to its own files.

use super::*;
use crate::assistants::{Assistants, NewAssistant};
use crate::db::{Db, DbOptions};
use crate::policy::{Ask, Effect, Policy, SourceKind, Subject, judge};
use crate::protocol::ids::{AssistantId, TenantId};

fn place(assistant: AssistantId) -> Place {
    Place { assistant, ..Place::somewhere("/srv/work") }
}

fn arguments(value: &Value) -> Arguments {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn writing_is_asked_by_default_and_reading_is_not() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path().join("capuchin.db"), DbOptions::default()).unwrap();
    let _writer = db.start_writer().unwrap();
    let new = NewAssistant {
        name: "capuchin".into(),
        backend: "demo".into(),
        model: "demo".into(),
        routing: crate::models::Routing::default(),
        system_prompt: String::new(),
    };
    let first = Assistants::new(db.clone()).ensure_default(&TenantId::home(), new).await.unwrap();
    let files = AgentFiles::new(home.path().join("assistants"), db);
    let tool = AgentFileTool::new(files.clone());
    let place = place(first.id);

    let read = tool.plan(&arguments(&json!({ "name": "SOUL.md" })), &place).unwrap();
    assert_eq!((read.class, read.actions.len()), (ToolClass::ReadOnly, 0));
    let wish = arguments(&json!({ "name": "MEMORY.md", "content": "Robin likes tea." }));
    let write = tool.plan(&wish, &place).unwrap();
    assert_eq!((write.class, write.payload.as_str()), (ToolClass::Idempotent, "Robin likes tea."));
    let subject =
        Subject { assistant: Some(first.id), workspace: None, thread: None, source: SourceKind::Owner };
    let ask =
        Ask { workspace_root: Some("/srv/work".into()), ..Ask::plain(write.actions[0].clone(), subject) };
    assert_eq!(judge(&Policy::default(), &ask, 0).effect, Effect::Ask);
    assert!(tool.plan(&arguments(&json!({ "name": "../x", "content": "" })), &place).is_err());

    let run = |arguments| tool.run(ToolCallRun { arguments, place: place.clone() });
    run(wish).await.unwrap();
    assert_eq!(run(arguments(&json!({ "name": "memory" }))).await.unwrap().text, "Robin likes tea.");
    assert_eq!(files.prompt(first.id).await, "[MEMORY.md]\nRobin likes tea.");
}
