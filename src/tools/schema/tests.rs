//! What fits and what a model is told otherwise.

use serde_json::json;

use super::*;

#[test]
fn arguments_are_held_against_the_schema_of_their_tool() {
    let schema = json!({
        "type": "object",
        "properties": { "path": { "type": "string" }, "count": { "type": "integer", "minimum": 1 } },
        "required": ["path"],
        "additionalProperties": false,
    });
    assert_eq!(fits(&schema, &json!({ "path": "a", "count": 1 })), Ok(()));
    assert_eq!(fits(&Value::Null, &json!({ "whatever": true })), Ok(()));
    let table = [
        (json!({}), "\"path\" is a required property"),
        (json!({ "path": 1 }), "/path: 1 is not of type \"string\""),
        (json!({ "path": "a", "count": 0 }), "/count: 0 is less than the minimum of 1"),
        (json!({ "path": "a", "other": 1 }), "'other' was unexpected"),
        (json!([]), "is not of type \"object\""),
    ];
    for (arguments, wanted) in table {
        let told = fits(&schema, &arguments).unwrap_err();
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn a_broken_schema_refuses_everything_and_none_is_fetched() {
    for schema in [json!({ "type": 7 }), json!({ "$ref": "http://127.0.0.1:9/schema.json" })] {
        assert!(fits(&schema, &json!({})).is_err(), "{schema}");
    }
}
