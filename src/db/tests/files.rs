//! Files: modes, migrations, versions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;

use crate::db::migrations::{MIGRATIONS, migrate};
use crate::db::{Db, DbError, DbOptions, fingerprint};

use super::support::{Store, home, note, notes};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_can_open_the_folder_and_its_files() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    assert_eq!(mode(store.path().parent().unwrap()), 0o700);
    for suffix in ["db", "db-wal", "db-shm"] {
        assert_eq!(mode(&store.path().with_extension(suffix)), 0o600, "{suffix}");
    }
}

#[test]
fn wide_modes_are_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("data/capuchin.db"));
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    Db::open(&path, DbOptions::default()).unwrap();
    assert_eq!((mode(&data), mode(&path)), (0o700, 0o600));
}

#[tokio::test]
async fn the_file_is_written_with_a_sync_per_commit_and_references_are_kept() {
    let store = Store::new();
    let settings = store.db.write_system(|tx| {
        let pragma = |sql: &str| tx.query_one(sql, &[], |row| row.get::<i64>(0));
        Ok::<_, DbError>((pragma("PRAGMA synchronous")?, pragma("PRAGMA foreign_keys")?))
    });
    assert_eq!(settings.await.unwrap(), (2, 1));
    let orphan = store.db.write(&"nobody".parse().unwrap(), |tx| note(tx, "a")).await;
    assert!(matches!(orphan, Err(DbError::Constraint(_))));
}

#[tokio::test]
async fn data_of_a_newer_version_is_refused_and_left_as_it_is() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    let path = store.path();
    store.run.stop().await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let Err(refused) = Db::open(&path, DbOptions::default()) else { panic!("newer data was opened") };
    assert!(matches!(refused, DbError::Newer { found: 99, known } if known as usize == MIGRATIONS.len()));
    assert!(refused.to_string().contains("use the newer program"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_opened_again_keeps_its_rows_and_is_not_migrated_again() {
    let store = Store::new();
    store.db.write(&home(), |tx| note(tx, "a")).await.unwrap();
    let path = store.path();
    store.run.stop().await.unwrap();
    let again = Db::open(path, DbOptions::default()).unwrap();
    assert_eq!(notes(&again).await, ["a"]);
}

#[test]
fn a_migration_that_fails_leaves_the_file_at_the_one_before() {
    let mut conn = Connection::open_in_memory().unwrap();
    let broken = [("1.sql", "CREATE TABLE a (x)"), ("2.sql", "CREATE TABLE b (x); CREATE TABLE a (x)")];
    assert!(migrate(&mut conn, &broken).is_err());
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0)).unwrap();
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!((tables, version), (1, 1));
    let repaired = [broken[0], ("2.sql", "CREATE TABLE b (x)")];
    assert_eq!(migrate(&mut conn, &repaired).unwrap(), 1);
}

#[test]
fn every_file_of_the_migrations_folder_is_embedded_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".sql"))
        .collect();
    files.sort();
    let embedded: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(embedded, files);
    for (index, name) in embedded.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name}");
    }
}

/// Add a line for a new file; never change one. Somebody's data was made by these bytes.
const LANDED: &[&str] = &[
    "0042be67257326c2551111716c7ca388157af8813f7de38a6e956b2a1c82f5f4",
    "cc9fdc67534b17c11a41c025eab83c898db5a1870b9e8d0cebc9394d42ba2741",
    "4fad43d6de0e42bcd74a4a83b734d6e86c7758c37993ddd94ef38b6abda40b1d",
    "c61b7e8b7472796b7a307cbc8825af8ea90ce666565edbb0824a0852f4b6ed6f",
    "b6ddb62b8262f6b3d71508453f4fdeb356409d425973e85fd4d26b743e7304a5",
    "30b9db6f7ae12be4a1d47a594391d62cffccf923836a56aefaac1adc0194c1c6",
    "3c802db0b27b68b7ee39b21083064f53df715112e0348e66cdf06b8922ea76be",
    "7d362ade9f5809c13f40124eb094c589f42184512b66f0ca9f7cbd1b2a615516",
    "3bbe6e8e669f1f042ee42543a0d9c2039056a49ae1b92335de8f66f564dd4153",
    "7ec141f6c46416ef704911cda6538aec322b2b31cfb72680a7581db6b93f7a1b",
    "b2a993de7e21a651e0cd652ace2d84c9a16ad651d52cbb3460f169410eb72123",
    "392e154d106f86c08c64f057afbea25bbfa459473a91f6cf58fb5c98e9a5d576",
    "a4f1735b5105c366b81137f432125548189f396d6aac35749e909b83fe53ad30",
    "67dcbd51a4803c097e0185b436f890def220d541cfbaa823ddb8b3aedef5443b",
    "c0fd88b2e82af647fac6cfb68a44ff508824f2e39722e4bea50d3d0f0bcaffdc",
    "fe3f2ec910251abb990fd7b33ca7dd47b4092bb5d0c40d0d74e65fa795e15c05",
    "d9015947b42a7d5a21b4548689629f477559f215df70d79e113cc1232bdc41d1",
    "b4c09a1c6dd5886d3c1dec24f614780160e1a9986513d09a7c6f3bf507672fd4",
    "02a8d3f2f4ef519b0d6df50099f2436967f88a59f4fae6c3ad3c810230e9ac67",
    "5800bc7ba7b83548374d215ced40e674bdf0b34c3213bcf0c921cb0e08fe0261",
    "8a214e808c23667adacfcb2f5caee30caafe340ac9e1695d3b0c9e610458ac8a",
    "3c143fa6d1025388348b1297848b158833f65fcd16c764d359b747e739f8f425",
    "5804ed3e397b2b696bae62682a398071505c47df9dd576a89aacd6bb0c01a2ad",
    "13ad55ee0a3fecf79fc90d8ef9a61fbbf1dd4e0657d2bbedaba85026c9a70f25",
    "9633b0836ff9c3286da35a09d17385b587281f0496bcdc71c9b99969a4b570d2",
    "277f366326f2fec6b85764e7734b486f73628afede32c95445cf3a2033b548ba",
    "f333f07319696a618f28fc30acd1027e6703bfa2cecc585e5c2b83674e72f780",
    "b93b633520adfa3ba1e706caa6758b708d5df1677ea2a69ff04d4ec97a89e69a",
    "f5f9e9e586395de6a7cb51dac72b206a6b1acb3f929a9e0aeff774e89f67d931",
];

#[test]
fn a_migration_that_has_landed_never_changes() {
    let now: Vec<String> = MIGRATIONS
        .iter()
        .map(|(_, sql)| fingerprint(&[sql.as_bytes()]).iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    assert_eq!(now, LANDED);
}
