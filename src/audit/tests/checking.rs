//! The quick look at a trail in use.

use super::support::{Trail, home};
use crate::audit::Audit;
use crate::db::{Db, DbOptions};

#[tokio::test]
async fn the_newest_and_all_links_are_followed_to_the_head() {
    let trail = Trail::of(1_203).await;
    let newest = trail.audit.check(home(), Some(5)).await.unwrap();
    assert_eq!((newest.entries, newest.all, newest.broken), (5, false, None));
    let all = trail.audit.check(home(), None).await.unwrap();
    assert_eq!((all.entries, all.all, all.broken), (1_203, true, None));
    assert_eq!(all.head.unwrap().seq, 1_203);
    let more = trail.audit.check(home(), Some(5_000)).await.unwrap();
    assert!(more.all, "more than there are is all");
}

#[tokio::test]
async fn an_empty_trail_is_whole() {
    let checked = Trail::new().audit.check(home(), Some(5)).await.unwrap();
    assert_eq!((checked.entries, checked.all, checked.head), (0, true, None));
}

#[tokio::test]
async fn the_first_entry_that_does_not_fit_is_named() {
    for (sql, named) in [
        ("UPDATE audit SET reason = 'other' WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq = 9", 9),
        ("UPDATE audit_heads SET hash = randomblob(32)", 9),
    ] {
        let copy = Trail::of(9).await.into_copy().await;
        copy.change(sql);
        let audit = Audit::new(Db::open(copy.path.clone(), DbOptions::default()).unwrap());
        assert_eq!(audit.check(home(), None).await.unwrap().broken, Some(named), "{sql}");
    }
}
