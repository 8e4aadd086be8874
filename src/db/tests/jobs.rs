//! Jobs: order, isolation, limits.

use crate::db::{DbError, DbOptions};

use super::support::{Store, hold_writer, home, note, notes, patient};

#[tokio::test]
async fn a_write_is_there_once_its_future_resolves() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["a"]);
}

#[tokio::test]
async fn a_write_is_queued_at_the_call_and_needs_nobody_to_poll_it() {
    let store = Store::new();
    drop(store.db.write(&home(), |tx| note(tx, "a")));
    store.db.write(&home(), |tx| note(tx, "b")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["a", "b"]);
}

#[tokio::test]
async fn a_job_that_fails_or_panics_takes_only_its_own_changes_with_it() {
    let store = Store::new();
    let good = store.db.write(&home(), |tx| note(tx, "good"));
    let failed = store.db.write(&home(), |tx| {
        note(tx, "failed")?;
        Err::<(), _>(DbError::NoRow)
    });
    let crashed = store.db.write(&home(), |tx| -> Result<(), DbError> {
        note(tx, "crashed")?;
        panic!("a test's crash");
    });
    let last = store.db.write(&home(), |tx| note(tx, "last"));
    good.await.unwrap();
    assert!(matches!(failed.await, Err(DbError::NoRow)));
    assert!(matches!(crashed.await, Err(DbError::Panicked)));
    last.await.unwrap();
    assert_eq!(notes(&store.db).await, ["good", "last"]);
}

#[tokio::test]
async fn jobs_run_in_the_order_of_their_calls() {
    let store = Store::with(DbOptions { batch_jobs_max: 7, ..DbOptions::default() });
    let seen = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
    let mut last = None;
    for number in 0..100 {
        let (seen, hook_seen) = (seen.clone(), seen.clone());
        last = Some(store.db.write(&home(), move |tx| {
            seen.lock().push(("job", number));
            tx.on_commit(move || hook_seen.lock().push(("hook", number)));
            note(tx, &format!("{number:03}"))
        }));
    }
    last.unwrap().await.unwrap();
    store.run.stop().await.unwrap();
    let seen = seen.lock();
    for kind in ["job", "hook"] {
        let order: Vec<i32> = seen.iter().filter(|(of, _)| *of == kind).map(|(_, number)| *number).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn jobs_that_wait_share_one_commit() {
    let store = Store::with(patient());
    store.db.write(&home(), |tx| note(tx, "warm")).await.unwrap();
    let before = store.db.stats();
    let release = hold_writer(&store.db);
    let writes: Vec<_> =
        (0..50).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("{n:02}")))).collect();
    drop(release);
    for write in writes {
        write.await.unwrap();
    }
    let after = store.db.stats();
    assert_eq!(after.batches - before.batches, 1);
    assert_eq!(after.jobs - before.jobs, 51);
    assert_eq!(after.commit_buckets.iter().sum::<u64>(), after.batches);
}

#[tokio::test]
async fn a_batch_takes_as_many_jobs_as_it_may_and_no_more() {
    let store = Store::with(DbOptions { batch_jobs_max: 10, ..patient() });
    let before = store.db.stats().batches;
    let release = hold_writer(&store.db);
    let writes: Vec<_> =
        (0..10).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("{n:02}")))).collect();
    drop(release);
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(store.db.stats().batches - before, 2);
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once_and_takes_jobs_again_later() {
    let store = Store::with(DbOptions { queue_jobs_max: 3, ..patient() });
    let release = hold_writer(&store.db);
    let fits: Vec<_> = (0..3).map(|n| store.db.write(&home(), move |tx| note(tx, &format!("{n}")))).collect();
    assert_eq!(store.db.queue_depth(), 3);
    let over = store.db.write(&home(), |tx| note(tx, "over")).await;
    assert!(matches!(over, Err(DbError::Busy)));
    drop(release);
    for write in fits {
        write.await.unwrap();
    }
    store.db.write(&home(), |tx| note(tx, "later")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["0", "1", "2", "later"]);
}

#[tokio::test]
async fn a_hook_of_a_job_that_failed_never_runs() {
    let store = Store::new();
    let ran = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = ran.clone();
    let failed = store.db.write(&home(), move |tx| {
        tx.on_commit(move || flag.store(true, std::sync::atomic::Ordering::SeqCst));
        Err::<(), _>(DbError::NoRow)
    });
    assert!(failed.await.is_err());
    store.run.stop().await.unwrap();
    assert!(!ran.load(std::sync::atomic::Ordering::SeqCst));
}

#[tokio::test]
async fn a_hook_that_panics_harms_nobody() {
    let store = Store::new();
    let write = store.db.write(&home(), |tx| {
        tx.on_commit(|| panic!("a test's crash"));
        note(tx, "a")
    });
    write.await.unwrap();
    store.db.write(&home(), |tx| note(tx, "b")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["a", "b"]);
}

#[tokio::test]
async fn a_hook_runs_when_its_rows_can_be_read() {
    let store = Store::new();
    let (tell, told) = tokio::sync::oneshot::channel();
    drop(store.db.write(&home(), move |tx| {
        tx.on_commit(move || tell.send(()).unwrap());
        note(tx, "a")
    }));
    told.await.unwrap();
    assert_eq!(notes(&store.db).await, ["a"]);
}
