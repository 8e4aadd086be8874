//! The data of events: JSON objects whose first field is `turn_id`.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::db::fingerprint;
use crate::protocol::chat::{StopReason, Usage};
use crate::protocol::event::{EventKind, NewEvent};
use crate::protocol::ids::{MessageId, TurnId};
use crate::protocol::turn::{Inbound, Settlement, TurnFailure};

/// An event with its data as text, ready for the log.
pub(super) struct EventRow {
    pub(super) kind: EventKind,
    pub(super) data: Arc<str>,
}

#[derive(Serialize)]
struct AcceptedData<'a> {
    turn_id: TurnId,
    message_id: MessageId,
    content: &'a str,
    provenance: &'a str,
}

#[derive(Serialize)]
struct UsageData<'a> {
    turn_id: TurnId,
    backend: &'a str,
    model: &'a str,
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    reasoning_tokens: u64,
}

#[derive(Serialize)]
struct DoneData<'a> {
    turn_id: TurnId,
    message_id: Option<MessageId>,
    content: &'a str,
    stop_reason: StopReason,
    backend: &'a str,
    model: &'a str,
    input_tokens: u64,
    output_tokens: u64,
}

#[derive(Serialize)]
struct ErrorData<'a> {
    turn_id: TurnId,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<MessageId>,
    state: &'a str,
    #[serde(flatten)]
    failure: &'a TurnFailure,
    content: &'a str,
}

/// The `accepted` event.
pub(super) fn accepted(inbound: &Inbound, turn_id: TurnId, message_id: MessageId) -> EventRow {
    let provenance = inbound.provenance.as_str();
    row(EventKind::Accepted, &AcceptedData { turn_id, message_id, content: &inbound.content, provenance })
}

/// An event of a running turn.
pub(super) fn of_turn(turn: TurnId, event: &NewEvent) -> EventRow {
    let mut data = format!("{{\"turn_id\":\"{turn}\"");
    for (name, value) in event.data.iter().filter(|(name, _)| *name != "turn_id") {
        data.push(',');
        data.push_str(&Value::from(name.as_str()).to_string());
        data.push(':');
        data.push_str(&value.to_string());
    }
    data.push('}');
    EventRow { kind: event.kind, data: data.into() }
}

/// Whether the turn waits for a person after these events; `None` when they say nothing about it.
pub(super) fn waiting(events: &[NewEvent]) -> Option<bool> {
    let last = events.iter().rev().find(|event| event.kind == EventKind::Approval)?;
    Some(last.data.get("open").and_then(Value::as_u64).is_some_and(|open| open > 0))
}

/// Tokens of all rounds of a turn in this life.
pub(super) const fn total(settlement: &Settlement) -> Usage {
    settlement.spent.plus(settlement.answer.usage)
}

/// The `usage` event of a settlement.
pub(super) fn usage(settlement: &Settlement) -> EventRow {
    let (answer, usage) = (&settlement.answer, total(settlement));
    let data = UsageData {
        turn_id: settlement.turn_id,
        backend: &answer.backend,
        model: &answer.model,
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_tokens: usage.cached_tokens,
        reasoning_tokens: usage.reasoning_tokens,
    };
    row(EventKind::Usage, &data)
}

/// The `done` event of a settlement.
pub(super) fn done(settlement: &Settlement, message_id: Option<MessageId>) -> EventRow {
    let (answer, usage) = (&settlement.answer, total(settlement));
    let data = DoneData {
        turn_id: settlement.turn_id,
        message_id,
        content: &answer.text,
        stop_reason: answer.stop_reason.unwrap_or(StopReason::EndTurn),
        backend: &answer.backend,
        model: &answer.model,
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
    };
    row(EventKind::Done, &data)
}

/// The `error` event of a settlement.
pub(super) fn error(
    settlement: &Settlement,
    failure: &TurnFailure,
    message_id: Option<MessageId>,
) -> EventRow {
    let (state, content) = (settlement.state.as_str(), settlement.answer.text.as_str());
    row(EventKind::Error, &ErrorData { turn_id: settlement.turn_id, message_id, state, failure, content })
}

/// The round and the text of a `delta`.
pub(super) fn delta_text(data: &str) -> Option<(u64, String)> {
    let mut fields: Map<String, Value> = serde_json::from_str(data).ok()?;
    let round = fields.get("round").and_then(Value::as_u64).unwrap_or(1);
    match fields.remove("text") {
        Some(Value::String(text)) => Some((round, text)),
        _ => None,
    }
}

/// What makes two messages with one key the same message.
pub(super) fn inbound_fingerprint(inbound: &Inbound) -> [u8; 32] {
    let overrides = json(&inbound.overrides);
    fingerprint(&[inbound.thread.as_bytes(), inbound.content.as_bytes(), overrides.as_bytes()])
}

/// JSON of one of our own shapes.
pub(super) fn json(value: &impl Serialize) -> String {
    // silent-ok: our shapes have string keys and no maps of other things, so they always encode.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

fn row(kind: EventKind, data: &impl Serialize) -> EventRow {
    EventRow { kind, data: json(data).into() }
}
