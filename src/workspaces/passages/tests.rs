//! Cutting, as tables.

use super::{CHARS_MAX, WORDS, passages};

#[test]
fn nothing_of_a_text_is_lost_or_said_twice() {
    let words = |n: usize| (0..n).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
    let lines = |n: usize| (0..n).map(|n| format!("line {n} has five words")).collect::<Vec<_>>().join("\n");
    for text in [
        String::new(),
        "\n\n".to_owned(),
        "one line".to_owned(),
        words(WORDS * 3),
        lines(500),
        "é".repeat(CHARS_MAX * 2 + 7),
        format!("{}\n\n# Second\n{}", lines(30), lines(30)),
    ] {
        let cut = passages(&text);
        let said = |text: &str| text.split_whitespace().collect::<String>();
        let joined: String = cut.iter().map(|passage| said(&passage.text)).collect();
        assert_eq!(joined, said(&text));
        assert!(cut.iter().all(|passage| passage.text.chars().count() <= CHARS_MAX * 2));
        for passage in &cut {
            let first = passage.text.lines().next().unwrap_or_default();
            let line = text.lines().nth(passage.line - 1).unwrap();
            assert!(line.contains(first), "line {} is not {first}", passage.line);
        }
    }
}

#[test]
fn a_passage_has_a_few_hundred_words_and_ends_before_a_heading() {
    let lines = |n: usize| (0..n).map(|n| format!("line {n} has five words")).collect::<Vec<_>>().join("\n");
    let cut = passages(&lines(100));
    assert_eq!(cut.iter().map(|passage| passage.line).collect::<Vec<_>>(), [1, 41, 81]);
    let cut = passages(&format!("{}\n# Second\nmore", lines(25)));
    assert_eq!(cut.iter().map(|passage| passage.line).collect::<Vec<_>>(), [1, 26]);
    assert_eq!(passages("# Short\n\ntext\n# Second\nmore").len(), 1, "what is short stays together");
}
