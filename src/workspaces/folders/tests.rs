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

fn workspace() -> Workspace {
    Workspace {
        id: WorkspaceId::new(),
        name: "w".into(),
        assistant_id: None,
        root: None,
        indexed_files: Vec::new(),
        is_default: false,
        version: 1,
        created_ms: 0,
        updated_ms: 0,
    }
}

#[tokio::test]
async fn a_folder_of_a_person_is_used_and_stays() {
    let (_home, folders) = folders();
    let theirs = tempfile::tempdir().unwrap();
    fs::write(theirs.path().join("a"), "x").unwrap();
    let tenant = TenantId::home();
    let workspace = Workspace { root: Some(theirs.path().to_str().unwrap().into()), ..workspace() };
    assert_eq!(*folders.open(&tenant, &workspace).unwrap(), *theirs.path());
    folders.remove(&tenant, workspace.id).await;
    assert!(theirs.path().join("a").exists());
}

#[tokio::test]
async fn a_folder_is_private_and_is_removed_alone() {
    let (_home, folders) = folders();
    let (tenant, one, other) = (TenantId::home(), workspace(), workspace());
    let path = folders.open(&tenant, &one).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(folders.open(&tenant, &one).unwrap(), path);
    fs::create_dir(path.join("a")).unwrap();
    fs::write(path.join("a/b"), "x").unwrap();
    let kept = folders.open(&tenant, &other).unwrap();
    fs::write(kept.join("c"), "x").unwrap();
    symlink(&kept, path.join("link")).unwrap();

    folders.remove(&tenant, one.id).await;
    assert!(!path.exists());
    assert!(kept.join("c").exists());
    folders.remove(&tenant, one.id).await;
}

#[test]
fn a_link_in_the_place_of_a_folder_is_refused() {
    let (home, folders) = folders();
    let (tenant, id) = (TenantId::home(), workspace());
    let path = folders.open(&tenant, &id).unwrap();
    fs::remove_dir(&path).unwrap();
    symlink(home.path(), &path).unwrap();
    assert!(matches!(folders.open(&tenant, &id), Err(HomeError::Symlink(_))));
}
