//! Snapshots, real differences, and the way into a workspace and back.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::{WorkError, Workbench};
use crate::experiments::changes::How;
use crate::experiments::scope::Scope;

struct Place {
    _home: tempfile::TempDir,
    workspace: tempfile::TempDir,
    bench: Workbench,
    base: String,
}

fn place() -> Place {
    let (home, workspace) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = workspace.path();
    fs::create_dir_all(at.join("src/deep")).unwrap();
    fs::create_dir_all(at.join(".git/hooks")).unwrap();
    fs::create_dir_all(at.join("target")).unwrap();
    for (path, text) in [
        ("src/a.txt", "one\ntwo\nthree\nfour\nfive\n"),
        ("src/deep/b.txt", "b\n"),
        ("tests.txt", "must stay\n"),
        (".gitignore", "target/\n*.log\n"),
        ("target/big", "made again\n"),
        ("noise.log", "noise\n"),
        (".git/hooks/post-checkout", "#!/bin/sh\ntouch /tmp/never\n"),
    ] {
        fs::write(at.join(path), text).unwrap();
    }
    symlink("src/a.txt", at.join("link")).unwrap();
    fs::set_permissions(at.join("src/deep/b.txt"), fs::Permissions::from_mode(0o755)).unwrap();
    let bench = Workbench::new(home.path().join("experiment"));
    let base = bench.snapshot(at).unwrap();
    Place { _home: home, workspace, bench, base }
}

/// Every file below a folder with its content, its mode and where it leads.
fn state(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if meta.is_dir() {
                todo.push(path);
            } else if meta.is_symlink() {
                all.push((name, fs::read_link(&path).unwrap().display().to_string()));
            } else {
                let runs = meta.permissions().mode() & 0o100 != 0;
                all.push((name, format!("{runs} {}", fs::read_to_string(&path).unwrap())));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn a_snapshot_holds_the_files_and_neither_what_git_ignores_nor_its_own_folder() {
    let place = place();
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    let names: Vec<String> = state(&folder).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".gitignore", "link", "src/a.txt", "src/deep/b.txt", "tests.txt"]);
    assert!(state(&folder).contains(&("src/deep/b.txt".to_owned(), "true b\n".to_owned())));
    assert!(state(&folder).contains(&("link".to_owned(), "src/a.txt".to_owned())));
}

#[test]
fn the_real_difference_shows_whatever_was_done() {
    let place = place();
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    fs::write(folder.join("new.txt"), "new\n").unwrap();
    fs::remove_file(folder.join("tests.txt")).unwrap();
    // Through a link that was there: the file behind it is what changed.
    fs::write(folder.join("link"), "one\ntwo\nthree\nfour\nsix\n").unwrap();
    fs::set_permissions(folder.join("src/deep/b.txt"), fs::Permissions::from_mode(0o644)).unwrap();
    symlink("/etc/passwd", folder.join("src/out")).unwrap();
    // A rule that hides itself and more does not count: the rules are those of the commit.
    fs::write(folder.join(".gitignore"), "*\n").unwrap();
    fs::write(folder.join("noise.log"), "left out\n").unwrap();
    let tree = place.bench.take_in("work-1", &place.base).unwrap();
    let changes = place.bench.changes(&place.base, &tree).unwrap();
    let found: Vec<(&str, How)> = changes.iter().map(|one| (one.path.as_str(), one.how)).collect();
    assert_eq!(
        found,
        [
            (".gitignore", How::Changed),
            ("new.txt", How::Added),
            ("src/a.txt", How::Changed),
            ("src/deep/b.txt", How::Mode),
            ("src/out", How::Added),
            ("tests.txt", How::Deleted),
        ]
    );
    let scope = Scope::new(&["src/**".to_owned()]).unwrap();
    assert_eq!(scope.violations(&changes).len(), 4, "{:?}", scope.violations(&changes));
    let patch = place.bench.patch(&place.base, &tree, 1 << 20).unwrap();
    assert!(patch.contains("-five\n+six\n"), "{patch}");
    assert!(place.bench.patch(&place.base, &tree, 40).unwrap().contains("cut"));
}

#[test]
fn what_is_accepted_goes_into_the_workspace_and_comes_out_again() {
    let place = place();
    let before = state(place.workspace.path());
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    fs::write(folder.join("src/a.txt"), "other\n").unwrap();
    fs::remove_file(folder.join("src/deep/b.txt")).unwrap();
    fs::create_dir_all(folder.join("src/more/and")).unwrap();
    fs::write(folder.join("src/more/and/c.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(folder.join("src/more/and/c.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(folder.join("link")).unwrap();
    symlink("src/more", folder.join("link")).unwrap();
    let tree = place.bench.take_in("work-1", &place.base).unwrap();
    let at = place.workspace.path();
    assert_eq!(place.bench.apply(at, &place.base, &tree).unwrap(), 4);
    assert_eq!(fs::read_to_string(at.join("src/a.txt")).unwrap(), "other\n");
    assert!(!at.join("src/deep").exists(), "a folder without files goes with the last one");
    assert_eq!(fs::metadata(at.join("src/more/and/c.sh")).unwrap().permissions().mode() & 0o100, 0o100);
    assert_eq!(fs::read_link(at.join("link")).unwrap(), Path::new("src/more"));
    assert_eq!(place.bench.apply(at, &place.base, &tree).unwrap(), 0, "what was cut off can be done again");
    assert_eq!(place.bench.apply(at, &tree, &place.base).unwrap(), 4);
    assert_eq!(state(at), before, "every file is as it was");
}

#[test]
fn a_file_that_changed_meanwhile_is_a_conflict_and_nothing_is_written() {
    let place = place();
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    fs::write(folder.join("src/a.txt"), "mine\n").unwrap();
    fs::write(folder.join("tests.txt"), "mine\n").unwrap();
    let tree = place.bench.take_in("work-1", &place.base).unwrap();
    fs::write(place.workspace.path().join("src/a.txt"), "theirs\n").unwrap();
    let before = state(place.workspace.path());
    let refused = place.bench.apply(place.workspace.path(), &place.base, &tree);
    assert!(matches!(refused, Err(WorkError::Conflict(files)) if files == ["src/a.txt"]));
    assert_eq!(state(place.workspace.path()), before);
}

#[test]
fn a_folder_that_became_a_link_is_never_written_through() {
    let place = place();
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    fs::write(folder.join("src/a.txt"), "mine\n").unwrap();
    let tree = place.bench.take_in("work-1", &place.base).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("a.txt"), "one\ntwo\nthree\nfour\nfive\n").unwrap();
    fs::rename(place.workspace.path().join("src"), place.workspace.path().join("was")).unwrap();
    symlink(elsewhere.path(), place.workspace.path().join("src")).unwrap();
    let refused = place.bench.apply(place.workspace.path(), &place.base, &tree);
    assert!(matches!(refused, Err(WorkError::Conflict(_))), "{refused:?}");
    assert!(fs::read_to_string(elsewhere.path().join("a.txt")).unwrap().starts_with("one"));
}

#[test]
fn a_folder_without_permissions_is_removed_all_the_same() {
    let place = place();
    let folder = place.bench.checkout(&place.base, "work-1").unwrap();
    fs::set_permissions(folder.join("src"), fs::Permissions::from_mode(0o000)).unwrap();
    place.bench.remove("work-1").unwrap();
    assert!(!place.bench.has("work-1"));
    place.bench.checkout(&place.base, "work-2").unwrap();
    place.bench.sweep().unwrap();
    assert!(!place.bench.has("work-2") && place.bench.has("repository.git"));
}
