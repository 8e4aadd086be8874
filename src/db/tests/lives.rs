//! Lives of the writer: start, stop, restart, and the loss of the process.

use std::fs;

use crate::db::{Db, DbError, DbOptions};

use super::support::{Store, hold_writer, home, note, notes};

#[tokio::test]
async fn without_a_writer_a_write_is_refused_at_once_and_reads_go_on() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    store.run.stop().await.unwrap();
    let refused = store.db.write(&home(), |tx| note(tx, "b")).await;
    assert!(matches!(refused, Err(DbError::Unavailable)));
    assert_eq!(notes(&store.db).await, ["a"]);
    assert!(!store.db.stats().writing);
}

#[tokio::test]
async fn the_handle_works_again_after_its_writer_was_started_again() {
    let store = Store::new();
    store.run.stop().await.unwrap();
    let _run = store.db.start_writer().unwrap();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["a"]);
}

#[tokio::test]
async fn a_dropped_writer_finishes_what_was_queued_and_its_successor_waits_for_that() {
    let store = Store::new();
    let release = hold_writer(&store.db);
    let queued: Vec<_> =
        (0..100).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("{n:02}")))).collect();
    drop(store.run);
    let late = store.db.write(&home(), |tx| note(tx, "late")).await;
    assert!(matches!(late, Err(DbError::Unavailable)));
    drop(release);
    let _run = store.db.start_writer().unwrap();
    assert_eq!(notes(&store.db).await.len(), 100);
    for write in queued {
        write.await.unwrap();
    }
}

#[tokio::test]
async fn a_second_writer_is_refused_while_the_first_runs() {
    let store = Store::new();
    assert!(matches!(store.db.start_writer(), Err(DbError::Busy)));
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
}

#[tokio::test]
async fn a_stopped_writer_leaves_everything_in_the_file_itself() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    assert!(store.db.stats().wal_bytes > 0);
    store.run.stop().await.unwrap();
    assert_eq!(store.db.stats().wal_bytes, 0);
}

#[tokio::test]
async fn a_pause_carries_a_long_log_over_into_the_file() {
    let store = Store::with(DbOptions { checkpoint_idle_pages: 1, ..DbOptions::default() });
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    while store.db.stats().checkpoints == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(notes(&store.db).await, ["a"]);
}

#[tokio::test]
async fn a_busy_writer_keeps_its_log_short() {
    let options = DbOptions { checkpoint_busy_pages: 50, ..DbOptions::default() };
    let store = Store::with(options);
    // The migrations' own log is as long as it is: it is written over and does not shrink.
    let migrated = store.db.stats().wal_bytes;
    for n in 0..500 {
        store.db.write(&home(), move |tx| note(tx, &format!("{n:03}"))).await.unwrap();
    }
    let stats = store.db.stats();
    assert!(stats.checkpoints > 0);
    assert!(stats.wal_bytes < migrated + 100 * 4_096, "{} after {migrated}", stats.wal_bytes);
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_loss_of_the_process_at_any_moment() {
    let store = Store::new();
    let (db, elsewhere) = (store.db.clone(), store.folder.path().join("after"));
    let writing = tokio::spawn(async move {
        for n in 0.. {
            if db.write(&home(), move |tx| note(tx, &format!("{n:06}"))).await.is_err() {
                return;
            }
        }
    });
    for moment in 0..5 {
        let acknowledged = store.db.stats().jobs;
        // What a killed process leaves: the file and its log, in the middle of whatever it did.
        fs::create_dir_all(&elsewhere).unwrap();
        let copy = elsewhere.join(format!("{moment}.db"));
        fs::copy(store.path(), &copy).unwrap();
        fs::copy(store.path().with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        let reopened = Db::open(&copy, DbOptions::default()).unwrap();
        let _run = reopened.start_writer().unwrap();
        let found = notes(&reopened).await;
        assert!(found.len() as u64 >= acknowledged);
        assert!(found.iter().enumerate().all(|(n, key)| *key == format!("{n:06}")));
        assert_eq!(reopened.integrity_check().await.unwrap(), Vec::<String>::new());
        reopened.write(&home(), |tx| note(tx, "after")).await.unwrap();
    }
    store.run.stop().await.unwrap();
    writing.await.unwrap();
}
