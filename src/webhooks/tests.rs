//! Endpoints and deliveries, as far as they need no store. The rest is tested through the ingress, in `http::tests`.

use super::endpoint::Endpoint;
use super::{
    DeliveryState, EndpointChange, EndpointState, NewEndpoint, RATE_PER_MINUTE_MAX, Source, WebhookError,
};
use crate::protocol::ids::WorkspaceId;
use crate::protocol::turn::TurnState;

fn new() -> NewEndpoint {
    NewEndpoint {
        name: "builds".to_owned(),
        source: Source::Github,
        workspace_id: None,
        allowed_events: Vec::new(),
        rate_per_minute: None,
        ceiling: None,
        instructions: String::new(),
        template: String::new(),
        schedule_id: None,
    }
}

fn made(new: NewEndpoint) -> Result<Endpoint, WebhookError> {
    new.into_endpoint(WorkspaceId::new(), 1)
}

#[test]
fn an_endpoint_is_checked_at_every_limit() {
    let field = |new: NewEndpoint| match made(new) {
        Ok(_) => "",
        Err(WebhookError::Field { field, .. }) => field,
        Err(_) => "other",
    };
    let events = |count: usize| vec!["e".to_owned(); count];
    let table: [(NewEndpoint, &str); 15] = [
        (new(), ""),
        (NewEndpoint { name: " ".to_owned(), ..new() }, "name"),
        (NewEndpoint { name: "x".repeat(100), ..new() }, ""),
        (NewEndpoint { name: "x".repeat(101), ..new() }, "name"),
        (NewEndpoint { name: "a\u{7}".to_owned(), ..new() }, "name"),
        (NewEndpoint { rate_per_minute: Some(0), ..new() }, "rate_per_minute"),
        (NewEndpoint { rate_per_minute: Some(RATE_PER_MINUTE_MAX), ..new() }, ""),
        (NewEndpoint { rate_per_minute: Some(RATE_PER_MINUTE_MAX + 1), ..new() }, "rate_per_minute"),
        (NewEndpoint { allowed_events: events(64), ..new() }, ""),
        (NewEndpoint { allowed_events: events(65), ..new() }, "allowed_events"),
        (NewEndpoint { allowed_events: vec!["*push".to_owned()], ..new() }, "allowed_events"),
        (NewEndpoint { instructions: "x".repeat(16 * 1024), ..new() }, ""),
        (NewEndpoint { instructions: "x".repeat(16 * 1024 + 1), ..new() }, "instructions"),
        (NewEndpoint { template: "{{ payload.".to_owned(), ..new() }, "template"),
        (NewEndpoint { template: "{{ payload.title }}".to_owned(), ..new() }, ""),
    ];
    for (at, (new, expected)) in table.into_iter().enumerate() {
        assert_eq!(field(new), expected, "row {at}");
    }
}

#[test]
fn events_are_taken_by_name_or_by_beginning() {
    let takes = |allowed: &[&str], event: &str| {
        let allowed_events = allowed.iter().map(|&event| event.to_owned()).collect();
        made(NewEndpoint { allowed_events, ..new() }).unwrap().takes(event)
    };
    assert!(takes(&[], "anything"));
    assert!(takes(&["push", "pull_request.*"], "push"));
    assert!(takes(&["push", "pull_request.*"], "pull_request.opened"));
    assert!(!takes(&["push", "pull_request.*"], "pull_request"));
    assert!(!takes(&["push"], "pushed"));
    assert!(takes(&["*"], "push"));
}

#[test]
fn what_is_revoked_stays_revoked() {
    let revoke = EndpointChange { state: Some(EndpointState::Revoked), ..EndpointChange::default() };
    let revoked = revoke.apply(made(new()).unwrap(), 2).unwrap();
    assert_eq!((revoked.state, revoked.version), (EndpointState::Revoked, 2));
    let back = EndpointChange { state: Some(EndpointState::Active), ..EndpointChange::default() };
    assert!(matches!(back.apply(revoked, 3), Err(WebhookError::Revoked)));
}

#[test]
fn the_turn_is_the_truth_about_a_delivery() {
    use TurnState as T;
    let table = [
        ("accepted", None, DeliveryState::Accepted),
        ("dispatched", Some(T::Queued), DeliveryState::Accepted),
        ("dispatched", Some(T::Running), DeliveryState::Accepted),
        ("dispatched", Some(T::Done), DeliveryState::Processed),
        ("dispatched", Some(T::Failed), DeliveryState::Failed),
        ("dispatched", Some(T::Stopped), DeliveryState::Failed),
        ("dispatched", Some(T::Interrupted), DeliveryState::Failed),
        ("dispatched", None, DeliveryState::Processed),
        ("failed", None, DeliveryState::Failed),
    ];
    for (word, turn, expected) in table {
        assert_eq!(DeliveryState::of(word, turn), expected, "{word} {turn:?}");
    }
}
