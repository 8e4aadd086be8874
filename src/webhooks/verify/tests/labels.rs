//! Names of events and ids.

use super::super::Refusal;
use super::super::label::{dotted, event, id};

const UNUSABLE: Refusal = Refusal::Unusable { part: "p" };

#[test]
fn an_event_is_trimmed_cut_and_freed_of_what_nobody_sees() {
    let long = "é".repeat(300);
    for (text, label) in [
        (None, Ok(None)),
        (Some(""), Ok(None)),
        (Some("  "), Ok(None)),
        (Some("\u{200b}"), Ok(None)),
        (Some(" push "), Ok(Some("push".to_owned()))),
        (Some("Push Hook"), Ok(Some("Push Hook".to_owned()))),
        (Some("pu\u{202e}s\u{200b}h"), Ok(Some("push".to_owned()))),
        (Some("pu\u{e0041}sh"), Ok(Some("push".to_owned()))),
        (Some(long.as_str()), Ok(Some("é".repeat(255)))),
        (Some("a\0b"), Err(UNUSABLE)),
        (Some("a\nb"), Err(UNUSABLE)),
        (Some("a\u{1b}[31mb"), Err(UNUSABLE)),
        (Some("a\u{85}b"), Err(UNUSABLE)),
    ] {
        assert_eq!(event(text, "p"), label, "{text:?}");
    }
}

#[test]
fn an_id_is_never_changed_but_refused() {
    let (most, over) = ("é".repeat(255), "é".repeat(256));
    for (text, label) in [
        (None, Ok(None)),
        (Some(" "), Ok(None)),
        (Some("72d3-\u{e9}"), Ok(Some("72d3-é".to_owned()))),
        (Some(most.as_str()), Ok(Some(most.clone()))),
        (Some(over.as_str()), Err(UNUSABLE)),
        (Some("a\tb"), Err(UNUSABLE)),
        (Some("a\u{200b}b"), Err(UNUSABLE)),
    ] {
        assert_eq!(id(text, "p"), label, "{text:?}");
    }
}

#[test]
fn two_words_get_a_dot_between_them() {
    assert_eq!(dotted(Some("a"), Some("b")).as_deref(), Some("a.b"));
    assert_eq!(dotted(Some("a"), None).as_deref(), Some("a"));
    assert_eq!(dotted(None, Some("b")).as_deref(), Some("b"));
    assert_eq!(dotted(None, None), None);
}
