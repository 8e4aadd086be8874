//! Vectors, shelves and the statements, as tables.

use std::collections::HashSet;

use super::shelf::{Entry, Place, Shelf};
use super::store;
use super::vector::{distance, quantised, similarity, sketch, sketch_words};
use crate::assistants::{Assistants, NewAssistant};
use crate::config::Home;
use crate::db::{Db, DbError, DbOptions};
use crate::identity::Principal;
use crate::protocol::ids::{MessageId, TenantId};
use crate::search::{Feed, Query, RawId};
use crate::workspaces::{ImportedLine, Threads, Workspaces};

fn id(n: u8) -> RawId {
    [n; 16]
}

fn place(n: u8) -> Place {
    Place { thread: id(n), workspace: id(100 + n % 2), owner: format!("w:{}", n % 2) }
}

fn entry(n: u8, vector: &[f32]) -> Entry {
    Entry {
        id: id(n),
        place: place(n % 4),
        by_assistant: n.is_multiple_of(2),
        at_ms: i64::from(n) * 10,
        vector: quantised(vector),
    }
}

#[test]
fn a_vector_keeps_its_direction_in_bytes() {
    for (figures, bytes) in [
        (vec![1.0, -1.0, 0.0], vec![127_i8, -127, 0]),
        (vec![0.001, 0.0005], vec![127, 64]),
        (vec![1e30, -5e29], vec![127, -64]),
        (vec![0.0, 0.0], vec![0, 0]),
        (vec![], vec![]),
    ] {
        let kept: Vec<i8> = quantised(&figures).into_iter().map(u8::cast_signed).collect();
        assert_eq!(kept, bytes, "{figures:?}");
    }
    let made: Vec<f32> = (0..384_u16).map(|n| (f32::from(n) * 0.7).sin()).collect();
    let other: Vec<f32> =
        (0..384_u16).map(|n| (f32::from(n) * 0.7).sin() + (f32::from(n) * 3.1).cos()).collect();
    assert!(similarity(&made, &quantised(&made)) > 0.999);
    let exact = |a: &[f32], b: &[f32]| {
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        product(a, b) / (product(a, a) * product(b, b)).sqrt()
    };
    assert!((similarity(&made, &quantised(&other)) - exact(&made, &other)).abs() < 0.01);
    for (figures, kept, expected) in [
        (vec![1.0, 0.0], vec![1.0, 0.0], 1.0),
        (vec![1.0, 0.0], vec![-1.0, 0.0], -1.0),
        (vec![1.0], vec![1.0, 0.0], 0.0),
        (vec![0.0], vec![0.0], 0.0),
    ] {
        assert!((similarity(&figures, &quantised(&kept)) - expected).abs() < 1e-6, "{figures:?} {kept:?}");
    }
}

#[test]
fn sketches_differ_by_the_signs_that_differ() {
    for (figures, words) in [(0, 0), (1, 1), (64, 1), (65, 2), (384, 6), (8_192, 128)] {
        assert_eq!(sketch_words(figures), words);
        assert_eq!(sketch(&vec![1; figures]).len(), words);
    }
    let all = sketch(&quantised(&[1.0; 70]));
    let none = sketch(&quantised(&[-1.0; 70]));
    assert_eq!(distance(&all, &none), 70);
    let mut two = [1.0; 70];
    (two[3], two[69]) = (-1.0, -1.0);
    assert_eq!(distance(&all, &sketch(&quantised(&two))), 2);
}

/// Ten messages; the signs of the first figures of each say its number.
fn shelf() -> Shelf {
    let mut shelf = Shelf::new(1);
    shelf.add((1..=10).map(|n| entry(n, &figures(n))).collect());
    shelf
}

fn figures(n: u8) -> [f32; 16] {
    std::array::from_fn(|at| if at < usize::from(n) { 1.0 } else { -1.0 })
}

fn near(shelf: &Shelf, n: u8, within: &Query, limit: usize) -> Vec<u8> {
    shelf.nearest(&sketch(&quantised(&figures(n))), within, limit).iter().map(|id| id[0]).collect()
}

#[test]
fn the_nearest_that_the_filters_let_through_are_found() {
    let shelf = shelf();
    let all = Query::default();
    assert_eq!(near(&shelf, 3, &all, 1), [3]);
    let mut three = near(&shelf, 3, &all, 3);
    three.sort_unstable();
    assert_eq!(three, [2, 3, 4]);
    assert_eq!(near(&shelf, 3, &all, 100).len(), 10);
    for (within, found) in [
        (Query { group: Some(id(1)), ..all.clone() }, vec![1, 5, 9]),
        (Query { not_group: Some(id(1)), ..all.clone() }, vec![2, 3, 4, 6, 7, 8, 10]),
        (Query { scope: Some(id(101)), ..all.clone() }, vec![1, 3, 5, 7, 9]),
        (Query { owners: Some(vec!["w:0".into()]), ..all.clone() }, vec![2, 4, 6, 8, 10]),
        (Query { owners: Some(Vec::new()), ..all.clone() }, vec![]),
        (Query { roles: vec!["assistant".into()], ..all.clone() }, vec![2, 4, 6, 8, 10]),
        (Query { roles: vec!["tool".into()], ..all.clone() }, vec![]),
        (Query { kinds: vec!["memory"], ..all.clone() }, vec![]),
        (Query { kinds: vec!["memory", "message"], from_ms: Some(90), ..all.clone() }, vec![9, 10]),
        (Query { until_ms: Some(20), ..all.clone() }, vec![1]),
    ] {
        let mut near = near(&shelf, 3, &within, 100);
        near.sort_unstable();
        assert_eq!(near, found, "{within:?}");
    }
    assert!(shelf.nearest(&[0, 0], &all, 10).is_empty(), "of another length");
    assert!(Shelf::default().nearest(&[], &all, 10).is_empty());
}

#[test]
fn what_is_removed_is_not_found_and_the_rest_stays_itself() {
    let mut shelf = shelf();
    shelf.remove(&HashSet::from([id(1), id(10), id(4), id(77)]));
    assert_eq!(shelf.len(), 7);
    for n in [2, 3, 5, 6, 7, 8, 9] {
        assert_eq!(near(&shelf, n, &Query::default(), 1), [n]);
    }
    shelf.move_thread(Place { workspace: id(50), ..place(3) });
    let mut moved = near(&shelf, 3, &Query { scope: Some(id(50)), ..Query::default() }, 10);
    moved.sort_unstable();
    assert_eq!(moved, [3, 7]);
    shelf.add(vec![Entry { vector: vec![1; 65], ..entry(99, &figures(1)) }]);
    assert_eq!(shelf.len(), 7, "one of another length is left out");
}

struct World {
    db: Db,
    threads: Threads,
    messages: Vec<MessageId>,
    _folder: tempfile::TempDir,
    _writer: crate::db::WriterRun,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::locate(Some(folder.path())).unwrap();
    home.prepare().unwrap();
    let db = Db::open(home.database(), DbOptions::default()).unwrap();
    let writer = db.start_writer().unwrap();
    let tenant = TenantId::home();
    let first = NewAssistant {
        name: "a".into(),
        backend: "demo".into(),
        model: "demo".into(),
        routing: crate::models::Routing::default(),
        system_prompt: String::new(),
    };
    Assistants::new(db.clone()).ensure_default(&tenant, first).await.unwrap();
    Workspaces::new(db.clone(), &home).ensure_default(&tenant).await.unwrap();
    let threads = Threads::new(db.clone());
    let line = |(n, role): (i64, &str)| ImportedLine {
        thread: format!("thread {}", n / 2),
        role: role.to_owned(),
        author: None,
        content: format!("message {n}"),
        provenance: "owner",
        created_ms: 1_700_000_000_000 + n,
    };
    let lines = [(0, "user"), (1, "assistant"), (2, "user"), (3, "tool")].map(line).to_vec();
    let made = threads.import(&Principal::owner(tenant), None, lines).await.unwrap();
    let messages = made.iter().map(|one| one.id).collect();
    World { db, threads, messages, _folder: folder, _writer: writer }
}

impl World {
    /// Keeps a vector for each message that a look wants one for.
    async fn keep(&self, model: i64) -> usize {
        let wanted = self.wanted(Some(model)).await;
        let found = self.threads.found(&TenantId::home(), wanted).await.unwrap();
        let made: Vec<_> =
            found.into_iter().map(|one| (one.id, one.content, quantised(&[0.5, -0.25]))).collect();
        let write = self.db.write(&TenantId::home(), move |tx| store::keep(tx, model, &made));
        let kept: Result<Vec<RawId>, DbError> = write.await;
        kept.unwrap().len()
    }

    async fn wanted(&self, model: Option<i64>) -> Vec<MessageId> {
        let read =
            self.db.read(&TenantId::home(), move |read| store::look(read, model, RawId::default(), 100));
        let looked: Result<Vec<store::Looked>, DbError> = read.await;
        looked.unwrap().into_iter().filter(|one| one.wanted).map(|one| one.id).collect()
    }

    async fn model(&self, name: &'static str, figures: usize) -> store::Model {
        let write = self.db.write(&TenantId::home(), move |tx| store::model_of(tx, name, figures));
        let model: Result<store::Model, DbError> = write.await;
        model.unwrap()
    }

    async fn sql(&self, sql: &'static str, id: MessageId) {
        let write = self.db.write(&TenantId::home(), move |tx| tx.execute(sql, &[&id]));
        let done: Result<usize, DbError> = write.await;
        assert_eq!(done.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_vector_goes_with_its_message_and_with_its_words() {
    let world = world().await;
    let model = world.model("b/m", 2).await;
    assert_eq!(world.wanted(None).await.len(), 3, "what tools say has none");
    assert_eq!(world.keep(model.n).await, 3);
    assert!(world.wanted(Some(model.n)).await.is_empty());
    world.sql("UPDATE messages SET content = 'other' WHERE tenant = ?1 AND id = ?2", world.messages[0]).await;
    assert_eq!(world.wanted(Some(model.n)).await, [world.messages[0]]);
    let stale = vec![(world.messages[0], "message 0".to_owned(), vec![1, 2])];
    let write = world.db.write(&TenantId::home(), move |tx| store::keep(tx, model.n, &stale));
    let kept: Result<Vec<RawId>, DbError> = write.await;
    assert!(kept.unwrap().is_empty(), "a vector of what it said before");
    world
        .sql(
            "DELETE FROM threads WHERE tenant = ?1 AND id = (SELECT thread_id FROM messages WHERE id = ?2)",
            world.messages[1],
        )
        .await;
    let read =
        world.db.read(&TenantId::home(), move |read| store::page(read, model.n, RawId::default(), 100));
    let left: Result<Vec<Entry>, DbError> = read.await;
    let left: Vec<RawId> = left.unwrap().into_iter().map(|entry| entry.id).collect();
    assert_eq!(left, [*world.messages[2].as_bytes()]);
}

#[tokio::test]
async fn another_model_begins_anew_and_the_old_vectors_go() {
    let world = world().await;
    let old = world.model("b/old", 2).await;
    world.keep(old.n).await;
    let new = world.model("b/new", 2).await;
    assert_ne!(old.n, new.n);
    assert_eq!(world.model("b/new", 2).await, new, "once");
    assert_eq!(world.wanted(Some(new.n)).await.len(), 3);
    for gone in [2, 1, 0] {
        let write = world.db.write(&TenantId::home(), move |tx| store::drop_others(tx, new.n, 2));
        let dropped: Result<usize, DbError> = write.await;
        assert_eq!(dropped.unwrap(), gone);
    }
    let read = world.db.read(&TenantId::home(), |read| store::model(read, "b/old"));
    let found: Result<Option<store::Model>, DbError> = read.await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn the_feed_says_what_changed_and_when_its_place_is_lost() {
    let world = world().await;
    let (tenant, feed) = (TenantId::home(), Feed::new(world.db.clone()));
    let end = feed.end(&tenant).await.unwrap();
    assert_eq!(feed.after(&tenant, &end).await.unwrap(), Some((Vec::new(), end.clone())));
    world.sql("UPDATE messages SET content = 'other' WHERE tenant = ?1 AND id = ?2", world.messages[0]).await;
    let (changed, next) = feed.after(&tenant, &end).await.unwrap().unwrap();
    assert_eq!(changed.iter().map(|one| one.id).collect::<Vec<_>>(), [*world.messages[0].as_bytes()]);
    assert!(feed.after(&tenant, &next).await.unwrap().unwrap().0.is_empty());
    let write = world.db.write(&tenant, |tx| {
        tx.execute(
            "DELETE FROM search_changes WHERE tenant = ?1 AND n < (SELECT max(n) FROM search_changes)",
            &[],
        )
    });
    let pruned: Result<usize, DbError> = write.await;
    assert!(pruned.unwrap() > 0);
    assert_eq!(feed.after(&tenant, &end).await.unwrap(), None, "its row was pruned");
    assert!(feed.after(&tenant, &next).await.unwrap().is_some());
}
