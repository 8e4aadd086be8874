//! A full disk, a disk that fails, and what SQLite's codes mean to a caller.

use crate::db::{DbError, DbOptions, TenantTx};

use super::support::{Store, hold_writer, home, note, notes, patient, sqlite_says};

/// A row that needs some ten pages.
fn large(tx: &mut TenantTx<'_>, key: &str) -> Result<(), DbError> {
    let filler = format!("{{\"filler\":\"{}\"}}", "x".repeat(40_000));
    crate::db::remember_key(tx, ("test", key), &[0; 32], &filler, 0)
}

fn small_disk() -> DbOptions {
    DbOptions { pages_max: Some(400), ..patient() }
}

async fn fill(store: &Store) -> usize {
    for n in 0..1_000 {
        match store.db.write(&home(), move |tx| large(tx, &format!("large {n:03}"))).await {
            Ok(()) => {}
            Err(DbError::DiskFull) => return n,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk never was full");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_what_was_stored_and_works_again_with_space() {
    let store = Store::with(small_disk());
    let stored = fill(&store).await;
    assert!(stored > 0);
    assert_eq!(notes(&store.db).await.len(), stored);
    assert!(matches!(store.db.write(&home(), |tx| large(tx, "still full")).await, Err(DbError::DiskFull)));
    let freed = store.db.write(&home(), |tx| {
        tx.execute("DELETE FROM idempotency WHERE tenant = ?1 AND key < 'large 003'", &[])
    });
    freed.await.map_err(|error: DbError| error).unwrap();
    store.db.write(&home(), |tx| large(tx, "fits again")).await.unwrap();
    assert_eq!(store.db.integrity_check().await.unwrap(), Vec::<String>::new());
    store.run.stop().await.unwrap();
}

#[tokio::test]
async fn jobs_that_share_a_batch_with_a_full_disk_are_all_told_and_none_is_half_there() {
    let store = Store::with(small_disk());
    fill(&store).await;
    let before = notes(&store.db).await;
    let release = hold_writer(&store.db);
    let first = store.db.write(&home(), |tx| note(tx, "a small one"));
    let too_much = store.db.write(&home(), |tx| large(tx, "too much"));
    drop(release);
    // The same answer for both whichever way SQLite gave up: nobody is told of a commit that was none.
    let (first, too_much) = (first.await, too_much.await);
    assert!(matches!(too_much, Err(DbError::DiskFull)));
    let mut expected = before;
    if first.is_ok() {
        expected.insert(0, "a small one".to_owned());
    }
    assert_eq!(notes(&store.db).await, expected);
}

#[tokio::test]
async fn a_job_that_hides_a_full_disk_fails_all_the_same() {
    let store = Store::with(small_disk());
    fill(&store).await;
    let hiding = store.db.write(&home(), |tx| {
        assert!(matches!(large(tx, "hidden"), Err(DbError::DiskFull)));
        Ok::<_, DbError>(())
    });
    assert!(matches!(hiding.await, Err(DbError::DiskFull)));
}

#[tokio::test]
async fn a_failed_sync_answers_the_whole_batch_stops_the_writer_and_is_never_retried() {
    let store = Store::with(patient());
    store.db.write(&home(), |tx| note(tx, "before")).await.unwrap();
    let release = hold_writer(&store.db);
    let batch: Vec<_> =
        (0..3).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("lost {n}")))).collect();
    store.db.faults().fail_next_commit(sqlite_says(1_034));
    drop(release);
    for write in batch {
        assert!(matches!(write.await, Err(DbError::Io(_))));
    }
    assert!(matches!(store.run.await, Err(DbError::Io(_))));
    let refused = store.db.write(&home(), |tx| note(tx, "refused")).await;
    assert!(matches!(refused, Err(DbError::Unavailable)));
    assert_eq!(notes(&store.db).await, ["before"]);

    let _run = store.db.start_writer().unwrap();
    assert_eq!(store.db.stats().wal_bytes, 0, "the log was carried over before the first write");
    store.db.write(&home(), |tx| note(tx, "and after")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["and after", "before"]);
    assert_eq!(store.db.integrity_check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_waits_behind_a_failed_sync_is_answered_too() {
    let store = Store::with(DbOptions { batch_jobs_max: 1, ..DbOptions::default() });
    let release = hold_writer(&store.db);
    store.db.faults().fail_next_commit(sqlite_says(1_034));
    let behind: Vec<_> =
        (0..3).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("{n}")))).collect();
    drop(release);
    for write in behind {
        assert!(matches!(write.await, Err(DbError::Io(_))));
    }
    assert!(notes(&store.db).await.is_empty());
}

#[tokio::test]
async fn a_full_disk_at_the_commit_leaves_the_writer_alive() {
    let store = Store::new();
    store.db.faults().fail_next_commit(DbError::DiskFull);
    assert!(matches!(store.db.write(&home(), |tx| note(tx, "full")).await, Err(DbError::DiskFull)));
    store.db.write(&home(), |tx| note(tx, "space")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["space"]);
}

#[tokio::test]
async fn a_damaged_file_is_refused_after_a_failure() {
    let store = Store::new();
    for n in 0..200 {
        store.db.write(&home(), move |tx| note(tx, &format!("{n:03}"))).await.unwrap();
    }
    let path = store.path();
    store.run.stop().await.unwrap();
    let run = store.db.start_writer().unwrap();
    store.db.faults().fail_next_commit(sqlite_says(1_034));
    assert!(store.db.write(&home(), |tx| note(tx, "lost")).await.is_err());
    assert!(run.await.is_err());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40_960].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(store.db.start_writer(), Err(DbError::Corrupt(_))));
    assert!(matches!(store.db.start_writer(), Err(DbError::Corrupt(_))), "and it stays refused");
}

#[test]
fn each_code_of_sqlite_is_the_decision_that_a_caller_can_take() {
    let kind = |code| match sqlite_says(code) {
        DbError::DiskFull => "full",
        DbError::Io(_) => "io",
        DbError::Busy => "busy",
        DbError::Corrupt(_) => "corrupt",
        DbError::Timeout => "timeout",
        DbError::Duplicate(_) => "duplicate",
        DbError::Constraint(_) => "constraint",
        _ => "other",
    };
    let table = [
        (13, "full"),
        (4_874, "full"),
        (10, "io"),
        (1_034, "io"),
        (8, "io"),
        (5, "busy"),
        (6, "busy"),
        (11, "corrupt"),
        (26, "corrupt"),
        (9, "timeout"),
        (2_067, "duplicate"),
        (1_555, "duplicate"),
        (787, "constraint"),
        (275, "constraint"),
        (1, "other"),
    ];
    for (code, expected) in table {
        assert_eq!(kind(code), expected, "code {code}");
    }
}
