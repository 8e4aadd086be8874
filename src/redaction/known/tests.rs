//! Known values in the forms in which they travel.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::redaction::Redactor;

const VALUE: &str = "s3cr3t/\"v&lue\" <with> ev'ry+thing";

fn knows(value: &str) -> Redactor {
    let redactor = Redactor::new();
    redactor.known().set("vault", vec![("odd".to_owned(), Zeroizing::new(value.as_bytes().to_vec()))]);
    redactor
}

#[track_caller]
fn assert_hidden(redactor: &Redactor, text: &str, form: &str) {
    let found = redactor.redact(text);
    let piece = |at: usize| form.get(at..at + 8);
    let survives =
        (2..form.len().saturating_sub(10)).filter_map(piece).find(|piece| found.text.contains(piece));
    assert_eq!(survives, None, "{text} -> {}", found.text);
    assert!(found.findings.iter().any(|finding| finding.kind == "vault:odd"), "{text}: {:?}", found.findings);
    assert!(found.text.contains("[REDACTED:SECRET]"));
}

#[test]
fn a_value_is_found_in_every_form() {
    let redactor = knows(VALUE);
    let json = serde_json::to_string(VALUE).unwrap();
    let forms = [
        VALUE.to_owned(),
        json.clone(),
        serde_json::to_string(&json).unwrap(),
        "s3cr3t%2F%22v%26lue%22%20%3Cwith%3E%20ev%27ry%2Bthing".to_owned(),
        "s3cr3t%2f%22v%26lue%22+%3cwith%3e+ev%27ry%2bthing".to_owned(),
        "s3cr3t/&quot;v&amp;lue&quot; &lt;with&gt; ev&#39;ry+thing".to_owned(),
        VALUE.bytes().map(|byte| format!("{byte:02x}")).collect(),
        VALUE.bytes().map(|byte| format!("{byte:02X}")).collect(),
    ];
    for form in forms {
        for text in [form.clone(), format!("it is {form}, I think"), format!("a={form}&b=1")] {
            assert_hidden(&redactor, &text, &form);
        }
    }
}

#[test]
fn a_value_is_found_in_base64_of_more_than_itself() {
    let redactor = knows(VALUE);
    for before in ["", "x", "xy", "user:", "{\"a\":1,\"b\":\""] {
        let whole = format!("{before}{VALUE} and more");
        for form in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            let core = &form[(before.len() * 8).div_ceil(6)..(before.len() + VALUE.len()) * 8 / 6];
            assert_hidden(&redactor, &format!("data:{form};"), core);
        }
    }
}

#[test]
fn case_counts_and_short_values_are_not_looked_for() {
    let redactor = knows("Swordfish-7");
    assert!(redactor.redact("say swordfish-7").findings.is_empty());
    assert!(!redactor.redact("say Swordfish-7").findings.is_empty());
    assert!(knows("seven77").redact("say seven77 now").findings.is_empty());
    assert_eq!((knows("seven77").known().count(), knows("eight888").known().count()), (0, 1));
}

#[test]
fn a_source_is_replaced_as_a_whole_and_others_stay() {
    let redactor = knows("Swordfish-7");
    let clone = redactor.clone();
    let value = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    redactor.known().set("other", vec![("b".to_owned(), value("tuna-fish-8"))]);
    assert_eq!(clone.redact("Swordfish-7 tuna-fish-8").text, "[REDACTED:SECRET] [REDACTED:SECRET]");
    redactor.known().set("vault", vec![("c".to_owned(), value("carp-carp-9"))]);
    assert_eq!(clone.redact("Swordfish-7 tuna-fish-8").text, "Swordfish-7 [REDACTED:SECRET]");
    assert_eq!(clone.redact("carp-carp-9").findings[0].kind, "vault:c");
}

#[test]
fn a_long_value_is_found_in_parts_and_its_lines_alone() {
    let line = |n: usize| format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA{n:04}");
    let value: Vec<String> = (0..60).map(line).collect();
    let redactor = knows(&value.join("\n"));
    let whole = redactor.redact(&value.join("\n")).text.into_owned();
    assert!(!whole.contains("QEFAASC"), "{whole}");
    let quoted = redactor.redact(&format!("> {}\n> {}\n", line(3), line(44))).text.into_owned();
    assert_eq!(quoted, "> [REDACTED:SECRET]\n> [REDACTED:SECRET]\n");
    let escaped = serde_json::to_string(&value.join("\n")).unwrap();
    assert!(!redactor.redact(&escaped).text.contains("QEFAASC"));
}
