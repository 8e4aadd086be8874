//! What a tape holds, and what it lets go.

use super::*;

fn texts(since: Since) -> Vec<String> {
    match since {
        Since::Pieces(pieces) => pieces.iter().map(|piece| piece.text.to_string()).collect(),
        Since::Gone(at) => vec![format!("gone, begins at {at}")],
    }
}

#[test]
fn a_flood_stays_within_the_bound_and_keeps_the_newest() {
    let mut tape = Tape::new(16 << 10, 100);
    for n in 0..10_000 {
        tape.push(OutputStream::Stdout, &format!("line {n}\n"), 0);
        assert!(tape.bytes <= 16 << 10);
    }
    let huge = "ä".repeat(1 << 20);
    tape.push(OutputStream::Stdout, &huge, 0);
    assert!(tape.bytes <= 16 << 10 && tape.bytes > 4 << 10, "{}", tape.bytes);
    assert!(tape.text().chars().all(|c| c == 'ä'));
    assert_eq!(tape.end() - tape.start(), tape.bytes as u64);
}

#[test]
fn a_peer_gets_what_came_after_its_place_and_hears_when_that_is_gone() {
    let mut tape = Tape::new(4 << 10, 10);
    assert_eq!(texts(tape.since(10, 1 << 10)), Vec::<String>::new());
    assert_eq!(texts(tape.since(9, 1 << 10)), ["gone, begins at 10"]);
    tape.push(OutputStream::Stdout, "one", 0);
    tape.push(OutputStream::Stderr, "two", 9);
    assert_eq!(tape.end(), 10 + 3 + 9 + 3);
    assert_eq!(texts(tape.since(10, 1 << 10)), ["one", "two"]);
    assert_eq!(texts(tape.since(13, 1 << 10)), ["two"]);
    assert_eq!(texts(tape.since(12, 1 << 10)), ["e", "two"]);
    assert_eq!(texts(tape.since(10, 1)), ["one"], "one piece at least");
    assert_eq!(texts(tape.since(25, 1 << 10)), Vec::<String>::new());
    assert_eq!(texts(tape.since(1_000, 1 << 10)), Vec::<String>::new());
}

#[test]
fn a_place_within_a_character_goes_on_behind_it() {
    let mut tape = Tape::new(4 << 10, 0);
    tape.push(OutputStream::Stdout, "aäb", 0);
    assert_eq!(texts(tape.since(2, 1 << 10)), ["b"]);
}
