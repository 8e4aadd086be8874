//! An edit changes what it names and nothing else.

use proptest::prelude::*;

use super::*;

fn replaced(content: &str, old: &str, new: &str, all: bool) -> Result<String, NotReplaced> {
    let made = Replacement { old, new, all }.apply(content.as_bytes())?;
    Ok(String::from_utf8(made.content).unwrap())
}

#[test]
fn the_only_place_is_replaced_and_several_only_with_all() {
    assert_eq!(replaced("a b c", "b", "x", false).unwrap(), "a x c");
    let error = replaced("a\nb\na\n", "a", "x", false).unwrap_err().to_string();
    assert!(error.contains("2 times (lines 1, 3)"), "{error}");
    assert_eq!(replaced("a\nb\na\n", "a", "x", true).unwrap(), "x\nb\nx\n");
    assert_eq!(replaced("aaa", "aa", "b", true).unwrap(), "ba");
    assert_eq!(replaced("a", "", "x", false), Err(NotReplaced::Empty));
    assert_eq!(replaced("a", "a", "a", false), Err(NotReplaced::Same));
    assert_eq!(replaced("a b", " b", "", false).unwrap(), "a");
}

#[test]
fn what_is_not_there_says_where_something_like_it_is() {
    let error = replaced("x\n    let a  = 1;\n", "let a = 1;", "", false).unwrap_err().to_string();
    assert!(error.contains("line 2"), "{error}");
    let error = replaced("x\n", "     1\tx\ny", "", false).unwrap_err().to_string();
    assert!(error.contains("without line numbers"), "{error}");
}

#[test]
fn line_ends_of_a_file_from_windows_stay() {
    assert_eq!(replaced("a\r\nb\r\nc\r\n", "a\nb", "x\ny", false).unwrap(), "x\r\ny\r\nc\r\n");
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let made = Replacement { old: "b", new: "c", all: false }.apply(b"\xff\x00b\xfe").unwrap();
    assert_eq!(made.content, b"\xff\x00c\xfe");
}

#[test]
fn a_person_sees_the_difference_or_the_whole() {
    let seen = shown("a.txt", Some(b"1\n2\n3\n"), b"1\nx\n3\n");
    assert_eq!(seen, "--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n");
    assert_eq!(shown("a", None, b"new"), "new");
    assert_eq!(shown("a", Some(b"\xff\xfe"), b"new"), "new");
    assert_eq!(shown("a", Some(b"same"), b"same"), "");
    let large = vec![b'a'; DIFF_BYTES_MAX + 1];
    assert_eq!(shown("a", Some(&large), b"new"), "new");
}

proptest! {
    #[test]
    fn an_edit_never_changes_other_bytes(
        before in proptest::collection::vec(any::<u8>(), 0..200),
        after in proptest::collection::vec(any::<u8>(), 0..200),
        old in "[a-z]{6,12}",
        new in "\\PC{0,12}",
    ) {
        let content = [before.as_slice(), old.as_bytes(), after.as_slice()].concat();
        prop_assume!(old != new && memmem::find_iter(&content, old.as_bytes()).count() == 1);
        let made = Replacement { old: &old, new: &new, all: false }.apply(&content).unwrap();
        prop_assert_eq!(made.content, [before.as_slice(), new.as_bytes(), after.as_slice()].concat());
        prop_assert_eq!(made.places, 1);
    }

    #[test]
    fn with_all_nothing_but_the_places_changes(content in "[ab\n\r]{0,80}", old in "[ab]{1,3}", new in "[c]{0,3}") {
        if let Ok(made) = (Replacement { old: &old, new: &new, all: true }).apply(content.as_bytes()) {
            prop_assert_eq!(made.content, content.replace(&old, &new).into_bytes());
            prop_assert_eq!(made.places, content.matches(&old).count());
        }
    }
}
