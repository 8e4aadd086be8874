//! Reads: limits, isolation from each other, and what they cannot do.

use std::sync::mpsc;
use std::time::Duration;

use crate::db::{DbError, DbOptions};

use super::support::{Store, home, note, notes};

const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
                       SELECT count(*) FROM n WHERE ?1 <> ''";

#[tokio::test]
async fn a_read_that_takes_too_long_is_interrupted_and_the_next_one_works() {
    let options =
        DbOptions { readers_max: 1, read_time_max: Duration::from_millis(20), ..DbOptions::default() };
    let store = Store::with(options);
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    let endless = store.db.read(&home(), |read| read.query_one(ENDLESS, &[], |row| row.get::<i64>(0))).await;
    assert!(matches!(endless.map_err(|error: DbError| error), Err(DbError::Timeout)));
    assert_eq!(notes(&store.db).await, ["a"]);
}

#[tokio::test]
async fn a_read_that_panics_is_answered_and_costs_no_connection() {
    let store = Store::with(DbOptions { readers_max: 1, ..DbOptions::default() });
    for _ in 0..3 {
        let crashed = store.db.read(&home(), |_| -> Result<(), DbError> { panic!("a test's crash") }).await;
        assert!(matches!(crashed, Err(DbError::Panicked)));
    }
    assert!(notes(&store.db).await.is_empty());
}

#[tokio::test]
async fn a_read_cannot_write() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    let wrote = store.db.read(&home(), |read| {
        read.query_opt("DELETE FROM idempotency WHERE tenant = ?1 RETURNING 1", &[], |_| Ok::<_, DbError>(()))
    });
    assert!(wrote.await.is_err());
    assert_eq!(notes(&store.db).await, ["a"]);
}

#[tokio::test]
async fn all_statements_of_a_read_see_the_same_moment() {
    let store = Store::new();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let count = "SELECT count(*) FROM idempotency WHERE tenant = ?1";
    let reading = tokio::spawn(store.db.read(&home(), move |read| {
        let before: i64 = read.query_one(count, &[], |row| row.get(0))?;
        begun.send(()).unwrap();
        may_go_on.recv().unwrap();
        Ok::<_, DbError>((before, read.query_one(count, &[], |row| row.get::<i64>(0))?))
    }));
    has_begun.await.unwrap();
    store.db.write(&home(), |tx| note(tx, "meanwhile")).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), (0, 0));
    assert_eq!(notes(&store.db).await, ["meanwhile"]);
}

#[tokio::test]
async fn reads_wait_for_a_connection_up_to_the_limit_and_one_more_is_busy() {
    let store = Store::with(DbOptions { readers_max: 1, waiting_reads_max: 1, ..DbOptions::default() });
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let holding = tokio::spawn(store.db.read(&home(), move |_| {
        begun.send(()).unwrap();
        assert!(may_go_on.recv().is_err());
        Ok::<_, DbError>(())
    }));
    has_begun.await.unwrap();
    let mut waiting = Box::pin(store.db.read(&home(), |_| Ok::<_, DbError>(())));
    assert!(futures::poll!(&mut waiting).is_pending());
    let over = store.db.read(&home(), |_| Ok::<_, DbError>(())).await;
    assert!(matches!(over, Err(DbError::Busy)));
    drop(go_on);
    waiting.await.unwrap();
    holding.await.unwrap().unwrap();
    store.db.read(&home(), |_| Ok::<_, DbError>(())).await.unwrap();
}
