//! What an earlier life left is resumed or ended, and nothing is doubled.

use super::fakes::{Play, Stage};
use crate::protocol::ids::{MessageId, TenantId, TurnId};
use crate::protocol::turn::{Cause, PendingTurn, Provenance, TurnOverrides, TurnState};
use crate::session::{LaneKey, Recovery, recover};

#[test]
fn the_table_of_recoveries() {
    let max = 3;
    let cases = [
        (TurnState::Queued, 0, 0, false, Some(1)),
        (TurnState::Queued, 2, 0, false, Some(3)),
        (TurnState::Queued, 3, 0, false, None),
        (TurnState::Running, 1, 0, false, Some(2)),
        (TurnState::Running, 2, 0, false, Some(3)),
        (TurnState::Running, 3, 0, false, None),
        (TurnState::Running, 1, 0, true, None),
        (TurnState::Done, 1, 0, false, None),
        // Begins that ended while a person was asked do not count.
        (TurnState::Running, 3, 1, false, Some(4)),
        (TurnState::Running, 9, 7, false, Some(10)),
        (TurnState::Running, 9, 6, false, None),
        (TurnState::Running, 4, 4, true, None),
    ];
    for (state, attempt, waits, visible, runs) in cases {
        let turn = PendingTurn {
            turn_id: TurnId::new(),
            message_id: MessageId::new(),
            state,
            attempt,
            waits,
            cause: Cause { source: "test".to_owned(), provenance: Provenance::Owner },
            visible,
            partial: String::new(),
            overrides: TurnOverrides::default(),
        };
        let attempt_next = match recover(&turn, max) {
            Recovery::Run { attempt } => Some(attempt),
            Recovery::End(_) => None,
        };
        assert_eq!(attempt_next, runs, "{state:?} attempt {attempt} visible {visible}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_woken_lane_finishes_what_an_earlier_life_left_in_order() {
    let stage = Stage::new(&[Play::Say(&["again"]), Play::Say(&["queued"])]);
    let shown = stage.ledger.insert(stage.thread, TurnState::Running, 1, "seen by somebody");
    let silent = stage.ledger.insert(stage.thread, TurnState::Running, 1, "");
    let queued = stage.ledger.insert(stage.thread, TurnState::Queued, 0, "");
    let key = LaneKey { tenant: TenantId::home(), thread: stage.thread };
    stage.directory.open(key).await.unwrap();
    let shown = stage.ledger.ended(shown).await;
    assert_eq!((shown.state, shown.logged.as_str()), (TurnState::Interrupted, "seen by somebody"));
    assert_eq!(shown.settlements[0].answer.text, "seen by somebody");
    let silent = stage.ledger.ended(silent).await;
    assert_eq!((silent.state, silent.attempt, silent.logged.as_str()), (TurnState::Done, 2, "again"));
    assert_eq!(stage.ledger.ended(queued).await.logged, "queued");
}

#[tokio::test(start_paused = true)]
async fn a_new_message_waits_behind_recovered_turns() {
    let stage = Stage::new(&[Play::Say(&["old"]), Play::Say(&["new"])]);
    let old = stage.ledger.insert(stage.thread, TurnState::Queued, 0, "");
    let new = stage.say("hi").await.turn_id;
    assert_eq!(stage.ledger.ended(old).await.logged, "old");
    assert_eq!(stage.ledger.ended(new).await.logged, "new");
}
