//! Counts in memory, and what of them reaches the store.

use super::*;
use crate::db::{DbOptions, WriterRun};

struct Fixture {
    db: Db,
    recorder: UsageRecorder,
    _run: WriterRun,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let run = db.start_writer().unwrap();
        Self { recorder: UsageRecorder::new(db.clone()), db, _run: run, _folder: folder }
    }

    /// Rows as (model, calls, input, output).
    async fn rows(&self) -> Vec<(String, i64, i64, i64)> {
        let sql =
            "SELECT model, calls, input_tokens, output_tokens FROM usage WHERE tenant = ?1 ORDER BY model";
        let read = self.db.read(&TenantId::home(), move |read| {
            read.query_all(sql, &[], |row| {
                Ok::<_, DbError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
        });
        read.await.unwrap()
    }
}

fn key(model: &str) -> UsageKey {
    let (principal, backend) = ("owner".to_owned(), "demo".to_owned());
    UsageKey { tenant: TenantId::home(), principal, backend, model: model.to_owned() }
}

const USED: Usage = Usage { input_tokens: 3, output_tokens: 2, cached_tokens: 0, reasoning_tokens: 0 };

#[tokio::test]
async fn calls_of_one_key_are_added_up_over_several_writes() {
    let fixture = Fixture::new();
    fixture.recorder.record(key("a"), USED);
    fixture.recorder.record(key("a"), USED);
    fixture.recorder.record(key("b"), USED);
    assert_eq!(fixture.rows().await, [], "nothing is written before a flush");
    fixture.recorder.flush().await.unwrap();
    fixture.recorder.record(key("a"), USED);
    fixture.recorder.flush().await.unwrap();
    fixture.recorder.flush().await.unwrap();
    assert_eq!(fixture.rows().await, [("a".to_owned(), 3, 9, 6), ("b".to_owned(), 1, 3, 2)]);
    let used = fixture.recorder.by_model(&TenantId::home(), 1, 1).await.unwrap();
    let used: Vec<_> =
        used.iter().map(|used| (used.model.as_str(), used.calls, used.output_tokens)).collect();
    assert_eq!(used, [("a", 3, 6)], "the busiest of those that cost nothing");
}

#[tokio::test]
async fn what_cannot_be_written_is_kept() {
    let fixture = Fixture::new();
    let nobody = UsageKey { tenant: "nobody".parse().unwrap(), ..key("a") };
    fixture.recorder.record(nobody.clone(), USED);
    fixture.recorder.record(key("a"), USED);
    fixture.recorder.flush().await.unwrap_err();
    assert_eq!(fixture.rows().await.len(), 1, "the good tenant's row is written all the same");
    assert_eq!(fixture.recorder.tallies.lock().get(&nobody).map(|tally| tally.calls), Some(1));
}

#[tokio::test]
async fn stopping_writes_what_is_left() {
    let fixture = Fixture::new();
    let stop = CancellationToken::new();
    fixture.recorder.record(key("a"), USED);
    stop.cancel();
    fixture.recorder.clone().run(stop).await;
    assert_eq!(fixture.rows().await.len(), 1);
}

#[test]
fn models_beyond_the_limit_are_counted_together() {
    let mut tallies = Tallies::new();
    let one = Tally { calls: 1, ..Tally::default() };
    for number in 0..ROWS_MAX + 5 {
        add(&mut tallies, key(&number.to_string()), one);
    }
    add(&mut tallies, key("0"), one);
    assert_eq!(tallies.len(), ROWS_MAX + 1);
    assert_eq!((tallies[&key(OTHER_MODELS)].calls, tallies[&key("0")].calls), (5, 2));
}
