//! Which folders a home uses, and which it refuses.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{Home, HomeError};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_home_has_private_folders_under_one_root() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("deep/home");
    let home = Home::locate(Some(&root)).unwrap();
    home.prepare().unwrap();
    for name in ["config", "keys", "data", "cache", "run"] {
        assert_eq!(mode(&root.join(name)), 0o700, "{name}");
    }
    assert_eq!(mode(&root), 0o700);
    home.prepare().unwrap();
    assert!(!home.is_set_up());
    fs::write(home.database(), "").unwrap();
    assert!(home.is_set_up());
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(parent.path())).unwrap();
    home.prepare().unwrap();
    for bad in [0o720, 0o702, 0o777] {
        fs::set_permissions(&home.data, fs::Permissions::from_mode(bad)).unwrap();
        assert!(
            matches!(home.prepare(), Err(HomeError::WritableByOthers(path)) if path == home.data),
            "{bad:o}"
        );
    }
    fs::set_permissions(&home.data, fs::Permissions::from_mode(0o755)).unwrap();
    home.prepare().unwrap();
}

#[test]
fn a_symbolic_link_is_refused_even_to_a_good_folder() {
    let parent = tempfile::tempdir().unwrap();
    let good = parent.path().join("good");
    fs::create_dir(&good).unwrap();
    let link = parent.path().join("link");
    symlink(&good, &link).unwrap();
    let refused = Home::locate(Some(&link)).unwrap().prepare();
    assert!(matches!(refused, Err(HomeError::Symlink(path)) if path == link));
}

#[test]
fn a_file_in_the_place_of_a_folder_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("run"), "").unwrap();
    let refused = Home::locate(Some(parent.path())).unwrap().prepare();
    assert!(matches!(refused, Err(HomeError::NotAFolder(_))));
}

#[test]
fn a_path_that_no_socket_address_can_hold_is_refused_before_anything_is_made() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("x".repeat(100));
    let refused = Home::locate(Some(&root)).unwrap().prepare();
    assert!(matches!(refused, Err(HomeError::PathTooLong(_))));
    assert!(!root.exists());
}
