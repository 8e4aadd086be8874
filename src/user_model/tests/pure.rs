//! Words and bounds.

use super::*;
use crate::user_model::profile::{NOTICED_TOPICS_MAX, Noticed};

const DAY_MS: i64 = 86_400_000;

fn noticed(words: &[(&str, u32)], at_ms: i64) -> Noticed {
    let mut noticed = Noticed::default();
    for (word, count) in words {
        for _ in 0..*count {
            noticed.add(vec![(*word).to_owned()], 10, 9, at_ms);
        }
    }
    noticed
}

#[test]
fn topics_are_words_that_say_something() {
    for (text, expected) in [
        ("Tell me about gardening, GARDENING and Robin's roses!", &["gardening", "robin", "roses"][..]),
        ("Der Garten und die Rosen sind nicht für mich", &["garten", "rosen"]),
        ("cat dogs", &["dogs"]),
        ("well-known co-op", &["well-known", "co-op"]),
        ("a1b2 user@example.com https://evil.example/x /etc/passwd 12345 x_y", &[]),
        ("> quoted words of somebody\nmine", &["mine"]),
        ("```\nlet code = secret;\n```\nafter", &[]),
        ("call `frobnicate` gently", &["call", "gently"]),
        ("日本語の文章 текст", &["日本語の文章", "текст"]),
        ("", &[]),
    ] {
        assert_eq!(topics(text), expected, "{text}");
    }
    assert_eq!(topics(&"a".repeat(WORD_CHARS_MAX)).len(), 1);
    assert!(topics(&"a".repeat(WORD_CHARS_MAX + 1)).is_empty());
    let many: Vec<String> = (0..=WORDS_PER_MESSAGE_MAX).map(word).collect();
    assert_eq!(topics(&many.join(" ")).len(), WORDS_PER_MESSAGE_MAX);
    assert!(topics(&"x".repeat(10 << 20)).is_empty(), "a giant is looked at no further");
}

/// Another word for every number.
fn word(n: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    format!("topic{}{}{}", letter(n / 676), letter(n / 26), letter(n))
}

#[test]
fn counts_stop_at_their_bounds() {
    let mut profile = Profile::default();
    for _ in 0..2 {
        profile.notice(&noticed(&[("gardening", COUNT_MAX)], 0), Privacy::Full, 0);
    }
    assert_eq!((profile.topics["gardening"].count, profile.queries), (COUNT_MAX, 2 * COUNT_MAX));
    profile.queries = QUERIES_MAX - 1;
    profile.hours[9] = HOUR_MAX - 1;
    profile.notice(&noticed(&[("gardening", 5)], 0), Privacy::Full, 0);
    assert_eq!((profile.queries, profile.hours[9]), (QUERIES_MAX, HOUR_MAX));
    profile.notice(&noticed(&[("gardening", 5)], 0), Privacy::Full, 0);
    assert_eq!((profile.queries, profile.hours[9], profile.average_chars), (QUERIES_MAX, HOUR_MAX, 10.0));
    let mut full = Noticed::default();
    full.add((0..=NOTICED_TOPICS_MAX).map(word).collect(), 1, 0, 0);
    assert_eq!(full.topics.len(), NOTICED_TOPICS_MAX);
    full.add(vec!["another".into()], usize::MAX, 99, 0);
    assert_eq!((full.topics.len(), full.queries), (NOTICED_TOPICS_MAX, 2));
}

#[test]
fn the_topics_that_count_most_stay_and_old_ones_fade() {
    let mut profile = Profile::default();
    let words: Vec<String> = (0..TOPICS_MAX).map(word).collect();
    let twice: Vec<(&str, u32)> = words.iter().map(|word| (word.as_str(), 2)).collect();
    profile.notice(&noticed(&twice, 0), Privacy::Limited, 0);
    assert_eq!(profile.topics.len(), TOPICS_MAX);
    profile.notice(&noticed(&[("newcomer", 1)], 0), Privacy::Limited, 0);
    assert!(profile.topics.len() == TOPICS_MAX && !profile.topics.contains_key("newcomer"));
    profile.notice(&noticed(&[("newcomer", 3)], 0), Privacy::Limited, 0);
    assert!(profile.topics.len() == TOPICS_MAX && profile.topics.contains_key("newcomer"));
    // A year later, what is mentioned once counts more than what was mentioned twice then.
    let later = 365 * DAY_MS;
    profile.notice(&noticed(&[("lately", 1)], later), Privacy::Limited, later);
    assert_eq!(profile.interests(later)[0].0, "lately");
    // A clock that went back makes nothing older, and nothing breaks.
    assert_eq!(profile.interests(i64::MIN)[0].0, "newcomer");
    assert_eq!(profile.interests(i64::MAX).len(), TOPICS_MAX);
}

#[test]
fn what_prompts_are_told_is_bounded() {
    let mut profile = Profile::default();
    assert_eq!(context(&profile, 0), "");
    let words: Vec<String> = (0..=INTERESTS_MAX).map(word).collect();
    let once: Vec<(&str, u32)> = words.iter().map(|word| (word.as_str(), 1)).collect();
    profile.notice(&noticed(&once, 0), Privacy::Limited, 0);
    assert_eq!(context(&profile, 0).matches("topic").count(), INTERESTS_MAX);
    for _ in 0..PREFERENCES_MAX {
        profile.add_preference("x".repeat(PREFERENCE_CHARS_MAX), 0).unwrap();
    }
    assert_eq!(profile.add_preference("x".into(), 0), None);
    let text = context(&profile, 0);
    assert!(text.len() <= CONTEXT_BYTES_MAX && text.ends_with('x'));
    for n in 0..=MUTED_MAX {
        profile.topics.insert(word(n), Topic { count: 1, first_ms: 0, last_ms: 0, edited: false });
        assert!(profile.mute(&word(n)));
    }
    assert_eq!(profile.muted.len(), MUTED_MAX);
}
