//! Words of texts in many languages.

use crate::search::language::{Grammar, WORD_CHARS_MAX, language_of, words};

fn all(text: &str) -> Vec<String> {
    words(text, 1_000).into_iter().map(|word| word.text).collect()
}

#[test]
fn words_lose_case_accents_and_possessives() {
    assert_eq!(all("Caroline’s Café, don't PANIC!"), ["caroline", "cafe", "dont", "panic"]);
    assert_eq!(all("l'amour d’accord qu'il"), ["amour", "accord", "il"]);
    assert_eq!(all("Cafe\u{301} naïve Straße Ærø"), ["cafe", "naive", "strasse", "aero"]);
    assert_eq!(all("a_b C++ 3.5 x' 'quoted'"), ["a", "b", "c", "3", "5", "x", "quoted"]);
}

#[test]
fn scripts_without_spaces_are_pairs() {
    assert_eq!(all("東京都 に"), ["東京", "京都", "に"]);
    assert_eq!(all("Tokyo東京"), ["tokyo", "東京"]);
}

#[test]
fn places_are_those_of_the_text() {
    let text = "Ünï — 東京!";
    for word in words(text, 10) {
        assert!(text.get(word.start..word.end).is_some(), "{word:?}");
    }
    assert_eq!(&text[words(text, 10)[0].start..words(text, 10)[0].end], "Ünï");
}

#[test]
fn what_is_very_long_is_cut_and_counted() {
    let long = "x".repeat(100_000);
    assert_eq!(all(&long), ["x".repeat(WORD_CHARS_MAX)]);
    assert_eq!(words(&"a ".repeat(50), 7).len(), 7);
}

#[test]
fn a_text_is_stemmed_as_its_language_has_it() {
    assert_eq!(language_of("We were painting the kitchen walls all weekend long"), Some("en"));
    assert_eq!(language_of("Wir haben am Wochenende die Wände in der Küche gestrichen"), Some("de"));
    assert_eq!(language_of("Мы покрасили стены на кухне в эти выходные"), Some("ru"));
    assert_eq!(language_of("東京に住んでいます"), None);
    assert_eq!(language_of("ok"), Some("en"));
    let mut english = Grammar::of("en").unwrap();
    assert_eq!(english.stem("running"), english.stem("runs"));
    assert!(english.is_stop_word("the") && !english.is_stop_word("kitchen"));
    let mut german = Grammar::of("de").unwrap();
    assert_eq!(german.stem("hauser"), german.stem("haus"));
}

#[test]
fn no_text_panics() {
    for text in
        ["", "'", "''s", "’’’", "\u{301}\u{301}", "\u{0}", "🙂🙂 a🙂b", "İstanbul ǅ", "\u{202e}abc", "ﬁn"]
    {
        let _ = all(text);
        let _ = language_of(text);
    }
}
