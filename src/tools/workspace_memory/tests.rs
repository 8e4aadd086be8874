//! Notes are kept, bounded, and never outside of the workspace.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::*;

struct World {
    home: tempfile::TempDir,
    place: Place,
    tool: WorkspaceMemory,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("w");
        fs::create_dir(&folder).unwrap();
        let place = Place::somewhere(folder);
        Self { home, place, tool: WorkspaceMemory::default() }
    }

    async fn run(&self, arguments: &Value) -> Result<String, ToolError> {
        let arguments = arguments.as_object().unwrap().clone();
        self.tool.run(ToolCallRun { arguments, place: self.place.clone() }).await.map(|out| out.text)
    }
}

#[tokio::test]
async fn notes_are_read_appended_and_replaced() {
    let world = World::new();
    let read = json!({"action": "read"});
    assert_eq!(world.run(&read).await.unwrap(), "[there are no notes yet]");
    world.run(&json!({"action": "append", "text": "one"})).await.unwrap();
    world.run(&json!({"action": "append", "text": "two"})).await.unwrap();
    assert_eq!(world.run(&read).await.unwrap(), "one\ntwo\n");
    world.run(&json!({"action": "replace", "text": "three"})).await.unwrap();
    assert_eq!(fs::read_to_string(world.place.folder.join(FILE)).unwrap(), "three");
    for wrong in
        [json!({"action": "append"}), json!({"action": "append", "text": " "}), json!({"action": "x"})]
    {
        assert!(matches!(world.run(&wrong).await, Err(ToolError::Arguments(_))), "{wrong}");
    }
}

#[test]
fn plans_say_what_is_written() {
    let world = World::new();
    let plan = |arguments: &Value| world.tool.plan(arguments.as_object().unwrap(), &world.place).unwrap();
    let path = FILE.to_owned();
    let read = plan(&json!({"action": "read"}));
    assert_eq!(read, Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: path.clone() }));
    let write = Action::WritePath { path };
    let append = plan(&json!({"action": "append", "text": "x"}));
    assert_eq!(append, Plan::new(ToolClass::Effectful).doing(write.clone()).with_payload("x"));
    let replace = plan(&json!({"action": "replace", "text": ""}));
    assert_eq!(replace, Plan::new(ToolClass::Idempotent).doing(write));
}

#[tokio::test]
async fn notes_are_bounded() {
    let world = World::new();
    let full = "x".repeat(NOTES_BYTES_MAX);
    world.run(&json!({"action": "replace", "text": full})).await.unwrap();
    let refusal = world.run(&json!({"action": "append", "text": "y"})).await.unwrap_err().to_string();
    assert!(refusal.contains("shorter"), "{refusal}");
    let over = world.run(&json!({"action": "replace", "text": format!("{full}x")})).await;
    assert!(matches!(over, Err(ToolError::Refused(_))));
    assert_eq!(world.run(&json!({"action": "read"})).await.unwrap(), full);
}

#[tokio::test]
async fn a_link_in_the_place_of_the_notes_leads_nowhere() {
    let world = World::new();
    fs::write(world.home.path().join("notes.md"), "secret").unwrap();
    symlink("..", world.place.folder.join(".capuchin")).unwrap();
    for action in ["read", "append", "replace"] {
        let answer = world.run(&json!({"action": action, "text": "x"})).await;
        assert!(matches!(answer, Err(ToolError::Refused(_))), "{answer:?}");
    }
    assert_eq!(fs::read_to_string(world.home.path().join("notes.md")).unwrap(), "secret");
}
