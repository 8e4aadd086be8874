//! What is on a screen.

use super::*;

fn screen(text: &str) -> Screen {
    let mut screen = Screen::new(TerminalSize { rows: 4, cols: 20 });
    screen.draw(text);
    screen
}

#[test]
fn what_is_drawn_over_is_gone_and_looks_are_kept() {
    let shown = screen("50 %\r100 %\r\n\u{1b}[1;31mred\u{1b}[m plain\u{1b}[7m \u{1b}[m");
    assert_eq!(shown.text(), "100 %\nred plain");
    let lines = shown.lines();
    assert_eq!(lines.len(), 2);
    let looks: Vec<_> =
        lines[1].0.iter().map(|span| (span.text.as_str(), span.fg.as_deref(), span.look.as_str())).collect();
    assert_eq!(looks, [("red", Some("1"), "b"), (" plain", None, ""), (" ", None, "v")]);
    assert_eq!(shown.cursor(), Some((1, 10)));
}

#[test]
fn hostile_texts_and_sizes_cost_the_screen_at_the_most() {
    for (rows, cols) in [(1, 1), (1, 2), (2, 1), (500, 500)] {
        let mut screen = Screen::new(TerminalSize { rows, cols });
        for text in
            ["\u{1b}[999999999;999999999H漢字", "\u{1b}[1000000000@\u{1b}[1000000000L", "漢\u{1b}[D漢"]
        {
            screen.draw(text);
        }
        screen.resize(TerminalSize { rows: 1, cols: 1 });
        screen.draw("漢字\r\n漢");
        screen.resize(TerminalSize { rows, cols });
        assert_eq!(screen.size(), TerminalSize { rows, cols });
        assert!(screen.lines().len() <= usize::from(rows));
    }
}

#[test]
fn modes_of_keys_are_told() {
    let shown = screen("\u{1b}[?1h\u{1b}[?2004h\u{1b}[?25l");
    assert!(shown.application_keys() && shown.bracketed_paste());
    assert_eq!(shown.cursor(), None);
}
