//! What a call may say, and how vectors are written.

use serde_json::{Value, json};

use super::*;

fn blamed(body: &Value) -> Option<String> {
    parse(body.to_string().as_bytes()).err().map(|error| {
        assert_eq!(error.status, 400, "{error:?}");
        error.param.unwrap_or_default()
    })
}

#[test]
fn one_text_or_many_are_taken() {
    for input in [json!("a"), json!(["a", "b"]), json!(vec!["a"; TEXTS_MAX])] {
        assert_eq!(blamed(&json!({ "model": "m", "input": input })), None);
    }
}

#[test]
fn a_wrong_member_is_named() {
    for (body, param) in [
        (json!({ "model": "m" }), "input"),
        (json!({ "model": "m", "input": [] }), "input"),
        (json!({ "model": "m", "input": "" }), "input"),
        (json!({ "model": "m", "input": ["a", " "] }), "input"),
        (json!({ "model": "m", "input": [1, 2] }), "input"),
        (json!({ "model": "m", "input": vec!["a"; TEXTS_MAX + 1] }), "input"),
        (json!({ "input": "a" }), "model"),
        (json!({ "model": "m", "input": "a", "dimensions": 8 }), "dimensions"),
        (json!({ "model": "m", "input": "a", "encoding_format": "hex" }), "encoding_format"),
    ] {
        assert_eq!(blamed(&body).as_deref(), Some(param), "{body}");
    }
}

#[test]
fn vectors_are_numbers_or_little_endian_bytes() {
    let usage = Usage { input_tokens: 3, ..Usage::default() };
    let shown = |encoding| {
        serde_json::to_value(list(vec![vec![1.0, -2.5]], usage, encoding, "m".to_owned())).unwrap()
    };
    let floats = shown(Encoding::Float);
    assert_eq!(floats["data"], json!([{ "object": "embedding", "index": 0, "embedding": [1.0, -2.5] }]));
    assert_eq!(floats["usage"], json!({ "prompt_tokens": 3, "total_tokens": 3 }));
    assert_eq!((&floats["object"], &floats["model"]), (&json!("list"), &json!("m")));
    assert_eq!(shown(Encoding::Base64)["data"][0]["embedding"], "AACAPwAAIMA=");
}
