//! Folders of workspaces are private, and go with their workspace.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn folders() -> (tempfile::TempDir, WorkspaceFolders) {
    let parent = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(parent.path())).unwrap();
    home.prepare().unwrap();
    (parent, WorkspaceFolders::new(&home))
}

#[tokio::test]
async fn a_folder_is_private_and_is_removed_alone() {
    let (_home, folders) = folders();
    let (tenant, one, other) = (TenantId::home(), WorkspaceId::new(), WorkspaceId::new());
    let path = folders.open(&tenant, one).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(folders.open(&tenant, one).unwrap(), path);
    fs::create_dir(path.join("a")).unwrap();
    fs::write(path.join("a/b"), "x").unwrap();
    let kept = folders.open(&tenant, other).unwrap();
    fs::write(kept.join("c"), "x").unwrap();
    symlink(&kept, path.join("link")).unwrap();

    folders.remove(&tenant, one).await;
    assert!(!path.exists());
    assert!(kept.join("c").exists());
    folders.remove(&tenant, one).await;
}

#[test]
fn a_link_in_the_place_of_a_folder_is_refused() {
    let (home, folders) = folders();
    let (tenant, id) = (TenantId::home(), WorkspaceId::new());
    let path = folders.open(&tenant, id).unwrap();
    fs::remove_dir(&path).unwrap();
    symlink(home.path(), &path).unwrap();
    assert!(matches!(folders.open(&tenant, id), Err(HomeError::Symlink(_))));
}
