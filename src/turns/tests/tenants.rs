//! Two tenants in one store: each function, with the other's ids, finds and changes nothing.

use futures::poll;

use crate::db::DbError;
use crate::protocol::chat::Usage;
use crate::protocol::ids::{TenantId, TurnId};
use crate::protocol::turn::TurnState;
use crate::turns::{HistoryLimits, OwnMessage, TurnsError};

use super::support::{Ledger, add_tenant, add_thread, delta, inbound, settlement};

struct Neighbours {
    ledger: Ledger,
    /// Somebody who knows all of home's ids.
    stranger: TenantId,
    turn: TurnId,
}

impl Neighbours {
    async fn new() -> Self {
        let ledger = Ledger::new().await;
        let stranger = add_tenant(&ledger.db, "stranger").await;
        add_thread(&ledger.db, &stranger).await;
        let turn = ledger.say("private").await.turn_id;
        ledger
            .turns
            .append(&ledger.home, ledger.thread, turn, vec![delta("also private")].into())
            .await
            .unwrap();
        Self { ledger, stranger, turn }
    }
}

#[tokio::test]
async fn no_read_shows_anything_of_another_tenant() {
    let Neighbours { ledger, stranger, turn } = Neighbours::new().await;
    let (turns, thread) = (&ledger.turns, ledger.thread);
    assert!(turns.pending(&stranger, thread).await.unwrap().is_empty());
    assert!(turns.threads_with_pending(&stranger).await.unwrap().is_empty());
    assert!(turns.events_after(&stranger, thread, 0, 100).await.unwrap().is_empty());
    assert_eq!(turns.cursor(&stranger, thread).await.unwrap(), 0);
    assert!(turns.turn(&stranger, turn).await.unwrap().is_none());
    assert!(turns.turns(&stranger, thread, None, 100).await.unwrap().is_empty());
    assert!(turns.steps(&stranger, turn).await.unwrap().is_empty());
    let limits = HistoryLimits { messages_max: 100, bytes_max: 100_000 };
    for turn in [turn, TurnId::new()] {
        assert!(
            turns.history(&stranger, thread, turn, OwnMessage::Included, limits).await.unwrap().is_empty()
        );
    }
}

#[tokio::test]
async fn no_write_touches_anything_of_another_tenant() {
    let Neighbours { ledger, stranger, turn } = Neighbours::new().await;
    let (turns, thread) = (&ledger.turns, ledger.thread);
    let before = (ledger.events().await, turns.turn(&ledger.home, turn).await.unwrap());
    let accepted = turns.accept(inbound(&stranger, thread, "hello", None), TurnId::new(), true).await;
    assert!(matches!(accepted, Err(TurnsError::NoThread)));
    assert!(matches!(turns.begin(&stranger, turn, 9).await, Err(TurnsError::Fenced)));
    let appended = turns.append(&stranger, thread, turn, vec![delta("forged")].into()).await;
    assert!(matches!(appended, Err(TurnsError::Fenced)));
    let forged = settlement(&stranger, thread, turn, TurnState::Done, "forged");
    assert!(matches!(turns.settle(forged).await, Err(TurnsError::Fenced)));
    assert_eq!((ledger.events().await, turns.turn(&ledger.home, turn).await.unwrap()), before);
}

#[tokio::test]
async fn a_turn_is_not_reached_through_another_thread() {
    let Neighbours { ledger, turn, .. } = Neighbours::new().await;
    let elsewhere = add_thread(&ledger.db, &ledger.home).await;
    let appended = ledger.turns.append(&ledger.home, elsewhere, turn, vec![delta("astray")].into()).await;
    assert!(matches!(appended, Err(TurnsError::Fenced)));
    let astray = settlement(&ledger.home, elsewhere, turn, TurnState::Done, "astray");
    assert!(matches!(ledger.turns.settle(astray).await, Err(TurnsError::Fenced)));
}

#[tokio::test]
async fn who_knows_only_the_id_of_a_thread_watches_nothing() {
    let Neighbours { ledger, stranger, turn } = Neighbours::new().await;
    let hub = ledger.turns.hub();
    let (mut own, mut foreign) =
        (hub.subscribe(&ledger.home, ledger.thread), hub.subscribe(&stranger, ledger.thread));
    ledger.answer(turn, "private").await;
    own.next().await.unwrap();
    assert!(poll!(Box::pin(foreign.next())).is_pending());
}

#[tokio::test]
async fn keys_and_usage_are_each_tenants_own() {
    let Neighbours { ledger, stranger, .. } = Neighbours::new().await;
    let theirs = add_thread(&ledger.db, &stranger).await;
    ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true).await.unwrap();
    let same_key = inbound(&stranger, theirs, "bye", Some("k"));
    assert!(!ledger.turns.accept(same_key, TurnId::new(), true).await.unwrap().repeated);

    let usage = Usage { input_tokens: 7, ..Usage::default() };
    ledger.turns.record_usage(&stranger, "owner", ("demo", "parrot"), usage).await.unwrap();
    for (tenant, expected) in [(&ledger.home, 0), (&stranger, 7)] {
        let sum = ledger.db.read(tenant, |read| {
            let sql = "SELECT coalesce(sum(input_tokens), 0) FROM usage WHERE tenant = ?1";
            read.query_one(sql, &[], |row| row.get::<i64>(0))
        });
        assert_eq!(sum.await.map_err(|error: DbError| error).unwrap(), expected);
    }
}
