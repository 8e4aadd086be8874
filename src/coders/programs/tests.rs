//! What programs are started with, and how they are found.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

mod known;

use super::launch::Launch;
use super::*;
use crate::coders::door::Passage;
use crate::config::backends::{BackendConfig, ProgramSettings};

fn settings(kind: BackendKind) -> ProgramSettings {
    BackendConfig::new(kind).program("coder").unwrap()
}

fn passage() -> Passage {
    let address: SocketAddr = "127.0.0.1:4000".parse().unwrap();
    Passage::new((address, "http://127.0.0.1:4000/p".to_owned()), "throw-away".to_owned(), ())
}

fn launched(kind: BackendKind, passage: Option<&Passage>) -> Launch {
    let (settings, session) = (settings(kind), Session::New("s-1".to_owned()));
    let home = Path::new("/home/coder");
    let instructions = "be brief";
    launch(&Launching {
        settings: &settings,
        home,
        session: &session,
        model: Some("m-1"),
        instructions,
        passage,
    })
}

const KINDS: [BackendKind; 6] = [
    BackendKind::Claude,
    BackendKind::Codex,
    BackendKind::GeminiCli,
    BackendKind::Opencode,
    BackendKind::Copilot,
    BackendKind::Acp,
];

#[test]
fn every_program_gets_the_address_and_the_token_of_its_passage_and_nothing_without_one() {
    for kind in KINDS {
        let passage = passage();
        let with = launched(kind, Some(&passage));
        let said = |launch: &Launch| format!("{:?} {:?}", launch.env, launch.files);
        assert!(said(&with).contains("throw-away"), "{kind:?}");
        assert!(said(&with).contains("http://127.0.0.1:4000/p"), "{kind:?}");
        assert!(!with.args.iter().any(|arg| arg.contains("throw-away")), "arguments are in sight: {kind:?}");
        let without = launched(kind, None);
        assert!(!said(&without).contains("4000") && !said(&without).contains("throw-away"), "{kind:?}");
        let env: BTreeMap<_, _> = without.env.into_iter().collect();
        assert_eq!(env.get("HOME").map(String::as_str), Some("/home/coder"), "{kind:?}");
    }
}

#[test]
fn claude_takes_up_the_session_that_it_is_told() {
    let (settings, session) = (settings(BackendKind::Claude), Session::Earlier("s-9".to_owned()));
    let launching = Launching {
        settings: &settings,
        home: Path::new("/h"),
        session: &session,
        model: None,
        instructions: "",
        passage: None,
    };
    let args = launch(&launching).args.join(" ");
    assert!(
        args.contains("--resume s-9") && !args.contains("--session-id") && !args.contains("--model"),
        "{args}"
    );
    assert!(launched(BackendKind::Claude, None).args.join(" ").contains("--session-id s-1 --model m-1"));
}

#[test]
fn versions_are_found_in_what_programs_print() {
    for (printed, version) in [
        ("2.1.330 (Claude Code)", Some([2, 1, 330])),
        ("codex-cli 0.169.0", Some([0, 169, 0])),
        ("v1.18.33\n", Some([1, 18, 33])),
        ("GitHub Copilot CLI 1.0.102 (build 7)", Some([1, 0, 102])),
        ("no version 12", None),
        ("", None),
    ] {
        assert_eq!(version_of(printed), version, "{printed}");
    }
}

fn put(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn path_of(folders: &[PathBuf]) -> SearchPath {
    SearchPath::new(Some(&std::env::join_paths(folders).unwrap()), None)
}

#[test]
fn a_program_is_found_behind_its_link_with_what_it_is_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let modules = root.join("lib/node_modules");
    put(&modules.join("@google/gemini-cli/dist/index.js"), "#!/usr/bin/env -S node --x\n1\n");
    put(&root.join("node/bin/node"), "\u{7f}ELF");
    std::fs::create_dir_all(root.join("bin")).unwrap();
    std::os::unix::fs::symlink(modules.join("@google/gemini-cli/dist/index.js"), root.join("bin/gemini"))
        .unwrap();
    let path = path_of(&[root.join("bin"), root.join("node/bin")]);
    let found = find(&settings(BackendKind::GeminiCli), &path).unwrap();
    assert_eq!(found.program, modules.join("@google/gemini-cli/dist/index.js"));
    assert_eq!(found.read, [modules, root.join("node/bin/node")]);
    assert_eq!(found.path, [root.join("node/bin")]);
}

#[test]
fn a_missing_program_is_told_with_what_to_do() {
    let nobody =
        ProgramSettings { command: Some("/nowhere/claude".to_owned()), ..settings(BackendKind::Claude) };
    let said = find(&nobody, &path_of(&[])).unwrap_err();
    assert!(said.contains("npm install -g @anthropic-ai/claude-code"), "{said}");
    assert!(said.contains("[backends.coder]"), "{said}");
}

#[test]
fn who_is_signed_in_is_told_by_a_file_of_the_program() {
    let home = tempfile::tempdir().unwrap();
    let claude = settings(BackendKind::Claude);
    assert_eq!(is_signed_in(&claude, home.path()), Some(false));
    put(&home.path().join(".claude/.credentials.json"), "{}");
    assert_eq!(is_signed_in(&claude, home.path()), Some(true));
    assert_eq!(is_signed_in(&settings(BackendKind::Acp), home.path()), None);
}
