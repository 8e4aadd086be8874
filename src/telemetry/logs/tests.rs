//! Lines without secrets.

use std::io::Write as _;

use super::RedactedLines;
use crate::redaction::Redactor;

#[test]
fn a_line_is_taken_whole_whatever_its_bytes() {
    let mut lines = RedactedLines { redactor: Redactor::new() };
    let line = b"not text: \xff\xfe\n";
    assert_eq!(lines.write(line).unwrap(), line.len());
}
