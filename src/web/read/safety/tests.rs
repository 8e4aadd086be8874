//! Actions as forms name them.

use super::*;

#[test]
fn arguments_are_split_as_a_person_means_them() {
    for (text, wanted) in [
        ("", &[][..]),
        ("status", &["status"]),
        ("commit  -m 'a b'", &["commit", "-m", "a b"]),
        ("-m \"it's\" ''", &["-m", "it's", ""]),
        ("a'b c'd", &["ab cd"]),
    ] {
        assert_eq!(arguments(text), wanted, "{text}");
    }
}

#[test]
fn every_kind_of_the_form_is_an_action_and_a_pattern() {
    for kind in SafetyPage::KINDS {
        let second = if kind.word == "reach_host" { "443" } else { "x" };
        let fields = pattern_fields(kind.word, "example.com", second).unwrap();
        assert_eq!(
            fields.len(),
            1 + usize::from(!kind.first.is_empty()) + usize::from(!kind.second.is_empty())
        );
        serde_json::from_value::<ActionPattern>(Value::Object(fields)).unwrap();
        let empty = pattern_fields(kind.word, "", "").unwrap();
        serde_json::from_value::<ActionPattern>(Value::Object(empty)).unwrap();
        let draft = TestDraft { kind: kind.word.to_owned(), first: "x".to_owned(), ..TestDraft::default() };
        serde_json::from_value::<Action>(Value::Object(action_fields(&draft).unwrap())).unwrap();
    }
    assert_eq!(SafetyPage::KINDS.len(), crate::policy::ACTION_KINDS.len());
    serde_json::from_value::<ActionPattern>(Value::Object(pattern_fields("any", "", "").unwrap())).unwrap();
}
