//! What a turn keeps before it goes on.

use super::fakes::{Play, Stage};
use crate::ports::keep_ledger::LedgerError;
use crate::protocol::event::EventKind;
use crate::protocol::journal::JournalEntry;
use crate::protocol::turn::TurnState;

#[tokio::test(start_paused = true)]
async fn a_kept_round_is_a_message_of_its_own_and_the_answer_begins_anew() {
    let stage = Stage::new(&[Play::Rounds]);
    let turn = stage.say("do it").await.turn_id;
    let row = stage.ledger.ended(turn).await;
    assert_eq!((row.state, row.logged.as_str()), (TurnState::Done, "I look.It is there."));
    assert!(matches!(row.entries.as_slice(), [JournalEntry::Round { .. }]), "{:?}", row.entries);
    let settled = &row.settlements[0];
    assert_eq!(settled.answer.text, "It is there.");
    assert_eq!((settled.spent.input_tokens, settled.answer.usage.input_tokens), (7, 9));
    let second = settled.tail.events.iter().find(|event| event.kind == EventKind::Delta);
    assert!(second.is_none_or(|delta| delta.data["round"] == 2), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_waits_until_the_store_has_taken_its_entry() {
    let stage = Stage::new(&[Play::Rounds]);
    let turn = stage.say("do it").await.turn_id;
    stage.ledger.refuse.lock().extend([LedgerError::DiskFull, LedgerError::Unavailable]);
    let row = stage.ledger.ended(turn).await;
    assert_eq!((row.state, row.entries.len()), (TurnState::Done, 1));
}
