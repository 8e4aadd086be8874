//! Which files are meant, on real folders.

use std::fs;
use std::os::unix::fs::symlink;

use super::{GLOB_BYTES_MAX, GLOBS_MAX, OPTED_BYTES_MAX, files, globs, means, text};
use crate::workspaces::files::{Folder, WorkspacePath};

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|glob| (*glob).to_owned()).collect()
}

#[test]
fn globs_are_taken_as_they_are_meant_or_refused() {
    assert_eq!(
        globs(owned(&[" docs/**/*.md ", "./docs/**/*.md", "*.txt"])).unwrap(),
        ["docs/**/*.md", "*.txt"]
    );
    assert!(globs(Vec::new()).unwrap().is_empty());
    for wrong in ["", "  ", "/etc/*", "../*", "a/../b", "a[", "{a"] {
        assert!(globs(owned(&[wrong])).is_err(), "{wrong}");
    }
    let long = "a".repeat(GLOB_BYTES_MAX);
    assert!(globs(vec![long.clone()]).is_ok() && globs(vec![format!("{long}a")]).is_err());
    let many = |n: usize| (0..n).map(|n| format!("{n}.md")).collect();
    assert!(globs(many(GLOBS_MAX)).is_ok() && globs(many(GLOBS_MAX + 1)).is_err());
}

#[test]
fn only_what_is_meant_is_found_and_never_through_a_link() {
    let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = folder.path();
    fs::write(outside.path().join("secret.md"), "outside").unwrap();
    for below in ["docs/deep", "docs/.hidden", ".git", "built"] {
        fs::create_dir_all(at.join(below)).unwrap();
    }
    let largest = usize::try_from(OPTED_BYTES_MAX).unwrap();
    for (path, bytes) in [
        ("docs/a.md", 1),
        ("docs/deep/b.md", 1),
        ("docs/largest.md", largest),
        ("docs/too_large.md", largest + 1),
        ("docs/.hidden/c.md", 1),
        ("docs/.d.md", 1),
        ("docs/e.rs", 1),
        ("docs/ignored.md", 1),
        ("docs/deep/kept.md", 1),
        (".git/f.md", 1),
        ("built/g.md", 1),
        ("h.md", 1),
    ] {
        fs::write(at.join(path), "x".repeat(bytes)).unwrap();
    }
    fs::write(at.join(".gitignore"), "built/\nkept.md\n").unwrap();
    fs::write(at.join("docs/.gitignore"), "ignored.md\n").unwrap();
    fs::write(at.join("docs/deep/.gitignore"), "!kept.md\n").unwrap();
    symlink(outside.path().join("secret.md"), at.join("docs/link.md")).unwrap();
    symlink(outside.path(), at.join("docs/linked")).unwrap();
    let folder = Folder::open(at).unwrap();
    let found = |globs: &[&str]| -> Vec<String> {
        files(&folder, &owned(globs)).unwrap().into_iter().map(|file| file.path).collect()
    };
    assert_eq!(
        found(&["docs/**/*.md"]),
        ["docs/a.md", "docs/deep/b.md", "docs/deep/kept.md", "docs/largest.md"]
    );
    assert_eq!(found(&["docs/*.md"]), ["docs/a.md", "docs/largest.md"]);
    assert_eq!(found(&["h.md", "*.rs"]), ["docs/e.rs", "h.md"]);
    assert!(found(&[]).is_empty());
    let said = |path: &str| text(&folder, &WorkspacePath::parse(path, at).unwrap());
    assert_eq!(said("docs/a.md").as_deref(), Some("x"));
    for none in ["docs/link.md", "docs/linked/secret.md", "docs/too_large.md", "docs/none.md"] {
        assert_eq!(said(none), None, "{none}");
    }
    fs::write(at.join("h.md"), [0xff, 0xfe]).unwrap();
    assert_eq!(said("h.md"), None, "no text");
    let globs = owned(&["docs/**/*.md"]);
    assert!(means(&globs, "docs/a.md") && !means(&globs, "docs/.hidden/c.md") && !means(&globs, "h.md"));
}

#[test]
fn a_file_that_is_another_has_another_state() {
    let folder = tempfile::tempdir().unwrap();
    let (path, globs) = (folder.path().join("a.md"), owned(&["a.md"]));
    let state = || files(&Folder::open(folder.path()).unwrap(), &globs).unwrap()[0].state.clone();
    fs::write(&path, "one").unwrap();
    let first = state();
    assert_eq!(state(), first);
    fs::write(&path, "longer").unwrap();
    assert_ne!(state(), first);
}
