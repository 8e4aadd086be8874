//! The gateway's protocol, played from both sides.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::channel::Groups;
use super::{Effect, Event, Gateway, Session, intents};

const INTENTS: u32 = intents(Groups::Mention);

/// Plays frames of the server; the machine, and what it does after the last one.
fn play(mut machine: Gateway, frames: &[Value]) -> (Gateway, Vec<Effect>) {
    let mut effects = Vec::new();
    for frame in frames {
        (machine, effects) = machine.next(Event::Frame(&frame.to_string()));
    }
    (machine, effects)
}

fn hello() -> Value {
    json!({"op": 10, "d": {"heartbeat_interval": 45_000}, "s": null, "t": null})
}

fn ready() -> Value {
    json!({"op": 0, "t": "READY", "s": 1, "d": {"v": 10, "user": {"id": "777", "username": "our_bot"},
        "session_id": "s1", "resume_gateway_url": "wss://us-east1-b.gateway.example", "application": {"id": "778", "flags": 0}}})
}

fn message(sequence: i64) -> Value {
    json!({"op": 0, "t": "MESSAGE_CREATE", "s": sequence, "d": {"id": "5"}})
}

fn running() -> Gateway {
    play(Gateway::new(INTENTS, None), &[hello(), ready()]).0
}

fn session(sequence: i64) -> Session {
    Session { id: "s1".to_owned(), url: "wss://us-east1-b.gateway.example".to_owned(), sequence }
}

fn resume_at() -> Option<String> {
    Some(session(0).url)
}

/// The frame of a `Send`.
fn sent(effect: Option<&Effect>) -> Value {
    let Some(Effect::Send(frame)) = effect else { panic!("{effect:?}") };
    serde_json::from_str(frame).unwrap()
}

#[test]
fn a_hello_is_answered_with_who_we_are() {
    let (machine, effects) = play(Gateway::new(INTENTS, None), &[hello()]);
    assert_eq!(effects[0], Effect::Heartbeats { every_ms: 45_000 });
    let frame = sent(effects.get(1));
    assert_eq!(
        (&frame["op"], &frame["d"]["token"], &frame["d"]["intents"]),
        (&json!(2), &json!("{token}"), &json!(4_608))
    );
    let (machine, effects) = play(machine, &[ready()]);
    let [Effect::Ready { us: Some(us) }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((us.id.as_str(), us.name.as_str()), ("777", "our_bot"));
    assert_eq!(machine.session(), Some(&session(1)));
}

#[test]
fn the_privilege_is_asked_for_only_where_everything_is_answered() {
    let asked = [Groups::Never, Groups::Mention, Groups::Always].map(intents);
    assert_eq!(asked, [4_096, 4_608, 37_376]);
}

#[test]
fn events_count_and_only_ours_are_passed_on() {
    let other = json!({"op": 0, "t": "TYPING_START", "s": 8, "d": {}});
    let (machine, effects) = play(running(), &[message(7)]);
    assert_eq!(effects, [Effect::Dispatch { name: "MESSAGE_CREATE".to_owned(), data: json!({"id": "5"}) }]);
    let (machine, effects) = play(machine, &[other]);
    assert_eq!((effects, machine.session()), (vec![], Some(&session(8))));
}

#[test]
fn heartbeats_carry_the_last_number_and_silence_is_noticed() {
    let (machine, _) = play(running(), &[message(7)]);
    let (machine, effects) = machine.next(Event::HeartbeatDue);
    assert_eq!(sent(effects.first()), json!({"op": 1, "d": 7}));
    let (answered, effects) = play(machine.clone(), &[json!({"op": 11})]);
    assert_eq!(effects, [Effect::Alive]);
    assert!(matches!(answered.next(Event::HeartbeatDue).1.as_slice(), [Effect::Send(_)]));
    let (machine, effects) = machine.next(Event::HeartbeatDue);
    assert_eq!(effects, [Effect::Close, Effect::Reconnect { url: resume_at(), wait_ms: (0, 1_000) }]);
    assert_eq!(machine.next(Event::Closed(Some(4_000))).1, [], "one failure is one reconnection");
}

#[test]
fn the_server_may_ask_for_a_heartbeat() {
    let (_, effects) = play(Gateway::new(INTENTS, None), &[hello(), json!({"op": 1})]);
    assert_eq!(sent(effects.first()), json!({"op": 1, "d": null}));
}

#[test]
fn a_session_is_resumed_with_its_last_number() {
    let (machine, effects) = play(running(), &[message(7), json!({"op": 7, "d": null})]);
    assert_eq!(effects, [Effect::Close, Effect::Reconnect { url: resume_at(), wait_ms: (0, 1_000) }]);
    let (machine, _) = machine.next(Event::Connecting);
    let (machine, effects) = play(machine, &[hello()]);
    assert_eq!(
        sent(effects.get(1)),
        json!({"op": 6, "d": {"token": "{token}", "session_id": "s1", "seq": 7}})
    );
    let (machine, effects) = play(machine, &[message(8), json!({"op": 0, "t": "RESUMED", "s": 9, "d": {}})]);
    assert_eq!((effects, machine.session()), (vec![Effect::Ready { us: None }], Some(&session(9))));
    let stored = Gateway::new(INTENTS, machine.session().cloned());
    assert_eq!(stored.address(), resume_at().as_deref());
    assert_eq!(sent(play(stored, &[hello()]).1.get(1))["d"]["seq"], 9);
}

#[test]
fn an_invalid_session_is_begun_anew_unless_it_can_be_resumed() {
    for (resumable, url) in [(json!(true), resume_at()), (json!(false), None), (json!(null), None)] {
        let (machine, effects) = play(running(), &[json!({"op": 9, "d": resumable})]);
        assert_eq!(effects, [Effect::Close, Effect::Reconnect { url: url.clone(), wait_ms: (1_000, 5_000) }]);
        assert_eq!(machine.session().is_some(), url.is_some());
    }
}

#[test]
fn codes_of_closing_resume_begin_anew_or_need_a_person() {
    for code in [None, Some(1_006), Some(4_000), Some(4_001), Some(4_002), Some(4_005), Some(4_008)] {
        let (_, effects) = running().next(Event::Closed(code));
        assert!(
            matches!(effects.as_slice(), [Effect::Reconnect { url: Some(_), .. }]),
            "{code:?}: {effects:?}"
        );
    }
    for code in [1_000, 1_001, 4_003, 4_007, 4_009] {
        let (machine, effects) = running().next(Event::Closed(Some(code)));
        assert!(matches!(effects.as_slice(), [Effect::Reconnect { url: None, .. }]), "{code}: {effects:?}");
        assert_eq!(machine.session(), None);
    }
    for (code, word) in [
        (4_004, "token"),
        (4_010, "shard"),
        (4_011, "servers"),
        (4_012, "version"),
        (4_013, "intents"),
        (4_014, "words"),
    ] {
        let (_, effects) = running().next(Event::Closed(Some(code)));
        let [Effect::Fatal { why, fix }] = effects.as_slice() else { panic!("{code}: {effects:?}") };
        assert!(why.contains(word) && !fix.is_empty(), "{code}: {why}");
    }
}

#[test]
fn a_resume_address_that_is_none_is_not_followed() {
    let mut odd = ready();
    odd["d"]["resume_gateway_url"] = "https://evil.example".into();
    assert_eq!(play(Gateway::new(INTENTS, None), &[hello(), odd]).0.session(), None);
}

#[test]
fn a_hello_with_an_odd_interval_keeps_within_bounds() {
    for (interval, every_ms) in
        [(json!(1), 1_000), (json!(-5), 41_250), (json!(1e15 as i64), 600_000), (json!("x"), 41_250)]
    {
        let (_, effects) =
            play(Gateway::new(INTENTS, None), &[json!({"op": 10, "d": {"heartbeat_interval": interval}})]);
        assert_eq!(effects[0], Effect::Heartbeats { every_ms });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_makes_it_panic_or_speak_after_the_end(
        steps in proptest::collection::vec((0_u8..8, -3_i64..15, "\\PC{0,20}"), 0..40),
    ) {
        let mut machine = Gateway::new(INTENTS, None);
        let mut over = false;
        for (kind, number, noise) in steps {
            let frame = match kind {
                0 => hello().to_string(),
                1 => ready().to_string(),
                2 => message(number).to_string(),
                3 => json!({"op": number, "d": noise}).to_string(),
                _ => noise,
            };
            let event = match kind {
                5 => Event::HeartbeatDue,
                6 => Event::Closed(u16::try_from(4_000 + number).ok()),
                7 => Event::Connecting,
                _ => Event::Frame(&frame),
            };
            if matches!(event, Event::Connecting) {
                over = false;
            }
            let (next, effects) = machine.next(event);
            prop_assert!(!over || effects.is_empty(), "{effects:?}");
            over |= effects.iter().any(|effect| matches!(effect, Effect::Reconnect { .. } | Effect::Fatal { .. }));
            machine = next;
        }
    }
}
