//! Which folders of a person are taken.

use std::fs;
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn a_folder_of_a_project_is_taken_and_nothing_that_is_more() {
    let base = tempfile::Builder::new().prefix("capuchin-roots").tempdir().unwrap();
    let base = fs::canonicalize(base.path()).map(|path| (base, path)).unwrap();
    let path = &base.1;
    let home = Home::locate(Some(&path.join("home"))).unwrap();
    home.prepare().unwrap();
    for folder in ["project", ".ssh/keys", "home/data/more"] {
        fs::create_dir_all(path.join(folder)).unwrap();
    }
    fs::write(path.join("file"), "").unwrap();
    symlink("project", path.join("link")).unwrap();
    symlink("/etc", path.join("etc")).unwrap();
    let checked = |name: &str| check(path.join(name).to_str().unwrap(), &home);
    assert_eq!(checked("project").unwrap(), path.join("project"));
    assert_eq!(checked("project/../project/").unwrap(), path.join("project"));
    assert_eq!(checked("link").unwrap(), path.join("project"), "the folder itself is taken, not the link");
    for (name, why) in [
        ("none", NoRoot::NoFolder),
        ("file", NoRoot::NoFolder),
        ("etc", NoRoot::TooWide),
        (".ssh", NoRoot::Hidden),
        (".ssh/keys", NoRoot::Hidden),
        ("home", NoRoot::OfDaemon),
        ("home/data", NoRoot::OfDaemon),
        ("home/data/more", NoRoot::OfDaemon),
        ("", NoRoot::OfDaemon),
    ] {
        assert_eq!(checked(name), Err(why), "{name}");
    }
    for (text, why) in [
        ("", NoRoot::NoPath),
        ("project", NoRoot::NoPath),
        ("../project", NoRoot::NoPath),
        ("~/project", NoRoot::NoPath),
        ("/tmp/a\nb", NoRoot::NoPath),
        ("/", NoRoot::TooWide),
        ("/tmp", NoRoot::TooWide),
        ("/etc", NoRoot::TooWide),
        ("/usr/share", NoRoot::TooWide),
        ("/proc/self", NoRoot::TooWide),
        ("/var/lib", NoRoot::TooWide),
        ("/tmp/../etc", NoRoot::TooWide),
    ] {
        assert_eq!(check(text, &home), Err(why), "{text}");
    }
}
