//! Jobs: order, isolation, limits.

use crate::db::{DbError, DbOptions};

use super::support::{Store, home, note, notes};

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
