//! The tenant in the type, and the boundary of values.

use crate::db::{DbError, FromValue, ToValue};
use crate::protocol::ids::{TenantId, ThreadId};

use super::support::{Store, home, note, notes};

#[tokio::test]
async fn a_statement_of_a_tenant_that_does_not_name_it_is_refused() {
    let store = Store::new();
    for sql in [
        "SELECT count(*) FROM idempotency",
        "SELECT count(*) FROM idempotency WHERE key = ?2",
        "SELECT count(*) FROM idempotency WHERE tenant = ?",
        "SELECT count(*) FROM idempotency WHERE tenant = :tenant",
    ] {
        let read = store.db.read(&home(), move |read| read.query_one(sql, &[], |row| row.get::<i64>(0)));
        let refused = read.await.map_err(|error: DbError| error);
        assert!(matches!(refused, Err(DbError::Unscoped { .. })), "{sql}: {refused:?}");
        let write = store.db.write(&home(), move |tx| tx.execute(sql, &[]));
        assert!(matches!(write.await, Err(DbError::Unscoped { .. })), "{sql}");
    }
}

#[tokio::test]
async fn own_parameters_start_at_two_and_the_tenant_cannot_be_given_by_hand() {
    let store = Store::new();
    let other: TenantId = "other".parse().unwrap();
    store
        .db
        .write_system(|tx| {
            tx.execute("INSERT INTO tenants (id, name, created_ms) VALUES (?1, 'Other', 0)", &[&"other"])
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    store.db.write(&home(), |tx| note(tx, "mine")).await.unwrap();
    store.db.write(&other, |tx| note(tx, "theirs")).await.unwrap();
    assert_eq!(notes(&store.db).await, ["mine"]);
    let found = store.db.read(&other, |read| {
        let sql = "SELECT key FROM idempotency WHERE tenant = ?1 AND key = ?2";
        let own = read.query_opt(sql, &[&"theirs"], |row| row.get::<String>(0))?;
        let foreign = read.query_opt(sql, &[&"mine"], |row| row.get::<String>(0))?;
        Ok::<_, DbError>((own, foreign, read.tenant().to_string()))
    });
    assert_eq!(found.await.unwrap(), (Some("theirs".to_owned()), None, "other".to_owned()));
}

#[tokio::test]
async fn too_many_parameters_are_refused() {
    let store = Store::new();
    let sql = "SELECT 1 FROM tenants WHERE id = ?1";
    let read = store.db.read(&home(), move |read| read.query_opt(sql, &[&1_i64], |_| Ok::<_, DbError>(())));
    assert!(matches!(read.await, Err(DbError::Sqlite(_))));
}

#[tokio::test]
async fn a_query_that_needs_a_row_says_when_there_is_none() {
    let store = Store::new();
    let sql = "SELECT key FROM idempotency WHERE tenant = ?1";
    let read = store.db.read(&home(), move |read| read.query_one(sql, &[], |row| row.get::<String>(0)));
    assert!(matches!(read.await.map_err(|error: DbError| error), Err(DbError::NoRow)));
}

#[tokio::test]
async fn a_row_that_exists_is_told_from_a_broken_reference() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    let twice = store.db.write(&home(), |tx| note(tx, "a")).await;
    assert!(matches!(twice, Err(DbError::Duplicate(_))));
}

#[test]
fn values_come_back_as_they_were_and_never_as_another_type() {
    let id = ThreadId::new();
    assert_eq!(ThreadId::from_value(id.to_value()), Some(id));
    assert_eq!(Option::<ThreadId>::from_value(None::<ThreadId>.to_value()), Some(None));
    assert_eq!(TenantId::from_value(home().to_value()), Some(home()));
    assert_eq!(u32::from_value(u32::MAX.to_value()), Some(u32::MAX));
    assert_eq!(u32::from_value((-1_i64).to_value()), None);
    assert_eq!(u32::from_value((i64::from(u32::MAX) + 1).to_value()), None);
    assert_eq!(bool::from_value(true.to_value()), Some(true));
    assert_eq!(bool::from_value(2_i64.to_value()), None);
    assert_eq!(String::from_value(1_i64.to_value()), None);
    assert_eq!(i64::from_value("1".to_value()), None);
    assert_eq!(ThreadId::from_value([0_u8; 15].as_slice().to_value()), None);
    assert_eq!(u64::from_value(u64::MAX.to_value()), Some(i64::MAX as u64));
}
