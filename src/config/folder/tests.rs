//! Nothing but plain files below the handle.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::Folder;

#[test]
fn a_file_is_written_whole_read_back_and_removed() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open_or_make(&place.path().join("a/b")).unwrap();
    assert_eq!(folder.read("x.md", 100).unwrap(), None);
    folder.write("x.md", "one").unwrap();
    folder.write("x.md", "two, häuser").unwrap();
    let read = folder.read("x.md", 100).unwrap().unwrap();
    assert_eq!((read.text.as_str(), read.bytes), ("two, häuser", 12));
    assert!(read.modified_ms > 1_600_000_000_000);
    assert_eq!(folder.read("x.md", 7).unwrap().unwrap().text, "two, h", "no half of a character");
    assert_eq!(folder.names(10).unwrap(), ["x.md"]);
    let mode = fs::metadata(place.path().join("a/b/x.md")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    folder.remove("x.md").unwrap();
    folder.remove("x.md").unwrap();
    assert_eq!(folder.read("x.md", 100).unwrap(), None);
}

#[test]
fn no_name_and_no_link_leads_out() {
    let place = tempfile::tempdir().unwrap();
    let outside = place.path().join("secret");
    fs::write(&outside, "outside").unwrap();
    fs::create_dir(place.path().join("in")).unwrap();
    symlink(&outside, place.path().join("in/link")).unwrap();
    symlink(place.path(), place.path().join("in/up")).unwrap();
    let folder = Folder::open(&place.path().join("in")).unwrap().unwrap();
    for name in ["", ".", "..", "../secret", "a/b", "/etc/passwd", "a\0b"] {
        assert!(folder.read(name, 10).is_err(), "{name:?}");
        assert!(folder.write(name, "x").is_err(), "{name:?}");
        assert!(folder.below(name).is_err(), "{name:?}");
    }
    assert!(folder.read("link", 10).unwrap_err().to_string().contains("link"));
    assert!(folder.below("up").is_err());
    assert!(Folder::open(&place.path().join("in/up")).is_err());
    // A link is replaced, not written through.
    folder.write("link", "mine").unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "outside");
    assert_eq!(folder.read("link", 10).unwrap().unwrap().text, "mine");
}

#[test]
fn what_is_no_plain_file_is_not_read() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap().unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    fs::create_dir(place.path().join("folder")).unwrap();
    assert!(folder.read("pipe", 10).is_err(), "and nothing waits for its writer");
    assert!(folder.read("folder", 10).is_err());
    assert!(Folder::open(&place.path().join("none")).unwrap().is_none());
    assert!(folder.below("none").unwrap().is_none());
}
