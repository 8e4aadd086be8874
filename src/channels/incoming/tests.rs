//! Names are shown safely; words and things without words are told apart.

use super::{Said, Sender};

#[test]
fn a_name_is_one_line_and_turns_nothing_around() {
    let table = [
        ("Ann", "Ann"),
        ("  Ann \n\t Lee ", "Ann Lee"),
        ("Ann\u{202e}eel", "Anneel"),
        ("\u{7}\n", "U1"),
        ("", "U1"),
    ];
    for (name, wanted) in table {
        assert_eq!(Sender::known("U1", name).name, wanted, "{name:?}");
    }
    assert_eq!(Sender::known("U1", &"x".repeat(500)).name.len(), 64);
}

#[test]
fn words_win_over_what_came_along_and_nothing_is_nothing() {
    let text = |text: &str, us, with: Option<&str>| Said::Text {
        text: text.to_owned(),
        mentions_us: us,
        with: with.map(str::to_owned),
    };
    let table = [
        (Said::of(" hi ", true, None), Some(text("hi", true, None))),
        (Said::of("look", false, Some("a picture")), Some(text("look", false, Some("a picture")))),
        (Said::of("  ", false, Some("a picture")), Some(Said::Other { what: "a picture".to_owned() })),
        (Said::of("", true, None), Some(text("", true, None))),
        (Said::of("", false, None), None),
    ];
    for (said, wanted) in table {
        assert_eq!(said, wanted);
    }
}
