//! Settings and credentials as they are given.

use serde_json::json;

use super::*;

fn mail() -> Value {
    json!({
        "modes": ["poll", "webhook"],
        "settings": [
            { "name": "phone_number_id", "kind": "text" }, { "name": "imap/host", "kind": "text" },
            { "name": "imap/port", "kind": "number" }, { "name": "imap/tls", "kind": "switch" },
            { "name": "aliases", "kind": "lines" },
        ],
    })
}

#[test]
fn a_setting_is_read_as_its_kind_says() {
    let table = [
        (vec!["phone_number_id=123456"], Ok(json!({ "phone_number_id": "123456" }))),
        (
            vec!["imap/host=mail.example.com", "imap/port=993", "imap/tls=true"],
            Ok(json!({ "imap": { "host": "mail.example.com", "port": 993, "tls": true } })),
        ),
        (vec!["aliases=a@x.example, b@x.example"], Ok(json!({ "aliases": ["a@x.example", "b@x.example"] }))),
        (vec![], Ok(json!({}))),
        (vec!["imap/port=x"], Err("is no whole number")),
        (vec!["imap/tls=perhaps"], Err("is not true or false")),
        (vec!["color=red"], Err("is no setting of this platform")),
        (vec!["imap/port"], Err("is not NAME=VALUE")),
    ];
    for (typed, expected) in table {
        let typed: Vec<String> = typed.into_iter().map(str::to_owned).collect();
        match (settings(&mail(), &typed), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(Value::Object(found), expected, "{typed:?}"),
            (Err(failure), Err(words)) => assert!(failure.to_string().contains(words), "{failure}"),
            (found, _) => panic!("{typed:?}: {found:?}"),
        }
    }
}

#[test]
fn a_mode_is_one_of_the_platform() {
    assert_eq!(mode(&mail(), None).unwrap(), "poll");
    assert_eq!(mode(&mail(), Some("webhook")).unwrap(), "webhook");
    assert!(mode(&mail(), Some("socket")).unwrap_err().to_string().contains("poll or webhook"));
}

#[test]
fn credentials_that_cannot_be_read_are_not_repeated() {
    assert_eq!(object(r#"{"bot_token":"1:a"}"#).unwrap()["bot_token"], "1:a");
    for bad in ["hunter2", r#"["hunter2"]"#, r#"{"bot_token": {"value": "hunter2"}}"#] {
        let failure = object(bad).unwrap_err().to_string();
        assert!(failure.contains("one JSON object") && !failure.contains("hunter2"), "{failure}");
    }
}
