//! A stream shows what the whole text shows, however it is cut; twice is once; nothing panics.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::generator::{ANNOUNCED, CHAT, Dice, SHAPED};
use crate::redaction::Redactor;

/// A key block. Its key is made of nothing.
pub(super) fn block(name: &str, line_end: &str) -> String {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    format!("-----BEGIN {name}-----{line_end}{line}{line_end}{line}=={line_end}-----END {name}-----")
}

fn with_known() -> Redactor {
    let redactor = Redactor::new();
    let value = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    redactor.known().set(
        "test",
        vec![
            ("phrase".to_owned(), value("correct horse battery staple")),
            ("odd".to_owned(), value("p/\"x&<y>z'ü=1")),
            ("plain".to_owned(), value("Zx81-Spectrum")),
        ],
    );
    redactor
}

#[track_caller]
fn assert_same(redactor: &Redactor, text: &str, pieces: &[&str]) {
    let whole = redactor.redact(text);
    let mut stream = redactor.stream();
    let mut shown: String = pieces.iter().map(|piece| stream.push(piece)).collect();
    shown.push_str(&stream.finish());
    assert_eq!(shown, whole.text, "cut as {pieces:?}");
    assert_eq!(stream.take_findings(), whole.findings, "cut as {pieces:?}");
}

fn samples() -> Vec<String> {
    let mut dice = Dice::new(7);
    let mut all: Vec<String> = SHAPED
        .iter()
        .chain(ANNOUNCED)
        .enumerate()
        .map(|(number, sort)| sort.in_chat(CHAT[number % CHAT.len()], &mut dice).text)
        .collect();
    for (name, end) in
        [("RSA PRIVATE KEY", "\n"), ("OPENSSH PRIVATE KEY", "\\n"), ("PGP PRIVATE KEY BLOCK", "\r\n")]
    {
        all.push(format!("my key:\n{} and more text", block(name, end)));
        all.push(format!("begun {}", &block(name, end)[..80]));
    }
    all.push(
        "they say correct horse battery staple is p%2F%22x%26%3Cy%3Ez%27%C3%BC%3D1, or correct horse"
            .to_owned(),
    );
    all.push("not -----BEGIN CERTIFICATE----- nor \"-----BEGIN PRIVATE KEY-----\" is one ---".to_owned());
    all.push("zero gh\u{200b}p_\u{200b}a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8 width".to_owned());
    all
}

#[test]
fn every_cut_in_two_shows_the_same() {
    let redactor = with_known();
    for text in samples() {
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let (before, after) = text.split_at(at);
            assert_same(&redactor, &text, &[before, after]);
        }
    }
}

#[test]
fn character_by_character_and_byte_by_byte_shows_the_same() {
    let redactor = with_known();
    for text in samples() {
        let pieces: Vec<String> = text.chars().map(String::from).collect();
        assert_same(&redactor, &text, &pieces.iter().map(String::as_str).collect::<Vec<_>>());
        let mut stream = redactor.stream();
        let mut shown: String = text.bytes().map(|byte| stream.push_bytes(&[byte])).collect();
        shown.push_str(&stream.finish());
        assert_eq!(shown, redactor.redact(&text).text);
    }
}

#[test]
fn what_is_no_utf8_is_shown_as_a_mark_and_hides_nothing() {
    let redactor = Redactor::new();
    let mut stream = redactor.stream();
    let mut shown = stream.push_bytes(b"a \xff b \xc3");
    shown.push_str(&stream.push_bytes(b" c"));
    shown.push_str(&stream.push_bytes(b" \xe2\x82"));
    shown.push_str(&stream.finish());
    assert_eq!(shown, "a \u{fffd} b \u{fffd} c \u{fffd}");
}

#[test]
fn words_flow_at_once_and_little_is_held_back() {
    let redactor = with_known();
    let mut stream = redactor.stream();
    assert_eq!(stream.push("Hello wor"), "Hello ");
    assert_eq!(stream.push("ld, how"), "world, ");
    assert_eq!(stream.push(" are you"), "how are ");
    assert_eq!(stream.push("?"), "");
    assert_eq!(stream.finish(), "you?");
    let mut longest = 0;
    let mut stream = redactor.stream();
    for _ in 0..40_000 {
        let _shown = stream.push("ab/");
        longest = longest.max(stream.held());
    }
    assert!(longest <= 12 << 10, "{longest}");
}

#[test]
fn a_secret_that_never_ends_is_hidden_to_the_end_of_its_run() {
    let redactor = Redactor::new();
    let text = format!("x ghp_{} y", "aB3dE6gH".repeat(10_000));
    let shown = redactor.redact(&text);
    assert_eq!(shown.text, "x [REDACTED:GITHUB_TOKEN] y");
    assert_eq!((shown.findings[0].start, shown.findings[0].end), (2, text.len() - 2));
    let pieces: Vec<&str> =
        text.as_bytes().chunks(1_000).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    assert_same(&redactor, &text, &pieces);
}

#[test]
fn a_key_block_that_never_ends_is_hidden_to_the_end() {
    let redactor = Redactor::new();
    let text = format!("see -----BEGIN EC PRIVATE KEY-----\n{}", "MHcCAQEE and so on\n".repeat(500));
    assert_eq!(redactor.redact(&text).text, "see [REDACTED:PRIVATE_KEY]");
    let pieces: Vec<&str> =
        text.as_bytes().chunks(7).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
    assert_same(&redactor, &text, &pieces);
}

/// Pieces that texts are made of: those that mean something to the engine, and those that don't.
fn fragment() -> impl Strategy<Value = String> {
    let samples = samples();
    let words = [
        " ",
        "\n",
        ".",
        ",",
        "=",
        ":",
        "/",
        "@",
        "\"",
        "'",
        "[",
        "]",
        "(",
        "|",
        "-",
        "-----",
        "-----BEGIN ",
        "-----BEGIN RSA PRIVATE KEY-----",
        "\n-----END RSA PRIVATE KEY-----",
        "PRIVATE KEY",
        "password",
        "password is ",
        "passwort",
        "token",
        "api_key=",
        "Bearer ",
        "authorization: ",
        "https://",
        "user:",
        "eyJ",
        "sk-",
        "AKIA",
        "ghp_",
        "REDACTED:",
        "[REDACTED:PASSWORD]",
        "[REDACTED:",
        "hunter2hunter2",
        "a1B2c3D4e5F6g7H8i9J0",
        "correct horse ",
        "battery staple",
        "Zx81-Spectrum",
        "\u{200b}",
        "ü",
        "日本",
        "🙂",
        "datadog ",
        "mistral key ",
        "is ",
        "the ",
        "0123456789abcdef0123456789abcdef",
        "\\n",
        "%3D",
        "secret",
        "key",
        "my key ",
        "--token ",
        "x",
    ];
    prop_oneof![
        8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        2 => proptest::sample::select(samples),
        1 => "[a-zA-Z0-9_-]{1,40}",
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_pieces_shows_the_same(pieces in proptest::collection::vec(fragment(), 0..24), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12)) {
        let text = pieces.concat();
        let mut places: Vec<usize> = cuts.iter().map(|cut| crate::redaction::run::floor(&text, cut.index(text.len() + 1))).collect();
        places.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for place in places { parts.push(&text[from..place]); from = place; }
        parts.push(&text[from..]);
        assert_same(&with_known(), &text, &parts);
    }

    #[test]
    fn redacting_twice_is_redacting_once(pieces in proptest::collection::vec(fragment(), 0..24)) {
        let redactor = with_known();
        let once = redactor.redact(&pieces.concat()).text.into_owned();
        let twice = redactor.redact(&once);
        prop_assert_eq!(twice.text.as_ref(), once.as_str());
    }

    #[test]
    fn findings_are_places_in_the_text_in_order(pieces in proptest::collection::vec(fragment(), 0..24)) {
        let text = pieces.concat();
        let mut from = 0;
        for finding in with_known().redact(&text).findings {
            prop_assert!(finding.start >= from && finding.end > finding.start, "{finding:?}");
            prop_assert!(text.get(finding.start..finding.end).is_some());
            from = finding.end;
        }
    }
}

/// Cases of each property: debug builds are slow.
const CASES: u32 = 96;
