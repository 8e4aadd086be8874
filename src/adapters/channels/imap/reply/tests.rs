//! Answers as servers write them: Dovecot, Gmail, Exchange and the RFC's own, and what none of them writes.

use proptest::prelude::*;

use super::*;

fn condition(status: Status, code: &str, text: &str) -> Condition {
    Condition { status, code: code.to_owned(), text: text.to_owned() }
}

fn mail(uid: u32) -> Fetched {
    Fetched { uid, ..Fetched::default() }
}

#[test]
fn answers_are_understood_as_servers_write_them() {
    let table: Vec<(&[u8], Heard)> = vec![
        (
            b"* OK [CAPABILITY IMAP4rev1 IDLE] Dovecot ready.\r\n",
            Heard::Told(condition(Status::Ok, "CAPABILITY IMAP4REV1 IDLE", "Dovecot ready.")),
        ),
        (b"* BYE\r\n", Heard::Told(condition(Status::Bye, "", ""))),
        (
            "* BYE Verbindung läuft ab\r\n".as_bytes(),
            Heard::Told(condition(Status::Bye, "", "Verbindung läuft ab")),
        ),
        (
            b"a7 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n",
            Heard::Done(
                "a7".to_owned(),
                condition(Status::No, "AUTHENTICATIONFAILED", "Authentication failed."),
            ),
        ),
        (b"a7 ok done\r\n", Heard::Done("a7".to_owned(), condition(Status::Ok, "", "done"))),
        (b"+ idling\r\n", Heard::GoOn),
        (b"+\r\n", Heard::GoOn),
        (b"* 23 EXISTS\r\n", Heard::Exists(23)),
        (b"* 23 RECENT\r\n", Heard::Other),
        (b"* 1 EXPUNGE\r\n", Heard::Other),
        (b"* SEARCH 1 2\r\n", Heard::Other),
        (
            b"* CAPABILITY IMAP4rev1 Idle AUTH=PLAIN\r\n",
            Heard::Capabilities(vec!["IMAP4REV1".to_owned(), "IDLE".to_owned(), "AUTH=PLAIN".to_owned()]),
        ),
        (b"* 3 FETCH (UID 9 RFC822.SIZE 1024)\r\n", Heard::Fetched(Fetched { size: Some(1_024), ..mail(9) })),
        (
            b"* 3 FETCH (INTERNALDATE \" 7-Jul-2026 02:44:25 -0700\" UID 9)\r\n",
            Heard::Fetched(Fetched { arrived_ms: Some(1_783_417_465_000), ..mail(9) }),
        ),
        (
            b"* 3 FETCH (FLAGS (\\Seen OIB-[x]) UID 9 BODY[] {5}\r\na)\r\nb)\r\n",
            Heard::Fetched(Fetched { body: Some(b"a)\r\nb".to_vec()), ..mail(9) }),
        ),
        (
            b"* 3 FETCH (BODY[]<0> {2}\r\nab UID 9)\r\n",
            Heard::Fetched(Fetched { body: Some(b"ab".to_vec()), ..mail(9) }),
        ),
        (
            b"* 3 FETCH (BODY[HEADER.FIELDS (TO CC)] \"x\\\"y\" UID 9)\r\n",
            Heard::Fetched(Fetched { body: Some(b"x\"y".to_vec()), ..mail(9) }),
        ),
        (b"* 3 fetch (UID 9 X-GM-LABELS (\"a)\" {1}\r\n) (b)) EMAILID (M1))\r\n", Heard::Fetched(mail(9))),
        (b"* 3 FETCH (FLAGS (\\Seen))\r\n", Heard::Other),
        (b"* 3 FETCH (UID 9 BODY[] {9}\r\nab)\r\n", Heard::Other),
        (b"* 3 FETCH (UID 9 FLAGS (\\Seen\r\n", Heard::Other),
        (b"what\r\n", Heard::Other),
        (b"\r\n", Heard::Other),
    ];
    for (frame, expected) in table {
        assert_eq!(Heard::of(frame), expected, "{}", String::from_utf8_lossy(frame));
    }
}

#[test]
fn codes_have_numbers_and_capabilities() {
    let Heard::Told(told) = Heard::of(b"* OK [UIDVALIDITY 4294967295] ok\r\n") else { panic!("no status") };
    assert_eq!((told.number("UIDVALIDITY"), told.number("UIDNEXT")), (Some(u32::MAX), None));
    let Heard::Told(told) = Heard::of(b"* PREAUTH [capability x y] ok\r\n") else { panic!("no status") };
    assert_eq!(told.capabilities(), Some(vec!["X".to_owned(), "Y".to_owned()]));
}

#[test]
fn deep_nesting_costs_no_stack() {
    let mut frame = b"* 1 FETCH (UID 9 BODYSTRUCTURE ".to_vec();
    frame.extend(std::iter::repeat_n(b'(', 100_000));
    assert_eq!(Heard::of(&frame), Heard::Other);
    frame.extend(std::iter::repeat_n(b')', 100_000));
    frame.extend_from_slice(b")\r\n");
    assert_eq!(Heard::of(&frame), Heard::Fetched(mail(9)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[ (){}\\[\\]\"\\\\0-9a-zA-Zé\r\n]{0,120}") {
        Heard::of(&bytes);
        Heard::of(format!("* 1 FETCH ({text}").as_bytes());
        Heard::of(format!("* OK [{text}").as_bytes());
    }
}
