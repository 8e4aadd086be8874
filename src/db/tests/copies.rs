//! Backup and checks while the store works.

use crate::db::{Db, DbError, DbOptions};

use super::support::{Store, home, note, notes};

#[tokio::test]
async fn a_backup_is_whole_while_writes_go_on() {
    let store = Store::new();
    for n in 0..300 {
        store.db.write(&home(), move |tx| note(tx, &format!("{n:03}"))).await.unwrap();
    }
    let db = store.db.clone();
    let writing = tokio::spawn(async move {
        for n in 300..600 {
            db.write(&home(), move |tx| note(tx, &format!("{n:03}"))).await.unwrap();
        }
    });
    let dest = store.folder.path().join("copy.db");
    let bytes = store.db.backup(&dest).await.unwrap();
    writing.await.unwrap();
    assert_eq!(bytes, std::fs::metadata(&dest).unwrap().len());
    assert!(!dest.with_extension("db.partial").exists());

    let copy = Db::open(&dest, DbOptions::default()).unwrap();
    let found = notes(&copy).await;
    assert!(found.len() >= 300);
    assert!(found.iter().enumerate().all(|(n, key)| *key == format!("{n:03}")), "a prefix, without a hole");
    assert_eq!(copy.integrity_check().await.unwrap(), Vec::<String>::new());
    assert_eq!(notes(&store.db).await.len(), 600);
}

#[tokio::test]
async fn a_backup_never_overwrites_and_cleans_up_after_itself() {
    let store = Store::new();
    let dest = store.folder.path().join("copy.db");
    std::fs::write(&dest, "precious").unwrap();
    assert!(matches!(store.db.backup(&dest).await, Err(DbError::File { .. })));
    assert_eq!(std::fs::read(&dest).unwrap(), b"precious");
    let nowhere = store.folder.path().join("no/such/folder/copy.db");
    assert!(matches!(store.db.backup(&nowhere).await, Err(DbError::File { .. })));
    let left = std::fs::read_dir(store.folder.path()).unwrap().count();
    assert_eq!(left, 2, "the data folder and the precious file");
}

#[tokio::test]
async fn a_check_names_what_is_wrong() {
    let store = Store::new();
    assert_eq!(store.db.integrity_check().await.unwrap(), Vec::<String>::new());
    let conn = rusqlite::Connection::open(store.path()).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute("INSERT INTO usage VALUES ('nobody', '2026-11-21', 'owner', 'b', 'm', 1, 1, 1, 0)", ())
        .unwrap();
    let findings = store.db.integrity_check().await.unwrap();
    assert_eq!(findings, ["a row of usage refers to a row of tenants that does not exist"]);
}
