//! What may be changed, in every way of changing it.

use super::Scope;
use crate::experiments::changes::{Change, How};

fn scope(patterns: &[&str]) -> Scope {
    Scope::new(&patterns.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn change(path: &str, how: How) -> Change {
    Change { path: path.to_owned(), old_path: None, how, insertions: 1, deletions: 0, link: None }
}

#[test]
fn what_is_not_named_may_not_be_changed() {
    let scope = scope(&["src/**", "*.toml", "!src/generated/**"]);
    for (path, may) in [
        ("src/a.rs", true),
        ("src/deep/er/a.rs", true),
        ("Cargo.toml", true),
        ("sub/Cargo.toml", false),
        ("src/generated/a.rs", false),
        ("tests/a.rs", false),
        ("srcs/a.rs", false),
        ("src", false),
    ] {
        assert_eq!(scope.allows(path), may, "{path}");
    }
    assert!(!Scope::new(&[]).unwrap().allows("a"));
}

#[test]
fn every_way_of_changing_a_file_counts() {
    let scope = scope(&["src/**"]);
    for how in [How::Added, How::Changed, How::Deleted, How::Renamed, How::Mode, How::Kind] {
        assert_eq!(scope.violations(&[change("src/a", how)]), Vec::<String>::new());
        assert_eq!(scope.violations(&[change("src/a", How::Changed), change("b", how)]).len(), 1, "{how:?}");
    }
    let out = Change { old_path: Some("tests/a".to_owned()), ..change("src/a", How::Renamed) };
    assert_eq!(scope.violations(&[out]).len(), 1, "a file that was moved into the scope is gone elsewhere");
}

#[test]
fn a_link_that_leads_out_is_refused_and_one_that_stays_is_not() {
    let scope = scope(&["src/**"]);
    for (target, out) in [
        ("/etc/passwd", true),
        ("../../secret", true),
        ("../README.md", false),
        ("../src/../../secret", true),
        ("b.rs", false),
        ("./deep/../b.rs", false),
    ] {
        let link = Change { link: Some(target.to_owned()), ..change("src/a", How::Added) };
        assert_eq!(!scope.violations(&[link]).is_empty(), out, "{target}");
    }
}

#[test]
fn patterns_that_leave_the_workspace_are_none() {
    for pattern in ["/etc/*", "../a", "a/../../b", "", "!", "a["] {
        assert!(Scope::new(&[pattern.to_owned()]).is_err(), "{pattern:?}");
    }
}
