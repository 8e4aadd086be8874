//! Files of every kind: live, copied, with and without their log, damaged, foreign.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::support::{Trail, entry, home, verify};
use crate::audit::{ArchivedTrail, Broken, Expectations, Filter};
use crate::db::DbError;

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_live_file_is_verified_at_one_moment_while_entries_are_added() {
    let trail = Trail::of(50).await;
    let adding = async {
        for n in 0..200 {
            trail.audit.record(home(), entry(n)).await.unwrap();
        }
    };
    let path = trail.path();
    let looking = tokio::task::spawn_blocking(move || {
        (0..30).map(|_| verify(&path, &Expectations::default())).collect::<Vec<_>>()
    });
    let ((), verdicts) = tokio::join!(adding, looking);
    for verdict in verdicts.unwrap() {
        assert_eq!(verdict.broken, None);
        assert!(verdict.checks.entries >= 50);
    }
    assert_eq!(trail.verdict().checks.entries, 250);
}

#[tokio::test]
async fn a_copy_with_its_log_beside_it_is_read_whole_and_nothing_near_it_changes() {
    let trail = Trail::of(20).await;
    let place = tempfile::tempdir().unwrap();
    for suffix in ["", "-wal"] {
        fs::copy(
            trail.path().with_extension(format!("db{suffix}")),
            place.path().join(format!("c.db{suffix}")),
        )
        .unwrap();
    }
    assert!(fs::metadata(place.path().join("c.db-wal")).unwrap().len() > 0, "the entries are in the log");
    let before: Vec<_> = ["c.db", "c.db-wal"].map(|name| fs::read(place.path().join(name)).unwrap()).into();
    let scratch = tempfile::tempdir().unwrap();
    let archived = ArchivedTrail::open(&place.path().join("c.db"), scratch.path()).unwrap();
    let verdict = archived.verify(&Expectations::default()).unwrap();
    assert_eq!((verdict.broken, verdict.checks.entries), (None, 20));
    assert_eq!(archived.newest(home(), &Filter::default(), None, 3).unwrap()[0].seq, 20);
    drop(archived);
    assert_eq!(names(place.path()), BTreeSet::from(["c.db".to_owned(), "c.db-wal".to_owned()]));
    let after: Vec<_> = ["c.db", "c.db-wal"].map(|name| fs::read(place.path().join(name)).unwrap()).into();
    assert!(before == after, "nothing was written");
    assert!(names(scratch.path()).is_empty(), "the private copy is gone");
}

#[tokio::test]
async fn a_copy_in_a_folder_that_cannot_be_written_is_verified() {
    use std::os::unix::fs::PermissionsExt;
    let copy = Trail::of(5).await.into_copy().await;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("odd name % ?#&.db");
    fs::copy(&copy.path, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let verdict = verify(&path, &Expectations::default());
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((verdict.broken, verdict.checks.entries), (None, 5));
    assert_eq!(names(place.path()).len(), 1);
}

#[tokio::test]
async fn a_file_without_a_trail_and_a_file_that_is_no_database_are_told_apart() {
    let place = tempfile::tempdir().unwrap();
    let (empty, text) = (place.path().join("empty.db"), place.path().join("text.db"));
    rusqlite::Connection::open(&empty).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    fs::write(&text, "not a database, but long enough to look like one".repeat(100)).unwrap();
    assert_eq!(verify(&empty, &Expectations::default()).broken, Some(Broken::NoTrail));
    let open = |path: &Path| ArchivedTrail::open(path, place.path()).err();
    assert!(matches!(open(&text), Some(DbError::Corrupt(_))));
    assert!(matches!(open(&place.path().join("missing.db")), Some(DbError::File { .. })));
    assert!(matches!(open(place.path()), Some(DbError::File { .. })));
}

#[tokio::test]
async fn a_page_of_the_trail_that_was_overwritten_is_told_with_the_place_reached() {
    let copy = Trail::of(300).await.into_copy().await;
    let root: i64 = rusqlite::Connection::open(&copy.path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'", (), |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&copy.path).unwrap();
    let start = (root as usize - 1) * 4096;
    bytes[start..start + 4096].fill(0x5a);
    fs::write(&copy.path, &bytes).unwrap();
    let broken = copy.verdict().broken.unwrap();
    assert!(matches!(broken, Broken::Unreadable { seq: 1, .. }), "{broken:?}");
    assert!(broken.to_string().contains("entry 1 of tenant home cannot be read"), "{broken}");
}
