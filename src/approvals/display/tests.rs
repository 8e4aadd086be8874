//! What is shown.

use super::*;

#[test]
fn everything_that_hides_is_seen() {
    for (text, wanted) in [
        ("plain äöü 漢字", "plain äöü 漢字"),
        ("a\nb", "a\\nb"),
        ("a\r\x1b[2Kb", "a\\r\\u{1b}[2Kb"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
        ("a\u{200b}\u{200d}\u{feff}b", "a\\u{200b}\\u{200d}\\u{feff}b"),
        ("a\u{a0}b\u{3000}", "a\\u{a0}b\\u{3000}"),
        ("a\u{e0041}", "a\\u{e0041}"),
        ("a\u{336}", "a\\u{336}"),
        ("a\\u{202e}", "a\\\\u{202e}"),
        ("\u{0}\u{7f}\u{9b}", "\\u{0}\\u{7f}\\u{9b}"),
    ] {
        assert_eq!(visible(text), wanted);
    }
}

#[test]
fn the_payload_stands_line_by_line_and_cannot_pose_as_an_action() {
    let action = Action::RunCommand { program: "cat".into(), args: vec!["a b".into()] };
    let text = shown(&[action], "hello\nrun ls").unwrap();
    assert_eq!(text, "run cat 'a b'\n| hello\n| run ls");
}

#[test]
fn what_nobody_reads_is_refused() {
    let action = || Action::SpawnAgent { assistant: "a".into() };
    let room = SHOWN_BYTES_MAX - shown(&[action()], "x").unwrap().len() + 1;
    assert!(shown(&[action()], &"x".repeat(room)).is_ok());
    assert!(matches!(shown(&[action()], &"x".repeat(room + 1)), Err(ApprovalError::TooLong)));
}
