//! The index follows the store through changes, crashes, damage and other versions.

use std::fs;

use super::support::{World, ask, folders, home, id, is_building, said, settled};
use crate::protocol::ids::TenantId;
use crate::search::home::IndexHome;
use crate::search::{Document, Search};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_changed_and_deleted_is_found_so() {
    let world = World::new();
    assert!(is_building(&world.search.find(&home(), ask("a")).await.unwrap_err()));
    let _life = world.live();
    world.settled(0).await;
    world.say(1, "first words").await;
    world.say(2, "second words").await;
    world.settled(2).await;
    assert_eq!(world.numbers("words").await.len(), 2);
    world.say(1, "other things").await;
    world.remove(&home(), 2).await;
    world.settled(1).await;
    assert_eq!(world.numbers("words").await, [] as [u8; 0]);
    assert_eq!(world.numbers("things").await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_talks_without_a_pause_does_not_keep_the_index_from_anything_else() {
    let world = World::new();
    world.things.talk(world.db.clone());
    let _life = world.live();
    world.say(1, "on and on").await;
    let status = || world.search.status(&home());
    let ready = async {
        while status().documents < 1 || status().state.as_str() != "ready" {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let ready = tokio::time::timeout(std::time::Duration::from_secs(60), ready).await;
    assert!(ready.is_ok(), "{:?}", status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_group_is_a_change_of_all_in_it() {
    let world = World::new();
    let _life = world.live();
    for n in 1..=5 {
        world.say(n, "bread").await;
    }
    world.settled(5).await;
    for n in 1..=5 {
        let moved = Document { scope: Some(id(150)), ..said(n, "bread") };
        world.things.keep(&home(), moved);
    }
    world.changed(&home(), "thread", id(200)).await;
    world.settled(5).await;
    let there = crate::search::Query { scope: Some(id(150)), ..ask("bread") };
    assert_eq!(world.found(there).await.len(), 5);
    world.things.clear(&home());
    world.changed(&home(), "thread", id(200)).await;
    world.settled(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_never_meets_anothers_words() {
    let world = World::new();
    let other: TenantId = "other".parse().unwrap();
    let named = other.clone();
    let made = world.db.write_system(move |tx| {
        tx.execute("INSERT INTO tenants (id, name, created_ms) VALUES (?1, 'Other', 0)", &[&named])
    });
    let _: Result<usize, crate::db::DbError> = made.await;
    world.say(1, "a secret of the first").await;
    world.put(&other, said(2, "a secret of the second")).await;
    let _life = world.live();
    world.settled(1).await;
    loop {
        if world.search.status(&other).documents == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(world.numbers("secret").await, [1]);
    let found = world.search.find(&other, ask("secret")).await.unwrap();
    assert_eq!(found.hits.iter().map(|hit| hit.id[0]).collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indexer_that_dies_anywhere_leaves_an_index_that_the_next_one_completes() {
    let world = World::new();
    for round in 0..6_u8 {
        let search = Search::new(world.folder.path().join("search"));
        let life = world.live_with(&search);
        for n in 0..10 {
            world.say(round * 10 + n, &format!("round {round} bread")).await;
        }
        if round > 0 {
            world.remove(&home(), round * 10 - 1).await;
        }
        // Somewhere between: nothing is waited for.
        drop(life);
    }
    let search = Search::new(world.folder.path().join("search"));
    let life = world.live_with(&search);
    settled(&search, &world.db, 55).await;
    let mut query = ask("bread");
    query.limit = 100;
    let found = search.find(&home(), query).await.unwrap();
    let mut numbers: Vec<u8> = found.hits.iter().map(|hit| hit.id[0]).collect();
    numbers.sort_unstable();
    let expected: Vec<u8> = (0..60).filter(|n| n % 10 != 9 || *n == 59).collect();
    assert_eq!(numbers, expected);
    life.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_damaged_is_made_anew() {
    let world = World::new();
    world.say(1, "bread").await;
    let life = world.live();
    world.settled(1).await;
    life.end().await;
    let current = IndexHome::new(world.indexes()).current().unwrap();
    for entry in fs::read_dir(&current).unwrap().filter_map(Result::ok) {
        let path = entry.path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0xff;
        }
        fs::write(&path, bytes).unwrap();
    }
    let search = Search::new(world.folder.path().join("search"));
    let life = world.live_with(&search);
    settled(&search, &world.db, 1).await;
    assert_eq!(search.find(&home(), ask("bread")).await.unwrap().hits.len(), 1);
    life.end().await;
    let now = IndexHome::new(world.indexes()).current().unwrap();
    assert_ne!(now, current);
    assert_eq!(folders(&world.indexes()).len(), 1, "the damaged one is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_gone_and_one_of_another_version_are_made_anew() {
    let world = World::new();
    world.say(1, "bread").await;
    let life = world.live();
    world.settled(1).await;
    life.end().await;
    // Another version, whose fields are known: it serves until the new one is made.
    let index = IndexHome::new(world.indexes());
    let current = index.current().unwrap();
    let old = world.indexes().join("v0-old");
    fs::rename(&current, &old).unwrap();
    fs::write(world.indexes().join("current"), "v0-old").unwrap();
    assert!(index.serves_another_version());
    let search = Search::new(world.folder.path().join("search"));
    let life = world.live_with(&search);
    settled(&search, &world.db, 1).await;
    life.end().await;
    assert!(!index.serves_another_version());
    fs::remove_dir_all(world.indexes()).unwrap();
    let search = Search::new(world.folder.path().join("search"));
    let _life = world.live_with(&search);
    settled(&search, &world.db, 1).await;
    assert_eq!(search.find(&home(), ask("bread")).await.unwrap().hits.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_another_database_is_made_anew() {
    let world = World::new();
    for n in 1..=3 {
        world.say(n, "bread").await;
    }
    let life = world.live();
    world.settled(3).await;
    life.end().await;
    // An older copy of the database comes back: other things happen under the same numbers.
    let back = world
        .db
        .write(&home(), |tx| tx.execute("DELETE FROM search_changes WHERE tenant = ?1 AND n > 1", &[]));
    let _: Result<usize, crate::db::DbError> = back.await;
    world.things.clear(&home());
    world.things.keep(&home(), said(1, "bread"));
    let search = Search::new(world.folder.path().join("search"));
    let _life = world.live_with(&search);
    settled_documents(&search, 1).await;
}

/// The number of the last change is not that of the database here.
async fn settled_documents(search: &Search, documents: u64) {
    loop {
        let status = search.status(&home());
        if status.state.as_str() == "ready" && status.documents == documents {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_changes_are_deleted_once_they_are_in_the_index() {
    let world = World::new();
    let all = world.db.write(&home(), |tx| {
        for n in 0..1_500_i64 {
            let id = u128::try_from(n).unwrap().to_be_bytes();
            tx.execute("INSERT INTO search_changes (tenant, kind, id) VALUES (?1, 'message', ?2)", &[&id])?;
        }
        Ok::<_, crate::db::DbError>(())
    });
    all.await.unwrap();
    let life = world.live();
    loop {
        let rows = world.db.read(&home(), |read| {
            read.query_one("SELECT count(*) FROM search_changes WHERE tenant = ?1", &[], |row| {
                row.get::<i64>(0)
            })
        });
        let rows: Result<i64, crate::db::DbError> = rows.await;
        if rows.unwrap() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    life.end().await;
}
