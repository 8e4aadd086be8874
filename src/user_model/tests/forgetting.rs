//! Forget me: nothing of it is in any file, and no copy from before opens.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::protocol::ids::{ThreadId, TurnId};
use crate::turns;
use crate::workspaces::Workspaces;

/// Whether any file below a folder has these bytes.
fn is_anywhere(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(is_anywhere(&path, word));
        } else if fs::read(&path)
            .unwrap()
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            assert!(fs::copy(&path, to.join(name)).is_ok());
        }
    }
}

/// A turn of which a prompt was told something, as its runner stores it.
async fn tell_a_thread(desk: &Desk) {
    let told = desk.told("What should I plant?", &[]).await.injections.remove(0);
    assert!(told.text.contains("quokkaville"), "{}", told.text);
    let home = crate::config::Home::locate(Some(desk.home.path())).unwrap();
    let workspace = Workspaces::new(desk.db.clone(), &home).ensure_default(&desk.tenant).await.unwrap().id;
    let (thread, turn) = (ThreadId::new(), TurnId::new());
    let write = desk.db.write(&desk.tenant, move |tx| {
        tx.execute(
            "INSERT INTO threads (tenant, id, workspace_id, created_ms, updated_ms) VALUES (?1, ?2, ?3, 0, 0)",
            &[&thread, &workspace],
        )?;
        tx.execute(
            "INSERT INTO turns (tenant, id, thread_id, message_id, source, state, epoch, created_ms)
             VALUES (?1, ?2, ?3, ?2, 'owner', 'done', 1, 0)",
            &[&turn, &thread],
        )?;
        turns::inject(tx, (thread, turn), &[(false, told)])
    });
    write.await.unwrap();
}

#[tokio::test]
async fn what_is_forgotten_is_in_no_file_and_no_backup_opens_it() {
    let desk = Desk::open().await;
    let (by, me) = (Desk::by(), Person::Owner);
    for _ in 0..3 {
        desk.owner_says("quokkaville xylophonist").await;
    }
    desk.model.add_preference(&by, me, "My dentist is Zanzibarova", None).await.unwrap();
    desk.model.change_topic(&by, me, ("xylophonist", None), (Some("bassoonist"), None)).await.unwrap();
    desk.model.flush().await;
    let planted = ["quokkaville", "xylophonist", "bassoonist", "zanzibarova"];
    let backup = tempfile::tempdir().unwrap();
    desk.db.backup(backup.path().join("capuchin.db")).await.unwrap();
    // Said, and not written yet.
    desk.owner_says("quokkaville aardvarkish").await;
    let late = desk.context(Hook::QueryPost, ("owner", Provenance::Owner), "aardvarkish quokkaville");
    desk.model.forget(&by, me).await.unwrap();
    // A plug that was slower than the person.
    ObservationPlug(desk.model.clone()).call(late).await.unwrap();
    desk.model.flush().await;
    let known = desk.view().await;
    assert!(known.profile.unwrap().is_empty() && known.privacy == Privacy::None);
    let keys = desk.home.path().join("keys/people");
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 0, "the key is gone");
    let Desk { home, writer, .. } = desk;
    writer.stop().await.unwrap();
    for word in planted.iter().chain(&["aardvarkish"]) {
        assert_eq!(is_anywhere(home.path(), word), Vec::<String>::new(), "{word}");
        assert_eq!(
            is_anywhere(backup.path(), word),
            Vec::<String>::new(),
            "{word}: sealed in the backup, too"
        );
    }
    // The backup is put back, beside the root key that opens everything else.
    let restored = tempfile::tempdir().unwrap();
    copy(&home.path().join("keys"), &restored.path().join("keys"));
    copy(backup.path(), &restored.path().join("data"));
    let desk = Desk::at(restored).await;
    let known = desk.view().await;
    assert!(known.profile.is_none(), "it is there, and nothing opens it");
    let still = desk.model.add_preference(&by, me, "x", None).await;
    assert!(matches!(still, Err(UserModelError::Unreadable)));
    assert!(desk.told("What should I plant?", &[]).await.injections.is_empty());
    desk.model.forget(&by, me).await.unwrap();
    desk.model.add_preference(&by, me, "x", None).await.unwrap();
    assert!(desk.view().await.profile.is_some(), "and it begins anew");
}

#[tokio::test]
async fn the_search_for_planted_words_would_find_them() {
    let desk = Desk::open().await;
    desk.owner_says("quokkaville").await;
    desk.model.flush().await;
    tell_a_thread(&desk).await;
    let Desk { home, writer, model, tenant, .. } = desk;
    writer.stop().await.unwrap();
    assert!(!is_anywhere(home.path(), "quokkaville").is_empty(), "what a prompt was told is stored in clear");
    drop((model, tenant));
    let desk = Desk::at(home).await;
    desk.model.forget(&Desk::by(), Person::Owner).await.unwrap();
    let Desk { home, writer, .. } = desk;
    writer.stop().await.unwrap();
    assert!(is_anywhere(home.path(), "quokkaville").is_empty(), "and gone with the rest");
}
