//! What is kept of an output, at the bound and one over it.

use super::*;

fn captured(bytes_max: usize, pieces: &[&str]) -> Captured {
    let mut captured = Captured::new(bytes_max);
    pieces.iter().for_each(|piece| captured.push(piece.as_bytes()));
    captured
}

#[test]
fn what_fits_is_whole() {
    for pieces in [&["abcdefgh"][..], &["abc", "", "def", "gh"]] {
        let captured = captured(8, pieces);
        assert_eq!((captured.text().as_str(), captured.cut_bytes()), ("abcdefgh", 0));
    }
}

#[test]
fn of_what_does_not_the_beginning_and_the_end_are_kept() {
    for pieces in [&["abcdefghi"][..], &["abcde", "fghi"], &["a", "b", "c", "d", "e", "f", "g", "h", "i"]] {
        let captured = captured(8, pieces);
        assert_eq!(captured.text(), "abcd\n[… 1 bytes are cut here …]\nfghi");
    }
}

#[test]
fn no_character_is_cut_in_two() {
    let captured = captured(8, &["aäöü", "xxxxxx", "äöüa"]);
    let text = captured.text();
    assert!(text.starts_with("aä\n[") && text.ends_with("]\nüa"), "{text}");
    assert!(!text.contains('\u{fffd}'));
}
