//! What a prompt comes to.

use super::*;

#[test]
fn texts_links_and_embedded_files_are_one_text() {
    let blocks = json!([
        { "type": "text", "text": "look at" },
        { "type": "resource_link", "uri": "file:///a.rs", "name": "a.rs" },
        { "type": "resource", "resource": { "uri": "file:///b.rs", "text": "fn b() {}" } },
    ]);
    assert_eq!(text(&blocks).unwrap(), "look at\n\n[file:///a.rs]\n\nfile:///b.rs:\n```\nfn b() {}\n```");
    for refused in [
        json!([]),
        json!("hi"),
        json!([{ "type": "text", "text": " " }]),
        json!([{ "type": "image", "data": "AA" }]),
        json!([{ "type": "resource", "resource": { "uri": "x", "blob": "AA" } }]),
        json!([{}]),
    ] {
        assert!(text(&refused).is_err(), "{refused}");
    }
}
