//! Counts at the size of the screen and over it.

use super::*;

fn limited(texts: &[&str]) -> String {
    let mut counts = Counts::default();
    texts.iter().map(|text| counts.limit(text, 500).into_owned()).collect()
}

#[test]
fn a_count_is_at_most_the_size_and_everything_else_stays() {
    for (text, wanted) in [
        ("plain 65535", "plain 65535"),
        ("\u{1b}[500@", "\u{1b}[500@"),
        ("\u{1b}[501@", "\u{1b}[500@"),
        ("\u{1b}[99999999999999999999L5000", "\u{1b}[500L5000"),
        ("\u{1b}[;65535H\u{1b}[65535;1r", "\u{1b}[;500H\u{1b}[500;1r"),
        ("\u{1b}[38;2;255;128;0mred", "\u{1b}[38;2;255;128;0mred"),
        ("\u{1b}[?1049h\u{1b}[?2004l\u{1b}[>4;2m", "\u{1b}[?1049h\u{1b}[?2004l\u{1b}[>4;2m"),
        ("\u{1b}]0;65535\u{7}65535", "\u{1b}]0;65535\u{7}65535"),
        // Control characters do not end a command, and these two do.
        ("\u{1b}\n[65535@", "\u{1b}\n[500@"),
        ("\u{1b}[65\u{8}535@", "\u{1b}[65\u{8}500@"),
        ("\u{1b}[6\u{18}5535", "\u{1b}[6\u{18}5535"),
        ("\u{1b}[6\u{1b}[65535@", "\u{1b}[6\u{1b}[500@"),
    ] {
        assert_eq!(limited(&[text]), wanted, "{text:?}");
    }
}

#[test]
fn a_torn_command_is_one_command() {
    assert_eq!(limited(&["a\u{1b}", "[655", "35", "@b"]), "a\u{1b}[500@b");
}
