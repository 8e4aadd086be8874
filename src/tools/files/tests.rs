//! The tools on a real folder: what they do, and everything that would lead out of it.

mod hostile;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::protocol::ids::ThreadId;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// A folder of a workspace, and beside it a file that nobody may see.
struct World {
    home: tempfile::TempDir,
    place: Place,
    tools: Vec<Arc<dyn Tool>>,
}

const SECRET: &str = "the secret beside the workspace";

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("w");
        fs::create_dir(&folder).unwrap();
        fs::write(home.path().join("secret"), SECRET).unwrap();
        let place = Place::somewhere(folder);
        Self { home, place, tools: file_tools() }
    }

    fn root(&self) -> &Path {
        &self.place.folder
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn content(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    fn plan(&self, name: &str, arguments: Value) -> Result<Plan, ToolError> {
        self.tool(name).plan(&object(arguments), &self.place)
    }

    fn tool(&self, name: &str) -> &dyn Tool {
        self.tools.iter().find(|tool| tool.spec().name == name).unwrap().as_ref()
    }

    async fn run(&self, name: &str, arguments: Value) -> Result<ToolOutput, ToolError> {
        let call = ToolCallRun { arguments: object(arguments), place: self.place.clone() };
        self.tool(name).run(call).await
    }

    async fn text(&self, name: &str, arguments: Value) -> String {
        self.run(name, arguments).await.unwrap().text
    }

    async fn refusal(&self, name: &str, arguments: Value) -> String {
        self.run(name, arguments).await.unwrap_err().to_string()
    }
}

fn object(value: Value) -> Arguments {
    let Value::Object(object) = value else { panic!("arguments are an object") };
    object
}

#[test]
fn what_is_in_every_prompt_is_short() {
    for ToolSpec { name, description, parameters } in file_tools().iter().map(|tool| tool.spec()) {
        assert!(description.len() <= 100, "{name}");
        assert!(parameters.to_string().len() <= 420, "{name}: {}", parameters.to_string().len());
        assert_eq!(parameters["additionalProperties"], false, "{name}");
        jsonschema::validator_for(&parameters).unwrap();
    }
}

#[test]
fn plans_name_the_path_as_it_is_opened_and_what_is_written() {
    let world = World::new();
    world.file("a.txt", "1\n2\n");
    let root = world.root().display().to_string();
    let read = world.plan("read_file", json!({"path": format!("{root}/./x/../a.txt")})).unwrap();
    assert_eq!(read, Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: "a.txt".into() }));

    let write = Action::WritePath { path: "n/b.txt".into() };
    let plan = world.plan("write_file", json!({"path": "n/b.txt", "content": "new"})).unwrap();
    assert_eq!(plan, Plan::new(ToolClass::Idempotent).doing(write).with_payload("new"));
    let plan = world.plan("write_file", json!({"path": "a.txt", "content": "1\nx\n"})).unwrap();
    assert!(plan.payload.contains("-2\n+x\n"), "{}", plan.payload);
    assert!(!world.root().join("n").exists(), "a plan changes nothing");

    let plan = world.plan("edit", json!({"path": "a.txt", "old": "2", "new": "3"})).unwrap();
    assert_eq!(plan.class, ToolClass::Effectful);
    assert_eq!(plan.actions[1], Action::WritePath { path: "a.txt".into() });
    assert!(plan.payload.contains("-2\n+3\n"), "{}", plan.payload);
    assert!(world.plan("edit", json!({"path": "a.txt", "old": "no", "new": "3"})).is_err());

    for name in ["list_files", "search_files"] {
        let plan = world.plan(name, json!({"pattern": "x"})).unwrap();
        assert_eq!(plan, Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: ".".into() }));
    }
}

#[tokio::test]
async fn lines_are_read_with_their_numbers_and_from_where_one_wants() {
    let world = World::new();
    world.file("a.txt", "one\r\ntwo\nthree");
    let out = world.run("read_file", json!({"path": "a.txt"})).await.unwrap();
    assert_eq!(out.text, "     1\tone\n     2\ttwo\n     3\tthree\n");
    assert_eq!(out.provenance, Provenance::Tool);
    let text = world.text("read_file", json!({"path": "a.txt", "offset": 2, "limit": 1})).await;
    assert_eq!(text, "     2\ttwo\n[the file goes on; the next line is offset 3]\n");
    let text = world.text("read_file", json!({"path": "a.txt", "offset": 9})).await;
    assert_eq!(text, "[a.txt has only 3 lines]");
    world.file("empty", "");
    assert_eq!(world.text("read_file", json!({"path": "empty"})).await, "[empty is empty]");
}

#[tokio::test]
async fn large_files_come_in_pages_and_long_lines_are_cut() {
    let world = World::new();
    let lines: String = (1..=50_000).map(|n| format!("line number {n}\n")).collect();
    world.file("large", lines).file("wide", "x".repeat(100_000));
    let text = world.text("read_file", json!({"path": "large"})).await;
    assert!(text.len() < crate::tools::OUTPUT_BYTES_MAX);
    let next: usize = text.rsplit("offset ").next().unwrap().trim_end_matches("]\n").parse().unwrap();
    let text = world.text("read_file", json!({"path": "large", "offset": next})).await;
    assert!(text.starts_with(&format!("{next:>6}\tline number {next}\n")), "{text:.40}");
    let text = world.text("read_file", json!({"path": "large", "offset": 50_000})).await;
    assert_eq!(text, " 50000\tline number 50000\n");
    let text = world.text("read_file", json!({"path": "wide"})).await;
    assert!(text.len() < 2_100 && text.ends_with("[… the line goes on …]\n"), "{}", text.len());
}

#[tokio::test]
async fn what_is_no_text_is_named_and_not_shown() {
    let world = World::new();
    world.file("a.png", b"\x89PNG\r\n\x1a\n\0\0").file("b", b"a\0b").file("c", "BMW is a car\n");
    let refusal = world.refusal("read_file", json!({"path": "a.png"})).await;
    assert!(refusal.contains("an image (PNG)"), "{refusal}");
    assert!(world.refusal("read_file", json!({"path": "b"})).await.contains("binary"));
    assert!(world.text("read_file", json!({"path": "c"})).await.contains("BMW"));
    let refusal = world.refusal("read_file", json!({"path": "."})).await;
    assert!(refusal.contains("list_files"), "{refusal}");
}

#[tokio::test]
async fn a_written_file_is_whole_keeps_its_permissions_and_leaves_nothing_beside_it() {
    let world = World::new();
    let out = world.run("write_file", json!({"path": "a/b/c.sh", "content": "1\n"})).await.unwrap();
    assert_eq!((out.text.as_str(), out.provenance), ("wrote a/b/c.sh: 1 lines, 2 bytes", Provenance::System));
    let path = world.root().join("a/b/c.sh");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    fs::hard_link(&path, world.root().join("other")).unwrap();
    assert!(
        world.refusal("write_file", json!({"path": "a/b/c.sh", "content": "2\n"})).await.contains("changed")
    );
    world.text("read_file", json!({"path": "a/b/c.sh"})).await;
    world.run("write_file", json!({"path": "a/b/c.sh", "content": "2\n"})).await.unwrap();
    assert_eq!(world.content("a/b/c.sh"), "2\n");
    assert_eq!(world.content("other"), "1\n", "another name of the old file keeps it");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(fs::read_dir(world.root().join("a/b")).unwrap().count(), 1);
    let long = "x".repeat(super::write::CONTENT_BYTES_MAX + 1);
    assert!(world.refusal("write_file", json!({"path": "a", "content": long})).await.contains("4 MiB"));
}

#[tokio::test]
async fn an_edit_is_written_and_a_wrong_one_changes_nothing() {
    let world = World::new();
    world.file("a.rs", "let a = 1;\nlet b = 1;\n");
    let edit = |old: &str, all: bool| json!({"path": "a.rs", "old": old, "new": "2", "all": all});
    assert!(world.refusal("edit", edit("1", false)).await.contains("2 times"));
    assert!(world.refusal("edit", edit("9", false)).await.contains("not in the file"));
    assert_eq!(world.content("a.rs"), "let a = 1;\nlet b = 1;\n");
    assert_eq!(world.text("edit", edit("1", true)).await, "changed a.rs in 2 places");
    assert_eq!(world.content("a.rs"), "let a = 2;\nlet b = 2;\n");
    world.file("b", b"\0\xff");
    assert!(world.refusal("edit", json!({"path": "b", "old": "a", "new": "b"})).await.contains("only text"));
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_is_refused_until_it_is_read_again() {
    let world = World::new();
    world.file("a", "1");
    let edit = json!({"path": "a", "old": "1", "new": "2"});
    let write = json!({"path": "a", "content": "3"});
    world.text("read_file", json!({"path": "a"})).await;
    world.file("a", "1 and more");
    for (name, arguments) in [("edit", &edit), ("write_file", &write)] {
        let planned = world.plan(name, arguments.clone()).unwrap_err().to_string();
        assert!(planned.contains("has changed since it was read"), "{planned}");
        assert_eq!(world.refusal(name, arguments.clone()).await, planned);
    }
    assert_eq!(world.content("a"), "1 and more");
    world.text("read_file", json!({"path": "a"})).await;
    world.plan("edit", edit.clone()).unwrap();
    world.text("edit", edit).await;
    world.text("edit", json!({"path": "a", "old": "and", "new": "or"})).await;
    assert_eq!(world.content("a"), "2 or more", "its own changes are no surprise");
}

#[tokio::test]
async fn what_a_person_allowed_is_done_to_the_file_that_they_saw() {
    let world = World::new();
    let new = json!({"path": "new", "content": "mine"});
    world.plan("write_file", new.clone()).unwrap();
    world.file("new", "somebody's");
    assert!(world.refusal("write_file", new.clone()).await.contains("has changed"));
    assert_eq!(world.content("new"), "somebody's");
    // Another thread knows nothing of it.
    let place = Place { thread: ThreadId::new(), ..world.place.clone() };
    let call = ToolCallRun { arguments: object(new), place };
    world.tool("write_file").run(call).await.unwrap();
    assert_eq!(world.content("new"), "mine");
}

#[test]
fn files_that_are_remembered_are_bounded() {
    let (world, seen) = (World::new(), Seen::default());
    let path = |n: usize| WorkspacePath::parse(&n.to_string(), world.root()).unwrap();
    for n in 0..=super::seen::FILES_MAX {
        seen.note(&world.place, &path(n), None);
    }
    world.file("x", "");
    let stamp = Folder::open(world.root()).unwrap().stamp(&WorkspacePath::parse("x", world.root()).unwrap());
    let stamp = stamp.unwrap();
    assert!(seen.check(&world.place, &path(0), stamp).is_ok(), "the first one is forgotten");
    assert!(seen.check(&world.place, &path(super::seen::FILES_MAX), stamp).is_err());
}

#[tokio::test]
async fn lists_leave_out_what_gitignore_says_and_are_bounded() {
    let world = World::new();
    world
        .file(".gitignore", "target/\n*.log\n")
        .file("target/x", "")
        .file("a.log", "")
        .file(".git/config", "");
    world.file("src/.gitignore", "!keep.log\n").file("src/keep.log", "12").file("src/deep/er/est/x.md", "");
    symlink("/etc", world.root().join("etc")).unwrap();
    let text = world.text("list_files", json!({})).await;
    let wanted = ".gitignore (14 bytes)\netc (symbolic link, not followed)\nsrc/\nsrc/.gitignore (10 bytes)\n\
                  src/deep/\nsrc/deep/er/ …\nsrc/keep.log (2 bytes)\n";
    assert_eq!(text, wanted);
    assert_eq!(world.text("list_files", json!({"glob": "*.md"})).await, "src/deep/er/est/x.md (0 bytes)\n");
    assert_eq!(world.text("list_files", json!({"path": "src/deep", "depth": 1})).await, "src/deep/er/ …\n");
    assert_eq!(world.text("list_files", json!({"glob": "*.none"})).await, "[nothing is there]");
    assert!(world.refusal("list_files", json!({"path": "none"})).await.contains("there is no none"));
    assert!(world.plan("list_files", json!({"glob": "[z-a]"})).is_err());
    for n in 0..=super::list::ENTRIES_MAX {
        world.file(&format!("many/{n}"), "");
    }
    let text = world.text("list_files", json!({"path": "many"})).await;
    assert!(text.ends_with("[more than 500 entries; name a folder or a glob]\n"), "{text}");
}

#[tokio::test]
async fn searches_find_lines_in_files_that_count() {
    let world = World::new();
    world.file(".gitignore", "x.log\n").file("x.log", "needle").file("b.bin", b"needle\0");
    world
        .file("a/b.md", "hay\nthe Needle\r\n")
        .file("c.txt", format!("{}needle{}", "-".repeat(500), "-".repeat(500)));
    let all = world.text("search_files", json!({"pattern": "needle", "ignore_case": true})).await;
    assert!(all.starts_with("a/b.md:2: the Needle\nc.txt:1: -"), "{all}");
    assert!(all.contains("needle") && all.lines().count() == 2 && all.len() < 450, "{all}");
    let md = world.text("search_files", json!({"pattern": "[Nn]eedle", "glob": "**/*.md"})).await;
    assert_eq!(md, "a/b.md:2: the Needle\n");
    assert_eq!(
        world.text("search_files", json!({"pattern": "^hay$", "path": "a/b.md"})).await,
        "a/b.md:1: hay\n"
    );
    assert_eq!(world.text("search_files", json!({"pattern": "nothing"})).await, "[no line matches]\n");
    assert!(world.plan("search_files", json!({"pattern": "("})).is_err());
    assert!(world.plan("search_files", json!({"pattern": "(a{1000}){1000}"})).is_err());
    world.file("many", "needle\n".repeat(super::search::MATCHES_MAX + 1));
    let many = world.text("search_files", json!({"pattern": "needle", "path": "many"})).await;
    assert!(many.ends_with("[more than 200 lines match; narrow it down]\n"), "{many}");
}
