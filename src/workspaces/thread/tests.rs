//! Titles.

use super::*;

#[test]
fn a_short_first_line_is_the_title() {
    assert_eq!(title_from("\n  Plan the weekend \nwith rain"), "Plan the weekend");
    assert_eq!(title_from(""), "");
}

#[test]
fn a_long_first_line_is_cut_between_words() {
    let title = title_from(&"word ".repeat(40));
    assert!(title.ends_with("word…"), "{title}");
    assert!(title.chars().count() <= TITLE_FROM_MESSAGE_CHARS + 1);
    assert_eq!(title_from(&"ä".repeat(80)).chars().count(), TITLE_FROM_MESSAGE_CHARS + 1);
}

#[test]
fn titles_and_sessions_are_accepted_up_to_their_limits() {
    assert_eq!(title("").unwrap(), "");
    assert!(title(&"x".repeat(TITLE_CHARS_MAX)).is_ok());
    assert!(title(&"x".repeat(TITLE_CHARS_MAX + 1)).is_err());
    assert!(session_key("").is_err());
    assert!(session_key(&"x".repeat(SESSION_CHARS_MAX)).is_ok());
    assert!(session_key(&"x".repeat(SESSION_CHARS_MAX + 1)).is_err());
    assert!(title("a\u{1b}[31mb").is_err(), "no terminal sequences");
}
