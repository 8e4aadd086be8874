//! The sweep at start: it ends what is on record with its start time, and nobody else.

use std::process::{Child, Command, Stdio};

use super::*;

/// A shell with a child of its own. Both end by themselves after a minute.
fn tree() -> Child {
    Command::new("sh").args(["-c", "sleep 60 & echo; wait"]).stdout(Stdio::piped()).spawn().unwrap()
}

/// Waits until it has started its child.
fn started(tree: &mut Child) -> u32 {
    use std::io::Read as _;
    tree.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let [child] = below(tree.id())[..] else { panic!("{:?}", below(tree.id())) };
    child
}

#[test]
fn what_is_on_record_is_ended_with_everything_below_it() {
    let state = tempfile::tempdir().unwrap();
    let mut tree = tree();
    let child = started(&mut tree);
    std::mem::forget(Record::write(state.path(), tree.id(), None));
    fs::create_dir(state.path().join("1-2.tmp")).unwrap();
    assert_eq!(sweep(state.path()), 1);
    assert!(!tree.wait().unwrap().success());
    while start_time(child).is_some() {
        std::thread::yield_now();
    }
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0, "records and folders are gone");
    assert_eq!(sweep(state.path()), 0);
}

#[test]
fn another_process_with_the_same_id_is_left_alone() {
    let state = tempfile::tempdir().unwrap();
    let mut tree = tree();
    started(&mut tree);
    let begun = start_time(tree.id()).unwrap();
    for record in [(begun + 1).to_string(), String::new(), "garbage".to_owned()] {
        fs::write(state.path().join(tree.id().to_string()), record).unwrap();
        assert_eq!(sweep(state.path()), 0);
        assert!(tree.try_wait().unwrap().is_none(), "it runs");
    }
    end_tree(tree.id());
    tree.wait().unwrap();
}

#[test]
fn a_record_ends_with_its_child_and_takes_its_folder_along() {
    let state = tempfile::tempdir().unwrap();
    let tmp = state.path().join("1-2.tmp");
    fs::create_dir(&tmp).unwrap();
    let record = Record::write(state.path(), std::process::id(), Some(tmp));
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 2);
    drop(record);
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0);
}
