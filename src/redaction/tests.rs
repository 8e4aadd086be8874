//! What the engine finds, and what it leaves alone.

mod calm;
mod generator;
mod hostile;
mod recall;
mod streams;

use std::collections::HashSet;

use super::kinds;

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
