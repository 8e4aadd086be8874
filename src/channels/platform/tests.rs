//! Words of platforms, units, and short texts.

use super::{Platform, TextUnit, shortened};

#[test]
fn every_platform_has_a_word_that_leads_back_to_it() {
    for platform in Platform::ALL {
        assert_eq!(Platform::parse(platform.word()), Some(platform));
        assert_eq!(serde_json::to_value(platform).unwrap(), platform.word());
        assert!(!platform.label().is_empty());
    }
    assert_eq!(Platform::parse("Slack"), None);
    assert_eq!(Platform::parse(""), None);
}

#[test]
fn units_count_what_the_platform_counts() {
    for (unit, length) in [(TextUnit::Bytes, 8), (TextUnit::Chars, 4), (TextUnit::Utf16, 5)] {
        assert_eq!(unit.count("aé😀b"), length, "{unit:?}");
    }
}

#[test]
fn a_short_text_stays_and_a_long_one_ends_in_an_ellipsis() {
    let table = [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
        // A family is one grapheme of several characters: all of it or nothing.
        ("a👨‍👩‍👧b", 4, "a…"),
    ];
    for (text, max, wanted) in table {
        let short = shortened(text, TextUnit::Chars, max);
        assert_eq!(short, wanted, "{text} at {max}");
        assert!(TextUnit::Chars.count(&short) <= max);
    }
}
