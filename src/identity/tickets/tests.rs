//! A ticket opens one door once.

use crate::protocol::ids::TenantId;

use super::*;

fn owner() -> Principal {
    Principal::owner(TenantId::home())
}

#[test]
fn a_ticket_works_once() {
    let (mut desk, now) = (TicketDesk::default(), Instant::now());
    let ticket = desk.issue(owner(), now).unwrap();
    assert_eq!(desk.redeem("another", now), None);
    assert_eq!(desk.redeem(ticket.expose(), now), Some(owner()));
    assert_eq!(desk.redeem(ticket.expose(), now), None);
}

#[test]
fn a_ticket_that_waited_thirty_seconds_is_void() {
    let (mut desk, now) = (TicketDesk::default(), Instant::now());
    let ticket = desk.issue(owner(), now).unwrap();
    assert_eq!(desk.redeem(ticket.expose(), now + TICKET_LIFETIME), None);
}

#[test]
fn unused_tickets_are_bounded_and_old_ones_make_room() {
    let (mut desk, now) = (TicketDesk::default(), Instant::now());
    for _ in 0..TICKETS_MAX {
        desk.issue(owner(), now).unwrap();
    }
    assert_eq!(desk.issue(owner(), now).unwrap_err(), NoTicket::TooMany);
    assert!(desk.issue(owner(), now + TICKET_LIFETIME).is_ok());
}
