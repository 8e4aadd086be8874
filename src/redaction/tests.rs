//! What the engine finds, and what it leaves alone.

use std::collections::HashSet;

use super::{Redactor, kinds};

#[test]
fn every_kind_compiles_and_has_one_group_and_a_name_of_its_own() {
    let mut names = HashSet::new();
    for kind in kinds::each() {
        let regex = kind.regex().unwrap_or_else(|| panic!("{} does not compile", kind.name));
        assert_eq!(regex.captures_len(), 2, "{}: one group, the secret", kind.name);
        assert!(names.insert(kind.name), "{} is there twice", kind.name);
        assert!(
            kind.label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
            "{}",
            kind.label
        );
    }
    assert!(names.len() >= 200, "{}", names.len());
    assert!(super::prefilter::get().is_some());
}

#[test]
fn smoke() {
    let redactor = Redactor::new();
    let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    for text in [
        format!("the token is {token}."),
        format!("({token})"),
        format!("**{token}**"),
        format!("https://x.y/?key={token}&z=1"),
        "my password is hunter2hunter2, ok?".to_owned(),
        "password: hunter2!".to_owned(),
    ] {
        println!("{}", redactor.redact(&text).text);
    }
}
