//! Lines of JSON: each is answered, and a bad one hides no other.

use serde_json::{Value, json};

use super::clean;
use crate::redaction::Redactor;

fn answer(line: &str) -> Value {
    serde_json::from_str(&clean(&Redactor::new(), line.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_line_is_answered_with_its_id_and_places_in_characters() {
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0".repeat(2));
    let line = json!({ "id": 7, "text": format!("für dich 🙂: {token}, gut?") });
    let answer = answer(&line.to_string());
    assert_eq!(answer["id"], 7);
    assert_eq!(answer["text"], "für dich 🙂: [REDACTED:GITHUB_TOKEN], gut?");
    assert_eq!(answer["findings"], json!([{ "kind": "github_token", "start": 12, "end": 56 }]));
    assert_eq!(
        super::clean(&Redactor::new(), b"{\"text\":\"x\"}").unwrap(),
        r#"{"id":null,"text":"x","findings":[]}"#
    );
}

#[test]
fn what_is_wrong_with_a_line_is_told_without_it() {
    for line in ["", "nonsense ghp_secret", "{}", "[1]", "{\"id\":1}", "{\"text\":5}", "{\"text\":\"a\"} b"] {
        let error = clean(&Redactor::new(), line.as_bytes()).unwrap_err();
        assert!(error.contains("column") && !error.contains("secret"), "{line}: {error}");
    }
}
