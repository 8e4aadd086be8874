//! Agent files: the prompt that they make, and who changes them.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::assistants::{Assistants, NewAssistant};
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::Principal;
use crate::protocol::ids::{AssistantId, TenantId};

fn made(files: &[(FileName, &str)]) -> String {
    prompt(&files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect::<Vec<_>>())
}

#[test]
fn the_prompt_has_what_there_is_in_the_fixed_order() {
    use FileName::{Agents, Identity, Memory, Soul, Tools, User};
    for (files, text) in [
        (&[][..], ""),
        (&[(Identity, ""), (Soul, " \n\t ")], ""),
        (&[(Soul, "Be kind.\n")], "[SOUL.md]\nBe kind."),
        (&[(User, "Robin"), (Identity, "Cappy")], "[IDENTITY.md]\nCappy\n\n[USER.md]\nRobin"),
        (
            &[(Memory, "f"), (Agents, "e"), (Tools, "d"), (User, "c"), (Soul, "b"), (Identity, "a")],
            "[IDENTITY.md]\na\n\n[SOUL.md]\nb\n\n[USER.md]\nc\n\n[TOOLS.md]\nd\n\n[AGENTS.md]\ne\n\n[MEMORY.md]\nf",
        ),
    ] {
        assert_eq!(made(files), text);
    }
}

#[test]
fn a_file_at_the_limit_is_whole_and_one_byte_more_is_cut_with_a_mark() {
    let at = "a".repeat(FILE_PROMPT_BYTES_MAX);
    assert_eq!(made(&[(FileName::Soul, &at)]), format!("[SOUL.md]\n{at}"));
    let over = made(&[(FileName::Soul, &format!("{at}b"))]);
    assert!(
        over.starts_with(&format!("[SOUL.md]\n{at}\n[… the file goes on")),
        "{}",
        &over[over.len() - 90..]
    );
    // Not in the middle of a character.
    let wide = format!("a{}", "ü".repeat(FILE_PROMPT_BYTES_MAX));
    let cut = made(&[(FileName::Soul, &wide)]);
    assert!(cut.len() < FILE_PROMPT_BYTES_MAX + 100 && !cut.contains('\u{fffd}'));
}

#[test]
fn names_are_the_six_in_any_case_and_nothing_else() {
    for (text, name) in [("SOUL.md", "SOUL.md"), ("soul", "SOUL.md"), ("Memory.MD", "MEMORY.md")] {
        assert_eq!(text.parse::<FileName>().unwrap().as_str(), name);
    }
    for text in ["", "..", "../SOUL.md", "SOUL.md/", "SOUL.txt", "BOOTSTRAP.md", "S\u{f6}ul"] {
        assert!(text.parse::<FileName>().is_err(), "{text}");
    }
}

struct Desk {
    home: tempfile::TempDir,
    _writer: WriterRun,
    files: AgentFiles,
    assistant: AssistantId,
}

impl Desk {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let db = Db::open(home.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        let new = NewAssistant {
            name: "capuchin".into(),
            backend: "demo".into(),
            model: "demo".into(),
            routing: crate::models::Routing::default(),
            system_prompt: String::new(),
        };
        let first = Assistants::new(db.clone()).ensure_default(&TenantId::home(), new).await.unwrap();
        let files = AgentFiles::new(home.path().join("data/assistants"), db);
        Self { home, _writer: writer, files, assistant: first.id }
    }

    async fn write(&self, name: FileName, version: i64, text: &str) -> Result<AgentFile, FileError> {
        let owner = Principal::owner(TenantId::home());
        self.files.write(&owner, self.assistant, name, version, text.to_owned()).await
    }
}

#[tokio::test]
async fn a_file_is_made_changed_and_removed_by_who_knows_its_version() {
    let desk = Desk::open().await;
    assert_eq!(desk.files.prompt(desk.assistant).await, "");
    let made = desk.write(FileName::Soul, 0, "Be brief.").await.unwrap();
    assert!(made.version > 0 && made.modified_ms.is_some());
    assert_eq!(desk.files.prompt(desk.assistant).await, "[SOUL.md]\nBe brief.");
    assert!(matches!(desk.write(FileName::Soul, 0, "x").await, Err(FileError::Stale)));
    // An editor changes it too.
    let path = desk.files.folder(desk.assistant).join("SOUL.md");
    fs::write(&path, "Be briefer.").unwrap();
    assert!(matches!(desk.write(FileName::Soul, made.version, "x").await, Err(FileError::Stale)));
    let now = desk.files.read(&TenantId::home(), desk.assistant, FileName::Soul).await.unwrap();
    assert_eq!(now.text, "Be briefer.");
    let gone = desk.write(FileName::Soul, now.version, "  ").await.unwrap();
    assert_eq!((gone.version, path.exists()), (0, false));
    let long = "a".repeat(FILE_BYTES_MAX + 1);
    assert!(matches!(desk.write(FileName::Soul, 0, &long).await, Err(FileError::TooLong)));
    assert!(desk.write(FileName::Soul, 0, &long[1..]).await.unwrap().is_cut());
    let stranger = desk.files.list(&TenantId::home(), AssistantId::new()).await;
    assert!(matches!(stranger, Err(FileError::Assistant(_))));
    desk.files.remove(desk.assistant).await.unwrap();
    assert!(!desk.files.folder(desk.assistant).exists());
    desk.files.remove(desk.assistant).await.unwrap();
}

#[tokio::test]
async fn a_link_in_the_folder_is_not_followed_and_breaks_nothing() {
    let desk = Desk::open().await;
    desk.write(FileName::User, 0, "Robin").await.unwrap();
    let outside = desk.home.path().join("outside");
    fs::write(&outside, "the keys of the house").unwrap();
    symlink(&outside, desk.files.folder(desk.assistant).join("MEMORY.md")).unwrap();
    assert_eq!(desk.files.prompt(desk.assistant).await, "[USER.md]\nRobin");
    let read = desk.files.read(&TenantId::home(), desk.assistant, FileName::Memory).await;
    assert!(matches!(read, Err(FileError::Io { .. })));
}
