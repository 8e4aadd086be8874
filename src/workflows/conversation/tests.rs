//! The recipe as tables.

use super::*;

fn persona() -> Persona {
    Persona { backend: "demo".into(), model: "small".into(), system_prompt: "Be kind.".into() }
}

fn overrides(backend: Option<&str>, model: Option<&str>) -> TurnOverrides {
    let owned = |word: Option<&str>| word.map(str::to_owned);
    TurnOverrides { backend: owned(backend), model: owned(model), ..TurnOverrides::default() }
}

#[test]
fn a_message_may_choose_another_backend_and_model() {
    let cases = [
        (None, None, "demo", "small"),
        (None, Some("large"), "demo", "large"),
        (Some("demo"), None, "demo", "small"),
        (Some("other"), None, "other", ""),
        (Some("other"), Some("large"), "other", "large"),
    ];
    for (backend, model, wants_backend, wants_model) in cases {
        let chosen = persona().with(&overrides(backend, model));
        assert_eq!((chosen.backend.as_str(), chosen.model.as_str()), (wants_backend, wants_model));
    }
}

#[test]
fn the_new_message_comes_last_and_parameters_are_passed_on() {
    let history = vec![ChatMessage::text(Role::User, "a"), ChatMessage::text(Role::Assistant, "b")];
    let choices = TurnOverrides {
        extra: Some(r#"{"temperature":0.5}"#.into()),
        max_tokens: Some(9),
        ..overrides(None, None)
    };
    let request = prompt(persona(), history, Some("c".into()), &choices).unwrap();
    let texts: Vec<_> = request.messages.iter().map(ChatMessage::plain_text).collect();
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(request.extra.get("temperature"), Some(&Value::from(0.5)));
    assert_eq!((request.max_tokens, request.system.as_str()), (Some(9), "Be kind."));
}

#[test]
fn parameters_that_are_no_object_are_an_error_of_the_request() {
    for text in ["[1]", "{", "3"] {
        let choices = TurnOverrides { extra: Some(text.into()), ..overrides(None, None) };
        let error = prompt(persona(), Vec::new(), None, &choices).unwrap_err();
        assert_eq!(error.kind, ModelErrorKind::InvalidRequest, "{text}");
    }
}
