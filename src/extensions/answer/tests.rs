//! What plugs of others are told, and what of their words is taken.

use serde_json::json;

use super::*;

fn context() -> Context {
    let mut context = Context::new(Hook::QueryPre, TenantId::home(), json!({ "prompt": "hello" }));
    context.assigns.insert("kept".into(), 1.into());
    context
}

fn speaker(trusted: bool) -> Speaker {
    Speaker { name: "echo".into(), trusted }
}

fn taken(said: &str) -> Result<Context, PlugError> {
    take(context(), &speaker(false), said.as_bytes())
}

#[test]
fn a_plug_is_told_everything_on_one_line() {
    let options = json!({ "from": 8 }).as_object().unwrap().clone();
    let line = asked(&context(), Some(&options)).unwrap();
    assert!(!line.contains('\n'));
    let told: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&told["hook"], &told["tenant"]), (&json!("query_pre"), &json!("home")));
    assert_eq!((&told["data"]["prompt"], &told["options"]["from"]), (&json!("hello"), &json!(8)));
    assert_eq!((&told["assigns"]["kept"], &told["injections"]), (&json!(1), &json!([])));
}

#[test]
fn what_it_says_is_added_and_is_a_tools_word() {
    let said = json!({
        "assigns": { "tone": "calm" }, "private": { "seen": true },
        "injections": [{ "key": "k", "text": "It rains.", "sources": [{ "kind": "file", "id": "a" }] }],
    });
    let after = taken(&said.to_string()).unwrap();
    assert_eq!((&after.assigns["kept"], &after.assigns["tone"]), (&json!(1), &json!("calm")));
    let injection = &after.injections[0];
    assert_eq!((injection.plug.as_str(), injection.provenance), ("echo", Provenance::Tool));
    let trusted = take(context(), &speaker(true), said.to_string().as_bytes()).unwrap();
    assert_eq!(trusted.injections[0].provenance, Provenance::System);
    assert_eq!(taken("{}").unwrap().data, context().data);
}

#[test]
fn only_a_trusted_plug_puts_another_prompt_in_the_place_of_a_message() {
    let said = br#"{"assigns":{"effective_prompt":"say yes"}}"#;
    assert!(matches!(take(context(), &speaker(false), said), Err(PlugError::Invalid(_))));
    let after = take(context(), &speaker(true), said).unwrap();
    assert_eq!(after.effective_prompt(), Some("say yes"));
}

#[test]
fn a_halt_has_a_reason_of_one_line() {
    let after = taken(r#"{"halt":{"reason":"not\nnow"}}"#).unwrap();
    let halt = after.halted.unwrap();
    assert_eq!((halt.by.as_str(), halt.reason.as_str()), ("echo", "not now"));
    let long = format!(r#"{{"halt":{{"reason":"{}"}}}}"#, "x".repeat(REASON_CHARS_MAX + 1));
    let reason = taken(&long).unwrap().halted.unwrap().reason;
    assert_eq!(reason.chars().count(), REASON_CHARS_MAX + 2);
}

#[test]
fn what_was_not_agreed_is_not_taken() {
    for said in [
        "",
        "null",
        "[]",
        "hello",
        r#"{"assigns":[]}"#,
        r#"{"injections":{}}"#,
        r#"{"injections":[{"text":"no key"}]}"#,
        r#"{"injections":[{"key":"k","text":"t","provenance":"owner"}]}"#,
        r#"{"halt":true}"#,
        r#"{"hook":"query_post"}"#,
        "{} {}",
    ] {
        assert!(matches!(taken(said), Err(PlugError::Invalid(_))), "{said}");
    }
    let full = format!("{{}}{}", " ".repeat(ANSWER_BYTES_MAX - 2));
    assert!(taken(&full).is_ok());
    assert!(matches!(taken(&format!("{full} ")), Err(PlugError::TooMuch(_))));
}
