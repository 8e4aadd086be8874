//! Patterns.

use super::*;

fn text(pattern: &str, text: &str, reading: Reading) -> bool {
    Glob::try_from(pattern.to_owned()).unwrap().matches(text, reading)
}

fn path(pattern: &str, path: &str, reading: Reading) -> bool {
    let place = Place::of(path, Some("/w/x")).unwrap();
    PathGlob::try_from(pattern.to_owned()).unwrap().matches(&place, reading)
}

#[test]
fn the_table_of_text_patterns() {
    for (pattern, subject, wanted) in [
        ("a", "a", true),
        ("a", "A", false),
        ("a", "ab", false),
        ("*", "", true),
        ("a*c", "abbc", true),
        ("a*c", "abbcd", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b*", "xxbxxaxx", false),
        ("?", "é", true),
        ("?", "", false),
        ("a\\*", "a*", true),
        ("a\\*", "ab", false),
        ("mail.*", "mail.read", true),
        ("**", "anything", true),
    ] {
        assert_eq!(text(pattern, subject, Reading::Narrow), wanted, "{pattern} {subject}");
    }
    assert!(text("delete*", "DELETE_mail", Reading::Wide));
}

#[test]
fn the_table_of_path_patterns() {
    for (pattern, subject, wanted) in [
        ("notes/**", "notes/a/b", true),
        ("notes/**", "notes", true),
        ("notes/**", "notes-evil/a", false),
        ("notes/*", "notes/a", true),
        ("notes/*", "notes/a/b", false),
        ("**/*.md", "a/b/c.md", true),
        ("**/*.md", "c.md", true),
        ("**/*.md", "/elsewhere/c.md", false),
        ("/**/*.md", "/elsewhere/c.md", true),
        ("/**/*.md", "a/c.md", true),
        ("/w/x/notes/**", "notes/a", true),
        ("/w/x/notes/**", "/w/x/notes/../secret", false),
        ("a/**/z", "a/z", true),
        ("a/**/z", "a/b/c/z", true),
        ("a/**/z", "a/b/c/zz", false),
        ("/etc/passwd", "/etc//./passwd", true),
        (".env", "sub/../.env", true),
        ("*", "a", true),
        ("**", "/elsewhere", false),
        ("/**", "/elsewhere", true),
    ] {
        assert_eq!(path(pattern, subject, Reading::Narrow), wanted, "{pattern} {subject}");
    }
}

#[test]
fn a_restriction_of_paths_anywhere_holds_where_the_root_is_not_known() {
    let place = Place::of("a/.env", None).unwrap();
    let pattern = PathGlob::try_from("/**/.env".to_owned()).unwrap();
    assert!(pattern.matches(&place, Reading::Wide) && !pattern.matches(&place, Reading::Narrow));
}

#[test]
fn what_means_nothing_is_refused() {
    let refused = |text: &str| PathGlob::try_from(text.to_owned()).unwrap_err();
    assert_eq!(refused(""), BadPattern::Empty);
    assert_eq!(refused("a/../b"), BadPattern::Dots);
    assert_eq!(refused("./a"), BadPattern::Dots);
    assert_eq!(refused("~/a"), BadPattern::Home);
    assert_eq!(refused("a\\"), BadPattern::Escape);
    assert_eq!(refused("a\nb"), BadPattern::Control);
    assert!(PathGlob::try_from("a".repeat(PATTERN_CHARS_MAX)).is_ok());
    assert_eq!(refused(&"a".repeat(PATTERN_CHARS_MAX + 1)), BadPattern::Long);
}

#[test]
fn an_exact_pattern_matches_its_text_alone_and_comes_back_from_the_store() {
    for subject in ["a*b", "a?b", "a\\b", "**", "plain"] {
        let glob = Glob::exactly(subject);
        assert!(glob.matches(subject, Reading::Narrow) && !glob.matches("axb", Reading::Narrow));
        let again: Glob = serde_json::from_str(&serde_json::to_string(&glob).unwrap()).unwrap();
        assert!(again.matches(subject, Reading::Narrow) && again == glob);
    }
}

#[test]
fn hostile_patterns_take_no_time_worth_mentioning() {
    let pattern = "*a".repeat(400);
    let subject = "a".repeat(399) + &"b".repeat(4_000);
    assert!(!text(&pattern, &subject, Reading::Wide));
    let pattern = "**/a/".repeat(150) + "z";
    assert!(!path(&pattern, &"a/".repeat(1_500), Reading::Wide));
}
