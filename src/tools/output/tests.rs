//! Long answers.

use super::*;

#[test]
fn a_long_answer_keeps_its_beginning_and_its_end_and_says_what_is_missing() {
    let long = ToolOutput::tool(format!("{}é{}", "a".repeat(600), "z".repeat(600))).cut(1_000);
    assert!(long.text.starts_with(&"a".repeat(500)));
    assert!(long.text.ends_with(&"z".repeat(500)));
    assert!(long.text.contains("[… 202 bytes are cut here …]"), "{}", long.text);
    let exact = ToolOutput::tool("x".repeat(1_000)).cut(1_000);
    assert_eq!(exact.text.len(), 1_000);
}

#[test]
fn a_cut_falls_between_characters() {
    let text = "日".repeat(400);
    for bytes_max in 100..110 {
        let cut = ToolOutput::tool(text.clone()).cut(bytes_max);
        assert!(cut.text.starts_with('日') && cut.text.ends_with('日'));
    }
}
